"""News of a protest to those who answered: one message each, written by the worker in small transactions.

Who confirmed an address is told when the time or place changes or the protest is cancelled: that is what
the address was left for. What organisers announce besides goes to those who agreed to get news
(`consent_updates_at`), and only as long as they do: it is asked when their letter is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.campaigns.queries import is_trusted
from coordinator.contacts.queries import is_suppressed
from coordinator.events.models import EventNotice
from coordinator.events.rules import PUBLIC
from coordinator.kit.db import unit_of_work
from coordinator.messaging.mail import address_of, announcement_facts, language_for, news_for
from coordinator.messaging.models import Announcement
from coordinator.messaging.queries import audience_of, reach_of, readers_of
from coordinator.messaging.rules import UNDER_WAY, AnnouncementStatus, needs_approval
from coordinator.outbox.service import post
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.rules import EXPECTED

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

BATCH = 25  # people in one transaction: a tenth of a second that others wait on SQLite


def fan_out_notices(*, seal: Seal, now: datetime, batch: int = BATCH) -> int:
    """Turn every notice into messages. Return how many were written.

    Killed in between, it goes on where it stopped; a message that was written is not written again,
    because its key names the notice and the answer.
    """
    written = 0
    while True:
        with unit_of_work() as session:
            notice = session.scalar(
                select(EventNotice)
                .where(EventNotice.done_at.is_(None))
                .order_by(EventNotice.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if notice is None:
                return written
            written += _write_batch(session, notice, batch, seal=seal, now=now)


def _write_batch(session: Session, notice: EventNotice, batch: int, *, seal: Seal, now: datetime) -> int:
    """Write to the next people, and note how far that was. Return how many messages are new."""
    people = session.scalars(
        select(Rsvp)
        .where(
            Rsvp.event_id == notice.event_id,
            Rsvp.id > notice.last_rsvp_id,
            Rsvp.submitted_at <= notice.at,  # whoever answered later answered to what is now
            Rsvp.status.in_(EXPECTED),
            Rsvp.confirmed_at.is_not(None),
            Rsvp.email_sealed.is_not(None),
        )
        .order_by(Rsvp.id)
        .limit(batch)
    ).all()
    written = sum(_write(session, rsvp, notice, seal=seal, now=now) for rsvp in people)
    if people:
        notice.last_rsvp_id = people[-1].id
    if len(people) < batch:
        notice.done_at = now
    return written


def _write(session: Session, rsvp: Rsvp, notice: EventNotice, *, seal: Seal, now: datetime) -> bool:
    found = address_of(rsvp, seal)
    if found is None:
        return False
    email, token = found
    return post(
        session,
        key=f"notice:{notice.id}:rsvp:{rsvp.public_id}",
        template=f"messaging/{notice.kind.value}",
        recipient=email,
        locale=rsvp.locale,
        about=f"rsvp:{rsvp.public_id}",
        context=news_for(rsvp, notice.event, notice, token),
        seal=seal,
        now=now,
    )


def write_announcements(*, seal: Seal, site_url: str, now: datetime, batch: int = BATCH) -> int:
    """Turn every announcement whose time has come into messages. Return how many were written.

    Killed in between, it goes on where it stopped; a message that was written is not written again,
    because its key names the announcement and the answer.
    """
    written = 0
    while True:
        with unit_of_work() as session:
            announcement = session.scalar(
                select(Announcement)
                .where(Announcement.status.in_(UNDER_WAY), Announcement.due_at <= now)
                .order_by(Announcement.due_at, Announcement.id)
                .limit(1)
                .with_for_update(skip_locked=True, of=Announcement)
            )
            if announcement is None:
                return written
            if announcement.status is AnnouncementStatus.SENDING or _begins(session, announcement, now):
                written += _announce_batch(
                    session, announcement, batch, seal=seal, site_url=site_url, now=now
                )


def _begins(session: Session, announcement: Announcement, now: datetime) -> bool:
    """Tell whether an announcement may go out now as it stands; if not, put it where it belongs."""
    event = announcement.event
    if event.status not in PUBLIC:
        announcement.status, announcement.done_at = AnnouncementStatus.STOPPED, now
        return False
    readers = reach_of(session, event.id, audience_of(announcement.audience)).readers
    if not announcement.is_approved and needs_approval(
        is_trusted=is_trusted(session, announcement.author, event.campaign),
        readers=readers,
        sent_today=0,  # that was asked when it was handed in
    ):
        announcement.status = AnnouncementStatus.WAITING  # more people answered since it was handed in
        return False
    announcement.status, announcement.started_at = AnnouncementStatus.SENDING, now
    announcement.readers = readers
    return True


def _announce_batch(
    session: Session, announcement: Announcement, batch: int, *, seal: Seal, site_url: str, now: datetime
) -> int:
    """Write to the next people, and note how far that was. Return how many messages are new."""
    people = session.scalars(
        readers_of(announcement.event_id, audience_of(announcement.audience))
        .where(
            Rsvp.id > announcement.last_rsvp_id,
            Rsvp.submitted_at <= announcement.started_at,  # as many as were counted, and no more
        )
        .order_by(Rsvp.id)
        .limit(batch)
    ).all()
    written = 0
    for rsvp in people:
        is_new = _announce(session, rsvp, announcement, seal=seal, site_url=site_url, now=now)
        written += is_new
        announcement.left_out += not is_new
    announcement.written += written
    if people:
        announcement.last_rsvp_id = people[-1].id
    if len(people) < batch:
        announcement.status, announcement.done_at = AnnouncementStatus.SENT, now
    return written


def _announce(
    session: Session, rsvp: Rsvp, announcement: Announcement, *, seal: Seal, site_url: str, now: datetime
) -> bool:
    """Write to one person. Return False for somebody who is not to be written to, or can't be."""
    found = address_of(rsvp, seal)
    if found is None:
        return False
    email, token = found
    if is_suppressed(session, owner_id=announcement.event.organiser_id, email=email, seal=seal):
        return False
    locale = language_for(announcement, rsvp.locale)
    return post(
        session,
        key=f"{announcement.about}:rsvp:{rsvp.public_id}",
        template="messaging/announcement",
        recipient=email,
        locale=locale,
        about=announcement.about,
        context=announcement_facts(
            announcement, locale, seal=seal, rsvp=rsvp, token=token, site_url=site_url
        ),
        seal=seal,
        now=now,
    )
