"""News for many: one message each, written by the worker in small transactions.

Who confirmed an address is told when the time or place changes or the protest is cancelled: that is what
the address was left for. What organisers and coordinators announce besides goes to those who agreed, and only
as long as they do: it is asked when their letter is written (`audiences`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.campaigns.queries import coordinates
from coordinator.events.models import EventNotice
from coordinator.kit.db import unit_of_work
from coordinator.messaging.announcing import may_be_told
from coordinator.messaging.audiences.kinds import readers_of
from coordinator.messaging.mail import TEMPLATES, address_of, news_for
from coordinator.messaging.models import Announcement
from coordinator.messaging.queries import is_writer_trusted
from coordinator.messaging.rules import UNDER_WAY, AnnouncementStatus, AudienceKind, needs_approval
from coordinator.outbox.service import post
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.rules import EXPECTED

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.messaging.audiences.batch import Addressed

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
    because its key names the announcement and who reads it.
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
            is_going = announcement.status is AnnouncementStatus.SENDING
            if is_going or _begins(session, announcement, seal=seal, now=now):
                written += _announce_batch(
                    session, announcement, batch, seal=seal, site_url=site_url, now=now
                )


def _begins(session: Session, announcement: Announcement, *, seal: Seal, now: datetime) -> bool:
    """Tell whether an announcement may go out now as it stands; if not, put it where it belongs."""
    if not _may_still_be_sent(session, announcement, now):
        announcement.status, announcement.done_at = AnnouncementStatus.STOPPED, now
        return False
    readers = readers_of(announcement).reach(session, announcement, seal).readers
    if not announcement.is_approved and needs_approval(
        is_trusted=is_writer_trusted(session, announcement),
        readers=readers,
        sent_today=0,  # that was asked when it was handed in
    ):
        announcement.status = AnnouncementStatus.WAITING  # there are more of them since it was handed in
        return False
    announcement.status, announcement.started_at = AnnouncementStatus.SENDING, now
    announcement.readers = readers
    return True


def _may_still_be_sent(session: Session, announcement: Announcement, now: datetime) -> bool:
    if announcement.kind is AudienceKind.ORGANISERS:
        return coordinates(session, announcement.author, announcement.campaign)
    return may_be_told(announcement.subject_event, announcement.kind, now)


def _announce_batch(
    session: Session, announcement: Announcement, most: int, *, seal: Seal, site_url: str, now: datetime
) -> int:
    """Write to the next people, and note how far that was. Return how many messages are new."""
    batch = readers_of(announcement).batch(session, announcement, most, seal=seal, site_url=site_url)
    written = sum(_announce(session, letter, announcement, seal=seal, now=now) for letter in batch.letters)
    announcement.written += written
    announcement.left_out += len(batch.letters) - written
    announcement.last_id = batch.last_id
    if batch.is_last:
        announcement.status, announcement.done_at = AnnouncementStatus.SENT, now
    return written


def _announce(
    session: Session, letter: Addressed | None, announcement: Announcement, *, seal: Seal, now: datetime
) -> bool:
    """Write to one person. Return False for somebody who is not to be written to, or can't be."""
    return letter is not None and post(
        session,
        key=f"{announcement.about}:{letter.reader}",
        template=TEMPLATES[announcement.kind],
        recipient=letter.email,
        locale=letter.locale,
        about=announcement.about,
        context=letter.context,
        seal=seal,
        now=now,
    )
