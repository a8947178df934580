"""What is still kept of people in a campaign, and when it goes. Numbers only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from coordinator.campaigns.models import CampaignInvitation
from coordinator.checkin.models import DoorLink
from coordinator.contacts.models import Contact
from coordinator.events.models import Event, ReviewNote
from coordinator.messaging.models import Announcement, AnnouncementText
from coordinator.rsvps.models import HelpOffer, Rsvp
from coordinator.rsvps.rules import answers_close_at

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, SQLColumnExpression
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign

MOST_DAYS = 10
"""Days that are shown one by one; what goes later is one line."""
SLACK = timedelta(hours=2)
"""The worker looks once an hour."""


class Kept(StrEnum):
    """Kinds of personal data, as the page lists them."""

    NEEDS = "needs"
    NOTE = "note"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    HELP = "help"
    CONTACTS = "contacts"
    DOOR_LINKS = "door-links"
    MESSAGES = "messages"
    PUBLIC_CONTACTS = "public-contacts"
    REVIEW = "review"
    INVITATIONS = "invitations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What goes on one day, by the calendar of UTC."""

    on: date | None
    """None for all that go later than the days before it."""
    events: int
    answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """A campaign's."""

    counts: Mapping[Kept, int]
    days_until: Mapping[Kept, int]
    """Days after a protest, for kinds that go sooner than the rest."""
    answers: int
    """That still hold anything."""
    days: Sequence[Day]
    overdue: int
    """Protests whose people should have been forgotten by now."""


def personal_data_of(session: Session, campaign: Campaign, *, now: datetime) -> PersonalData:
    """Count what is kept in a campaign, at one look over its answers."""
    fields = {
        Kept.NEEDS: Rsvp.needs_sealed,
        Kept.NOTE: Rsvp.note_sealed,
        Kept.NAME: Rsvp.name_sealed,
        Kept.PHONE: Rsvp.phone_sealed,
        Kept.EMAIL: Rsvp.email_sealed,
    }
    query = (
        select(
            Event.starts_at,
            Event.ends_at,
            Event.is_time_known,
            func.count(Rsvp.id),
            *(func.count(column) for column in fields.values()),
        )
        .join(Rsvp, Rsvp.event_id == Event.id)
        .where(Event.campaign_id == campaign.id, Rsvp.forgotten_at.is_(None))
        .group_by(Event.id)
    )
    counts: Counter[Kept] = Counter()
    events: Counter[date] = Counter()
    answers: Counter[date] = Counter()
    overdue = 0
    for starts_at, ends_at, is_time_known, number, *each in session.execute(query):
        closed = answers_close_at(starts_at=starts_at, ends_at=ends_at, is_time_known=is_time_known)
        goes_at = closed + timedelta(days=campaign.retention_days)
        counts.update(dict(zip(fields, each, strict=True)))
        events[goes_at.date()] += 1
        answers[goes_at.date()] += number
        overdue += goes_at + SLACK < now
    return PersonalData(
        counts=counts | _beside_answers(session, campaign),
        days_until={Kept(field): days for field, days in campaign.field_days.items()},
        answers=answers.total(),
        days=_days(events, answers),
        overdue=overdue,
    )


def _beside_answers(session: Session, campaign: Campaign) -> Counter[Kept]:
    of_events = Event.campaign_id == campaign.id
    return Counter(
        {
            Kept.HELP: _count(session, HelpOffer.id, HelpOffer.event_id == Event.id, of_events),
            Kept.CONTACTS: _count(session, Contact.id, Contact.campaign_id == campaign.id),
            Kept.DOOR_LINKS: _count(session, DoorLink.id, DoorLink.event_id == Event.id, of_events),
            Kept.MESSAGES: _count(
                session,
                AnnouncementText.id,
                AnnouncementText.announcement_id == Announcement.id,
                or_(
                    Announcement.campaign_id == campaign.id,
                    Announcement.event_id.in_(select(Event.id).where(of_events)),
                ),
            ),
            Kept.PUBLIC_CONTACTS: _count(session, Event.id, of_events, Event.public_contact != ""),
            Kept.REVIEW: _count(session, ReviewNote.text_sealed, ReviewNote.event_id == Event.id, of_events),
            Kept.INVITATIONS: _count(
                session, CampaignInvitation.id, CampaignInvitation.campaign_id == campaign.id
            ),
        }
    )


def _count(session: Session, what: SQLColumnExpression[Any], *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(what)).where(*where)) or 0


def _days(events: Counter[date], answers: Counter[date]) -> list[Day]:
    order = sorted(events)
    days = [Day(on=day, events=events[day], answers=answers[day]) for day in order[:MOST_DAYS]]
    if later := order[MOST_DAYS:]:
        days.append(
            Day(on=None, events=sum(events[day] for day in later), answers=sum(answers[day] for day in later))
        )
    return days
