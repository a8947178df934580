"""News of a protest to everybody who comes: one message each, written by the worker in small transactions.

Who confirmed an address is told when the time or place changes or the protest is cancelled: that is what
the address was left for. `consent_updates` is about more than that, and is not asked here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.events.models import EventNotice
from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import unit_of_work
from coordinator.messaging.mail import news_for
from coordinator.outbox.service import post
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.rules import EXPECTED

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

log = logging.getLogger(__name__)

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
    try:
        email, token = seal.decrypt(rsvp.email_sealed), seal.decrypt(rsvp.token_sealed)
    except LostKeyError:  # one row that we can't read must not keep the news from everybody behind it
        log.error("no key for rsvp %s", rsvp.public_id)  # noqa: TRY400 the trace says nothing more
        return False
    if email is None or token is None:
        return False
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
