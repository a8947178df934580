"""Find a protest near a place. What was typed stays in the house: no provider is asked, nothing is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from babel.numbers import format_decimal
from flask_babel import gettext as _

from coordinator.events.cards import card_of
from coordinator.events.queries.public import visible_by_ids
from coordinator.kit.kept import Kept
from coordinator.maps.queries import atlas_of, facets_of
from coordinator.missions.models import Mission
from coordinator.missions.queries import missions_called, missions_of_state, nearest_missions
from coordinator.places.geo import parse_coordinates
from coordinator.places.geocoding import places
from coordinator.places.rules import (
    LONGEST_QUESTION,
    Candidate,
    Found,
    GazetteerMissingError,
    Point,
    PointError,
    Precision,
)
from coordinator.places.service import weight
from coordinator.rsvps.queries import tallies_of
from coordinator.site.numbers import minute
from coordinator.site.states import State, state_meant

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign

NEAR_KM = 150  # what people travel for an afternoon; beyond it the page says how far the nearest is
MOST_SHOWN = 20
MISSIONS_SHOWN = 3
MOST_SUGGESTED = 8
LONGEST_SHOWN = 100  # letters of a question, where a page repeats it
CARDS_KEPT = 3_000  # of a kilobyte each
SHORTEST_BEGINNING = 2  # letters
COARSE_DECIMALS = 2  # of a degree: a kilometre
WORLD_KM = 20_040  # nothing is further away
KM_IN_A_MILE = 1.609344
SHORT = 10  # below it, a decimal matters


_cards: Kept[SimpleNamespace] = Kept(most=CARDS_KEPT)


class Unit(StrEnum):
    """What distances are shown in."""

    KM = "km"
    MILES = "mi"


class Answer(StrEnum):
    """What came of looking for the place."""

    NOTHING_ASKED = "nothing-asked"
    HERE = "here"
    CHOICES = "choices"
    """The words mean several places."""
    STATE = "state"
    """The words are the name of a state."""
    NOT_FOUND = "not-found"
    NO_NAMES = "no-names"
    """The index of names is missing; coordinates work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, as the address of the page has it."""

    place: str = ""
    point: Point | None = None
    within_km: float | None = None
    unit: Unit = Unit.KM

    @property
    def shown(self) -> str:
        """Return what was typed, cut where nobody would read on."""
        is_short = len(self.place) <= LONGEST_SHOWN
        return self.place if is_short else f"{self.place[: LONGEST_SHOWN - 1]}…"

    @property
    def is_coarse(self) -> bool:
        """Tell whether the coordinates say no more than where a kilometre is: as our own pages round them."""
        point = self.point
        if point is None:
            return False
        axes = (point.latitude, point.longitude)
        return all(round(axis, COARSE_DECIMALS) == axis for axis in axes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where the question points to."""

    answer: Answer
    here: Candidate | None = None
    others: Sequence[Candidate] = ()
    """What it may mean instead."""
    state: State | None = None

    @property
    def is_city(self) -> bool:
        """Tell whether the words were the name of a city, of several, or of a state."""
        known = {"gazetteer", "mission"}  # a postcode may stand for a few houses
        return self.answer in {Answer.CHOICES, Answer.STATE} or (
            self.here is not None and self.here.source in known
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """What is near."""

    cards: Sequence[Any]
    """Within the wanted distance, the nearest first."""
    further: Sequence[Any]
    """The nearest beyond it; only when nothing is within."""
    missions: Sequence[tuple[Mission, str]]
    """The nearest missions, each with its distance in words."""
    serving: Sequence[Mission]
    """Where the sending state may be met in the state of the place."""


def asked_from(args: Mapping[str, str]) -> Asked:
    """Read the question; numbers that are none count as nothing."""
    latitude, longitude = _number(args.get("lat")), _number(args.get("lon"))
    within = _number(args.get("within_km"))
    return Asked(
        place=" ".join(args.get("place", "")[:LONGEST_QUESTION].split()),
        point=None if latitude is None or longitude is None else _point(latitude, longitude),
        within_km=within if within is not None and 0 < within <= WORLD_KM else None,
        unit=Unit.MILES if args.get("unit") == Unit.MILES else Unit.KM,
    )


def locate(session: Session, campaign: Campaign, asked: Asked, *, locale: str, now: datetime) -> Located:
    """Find out where the question points to: to coordinates, a state, a postcode, a city, or a mission."""
    if asked.point is not None:
        here = Candidate(
            label=asked.shown or _("this place"), point=asked.point, precision=Precision.EXACT, source="typed"
        )
        return Located(answer=Answer.HERE, here=here)
    if not asked.place:
        return Located(answer=Answer.NOTHING_ASKED)
    if state := state_meant(session, campaign, asked.place, locale=locale, now=now):
        return Located(answer=Answer.STATE, state=state, others=state.cities)
    try:
        found = places().find_city(asked.place, locale=locale, preferred=_states_of(session, campaign, now))
    except GazetteerMissingError:
        return _without_names(asked.place)
    if found.clear is None and (doors := missions_called(session, campaign, asked.place)):
        return _at_door(doors, locale)
    return _located(found)


def suggestions(session: Session, campaign: Campaign, text: str, *, locale: str, now: datetime) -> list[str]:
    """Return names of places that begin so, the likeliest first, from our own index alone."""
    question = " ".join(text[:LONGEST_QUESTION].split())
    if len(question) < SHORTEST_BEGINNING:
        return []
    try:
        cities = places().gazetteer.search(question, limit=MOST_SUGGESTED, locale=locale)
    except GazetteerMissingError:
        cities = []
    preferred = _states_of(session, campaign, now)
    likely = sorted(cities, key=lambda city: (not city.is_exact, -weight(city, locale, preferred)))
    doors = missions_called(session, campaign, question) if len(likely) < MOST_SUGGESTED else []
    names = [*(city.label(locale) for city in likely), *(door.name_in(locale).name for door in doors)]
    return list(dict.fromkeys(names))[:MOST_SUGGESTED]


def near(
    session: Session, campaign: Campaign, here: Candidate, asked: Asked, *, locale: str, now: datetime
) -> Near:
    """Return the protests around `here` that are not over yet, and the missions."""
    ranked = atlas_of(session, campaign, now=now).nearest(here.point, MOST_SHOWN, now)
    within_km = asked.within_km or NEAR_KM
    shown = [pair for pair in ranked if pair[1] <= within_km] or ranked[:MISSIONS_SHOWN]
    cards = _cards_of(session, campaign, [known for known, _km in shown], locale=locale, now=now)
    ahead = [(cards[known], km) for known, km in shown if known in cards]
    inside = [pair for pair in ahead if pair[1] <= within_km]
    outside = [] if inside else ahead

    def card(known: SimpleNamespace, km: float) -> SimpleNamespace:
        return SimpleNamespace(**(vars(known) | {"distance_text": distance_words(km, asked.unit, locale)}))

    doors = nearest_missions(session, campaign, here.point, MISSIONS_SHOWN, now=now)
    return Near(
        cards=[card(*pair) for pair in inside],
        further=[card(*pair) for pair in outside],
        missions=[(mission, distance_words(km, asked.unit, locale)) for mission, km in doors],
        serving=missions_of_state(session, campaign.sending_state, here.country) if here.country else [],
    )


def _cards_of(
    session: Session, campaign: Campaign, ids: Sequence[int], *, locale: str, now: datetime
) -> dict[int, SimpleNamespace]:
    """Return the cards of those events that everybody may see, at most a minute old."""
    version = (campaign.revision, minute(now))
    cards = {known: _cards.find((known, locale), version) for known in ids}
    missing = [known for known, card in cards.items() if card is None]
    events = visible_by_ids(session, campaign, missing) if missing else {}
    tallies = tallies_of(session, list(events)) if events else {}
    for known, event in events.items():
        cards[known] = card = card_of(event, locale=locale, tally=tallies[known])
        _cards.keep((known, locale), version, card)
    return {known: card for known, card in cards.items() if card is not None}


def distance_words(km: float, unit: Unit, locale: str) -> str:
    """Return a distance as people say it: "850 m" is "0.8 km", and beyond ten nobody needs a decimal."""
    number = km / KM_IN_A_MILE if unit is Unit.MILES else km
    shown = format_decimal(round(number, 1) if number < SHORT else round(number), locale=locale)
    words: str = (
        _("%(number)s miles", number=shown) if unit is Unit.MILES else _("%(number)s km", number=shown)
    )
    return words


def _located(found: Found) -> Located:
    if found.clear is not None:
        name = found.clear.city.casefold()
        namesakes = [other for other in found.candidates[1:] if other.city.casefold() == name]
        return Located(answer=Answer.HERE, here=found.clear, others=namesakes)
    if found.candidates:
        return Located(answer=Answer.CHOICES, others=found.candidates)
    return Located(answer=Answer.NOT_FOUND)


def _at_door(doors: Sequence[Mission], locale: str) -> Located:
    found = [
        Candidate(
            label=door.name_in(locale).name,
            point=door.point,
            precision=door.precision,
            country=door.receiving_state,
            city=door.name_in("en").city,
            source="mission",
        )
        for door in doors
    ]
    if len(found) == 1:
        return Located(answer=Answer.HERE, here=found[0])
    return Located(answer=Answer.CHOICES, others=found)


def _states_of(session: Session, campaign: Campaign, now: datetime) -> frozenset[str]:
    """Return the states with a protest: a city there is likelier to be meant than its namesake elsewhere."""
    return frozenset(facets_of(session, campaign, now=now).countries)


def _without_names(place: str) -> Located:
    point = parse_coordinates(place)
    if point is None:
        return Located(answer=Answer.NO_NAMES)
    here = Candidate(label=place, point=point, precision=Precision.EXACT, source="typed")
    return Located(answer=Answer.HERE, here=here)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _point(latitude: float, longitude: float) -> Point | None:
    try:
        return Point(latitude, longitude)
    except PointError:
        return None
