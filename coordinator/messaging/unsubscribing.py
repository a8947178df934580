"""Stopping mail: links that belong to one answer and need no table.

A link of a letter must not act when it is only opened, and one click of a mail program must (RFC 8058): so
the same address is looked at by GET and acts by POST.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.audit.service import ANYONE, record
from coordinator.kit.errors import NotFoundError
from coordinator.kit.ids import PUBLIC_ID_LENGTH
from coordinator.rsvps.models import Rsvp

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

RSVP = "r"


def unsubscribe_token(public_id: str, seal: Seal) -> str:
    """Return what stands in the link of one answer: its public id, and a proof that we made it."""
    return f"{RSVP}{public_id}{seal.derive_token('unsubscribe', RSVP, public_id)}"


def rsvp_of_link(session: Session, token: str, seal: Seal) -> Rsvp:
    """Return the answer whose mail a link stops.

    Raises:
        NotFoundError: no link of ours, or the answer has been forgotten.
    """
    public_id = token[1 : 1 + PUBLIC_ID_LENGTH]
    if not hmac.compare_digest(token.encode(), unsubscribe_token(public_id, seal).encode()):
        raise NotFoundError
    rsvp = session.scalar(select(Rsvp).where(Rsvp.public_id == public_id, Rsvp.forgotten_at.is_(None)))
    if rsvp is None:
        raise NotFoundError
    return rsvp


def stop_mail(session: Session, rsvp: Rsvp, *, now: datetime) -> None:
    """Send no more reminders and no more news; what people have to know still comes. Twice is once."""
    if rsvp.reminders_off_at is None or rsvp.consent_updates_at is not None:
        rsvp.reminders_off_at = rsvp.reminders_off_at or now
        rsvp.consent_updates_at = None
        record(session, "rsvp:unsubscribed", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)


def resume_reminders(session: Session, rsvp: Rsvp, *, now: datetime) -> None:
    """Remind again. News need a consent of their own, on the page of the answer."""
    if rsvp.reminders_off_at is not None:
        rsvp.reminders_off_at = None
        record(session, "rsvp:reminded-again", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)
