"""From what an organiser typed to a point on the map; where there is doubt, to a question, never to a guess.

The chain: coordinates as typed, the pin as a human left it, the place the event has already, the
mission's own point, and then whoever `places` asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from babel.core import get_global

from coordinator.events.rules import LONGEST_CITY
from coordinator.kit.errors import RefusedError
from coordinator.missions.models import Mission
from coordinator.places.geo import distance_km, parse_coordinates
from coordinator.places.rules import Candidate, GazetteerMissingError, Point, Precision, is_better
from coordinator.places.timezones import zone_at

if TYPE_CHECKING:
    from coordinator.places.rules import Found

SAME_CITY_KM = 60.0  # from a pin to the middle of its city: the largest cities are wider than one thinks
AT_DOOR_KM = (
    5.0  # a pin farther from the chosen mission was put on a map without streets, or means another place
)
AT_MISSION_KM = 30.0  # farther away than this, an address has nothing to do with the chosen mission
SAME_POINT_DEGREES = 1e-6  # 11 cm
ALPHA_2 = 2  # letters of an ISO 3166-1 code
ORGANISER = "organiser"
MISSION = "mission"


class Finder(Protocol):
    """Whoever can look for places: `places.geocoding.Places`."""

    def find_place(self, text: str, *, locale: str) -> Found:
        """Look for an organiser's place, with the provider."""
        ...

    def find_city(self, text: str, *, locale: str) -> Found:
        """Look for a city, inside the house only."""
        ...


class PlaceUnclearError(RefusedError):
    """Several places may be meant."""

    code = "event.place_unclear"

    def __init__(self, candidates: tuple[Candidate, ...]) -> None:
        """Carry what to choose from, the likeliest first."""
        super().__init__()
        self.candidates = candidates


class PlaceUnknownError(RefusedError):
    """Asked, and there is no such place."""

    code = "event.place_unknown"


class PlaceMissingError(RefusedError):
    """Nobody said where."""

    code = "event.place_missing"


class PinFarError(RefusedError):
    """The pin is not where the chosen mission is."""

    code = "event.pin_far"

    def __init__(self, distance_km: float) -> None:
        """Say how far away it is."""
        super().__init__()
        self.distance_km = distance_km


class CityWantedError(RefusedError):
    """The point is known, and not which city it belongs to."""

    code = "event.city_wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an event is, as far as is known."""

    address: str
    city: str = ""
    """In English, so that every list groups it the same way."""
    country: str = ""
    point: Point | None = None
    precision: Precision | None = None
    located_by: str = ""
    is_location_due: bool = False

    @property
    def is_good_enough_to_stand_at(self) -> bool:
        """Tell whether people can be sent there."""
        return self.precision is not None and self.precision.is_good_enough_to_stand_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the form says about the place, and what it said when it was opened."""

    address: str
    mission: Mission | None = None
    pin: Point | None = None
    city: str = ""
    """Typed only when it was asked for."""
    choice: Candidate | None = None
    """Chosen from what this address may mean."""
    shown_address: str = ""
    shown_mission: str = ""
    """Code of the mission that the form was opened with."""
    shown_pin: Point | None = None
    known: Spot | None = None
    """Where the event is so far, when it is edited."""

    @property
    def is_pin_placed(self) -> bool:
        """Tell whether a human moved the pin: it is not where the form had put it."""
        if self.pin is None or self.shown_pin is None:
            return self.pin is not None
        return (
            abs(self.pin.latitude - self.shown_pin.latitude) > SAME_POINT_DEGREES
            or abs(self.pin.longitude - self.shown_pin.longitude) > SAME_POINT_DEGREES
        )

    @property
    def is_address_new(self) -> bool:
        """Tell whether the address was changed by hand."""
        return _folded(self.address) != _folded(self.shown_address)

    @property
    def is_mission_new(self) -> bool:
        """Tell whether another mission was chosen than the form was opened with."""
        return (self.mission.code if self.mission else "") != self.shown_mission

    @property
    def names_the_mission(self) -> bool:
        """Tell whether the address says no more than the mission does."""
        if self.mission is None:
            return False
        is_left_over = self.is_mission_new and not self.is_address_new
        return not self.address or is_left_over or _folded(self.address) == _folded(self.mission.address)


def locate(asked: Asked, *, finder: Finder, locale: str) -> Spot:
    """Return where the event is. Call it before a unit of work is opened: it may wait for the network.

    Raises:
        PlaceUnclearError, PlaceUnknownError, PlaceMissingError, CityWantedError, PinFarError: ask them.
    """
    typed = parse_coordinates(asked.address) if asked.address else None
    if typed and (asked.is_address_new or not asked.is_pin_placed):
        if _is_unchanged(asked) and asked.known is not None:
            return asked.known
        return _placed(asked, typed, finder, locale)
    if asked.is_pin_placed and asked.pin is not None:
        return _placed(asked, asked.pin, finder, locale)
    if asked.choice is not None:
        return _chosen(asked, asked.choice, finder)
    if _is_unchanged(asked) and asked.known is not None:
        return asked.known
    return _looked_up(asked, finder, locale)


def spot_of(address: str, candidate: Candidate, finder: Finder) -> Spot:
    """Return a found place under the words that the organiser used for it."""
    return Spot(
        address=address,
        city=_city_in_english(candidate, finder),
        country=candidate.country,
        point=candidate.point,
        precision=candidate.precision,
        located_by=candidate.source,
    )


def mission_spot(mission: Mission, address: str = "") -> Spot:
    """Return the mission's own door."""
    return Spot(
        address=address or mission.address,
        city=mission.name_in("en").city,
        country=mission.receiving_state,
        point=mission.point,
        precision=mission.precision,
        located_by=MISSION,
    )


