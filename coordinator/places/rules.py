"""What a place is: a point, how exactly it is known, and what can go wrong in finding it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta  # noqa: TC003 part of what the errors carry
from enum import StrEnum
from typing import Protocol

from coordinator.kit.errors import AwayError, RefusedError

NORTH, EAST = 90.0, 180.0
LONGEST_QUESTION = 300  # characters of an address; nobody's is longer, and providers refuse long ones


class Precision(StrEnum):
    """How exactly a point is known, from the best to the worst."""

    EXACT = "exact"
    """A person put the pin there."""
    BUILDING = "building"
    STREET = "street"
    CITY = "city"
    """Somewhere in the city: nobody must be sent to such a point."""
    COUNTRY = "country"

    @property
    def is_good_enough_to_stand_at(self) -> bool:
        """Tell whether people can be sent to such a point."""
        return self in {Precision.EXACT, Precision.BUILDING, Precision.STREET}


class PointError(RefusedError):
    """Coordinates that are not on this Earth."""

    code = "place.point"


class ProviderAwayError(AwayError):
    """Nobody answered; which says nothing about whether the place exists."""

    code = "place.provider_away"


class ProviderBusyError(ProviderAwayError):
    """The provider wants to be left alone for a while."""

    def __init__(self, retry_after: timedelta) -> None:
        """Say for how long."""
        super().__init__()
        self.retry_after = retry_after


class GazetteerMissingError(AwayError):
    """The index of cities was not built yet, or can't be read."""

    code = "place.gazetteer_missing"


class UnknownZoneError(RefusedError):
    """A time zone that the IANA database does not know."""

    code = "time.unknown_zone"


class TimeRangeError(RefusedError):
    """A year that nobody plans for; usually a slip of the keyboard."""

    code = "time.out_of_range"


class NonexistentTimeError(RefusedError):
    """The clocks skip this time: there is no such moment on that day in that zone."""

    code = "time.nonexistent"

    def __init__(self, earlier: datetime, later: datetime) -> None:
        """Carry what clocks set to the offset after and before the change would show then: both exist."""
        super().__init__()
        self.earlier = earlier
        self.later = later


class AmbiguousTimeError(RefusedError):
    """The clocks show this time twice, and nobody said which one is meant."""

    code = "time.ambiguous"

    def __init__(self, first: datetime, second: datetime) -> None:
        """Carry both moments, aware, each with its own offset: fold 0 and fold 1."""
        super().__init__()
        self.first = first
        self.second = second


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the Earth, WGS 84, in degrees.

    Raises:
        PointError: latitude is beyond ±90 or longitude beyond ±180, or not a number.
    """

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        """Refuse what is not on the globe; the comparisons are false for NaN too."""
        if not (-NORTH <= self.latitude <= NORTH and -EAST <= self.longitude <= EAST):
            raise PointError


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One place that may be what was asked for."""

    label: str
    """What to show a person who chooses, in the language that was asked for."""
    point: Point
    precision: Precision
    country: str = ""
    """ISO 3166-1 alpha-2 in capitals; empty when unknown."""
    city: str = ""
    source: str
    """Who says so: "typed", "gazetteer", or the provider's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of looking for a place. No candidates and nobody away: there is no such place."""

    candidates: tuple[Candidate, ...] = ()
    """The best guess first."""
    is_clear: bool = False
    """The first is so much likelier than the rest that nobody needs to be asked."""
    is_provider_away: bool = False
    """Nobody could be asked, so the candidates (a city at best) are not the last word: keep and ask later."""

    @property
    def clear(self) -> Candidate | None:
        """Return the place that was meant, where there is no doubt."""
        return self.candidates[0] if self.is_clear else None


class Geocoder(Protocol):
    """One way to find an address."""

    @property
    def name(self) -> str:
        """Say who is asked: "nominatim", "gazetteer"."""
        ...

    def locate(self, question: str, *, locale: str) -> list[Candidate]:
        """Return places that may be meant, the likeliest first. Empty: asked, and there is no such place.

        Raises:
            ProviderAwayError: nobody answered, so nothing is known about the place.
        """
        ...


def is_better(new: Precision, known: Precision) -> bool:
    """Tell whether `new` says where a place is more exactly than `known` does."""
    order = list(Precision)
    return order.index(new) < order.index(known)
