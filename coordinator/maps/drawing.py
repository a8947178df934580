"""folium draws the map: its layers, its controls, its script. What people typed never comes near it.

folium 0.20 writes texts into JavaScript template literals, where `${…}` runs (docs/threat-model.md),
and loads its libraries from five other companies. So it gets settings and our own words only, its
lists of libraries are ours, and events reach the page as GeoJSON that static/js/map.js shows as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import folium
from folium import plugins

if TYPE_CHECKING:
    from collections.abc import Callable

MAP, EVENTS, MISSIONS = "map_events", "feature_group_events", "feature_group_missions"
PEOPLE = "feature_group_people"
"""What folium's script calls the map and its layers; static/js/map.js picks them up by these names."""

WORLD_CENTRE = (25.0, 12.0)
FARTHEST_OUT, FIRST, NEAREST = 1, 2, 18  # zoom levels
STREETS_FROM = 5  # zoom: further out our own world map is clearer, and nobody's server is asked

# They are written without types.
_FULLSCREEN: Callable[..., Any] = plugins.Fullscreen
_LOCATE: Callable[..., Any] = plugins.LocateControl


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The map's own words, in one language."""

    events: str
    missions: str
    full_screen: str
    leave_full_screen: str
    locate: str
    here: str
    people: str = ""
    """Of the layer that says how many come; empty where nobody may see it."""


class _EventsMap(folium.Map):
    """folium's map with our libraries, from our own origin."""

    default_js: list[tuple[str, str]] = [  # noqa: RUF012 as folium declares it
        ("leaflet", "vendor/leaflet/leaflet.js"),
        ("locate", "vendor/leaflet.locatecontrol/L.Control.Locate.min.js"),
        ("fullscreen", "vendor/leaflet.fullscreen/Control.FullScreen.js"),
    ]
    default_css: list[tuple[str, str]] = [("map", "css/map.css")]  # noqa: RUF012 as folium declares it


SCRIPTS = tuple(path for _, path in _EventsMap.default_js)
STYLES = tuple(path for _, path in _EventsMap.default_css)


def map_script(words: Words, *, tiles_url: str = "", attribution: str = "", nearest: int = NEAREST) -> str:
    """Return the script that draws the empty map: the same for every campaign, however many events it has.

    Street tiles are drawn only where the administrator has some; closer than their `nearest` zoom, they are
    shown larger.
    """
    drawn = _EventsMap(
        location=WORLD_CENTRE,
        zoom_start=FIRST,
        tiles=None,
        control_scale=True,
        prefer_canvas=True,
        minZoom=FARTHEST_OUT,  # spelt as Leaflet does: folium drops its own `min_zoom` and `max_zoom`
        maxZoom=NEAREST,  # where there are no tiles
        zoomSnap=0.5,
        worldCopyJump=False,
        attributionControl=bool(tiles_url),
    )
    drawn._id = "events"  # noqa: SLF001 a name of our own instead of a random one: the script can be kept
    if tiles_url:
        streets = folium.TileLayer(
            tiles_url,
            attr=attribution or tiles_url,
            control=False,
            min_zoom=STREETS_FROM,
            max_native_zoom=nearest,
            max_zoom=NEAREST,
        )
        _add(streets, "streets", drawn)
    if words.people:
        _add(folium.FeatureGroup(name=words.people), "people", drawn)
    _add(folium.FeatureGroup(name=words.missions), "missions", drawn)
    _add(folium.FeatureGroup(name=words.events), "events", drawn)
    _add(_FULLSCREEN(title=words.full_screen, title_cancel=words.leave_full_screen), "fullscreen", drawn)
    locate = _LOCATE(
        strings={"title": words.locate, "popup": words.here},
        flyTo=False,
        showPopup=False,
        drawCircle=False,
        locateOptions={"maxZoom": 9, "enableHighAccuracy": False},
    )
    _add(locate, "locate", drawn)
    _add(folium.LayerControl(collapsed=True), "layers", drawn)
    root: Any = drawn.get_root()
    root.render()
    script: str = root.script.render()
    return f'"use strict";\n{script}'


def _add(element: Any, name: str, to: folium.Map) -> None:
    element._id = name  # noqa: SLF001 as above
    element.add_to(to)