def _is_unchanged(asked: Asked) -> bool:
    return not (asked.is_address_new or asked.is_mission_new or asked.is_pin_placed)


def _placed(asked: Asked, point: Point, finder: Finder, locale: str) -> Spot:
    """Take a point as a human gave it; find out only which city and state it is in."""
    spot = Spot(
        address=asked.address, point=point, precision=Precision.EXACT, located_by=ORGANISER
    )  # fmt: skip
    mission, known = asked.mission, asked.known
    if mission is not None:
        away = distance_km(mission.point, point)
        if away > (AT_DOOR_KM if mission.precision.is_good_enough_to_stand_at else SAME_CITY_KM):
            raise PinFarError(away)
        address = mission.address if asked.names_the_mission else asked.address
        return replace(
            spot, address=address, city=mission.name_in("en").city, country=mission.receiving_state
        )
    if known is not None and known.city and known.point and distance_km(known.point, point) <= SAME_CITY_KM:
        return replace(spot, city=known.city, country=known.country)
    for words in (asked.city, asked.address):
        for candidate in finder.find_place(words, locale=locale).candidates if words else ():
            if candidate.city and distance_km(candidate.point, point) <= SAME_CITY_KM:
                return replace(spot, city=_city_in_english(candidate, finder), country=candidate.country)
    if asked.city:  # no index knows it: the organiser's word stands, and the time zone tells the state
        return replace(spot, city=asked.city, country=_state_at(point))
    raise CityWantedError


def _state_at(point: Point) -> str:
    """Return the state whose time zone `point` is in; empty at sea."""
    state = get_global("zone_territories").get(zone_at(point), "")
    return state if len(state) == ALPHA_2 and state.isalpha() else ""


def _chosen(asked: Asked, choice: Candidate, finder: Finder) -> Spot:
    if asked.mission is not None and choice.source == MISSION:
        return mission_spot(asked.mission, asked.address)
    return spot_of(asked.address, choice, finder)


def _at_mission(asked: Asked, mission: Mission, finder: Finder, locale: str) -> Spot:
    """Take the mission's door, unless the organiser named another place near it that is known better."""
    door = mission_spot(mission, "" if asked.names_the_mission else asked.address)
    if asked.names_the_mission and door.is_good_enough_to_stand_at:
        return door
    found = finder.find_place(door.address, locale=locale)
    near = [one for one in found.candidates if distance_km(one.point, mission.point) <= AT_MISSION_KM]
    better = [one for one in near if one.precision.is_good_enough_to_stand_at]
    if better:
        return replace(
            door, point=better[0].point, precision=better[0].precision, located_by=better[0].source
        )
    if found.candidates and not near and not asked.names_the_mission:
        label = mission.name_in(locale).name
        at_the_door = Candidate(
            label=label, point=mission.point, precision=mission.precision, country=door.country,
            city=door.city, source=MISSION,
        )  # fmt: skip
        raise PlaceUnclearError((at_the_door, *found.candidates))
    return replace(door, is_location_due=found.is_provider_away and not door.is_good_enough_to_stand_at)


def _looked_up(asked: Asked, finder: Finder, locale: str) -> Spot:
    if asked.mission is not None:
        return _at_mission(asked, asked.mission, finder, locale)
    if not asked.address:
        raise PlaceMissingError
    return _found(asked, finder.find_place(asked.address, locale=locale), finder)


def _found(asked: Asked, found: Found, finder: Finder) -> Spot:
    clear = found.clear
    if found.is_provider_away:
        best = clear or (found.candidates[0] if found.candidates else None)
        spot = spot_of(asked.address, best, finder) if best else Spot(address=asked.address)
        return replace(spot, is_location_due=not spot.is_good_enough_to_stand_at)
    if clear is not None:
        return spot_of(asked.address, clear, finder)
    if not found.candidates:
        raise PlaceUnknownError
    if len(found.candidates) == 1:  # a city that the address ends with: certainly not elsewhere
        return spot_of(asked.address, found.candidates[0], finder)
    raise PlaceUnclearError(found.candidates)


def _city_in_english(candidate: Candidate, finder: Finder) -> str:
    """Return the city's name as all lists have it, whatever language it was found in."""
    if not candidate.city:
        return ""
    try:
        cities = finder.find_city(candidate.city, locale="en").candidates
    except GazetteerMissingError:
        cities = ()
    for city in cities:
        is_same_state = not candidate.country or city.country == candidate.country
        if is_same_state and distance_km(city.point, candidate.point) <= SAME_CITY_KM:
            return city.city[:LONGEST_CITY]
    return candidate.city[:LONGEST_CITY]


def improved(known: Precision | None, candidate: Candidate) -> bool:
    """Tell whether a place found later says more than what was known."""
    return known is None or is_better(candidate.precision, known)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
