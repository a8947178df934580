"""Forgetting people: what was theirs is emptied or deleted, what was counted stays counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, update

from coordinator.accounts.models import AccountToken, KeptForm
from coordinator.audit.service import record
from coordinator.campaigns.models import Campaign, CampaignInvitation
from coordinator.checkin.models import DoorLink
from coordinator.checkin.service import forget_door
from coordinator.contacts.models import Contact, ContactImport, ContactMerge
from coordinator.contacts.service.keeping import (
    forget_contacts_of,
    forget_contacts_of_campaign,
    forget_filters,
    idle_filters,
)
from coordinator.contacts.service.undoing import forget_imports, forgotten_drafts
from coordinator.events.models import Event
from coordinator.events.service.forgetting import forget_words, has_words_to_forget
from coordinator.kit.personal import EMPTIED
from coordinator.messaging.announcing import forget_announcements, forget_broadcasts
from coordinator.messaging.models import Announcement, AnnouncementText
from coordinator.outbox.models import Message
from coordinator.privacy.models import DataRequest
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.rules import answers_close_at
from coordinator.rsvps.service.helping import forget_offers
from coordinator.rsvps.service.tallying import lock_tally, remove_rsvp

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_AT_A_TIME = 500  # parameters of one statement
AROUND_THE_WORLD = timedelta(hours=36)  # from the start of a day in UTC until it is over everywhere


EXPIRING = (KeptForm, AccountToken, CampaignInvitation, DataRequest, ContactMerge)
"""What carries its own end, and holds an address or words of somebody who never came back."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much went, in numbers."""

    answers: int = 0
    contacts: int = 0
    messages: int = 0
    forms_and_links: int = 0
    fields: int = 0
    """Answers of which a part went before the rest."""

    def __add__(self, other: Forgotten) -> Forgotten:
        """Return both together."""
        return Forgotten(
            self.answers + other.answers,
            self.contacts + other.contacts,
            self.messages + other.messages,
            self.forms_and_links + other.forms_and_links,
            self.fields + other.fields,
        )


def events_to_forget(session: Session, now: datetime) -> list[int]:
    """Return ids of events whose retention time is over and that still hold something of a person."""
    someone = or_(
        select(Rsvp.id).where(Rsvp.event_id == Event.id, Rsvp.forgotten_at.is_(None)).exists(),
        select(Contact.id).where(Contact.event_id == Event.id).exists(),
        select(DoorLink.id).where(DoorLink.event_id == Event.id).exists(),
        select(AnnouncementText.id)
        .join(Announcement, Announcement.id == AnnouncementText.announcement_id)
        .where(Announcement.event_id == Event.id)
        .exists(),
        has_words_to_forget(),
    )
    over = select(Event).join(Campaign).where(someone, Event.starts_at < now).order_by(Event.id)
    return [event.id for event in session.scalars(over) if _forget_at(event) <= now]


def forget_event(session: Session, event: Event, *, by: str, now: datetime) -> Forgotten:
    """Empty every answer to an event, delete its contacts and the messages about both.

    Answers whose address nobody confirmed count for nothing and are deleted. The tally stays.
    """
    tally = lock_tally(session, event)
    answers = session.scalars(
        select(Rsvp).where(Rsvp.event_id == event.id, Rsvp.forgotten_at.is_(None)).order_by(Rsvp.id)
    ).all()
    messages = drop_messages(session, [f"rsvp:{rsvp.public_id}" for rsvp in answers])
    for rsvp in answers:
        if rsvp.email_digest is not None and rsvp.confirmed_at is None:
            remove_rsvp(session, rsvp, tally)
        else:
            empty_rsvp(rsvp, now)
    forget_offers(session, event.id)
    contacts = forget_contacts_of(session, event.id)
    forget_door(session, event.id)
    messages += forget_announcements(session, event.id)
    forget_words(session, event, now=now)
    done = Forgotten(answers=len(answers), contacts=contacts, messages=messages)
    record(
        session,
        "event:people-forgotten",
        f"event:{event.public_id}",
        by=by,
        at=now,
        campaign=event.campaign.slug,
        answers=done.answers,
        contacts=done.contacts,
    )
    return done


def campaigns_to_forget(session: Session, now: datetime) -> list[int]:
    """Return ids of campaigns whose retention time is over and for which somebody is still kept.

    A campaign is over with its last event or its last day, whichever is later; one that has neither goes on.
    """
    someone = or_(
        select(Contact.id).where(Contact.campaign_id == Campaign.id, Contact.event_id.is_(None)).exists(),
        select(ContactImport.id).where(ContactImport.campaign_id == Campaign.id).exists(),
        select(AnnouncementText.id)
        .join(Announcement, Announcement.id == AnnouncementText.announcement_id)
        .where(Announcement.campaign_id == Campaign.id)
        .exists(),
    )
    found = session.scalars(select(Campaign).where(someone).order_by(Campaign.id))
    return [campaign.id for campaign in found if _is_forgotten(session, campaign, now)]


