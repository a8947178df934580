"""folium draws for our origin and our words only, and the same script every time."""

from __future__ import annotations

import inspect
import re

from coordinator.maps import drawing
from coordinator.maps.drawing import EVENTS, MAP, MISSIONS, SCRIPTS, STYLES, Words, map_script
from coordinator.settings import ROOT

HOSTILE = "a`${alert(1)}</script><img src=x onerror=alert(2)>"
WORDS = Words(
    events="Protests",
    missions="Missions",
    full_screen="Full screen",
    leave_full_screen="Leave",
    locate="Here?",
    here="Here",
)


def test_the_script_names_what_the_page_looks_for() -> None:
    script = map_script(WORDS)

    for name in (MAP, EVENTS, MISSIONS):
        assert f"var {name} = " in script


def test_the_same_words_draw_the_same_script() -> None:
    assert map_script(WORDS) == map_script(WORDS)


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert not re.search(r"https?://", map_script(WORDS))
    for path in (*SCRIPTS, *STYLES):
        assert (ROOT / "static" / path).is_file()


def test_street_tiles_are_drawn_only_where_a_provider_is_named() -> None:
    url = "https://tiles.example.org/{z}/{x}/{y}.png"

    assert "L.tileLayer" not in map_script(WORDS)
    assert url in map_script(WORDS, tiles_url=url, attribution="© somebody")
    assert "\\u00a9 somebody" in map_script(WORDS, tiles_url=url, attribution="© somebody")


def test_closer_than_there_are_tiles_the_last_ones_are_shown_larger() -> None:
    script = map_script(WORDS, tiles_url="/tiles/{z}/{x}/{y}", nearest=14)

    assert '"maxNativeZoom": 14' in script
    assert '"maxZoom": 18' in script


def test_even_a_hostile_translation_stays_a_text() -> None:
    hostile = Words(
        **dict.fromkeys(("events", "missions", "full_screen", "leave_full_screen", "locate", "here"), HOSTILE)
    )

    script = map_script(hostile)

    assert "</script>" not in script
    assert "<img" not in script
    assert not re.search(r"(?:^|[^\"])`\$\{alert", re.sub(r'"(?:[^"\\]|\\.)*"', '""', script))


def test_folium_is_never_given_anything_of_an_event() -> None:
    """The drawing takes words and settings; it can't even name an event."""
    source = inspect.getsource(drawing)

    assert "coordinator." not in re.sub(r'""".*?"""', "", source, flags=re.DOTALL)
    assert not re.search(r"folium\.(?:Popup|Tooltip|Marker|GeoJson)", source)
