"""What may happen to an event. Plain values in, a decision out: no database, no web, no clock."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from coordinator.kit.errors import RefusedError
from coordinator.places.geo import distance_km
from coordinator.places.rules import Point, Precision

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 5_000
LONGEST_NOTE = 1_000
LONGEST_ADDRESS = 300
LONGEST_CITY = 100
LONGEST_CONTACT = 200
LONGEST_PUBLIC_REASON = 300
LARGEST_CAPACITY = 100_000
LONGEST_EVENT = timedelta(days=14)
USUAL_LENGTH = timedelta(hours=4)  # when nobody said how long: it is over then
NOON = 12
MOVED_KM = 0.05  # a pin set straight by less than this is not another place: nobody needs a letter about it


class EventStatus(StrEnum):
    """Where an event stands."""

    DRAFT = "draft"
    """Only its organiser sees it."""
    SUBMITTED = "submitted"
    """Reachable by its link, marked as waiting, in no list and no feed."""
    PUBLISHED = "published"
    REJECTED = "rejected"
    """Back at its organiser, with a reason."""
    CANCELLED = "cancelled"
    """Will not happen; stays visible and says so."""


PUBLIC = frozenset({EventStatus.PUBLISHED, EventStatus.CANCELLED})
"""In lists, on the map, in feeds: one rule for every format. One that was cancelled before it was
ever published was never public, and does not become so: see `is_public`."""

REACHABLE = PUBLIC | {EventStatus.SUBMITTED}
"""Opened by whoever has the link."""

CLAIMING = frozenset({EventStatus.SUBMITTED, EventStatus.PUBLISHED})
"""Counts as somebody's plan for a mission and a day."""


class Act(StrEnum):
    """What somebody does to an event."""

    SUBMIT = "submit"
    """Send it for review; again, to answer what a coordinator asked."""
    PUBLISH = "publish"
    REJECT = "reject"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    """The organiser takes it back to work on it."""


TRANSITIONS: Mapping[Act, Mapping[EventStatus, EventStatus]] = MappingProxyType(
    {
        Act.SUBMIT: {
            EventStatus.DRAFT: EventStatus.SUBMITTED,
            EventStatus.REJECTED: EventStatus.SUBMITTED,
            EventStatus.SUBMITTED: EventStatus.SUBMITTED,
        },
        Act.PUBLISH: {EventStatus.SUBMITTED: EventStatus.PUBLISHED},
        Act.REJECT: {EventStatus.SUBMITTED: EventStatus.REJECTED},
        Act.CANCEL: {
            EventStatus.SUBMITTED: EventStatus.CANCELLED,
            EventStatus.PUBLISHED: EventStatus.CANCELLED,
        },
        Act.WITHDRAW: {EventStatus.SUBMITTED: EventStatus.DRAFT},
    }
)


class NoteKind(StrEnum):
    """Steps in the conversation between coordinators and an organiser."""

    SUBMITTED = "submitted"
    ASKED = "asked"
    PUBLISHED = "published"
    REJECTED = "rejected"
    CHANGE_PROPOSED = "change-proposed"
    CHANGE_ACCEPTED = "change-accepted"
    CHANGE_REFUSED = "change-refused"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    """The event, or a proposed change of it, was taken back by the organiser."""


class NoticeKind(StrEnum):
    """News for those who come."""

    CHANGED = "changed"
    """Another time or another place."""
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What became of an organiser's change."""

    SAVED = "saved"
    """Nobody but the organiser and the coordinators sees the event yet."""
    APPLIED = "applied"
    """Everybody sees it."""
    PROPOSED = "proposed"
    """It waits for a coordinator; the public version stays."""
    NOTHING = "nothing"


class WrongStateError(RefusedError):
    """The event is not where this act starts: somebody was faster, or the page is old."""

    code = "event.wrong_state"


class ChangedMeanwhileError(RefusedError):
    """The organiser changed it after the coordinator had opened it: nobody decides on what they never saw."""

    code = "event.changed_meanwhile"


class NotLocatedError(RefusedError):
    """An event that nobody can find on a map can't be published."""

    code = "event.not_located"


class RoughPlaceError(RefusedError):
    """The point only shows the city, and nobody has said that this will do."""

    code = "event.rough_place"


class PastError(RefusedError):
    """The event is over."""

    code = "event.past"


class DayError(RefusedError):
    """The campaign is on another day."""

    code = "event.day"


class TimesError(RefusedError):
    """It ends before it starts."""

    code = "event.times"


class TooLongError(RefusedError):
    """It lasts longer than any protest: usually a slip in the date."""

    code = "event.too_long"