def forget_campaign(session: Session, campaign: Campaign, *, by: str, now: datetime) -> Forgotten:
    """Delete the contacts that were kept for a campaign and no event of it, and what broadcasts said."""
    contacts = forget_contacts_of_campaign(session, campaign.id)
    done = Forgotten(contacts=contacts, messages=forget_broadcasts(session, campaign.id))
    record(
        session,
        "campaign:people-forgotten",
        f"campaign:{campaign.slug}",
        by=by,
        at=now,
        campaign=campaign.slug,
        contacts=done.contacts,
    )
    return done


def count_campaign(session: Session, campaign_id: int) -> Forgotten:
    """Return what `forget_campaign` would remove."""
    found = select(Contact.id).where(Contact.campaign_id == campaign_id, Contact.event_id.is_(None))
    return Forgotten(contacts=_count(session, found))


def _is_forgotten(session: Session, campaign: Campaign, now: datetime) -> bool:
    last = session.scalar(
        select(Event).where(Event.campaign_id == campaign.id).order_by(Event.starts_at.desc()).limit(1)
    )
    ends = [_forget_at(last)] if last is not None else []
    last_day = campaign.ends_on or campaign.starts_on
    if last_day is not None:
        over = datetime.combine(last_day, time(), UTC) + AROUND_THE_WORLD
        ends.append(over + timedelta(days=campaign.retention_days))
    return bool(ends) and max(ends) <= now


def count_event(session: Session, event: Event) -> Forgotten:
    """Return what `forget_event` would remove."""
    about = select("rsvp:" + Rsvp.public_id).where(Rsvp.event_id == event.id, Rsvp.forgotten_at.is_(None))
    return Forgotten(
        answers=_count(
            session, select(Rsvp.id).where(Rsvp.event_id == event.id, Rsvp.forgotten_at.is_(None))
        ),
        contacts=_count(session, select(Contact.id).where(Contact.event_id == event.id)),
        messages=_count(session, select(Message.id).where(Message.about.in_(about))),
    )


def forget_expired(session: Session, now: datetime) -> int:
    """Delete forms that were kept for people who never signed up, and links that no longer open anything.

    And what organisers kept of searching for people who are gone.
    """
    gone = forget_imports(session, now) + forget_filters(session, now)
    for model in EXPIRING:
        gone += len(session.execute(delete(model).where(model.expires_at <= now).returning(model.id)).all())
    return gone


def count_expired(session: Session, now: datetime) -> int:
    """Return what `forget_expired` would remove."""
    links = sum(_count(session, select(model.id).where(model.expires_at <= now)) for model in EXPIRING)
    return links + _count(session, forgotten_drafts(now)) + _count(session, idle_filters(now))


def empty_sent_messages(session: Session) -> int:
    """Empty what a sent message still says; its key and state stay, and the digest for `BOUNCES_FOR`."""
    words = (Message.recipient_sealed, Message.context_sealed)
    leftover = or_(*(word.is_not(None) for word in words))
    emptied = (
        update(Message)
        .where(Message.sent_at.is_not(None), leftover)
        .values({word.key: None for word in words})
        .returning(Message.id)
    )
    return len(session.execute(emptied).all())


def _forget_at(event: Event) -> datetime:
    end = answers_close_at(
        starts_at=event.starts_at, ends_at=event.ends_at, is_time_known=event.is_time_known
    )
    return end + timedelta(days=event.campaign.retention_days)


def empty_rsvp(rsvp: Rsvp, now: datetime) -> None:
    """Leave of an answer what the statistics need: which event, what, how many, when."""
    rsvp.name_sealed = rsvp.email_sealed = rsvp.email_digest = None
    rsvp.phone_sealed = rsvp.note_sealed = rsvp.needs_sealed = rsvp.token_sealed = None
    rsvp.proposed_sealed = rsvp.proposed_at = None
    rsvp.token_digest = f"{EMPTIED}{rsvp.public_id}"  # unique, and the digest of nothing
    rsvp.help = rsvp.consent_wording = ""
    rsvp.consent_updates_at = rsvp.consent_contact_at = None
    rsvp.forgotten_at = now


def drop_messages(session: Session, about: list[str]) -> int:
    """Delete messages about people, sent or not: nobody is to hear from us after being forgotten."""
    dropped = 0
    for start in range(0, len(about), _AT_A_TIME):
        some = (
            delete(Message).where(Message.about.in_(about[start : start + _AT_A_TIME])).returning(Message.id)
        )
        dropped += len(session.execute(some).all())
    return dropped


def _count(session: Session, query: Any) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
