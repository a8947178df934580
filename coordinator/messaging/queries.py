"""What waits to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from coordinator.campaigns.queries import is_trusted
from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.kit.errors import NotFoundError
from coordinator.messaging.models import Announcement, EventReminder
from coordinator.messaging.rules import A_DAY, AnnouncementStatus, AudienceKind, ReminderKind
from coordinator.outbox.models import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.contacts.models import Contact

UNPLANNED_AT_ONCE = 100
MOST_LETTERS = 100


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

    Nobody else's: one announcement went to those who answered, another to contacts.
    """
    as_contact = f"contact:{contact.public_id}"
    keys = [
        f"{one.about}:{as_contact if one.kind is AudienceKind.CONTACTS else contact.source}"
        for one in announcements
    ]
    query = select(Message).where(or_(Message.about == contact.source, Message.key.in_(keys)))
    return session.scalars(query.order_by(Message.id.desc()).limit(MOST_LETTERS)).all()


def announcements_for(session: Session, contact: Contact) -> Sequence[Announcement]:
    """Return what was written that a contact may have got: about the event they answered, and to contacts."""
    to_contacts = and_(
        Announcement.kind == AudienceKind.CONTACTS,
        Announcement.author_id == contact.owner_id,
        Event.campaign_id == contact.campaign_id,
    )
    query = (
        select(Announcement)
        .join(Event, Event.id == Announcement.event_id)
        .where(or_(to_contacts, Announcement.event_id == contact.event_id))
    )
    return session.scalars(query).all()


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


def broadcasts_of(campaign: Campaign) -> Select[Announcement]:
    """Select what coordinators wrote to the organisers of a campaign, the latest first."""
    return (
        select(Announcement).where(Announcement.campaign_id == campaign.id).order_by(Announcement.id.desc())
    )


def broadcast_of(
    session: Session, campaign: Campaign, public_id: str, *, is_locked: bool = False
) -> Announcement:
    """Return one broadcast in `campaign`; locked, nobody else changes it before this transaction ends.

    Raises:
        NotFoundError: there is none, or it is another campaign's.
    """
    query = broadcasts_of(campaign).order_by(None).where(Announcement.public_id == public_id)
    return _found(session, query, is_locked=is_locked)


def handed_in_today(session: Session, announcement: Announcement, now: datetime) -> int:
    """Return how many announcements to the same people were handed in within a day and not taken back."""
    query = select(func.count(Announcement.id)).where(
        _same_people(announcement),
        Announcement.submitted_at > now - A_DAY,
        Announcement.status != AnnouncementStatus.REFUSED,
    )
    return session.scalar(query) or 0


def oldest_announcement_due_at(session: Session, now: datetime) -> datetime | None:
    """Return since when the longest-waiting announcement should have begun to go out."""
    due = Announcement.status == AnnouncementStatus.SCHEDULED, Announcement.due_at <= now
    return session.scalar(select(func.min(Announcement.due_at)).where(*due))


def is_writer_trusted(session: Session, announcement: Announcement) -> bool:
    """Tell whether coordinators trust who wrote an announcement. Their own broadcasts ask nobody."""
    is_broadcast = announcement.kind is AudienceKind.ORGANISERS
    return is_broadcast or is_trusted(session, announcement.author, announcement.campaign)


def _same_people(announcement: Announcement) -> ColumnElement[bool]:
    """Return the condition for announcements that the same people get.

    Contacts are the same, whichever event they are told of.
    """
    match announcement.kind:
        case AudienceKind.ANSWERS:
            about = Announcement.event_id == announcement.event_id
        case AudienceKind.CONTACTS:
            about = Announcement.author_id == announcement.author_id
        case AudienceKind.ORGANISERS:
            about = Announcement.campaign_id == announcement.campaign_id
    return and_(Announcement.kind == announcement.kind, about)


def _found(session: Session, query: Select[Announcement], *, is_locked: bool) -> Announcement:
    found = session.scalar(query.with_for_update(of=Announcement) if is_locked else query)
    if found is None:
        raise NotFoundError
    return found