class ReasonMissingError(RefusedError):
    """A decision against an organiser needs words."""

    code = "event.reason_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetails:
    """Everything that an organiser says about an event, and what follows from it about the place."""

    title: str
    description: str = ""
    mission_id: int | None = None
    starts_local: datetime
    starts_fold: int = 0
    ends_local: datetime | None = None
    ends_fold: int = 0
    timezone: str
    is_time_known: bool = True
    address: str = ""
    city: str = ""
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None
    precision: Precision | None = None
    located_by: str = ""
    is_location_due: bool = False
    how_to_get_there: str = ""
    accessibility: str = ""
    languages: str = ""
    public_contact: str = ""
    capacity: int | None = None

    @property
    def point(self) -> Point | None:
        """Return where people stand, or None while nobody knows."""
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.latitude, self.longitude)

    @property
    def is_well_located(self) -> bool:
        """Tell whether people can be sent there."""
        return (
            self.point is not None
            and self.precision is not None
            and self.precision.is_good_enough_to_stand_at
        )


FIELDS = tuple(field.name for field in fields(EventDetails))
TIME_FIELDS = frozenset(
    {"starts_local", "starts_fold", "ends_local", "ends_fold", "timezone", "is_time_known"}
)
PLACE_FIELDS = frozenset({"mission_id", "address", "city", "country", "latitude", "longitude", "precision"})
_WALL_TIMES = frozenset({"starts_local", "ends_local"})


def after(act: Act, status: EventStatus) -> EventStatus:
    """Return the state that `act` leads to.

    Raises:
        WrongStateError: `act` does not start from `status`.
    """
    try:
        return TRANSITIONS[act][status]
    except KeyError:
        raise WrongStateError from None


def may(act: Act, status: EventStatus) -> bool:
    """Tell whether `act` starts from `status`."""
    return status in TRANSITIONS[act]


def is_public(status: EventStatus, *, was_published: bool) -> bool:
    """Tell whether an event belongs in lists, on the map and in feeds."""
    return status is EventStatus.PUBLISHED or (status is EventStatus.CANCELLED and was_published)


def publishes_at_once(*, trusts_organisers: bool, is_trusted: bool) -> bool:
    """Tell whether an organiser's word is enough: the campaign says so, and they are trusted in it."""
    return trusts_organisers and is_trusted


def check_day(day: date, *, first: date | None, last: date | None) -> None:
    """Look that the campaign is on that day.

    Args:
        day: the event's, on a calendar at its place.
        first: the campaign's day, or the first of its window; None where every event has its own.
        last: the last day of the window; None for a single day.

    Raises:
        DayError: it is not.
    """
    if first is not None and not first <= day <= (last or first):
        raise DayError


def check_times(starts_at: datetime, ends_at: datetime | None) -> None:
    """Look that an event ends after it starts, and within `LONGEST_EVENT`.

    Raises:
        TimesError, TooLongError: it does not.
    """
    if ends_at is None:
        return
    if ends_at <= starts_at:
        raise TimesError
    if ends_at - starts_at > LONGEST_EVENT:
        raise TooLongError


def over_at(starts_at: datetime, ends_at: datetime | None, *, is_time_known: bool) -> datetime:
    """Return when it is over: at its end, after `USUAL_LENGTH`, or with its day while it has no time yet."""
    if ends_at is not None:
        return ends_at
    return starts_at + (USUAL_LENGTH if is_time_known else timedelta(hours=NOON))


def changed_fields(before: EventDetails, now: EventDetails) -> tuple[str, ...]:
    """Return the names of the fields that differ, in their usual order."""
    return tuple(name for name in FIELDS if getattr(before, name) != getattr(now, name))


def is_news(before: EventDetails, now: EventDetails) -> bool:
    """Tell whether those who come have to be told: another time, another place."""
    changed = set(changed_fields(before, now))
    if changed & TIME_FIELDS or changed & {"mission_id", "address"}:
        return True
    if before.point is None or now.point is None:
        return before.point != now.point
    return distance_km(before.point, now.point) > MOVED_KM


def kept(before: EventDetails, now: EventDetails) -> dict[str, Any]:
    """Return what differs in a form that JSON can hold: the proposed change of a published event."""
    return {name: _plain(getattr(now, name)) for name in changed_fields(before, now)}


def with_kept(details: EventDetails, proposed: Mapping[str, Any] | None) -> EventDetails:
    """Return `details` with a proposed change made."""
    return replace(
        details, **{name: _read(name, value) for name, value in (proposed or {}).items() if name in FIELDS}
    )


def fingerprint(details: EventDetails, proposed: Mapping[str, Any] | None) -> str:
    """Return a short text that differs whenever what a coordinator decides on does."""
    text = json.dumps([{name: _plain(getattr(details, name)) for name in FIELDS}, proposed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _WALL_TIMES:
        return datetime.fromisoformat(value)
    return Precision(value) if name == "precision" else value


def digest_purpose(public_id: str) -> str:
    """Return what digests of addresses at one event are for.

    Each event has its own, so that a stolen database does not show that somebody who came to one
    protest came to another, or has an account.
    """
    return f"event:{public_id}"
