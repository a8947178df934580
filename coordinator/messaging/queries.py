"""What waits to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, func, or_, select

from coordinator.checkin.models import Attendance
from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.kit.errors import NotFoundError
from coordinator.messaging.models import Announcement, EventReminder
from coordinator.messaging.rules import A_DAY, AnnouncementStatus, Audience, Came, ReminderKind
from coordinator.outbox.models import Message
from coordinator.rsvps.models import HelpOffer, Rsvp
from coordinator.rsvps.queries import IS_KNOWN
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.contacts.models import Contact

UNPLANNED_AT_ONCE = 100
MOST_LETTERS = 100

MAY_BE_WRITTEN_TO = and_(
    Rsvp.email_sealed.is_not(None), Rsvp.confirmed_at.is_not(None), Rsvp.consent_updates_at.is_not(None)
)
"""They left an address, showed that it is theirs, and agreed to get news."""


class Reach(NamedTuple):
    """How many answers an announcement is for, and how many of them get it."""

    answers: int
    readers: int
    without_address: int
    """Nobody can write to them."""
    without_consent: int
    """They left an address and asked for no news."""


def unplanned_events(session: Session, now: datetime) -> Sequence[int]:
    """Return ids of published events to come that have no plan of reminders, or one for another time.

    A time that is not announced is kept as noon, so that one announced as noon is told from it by its
    reminder of the morning.
    """
    plan = select(EventReminder.id).where(
        EventReminder.event_id == Event.id,
        EventReminder.starts_at == Event.starts_at,
        EventReminder.timezone == Event.timezone,
    )
    has_morning = plan.where(EventReminder.kind == ReminderKind.MORNING).exists()
    is_stale = or_(
        ~plan.exists(), and_(Event.is_time_known, ~has_morning), and_(~Event.is_time_known, has_morning)
    )
    query = (
        select(Event.id)
        .where(Event.status == EventStatus.PUBLISHED, Event.starts_at > now, is_stale)
        .order_by(Event.id)
        .limit(UNPLANNED_AT_ONCE)
    )
    return session.scalars(query).all()


def oldest_reminder_due_at(session: Session, now: datetime) -> datetime | None:
    """Return since when the longest-waiting reminder should have been written."""
    due = EventReminder.done_at.is_(None), EventReminder.due_at <= now
    return session.scalar(select(func.min(EventReminder.due_at)).where(*due))


def reminders_of(session: Session, event: Event) -> Sequence[EventReminder]:
    """Return what is planned for an event, the first one first."""
    query = select(EventReminder).where(EventReminder.event_id == event.id)
    return session.scalars(query.order_by(EventReminder.due_at)).all()


def announcements_of(session: Session, event: Event) -> Sequence[Announcement]:
    """Return what was written about an event, the latest first."""
    query = select(Announcement).where(Announcement.event_id == event.id)
    return session.scalars(query.order_by(Announcement.id.desc())).all()


def announcement_of(
    session: Session, event: Event, public_id: str, *, is_locked: bool = False
) -> Announcement:
    """Return one announcement about `event`; locked, nobody else changes it before this transaction ends.

    Raises:
        NotFoundError: there is none, or it is about another event.
    """
    query = select(Announcement).where(Announcement.event_id == event.id, Announcement.public_id == public_id)
    return _found(session, query, is_locked=is_locked)


def letters_to(
    session: Session, contact: Contact, announcements: Iterable[Announcement]
) -> Sequence[Message]:
    """Return the letters about a contact's answer and those of `announcements`, the latest first.

    Nobody else's: a contact that came from no answer was sent nothing.
    """
    if not contact.source.startswith("rsvp:"):
        return []
    keys = [f"{one.about}:{contact.source}" for one in announcements]
    query = select(Message).where(or_(Message.about == contact.source, Message.key.in_(keys)))
    return session.scalars(query.order_by(Message.id.desc()).limit(MOST_LETTERS)).all()


def handed_in(campaign: Campaign) -> Select[Announcement]:
    """Select what was handed in in a campaign: what waits for a coordinator first, then the latest."""
    is_waiting = Announcement.status == AnnouncementStatus.WAITING
    return (
        select(Announcement)
        .join(Event, Event.id == Announcement.event_id)
        .where(
            Event.campaign_id == campaign.id,
            Announcement.status != AnnouncementStatus.DRAFT,
        )
        .order_by(is_waiting.desc(), Announcement.submitted_at.desc(), Announcement.id.desc())
    )


def handed_in_one(
    session: Session, campaign: Campaign, public_id: str, *, is_locked: bool = False
) -> Announcement:
    """Return one announcement that was handed in in `campaign`.

    Raises:
        NotFoundError: there is none, it is a draft, or it belongs to another campaign.
    """
    query = handed_in(campaign).order_by(None).where(Announcement.public_id == public_id)
    return _found(session, query, is_locked=is_locked)


def waiting_announcements(session: Session, campaigns: Iterable[Campaign]) -> dict[int, int]:
    """Return how many announcements wait for a coordinator, by campaign id."""
    query = (
        select(Event.campaign_id, func.count())
        .select_from(Announcement)
        .join(Event, Event.id == Announcement.event_id)
        .where(
            Event.campaign_id.in_([campaign.id for campaign in campaigns]),
            Announcement.status == AnnouncementStatus.WAITING,
        )
        .group_by(Event.campaign_id)
    )
    return dict(session.execute(query).all())


def handed_in_today(session: Session, event_id: int, now: datetime) -> int:
    """Return how many announcements about an event were handed in within a day and not taken back."""
    query = select(func.count(Announcement.id)).where(
        Announcement.event_id == event_id,
        Announcement.submitted_at > now - A_DAY,
        Announcement.status != AnnouncementStatus.REFUSED,
    )
    return session.scalar(query) or 0


def audience_of(kept: Mapping[str, Any]) -> Audience:
    """Return an audience as `Announcement.audience` keeps it."""
    return Audience(
        statuses=tuple(RsvpStatus(status) for status in kept["statuses"]),
        role=kept["role"],
        came=Came(kept["came"]),
        locale=kept["locale"],
    )


def answers_for(event_id: int, audience: Audience) -> Select[Rsvp]:
    """Select the answers that an announcement is for, whether or not it reaches them."""
    query = select(Rsvp).where(
        Rsvp.event_id == event_id,
        Rsvp.status.in_(audience.statuses),
        Rsvp.forgotten_at.is_(None),
        IS_KNOWN,
    )
    if audience.locale:
        query = query.where(Rsvp.locale == audience.locale)
    if audience.role:
        query = query.where(
            select(HelpOffer.id)
            .where(
                HelpOffer.rsvp_id == Rsvp.id,
                HelpOffer.code == audience.role,
                HelpOffer.assigned_at.is_not(None),
            )
            .exists()
        )
    if audience.came is not Came.ALL:
        query = query.where(_is_here() if audience.came is Came.CAME else ~_is_here())
    return query


def readers_of(event_id: int, audience: Audience) -> Select[Rsvp]:
    """Select those among them who left an address, confirmed it, and agreed to get news."""
    return answers_for(event_id, audience).where(MAY_BE_WRITTEN_TO)


def reach_of(session: Session, event_id: int, audience: Audience) -> Reach:
    """Count whom an announcement is for, and whom it reaches."""
    has_address = Rsvp.email_sealed.is_not(None)
    counts = answers_for(event_id, audience).with_only_columns(
        func.count(Rsvp.id),
        func.count(Rsvp.id).filter(MAY_BE_WRITTEN_TO),
        func.count(Rsvp.id).filter(~has_address),
        func.count(Rsvp.id).filter(has_address, ~MAY_BE_WRITTEN_TO),
    )
    return Reach(*session.execute(counts).one())


def oldest_announcement_due_at(session: Session, now: datetime) -> datetime | None:
    """Return since when the longest-waiting announcement should have begun to go out."""
    due = Announcement.status == AnnouncementStatus.SCHEDULED, Announcement.due_at <= now
    return session.scalar(select(func.min(Announcement.due_at)).where(*due))


def _is_here() -> ColumnElement[bool]:
    return (
        select(Attendance.rsvp_id)
        .where(Attendance.rsvp_id == Rsvp.id, Attendance.arrived_at.is_not(None))
        .exists()
    )


def _found(session: Session, query: Select[Announcement], *, is_locked: bool) -> Announcement:
    found = session.scalar(query.with_for_update(of=Announcement) if is_locked else query)
    if found is None:
        raise NotFoundError
    return found
