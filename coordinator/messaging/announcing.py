"""Announcements of organisers and broadcasts of coordinators: written, handed in, approved, stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from coordinator.audit.service import record
from coordinator.events.rules import PUBLIC, EventStatus
from coordinator.kit.ids import new_public_id
from coordinator.messaging.audiences.kept import keep_audience
from coordinator.messaging.audiences.kinds import readers_of
from coordinator.messaging.mail import TEMPLATES, announcement_facts
from coordinator.messaging.models import Announcement, AnnouncementText
from coordinator.messaging.queries import handed_in_today, is_writer_trusted
from coordinator.messaging.rules import (
    EDITABLE,
    MOST_A_DAY,
    AnnouncementStateError,
    AnnouncementStatus,
    AudienceKind,
    NoReaderError,
    RefusalMissingError,
    TimeOverError,
    TooManyAnnouncementsError,
    needs_approval,
)
from coordinator.outbox.models import Message
from coordinator.outbox.service import post, withdraw_messages
from coordinator.places.timezones import resolve

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.messaging.rules import AnnouncementDetails

LATEST_PRESS = timedelta(minutes=5)
"""Whoever presses the button so long after the time that they chose means at once."""


def draft_announcement(
    session: Session, event: Event, *, by: Account, now: datetime, kind: AudienceKind = AudienceKind.ANSWERS
) -> Announcement:
    """Begin an announcement that says nothing yet; `describe_announcement` gives it words."""
    return _draft(session, Announcement(event=event, kind=kind), by=by, now=now)


def draft_broadcast(session: Session, campaign: Campaign, *, by: Account, now: datetime) -> Announcement:
    """Begin a broadcast that says nothing yet; `describe_announcement` gives it words."""
    broadcast = Announcement(broadcast_in=campaign, kind=AudienceKind.ORGANISERS, timezone="UTC")
    return _draft(session, broadcast, by=by, now=now)


def _draft(session: Session, announcement: Announcement, *, by: Account, now: datetime) -> Announcement:
    announcement.public_id, announcement.author = new_public_id(), by
    announcement.status, announcement.audience = AnnouncementStatus.DRAFT, {}
    announcement.created_at = now
    session.add(announcement)
    return announcement


def describe_announcement(
    session: Session, announcement: Announcement, details: AnnouncementDetails, *, seal: Seal
) -> None:
    """Say what an announcement says, to whom, and when it goes out.

    Raises:
        AnnouncementStateError: it was handed in already.
    """
    if announcement.status not in EDITABLE:
        raise AnnouncementStateError
    keep_audience(announcement, details.audience, seal)
    announcement.send_local, announcement.send_fold = details.send_local, details.send_fold
    announcement.timezone = details.timezone
    for locale in set(announcement.texts) - set(details.words):
        del announcement.texts[locale]
    for locale, said in details.words.items():
        kept = announcement.texts.get(locale)
        if kept is None:
            kept = announcement.texts[locale] = AnnouncementText(locale=locale)
        kept.subject_sealed = seal.encrypt(said.subject)
        kept.body_sealed = seal.encrypt(said.body)
    session.flush()


def hand_in(session: Session, announcement: Announcement, *, by: Account, seal: Seal, now: datetime) -> None:
    """Let an announcement go out when its time comes, or ask a coordinator first.

    Raises:
        AnnouncementStateError: it was handed in already, or nobody may hear of the event.
        TimeOverError: the time that was chosen for it is over.
        NoReaderError: it would reach nobody.
        TooManyAnnouncementsError: enough were handed in within a day.
    """
    may_be_said = may_be_told(announcement.event, announcement.kind, now)
    if announcement.status not in EDITABLE or not may_be_said or not announcement.texts:
        raise AnnouncementStateError
    planned = planned_at(announcement)
    if planned is not None and planned < now - LATEST_PRESS:
        raise TimeOverError
    announcement.author = by
    today = handed_in_today(session, announcement, now)
    if today >= MOST_A_DAY:
        raise TooManyAnnouncementsError
    readers = readers_of(announcement).reach(session, announcement, seal).readers
    if readers == 0:
        raise NoReaderError
    waits = needs_approval(
        is_trusted=is_writer_trusted(session, announcement), readers=readers, sent_today=today
    )
    announcement.status = AnnouncementStatus.WAITING if waits else AnnouncementStatus.SCHEDULED
    announcement.submitted_at, announcement.is_approved = now, False
    announcement.due_at = max(now, planned or now)
    announcement.refusal_sealed = None
    sent = "invited" if announcement.kind is AudienceKind.CONTACTS else "scheduled"
    _record(session, announcement, "submitted" if waits else sent, by=by, now=now, readers=readers)


def may_be_told(event: Event | None, kind: AudienceKind, now: datetime) -> bool:
    """Tell whether anybody may be written to about an event as it stands.

    Whoever answered hears of it, whatever became of it; whoever is invited must be able to come.
    """
    if event is None:
        return True
    if kind is AudienceKind.CONTACTS:
        return event.status is EventStatus.PUBLISHED and not event.is_over(now)
    return event.status in PUBLIC


def planned_at(announcement: Announcement) -> datetime | None:
    """Return when its writer wants an announcement to go out; None for at once."""
    if announcement.send_local is None:
        return None
    return resolve(announcement.send_local, announcement.zone, announcement.send_fold)


def take_back(session: Session, announcement: Announcement, *, by: Account, now: datetime) -> int:
    """Stop an announcement. Before it began it is a draft again; midway, what was not sent stays unsent.

    Return how many letters were taken out of the outbox.

    Raises:
        AnnouncementStateError: there is nothing to stop.
    """
    if announcement.status in {AnnouncementStatus.WAITING, AnnouncementStatus.SCHEDULED}:
        announcement.status = AnnouncementStatus.DRAFT
        announcement.submitted_at = announcement.due_at = None
        announcement.is_approved = False
        withdrawn = 0
    elif announcement.status in {AnnouncementStatus.SENDING, AnnouncementStatus.SENT}:
        withdrawn = withdraw_messages(session, announcement.about, now=now)
        if announcement.status is AnnouncementStatus.SENT and not withdrawn:
            raise AnnouncementStateError
        announcement.status, announcement.done_at = AnnouncementStatus.STOPPED, now
        announcement.written -= withdrawn
    else:
        raise AnnouncementStateError
    _record(session, announcement, "stopped", by=by, now=now, withdrawn=withdrawn)
    return withdrawn


def discard_announcement(session: Session, announcement: Announcement) -> None:
    """Delete what was not handed in.

    Raises:
        AnnouncementStateError: it was.
    """
    if announcement.status not in EDITABLE:
        raise AnnouncementStateError
    session.delete(announcement)


def approve_announcement(
    session: Session, announcement: Announcement, *, by: Account, seal: Seal, now: datetime
) -> None:
    """Let an announcement go out, in a coordinator's name.

    Raises:
        AnnouncementStateError: it does not wait for anybody's word.
    """
    if announcement.status is not AnnouncementStatus.WAITING:
        raise AnnouncementStateError
    announcement.status, announcement.is_approved = AnnouncementStatus.SCHEDULED, True
    announcement.due_at = max(now, announcement.due_at or now)
    _record(session, announcement, "approved", by=by, now=now)
    _tell_author(session, announcement, "approved", reason="", seal=seal, now=now)


def refuse_announcement(
    session: Session, announcement: Announcement, *, by: Account, reason: str, seal: Seal, now: datetime
) -> None:
    """Give an announcement back to its writer, with a reason.

    Raises:
        AnnouncementStateError: it does not wait for anybody's word.
        RefusalMissingError: no reason was given.
    """
    if announcement.status is not AnnouncementStatus.WAITING:
        raise AnnouncementStateError
    if not reason:
        raise RefusalMissingError
    announcement.status = AnnouncementStatus.REFUSED
    announcement.refusal_sealed = seal.encrypt(reason)
    _record(session, announcement, "refused", by=by, now=now)
    _tell_author(session, announcement, "refused", reason=reason, seal=seal, now=now)


def try_out(
    session: Session, announcement: Announcement, locale: str, *, to: Account, seal: Seal, now: datetime
) -> None:
    """Send one letter of an announcement to its writer alone, as others would get it."""
    post(
        session,
        key=f"{announcement.about}:test:{locale}:{now:%Y%m%d%H%M%S%f}",
        template=TEMPLATES[announcement.kind],
        recipient=seal.decrypt(to.email_sealed),
        locale=locale,
        about=f"account:{to.public_id}",
        context=announcement_facts(announcement, locale, seal=seal),
        seal=seal,
        now=now,
        is_asked_for=True,
    )


def forget_announcements(session: Session, event_id: int) -> int:
    """Delete what announcements about an event said, and the letters that wait. Return how many letters.

    To how many they went stays.
    """
    return _forget(session, Announcement.event_id == event_id, "announcement:")


def forget_broadcasts(session: Session, campaign_id: int) -> int:
    """Delete what coordinators wrote to the organisers of a campaign, as `forget_announcements` does."""
    return _forget(session, Announcement.campaign_id == campaign_id, "broadcast:")


def _forget(session: Session, which: ColumnElement[bool], noun: str) -> int:
    theirs = select(Announcement.id).where(which)
    abouts = select(noun + Announcement.public_id).where(which)
    session.execute(
        delete(AnnouncementText)
        .where(AnnouncementText.announcement_id.in_(theirs))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Announcement)
        .where(which)
        .values(refusal_sealed=None, tag_sealed=None)
        .execution_options(synchronize_session=False)
    )
    gone = delete(Message).where(Message.about.in_(abouts)).returning(Message.id)
    return len(session.execute(gone.execution_options(synchronize_session=False)).all())


def _record(
    session: Session, announcement: Announcement, act: str, *, by: Account, now: datetime, **details: int
) -> None:
    noun, _, _public_id = announcement.about.partition(":")
    record(
        session,
        f"{noun}:{act}",
        announcement.about,
        by=by.public_id,
        at=now,
        campaign=announcement.campaign.slug,
        **details,
    )


def _tell_author(
    session: Session, announcement: Announcement, news: str, *, reason: str, seal: Seal, now: datetime
) -> None:
    author, event = announcement.author, announcement.subject_event
    facts: dict[str, Any] = {
        "event_id": event.public_id,
        "title": event.title,
        "announcement_id": announcement.public_id,
        "reason": reason,
        "due_at": announcement.due_at.isoformat() if announcement.due_at else None,
        "timezone": event.timezone,
    }
    post(
        session,
        key=f"{announcement.about}:{news}:{now:%Y%m%d%H%M%S}",
        template=f"messaging/announcement_{news}",
        recipient=seal.decrypt(author.email_sealed),
        locale=author.locale,
        about=f"event:{event.public_id}",
        context=facts,
        seal=seal,
        now=now,
    )
