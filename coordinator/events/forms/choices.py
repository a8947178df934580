"""What may be chosen in the form of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel import Locale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coordinator.missions.models import Mission

LANGUAGES_SPOKEN = (
    "ar", "be", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he",
    "hu", "hy", "id", "it", "ja", "ka", "kk", "ko", "lt", "lv", "nl", "no", "pl", "pt",
    "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "zh",
)  # fmt: skip
"""Languages that may be ticked. Names come from CLDR."""


def missions_by_state(missions: Iterable[Mission], locale: str) -> dict[str, list[tuple[str, str]]]:
    """Return {state: [(code, "City: name")]}, both sorted as `locale` reads them."""
    territories = Locale.parse(locale).territories
    states: dict[str, list[tuple[str, str]]] = {}
    for mission in missions:
        state = str(territories.get(mission.receiving_state, mission.receiving_state))
        name = mission.name_in(locale)
        states.setdefault(state, []).append((mission.code, f"{name.city}: {name.name}"))
    return {state: sorted(states[state], key=lambda choice: choice[1].casefold()) for state in sorted(states)}
