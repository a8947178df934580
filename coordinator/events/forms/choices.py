"""What may be chosen in the form of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from babel import Locale
from flask_babel import gettext as _, lazy_gettext as _l

from coordinator.events.accessibility import Feature
from coordinator.events.filtering import ANY
from coordinator.events.helping import Help
from coordinator.events.rules import CountShown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coordinator.missions.models import Mission

LANGUAGES_SPOKEN = (
    "ar", "be", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he",
    "hu", "hy", "id", "it", "ja", "ka", "kk", "ko", "lt", "lv", "nl", "no", "pl", "pt",
    "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "zh",
)  # fmt: skip
"""Languages that may be ticked. Names come from CLDR."""

COUNT_SHOWN_WORDS = {
    CountShown.EXACT: _l("Everybody sees the number"),
    CountShown.ROUNDED: _l("Everybody sees it rounded: “at least 20”"),
    CountShown.HIDDEN: _l("Nobody sees it"),
}

FEATURE_WORDS: dict[Feature, Any] = {
    Feature.STEP_FREE: _l("Step-free way"),
    Feature.SEATING: _l("Seating"),
    Feature.TOILET: _l("Accessible toilet nearby"),
    Feature.QUIET_PLACE: _l("Quiet place"),
    Feature.SIGN_LANGUAGE: _l("Sign language"),
    Feature.CAPTIONS: _l("Speeches to read along"),
}

FEATURE_HINTS: dict[Feature, Any] = {
    Feature.STEP_FREE: _l("No steps and no high kerb from the stop or street to where people stand."),
    Feature.SEATING: _l("Benches or chairs for those who can't stand for long."),
    Feature.TOILET: _l("One that a wheelchair can enter, open during the protest."),
    Feature.QUIET_PLACE: _l("Away from loudspeakers and the crowd."),
    Feature.SIGN_LANGUAGE: _l("An interpreter is there. Write below for which sign language."),
    Feature.CAPTIONS: _l("Live captions, or the texts on paper or by a link."),
}

HELP_WORDS: dict[str, Any] = {
    Help.MARSHAL.value: _l("Marshal"),
    Help.SPEAKER.value: _l("Speaker"),
    Help.MEDIC.value: _l("First aid"),
    Help.LEGAL_OBSERVER.value: _l("Legal observer"),
    Help.TRANSLATOR.value: _l("Translator"),
}


def access_choices() -> list[tuple[str, str]]:
    """Return what people may ask of accessibility when they look for an event, on a list and on a map."""
    features = [(feature.value, str(words)) for feature, words in FEATURE_WORDS.items()]
    return [*features, (ANY, _("Anything said about it"))]


def missions_by_state(missions: Iterable[Mission], locale: str) -> dict[str, list[tuple[str, str]]]:
    """Return {state: [(code, "City: name")]}, both sorted as `locale` reads them."""
    territories = Locale.parse(locale).territories
    states: dict[str, list[tuple[str, str]]] = {}
    for mission in missions:
        state = str(territories.get(mission.receiving_state, mission.receiving_state))
        name = mission.name_in(locale)
        states.setdefault(state, []).append((mission.code, f"{name.city}: {name.name}"))
    return {state: sorted(states[state], key=lambda choice: choice[1].casefold()) for state in sorted(states)}
