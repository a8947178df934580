"""When people are reminded, and who may write to how many. No database, no web, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from coordinator.events.rules import ANNOUNCED, EventStatus
from coordinator.kit.errors import RefusedError
from coordinator.places.rules import NonexistentTimeError
from coordinator.places.timezones import resolve
from coordinator.rsvps.rules import RsvpStatus

CIVIL = time(10)
"""On the clocks of the place: nobody's telephone rings at night because of us."""
EARLY = time(8)
EVENING = time(19)

LONGEST_SUBJECT = 120
LONGEST_BODY = 5_000
LONGEST_REFUSAL = 500
MOST_A_DAY = 5
"""Announcements to the same people: whoever gets more stops reading, and takes the consent back."""
FREE_RECIPIENTS = 50
FREE_A_DAY = 1
"""What somebody whom no coordinator trusts yet may send without being asked."""
A_DAY = timedelta(days=1)


class ReminderKind(StrEnum):
    """Reminders, the first one first."""

    WEEK = "week"
    DAY = "day"
    MORNING = "morning"
    """Of the day itself; the evening before, when it starts too early for that."""


class AnnouncementStatus(StrEnum):
    """Where an announcement is on its way."""

    DRAFT = "draft"
    WAITING = "waiting"
    """For a coordinator's word."""
    REFUSED = "refused"
    """By a coordinator, with a reason; it may be changed and tried again."""
    SCHEDULED = "scheduled"
    """It goes out when its time comes."""
    SENDING = "sending"
    SENT = "sent"
    """Every letter was written; the outbox says what became of each."""
    STOPPED = "stopped"
    """Midway: nobody else gets it."""


EDITABLE = frozenset({AnnouncementStatus.DRAFT, AnnouncementStatus.REFUSED})
UNDER_WAY = frozenset({AnnouncementStatus.SCHEDULED, AnnouncementStatus.SENDING})


class Came(StrEnum):
    """Whom the door saw."""

    ALL = "all"
    CAME = "came"
    MISSED = "missed"
    """They said that they come, and nobody counted them."""


class AudienceKind(StrEnum):
    """Whom an announcement is for."""

    ANSWERS = "answers"
    """Those who answered an event."""
    CONTACTS = "contacts"
    """The organiser's contacts in the campaign who did not answer the event."""
    ORGANISERS = "organisers"
    """Those who organise in a campaign. Written by a coordinator, it is called a broadcast."""


class Stage(StrEnum):
    """How far an organiser's event is, as a coordinator asks for it."""

    PUBLISHED = "published"
    WAITING = "waiting"
    DRAFT = "draft"
    """Not sent for review yet, or given back."""
    CANCELLED = "cancelled"


STATUSES_AT: Mapping[Stage, frozenset[EventStatus]] = MappingProxyType(
    {
        Stage.PUBLISHED: ANNOUNCED,
        Stage.WAITING: frozenset({EventStatus.SUBMITTED}),
        Stage.DRAFT: frozenset({EventStatus.DRAFT, EventStatus.REJECTED}),
        Stage.CANCELLED: frozenset({EventStatus.CANCELLED}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAudience:
    """Whom of those who answered an announcement is for."""

    kind: ClassVar = AudienceKind.ANSWERS
    statuses: tuple[RsvpStatus, ...] = (RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE)
    role: str = ""
    """Code of a role of help that they were assigned; empty for everybody."""
    came: Came = Came.ALL
    locale: str = ""
    """Language in which they answered; empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAudience:
    """Whom of an organiser's contacts an announcement is for."""

    kind: ClassVar = AudienceKind.CONTACTS
    tag: str = ""
    """A whole tag that they have; empty for everybody. The organiser's own word: kept sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganiserAudience:
    """Whom of a campaign's organisers a broadcast is for. One event that fits is enough."""

    kind: ClassVar = AudienceKind.ORGANISERS
    stages: tuple[Stage, ...] = (Stage.PUBLISHED, Stage.WAITING, Stage.DRAFT)
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2 codes of where their events are; none for everywhere."""
    locale: str = ""
    """Language of their account; empty for all."""


Audience: TypeAlias = AnswerAudience | ContactAudience | OrganiserAudience


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """An announcement in one language."""

    subject: str
    body: str
    """Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementDetails:
    """Everything that its writer says about an announcement."""

    words: Mapping[str, Words]
    """By language; one at least."""
    audience: Audience
    send_local: datetime | None = None
    """When it goes out, on the clocks of the event, or of `timezone`; None for at once."""
    send_fold: int = 0
    timezone: str | None = None
    """IANA name, of a broadcast."""


class AnnouncementStateError(RefusedError):
    """It is not where this could be done: somebody was faster, or it is on its way."""

    code = "announcement.state"


class NoReaderError(RefusedError):
    """Nobody of those that it is for may be written to."""

    code = "announcement.no_reader"


class TimeOverError(RefusedError):
    """It was to go out at a time that is over: whoever mistyped the year wants to hear of it first."""

    code = "announcement.time_over"


class TooManyAnnouncementsError(RefusedError):
    """Enough for one day."""

    code = "announcement.too_many"


class RefusalMissingError(RefusedError):
    """The organiser has to read why."""

    code = "announcement.reason"


def needs_approval(*, is_trusted: bool, readers: int, sent_today: int) -> bool:
    """Tell whether a coordinator has to look at an announcement first.

    Args:
        is_trusted: its writer is trusted in the campaign, or coordinates it.
        readers: people who would get it.
        sent_today: announcements to the same people that went the same way within `A_DAY`.
    """
    return not is_trusted and (readers > FREE_RECIPIENTS or sent_today >= FREE_A_DAY)


def reminder_times(starts_local: datetime, zone: str, *, is_time_known: bool) -> dict[ReminderKind, datetime]:
    """Return when people are reminded of an event, in UTC.

    Args:
        starts_local: its start, on a clock at the place.
        zone: IANA name of that clock.
        is_time_known: False while only the day is announced; then nobody is reminded on the morning.

    A week and a day before at ten, on the day at eight, all on the clocks of the place, whatever they are set
    to by then. What starts before ten is reminded of on the evening before at seven.
    """
    day = starts_local.date()
    times = {
        ReminderKind.WEEK: _at(day - timedelta(days=7), CIVIL, zone),
        ReminderKind.DAY: _at(day - timedelta(days=1), CIVIL, zone),
    }
    if is_time_known:
        is_early = starts_local.time() < CIVIL
        times[ReminderKind.MORNING] = (
            _at(day - timedelta(days=1), EVENING, zone) if is_early else _at(day, EARLY, zone)
        )
    return times


def is_of_use(
    kind: ReminderKind, due: Mapping[ReminderKind, datetime], *, starts_at: datetime, now: datetime
) -> bool:
    """Tell whether a reminder that is due is still worth a letter.

    The event has not begun, and no later reminder of it is due as well: after an outage nobody gets three.
    """
    later = [due[other] for other in due if due[other] > due[kind]]
    return now < starts_at and all(now < moment for moment in later)


def _at(day: date, clock: time, zone: str) -> datetime:
    try:
        return resolve(datetime.combine(day, clock), zone, 0)
    except NonexistentTimeError as skipped:
        return resolve(skipped.later, zone, 0)
