"""A second answer from one address, which waits for the mailbox's owner; and the way to a lost link."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from coordinator.audit.service import ANYONE, record
from coordinator.events.rules import digest_purpose
from coordinator.outbox.service import post
from coordinator.rsvps.mail import facts_of
from coordinator.rsvps.queries import rsvp_of
from coordinator.rsvps.rules import (
    PROPOSAL_LASTS,
    ProposalGoneError,
    RsvpChange,
    RsvpStatus,
)
from coordinator.rsvps.service.changing import change_rsvp
from coordinator.rsvps.service.tallying import lock_answer
from coordinator.rsvps.service.telling import send, send_link

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp
    from coordinator.rsvps.rules import RsvpDetails


def propose_answer(
    session: Session, rsvp: Rsvp, event: Event, details: RsvpDetails, *, seal: Seal, now: datetime
) -> None:
    """Keep another answer beside the one that stands, and write to the address, at most once an hour.

    Anybody can type an address, so nothing of the answer changes before its owner says so.
    """
    proposed = {
        "status": details.status.value,
        "party_size": details.party_size,
        "locale": details.locale,
        "name": details.name,
        "phone": details.phone,
        "note": details.note,
        "needs": details.needs,
        "help": list(details.help),
        "is_updates_agreed": details.is_updates_agreed,
        "is_contact_agreed": details.is_contact_agreed,
    }
    rsvp.proposed_sealed = seal.encrypt(json.dumps(proposed, ensure_ascii=False))
    rsvp.proposed_at = now
    record(session, "rsvp:answered-again", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)
    send(session, rsvp, event, "again", f"{now:%Y%m%d%H}", seal=seal, now=now)


def proposed_change(rsvp: Rsvp, *, seal: Seal, now: datetime) -> RsvpChange | None:
    """Return the other answer that waits for the owner of the address, or None where there is none."""
    if rsvp.proposed_at is None or now - rsvp.proposed_at > PROPOSAL_LASTS:
        return None
    said: dict[str, Any] = json.loads(seal.decrypt(rsvp.proposed_sealed) or "{}")
    if not said:
        return None
    said["status"] = RsvpStatus(said["status"])
    said["help"] = tuple(said["help"])
    return RsvpChange(**said)


def take_proposal(session: Session, rsvp: Rsvp, *, seal: Seal, now: datetime) -> None:
    """Make the other answer the one that stands.

    Raises:
        ProposalGoneError: there is none any more.
        ClosedError, NoPlaceError: as for any change.
    """
    lock_answer(session, rsvp)
    change = proposed_change(rsvp, seal=seal, now=now)
    if change is None:
        raise ProposalGoneError
    rsvp.proposed_sealed = rsvp.proposed_at = None
    session.flush()  # the change reads the answer again
    change_rsvp(session, rsvp, change, seal=seal, now=now)


def drop_proposal(session: Session, rsvp: Rsvp, *, now: datetime) -> None:
    """Let the answer stand as it is, and forget the other one."""
    lock_answer(session, rsvp)
    if rsvp.proposed_at is not None:
        rsvp.proposed_sealed = rsvp.proposed_at = None
        record(session, "rsvp:kept", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)


def send_lost_link(
    session: Session, event: Event, email: str, *, locale: str, seal: Seal, now: datetime
) -> None:
    """Write to an address, at most once an hour: its link, or that nothing was answered with it.

    A letter goes out in either case, so that neither the page nor the work tells a stranger which it was.
    """
    digest = seal.digest(email, purpose=digest_purpose(event.public_id))
    rsvp = rsvp_of(session, event.id, digest)
    if rsvp is not None:
        send_link(session, rsvp, event, seal=seal, now=now)
        return
    post(
        session,
        key=f"rsvp:none:{seal.digest(digest, purpose='no-answer')[:32]}:{now:%Y%m%d%H}",
        template="rsvps/no_answer",
        recipient=email,
        locale=locale,
        about=f"event:{event.public_id}",
        context=facts_of(event, locale),
        seal=seal,
        now=now,
        is_asked_for=True,
    )
