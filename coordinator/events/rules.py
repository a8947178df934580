"""What may happen to an event. Plain values in, a decision out: no database, no web, no clock."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
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
LATEST_AFTERWARDS = timedelta(days=90)  # after the campaign, for an event that was postponed
NOON = 12
STEPS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""What a rounded number of people may say: "at least 20"."""
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
    POSTPONED = "postponed"
    """Will not happen at its time, and nobody knows a new one yet; stays visible and says so."""
    CANCELLED = "cancelled"
    """Will not happen; stays visible and says so."""


ANNOUNCED = frozenset({EventStatus.PUBLISHED, EventStatus.POSTPONED})
"""Public and not given up: whatever the organiser changes now, a coordinator may have to look at first."""

PUBLIC = ANNOUNCED | {EventStatus.CANCELLED}
"""In lists, on the map, in feeds: one rule for every format. One that was cancelled before it was
ever published was never public, and does not become so: see `is_public`."""

REACHABLE = PUBLIC | {EventStatus.SUBMITTED}
"""Opened by whoever has the link."""

CLAIMING = frozenset({EventStatus.SUBMITTED, EventStatus.PUBLISHED})
"""Counts as somebody's plan for a mission and a day. What is postponed gave its day up."""


class Act(StrEnum):
    """What somebody does to an event."""

    SUBMIT = "submit"
    """Send it for review; again, to answer what a coordinator asked."""
    PUBLISH = "publish"
    REJECT = "reject"
    POSTPONE = "postpone"
    """It will not happen then; when it will, nobody knows."""
    RESUME = "resume"
    """It happens after all: with a new time, or as it was announced."""
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
        Act.POSTPONE: {EventStatus.PUBLISHED: EventStatus.POSTPONED},
        Act.RESUME: {EventStatus.POSTPONED: EventStatus.PUBLISHED},
        Act.CANCEL: {
            EventStatus.SUBMITTED: EventStatus.CANCELLED,
            EventStatus.PUBLISHED: EventStatus.CANCELLED,
            EventStatus.POSTPONED: EventStatus.CANCELLED,
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
    POSTPONED = "postponed"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    """The event, or a proposed change of it, was taken back by the organiser."""


class NoticeKind(StrEnum):
    """News for those who come."""

    CHANGED = "changed"
    """Another time or another place."""
    POSTPONED = "postponed"
    """Not then; a new time follows."""
    RESUMED = "resumed"
    """After it was postponed: it has a new time, or happens as announced after all."""
    CANCELLED = "cancelled"


class CountShown(StrEnum):
    """How much everybody is told of how many come. The organiser and coordinators see exact numbers."""

    EXACT = "exact"
    ROUNDED = "rounded"
    """Only that it is at least one of `STEPS`."""
    HIDDEN = "hidden"


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
    accessibility_features: str = ""
    """As `accessibility.kept_features` writes them."""
    languages: str = ""
    public_contact: str = ""
    capacity: int | None = None
    count_shown: CountShown = CountShown.EXACT
    help_wanted: list[dict[str, Any]] = field(default_factory=list)
    """As `helping.kept_roles` writes them."""

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


FIELDS = tuple(one.name for one in fields(EventDetails))
TIME_FIELDS = frozenset(
    {"starts_local", "starts_fold", "ends_local", "ends_fold", "timezone", "is_time_known"}
)
PLACE_FIELDS = frozenset({"mission_id", "address", "city", "country", "latitude", "longitude", "precision"})
_WALL_TIMES = frozenset({"starts_local", "ends_local"})
_ENUMS: Mapping[str, type[StrEnum]] = {"precision": Precision, "count_shown": CountShown}


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
    return status is EventStatus.PUBLISHED or (status in PUBLIC and was_published)


def publishes_at_once(*, trusts_organisers: bool, is_trusted: bool) -> bool:
    """Tell whether an organiser's word is enough: the campaign says so, and they are trusted in it."""
    return trusts_organisers and is_trusted


def check_day(day: date, *, first: date | None, last: date | None, may_be_later: bool = False) -> None:
    """Look that the campaign is on that day.

    Args:
        day: the event's, on a calendar at its place.
        first: the campaign's day, or the first of its window; None where every event has its own.
        last: the last day of the window; None for a single day.
        may_be_later: the event was postponed, and may make up for it within `LATEST_AFTERWARDS`.

    Raises:
        DayError: it is not.
    """
    if first is None:
        return
    latest = (last or first) + (LATEST_AFTERWARDS if may_be_later else timedelta())
    if not first <= day <= latest:
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


def is_over(
    status: EventStatus,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    is_time_known: bool,
    now: datetime,
) -> bool:
    """Tell whether an event is behind us. One that is postponed is not: its time passes without it."""
    if status is EventStatus.POSTPONED:
        return False
    return over_at(starts_at, ends_at, is_time_known=is_time_known) <= now


def at_least(people: int) -> int:
    """Return the highest of `STEPS` that so many people reach; 0 below the first."""
    return max((step for step in STEPS if step <= people), default=0)


def has_new_time(before: EventDetails, now: EventDetails) -> bool:
    """Tell whether it is at another time: what lets a postponed event happen again."""
    return any(getattr(before, name) != getattr(now, name) for name in TIME_FIELDS)


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
    return _ENUMS[name](value) if name in _ENUMS else value


def digest_purpose(public_id: str) -> str:
    """Return what digests of addresses at one event are for.

    Each event has its own, so that a stolen database does not show that somebody who came to one
    protest came to another, or has an account.
    """
    return f"event:{public_id}"
