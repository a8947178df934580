"""Who is never to be written to again, by one organiser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from coordinator.audit.service import record
from coordinator.contacts.models import Contact, Suppression
from coordinator.contacts.queries import contact_digest, is_listed, suppression_digest
from coordinator.contacts.rules import Purpose
from coordinator.contacts.service.packing import drop_pages

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.kit.crypto import Seal


def suppress(session: Session, *, owner_id: int, email: str, seal: Seal, now: datetime, because: str) -> None:
    """Keep an organiser from ever writing to an address again. Twice is once."""
    digest = suppression_digest(session, owner_id=owner_id, email=email, seal=seal)
    suppress_digest(session, owner_id=owner_id, digest=digest, now=now, because=because)


def suppress_digest(session: Session, *, owner_id: int, digest: str, now: datetime, because: str) -> None:
    """Do the same for an address of which nothing but the digest is known."""
    if is_listed(session, owner_id=owner_id, digest=digest):
        return
    session.add(Suppression(owner_id=owner_id, email_digest=digest, because=because, suppressed_at=now))
    session.flush()


def lift_suppression(session: Session, *, owner_id: int, email: str, seal: Seal) -> None:
    """Let an address be written to again, because its own owner agreed anew. Nobody else may say so."""
    digest = suppression_digest(session, owner_id=owner_id, email=email, seal=seal)
    session.execute(
        delete(Suppression).where(Suppression.owner_id == owner_id, Suppression.email_digest == digest)
    )


def block_contact(session: Session, contact: Contact, *, by: Account, seal: Seal, now: datetime) -> None:
    """Delete a contact who wants to hear no more, and let no import bring their address back."""
    email = seal.decrypt(contact.email_sealed)
    if email:
        suppress(session, owner_id=contact.owner_id, email=email, seal=seal, now=now, because="by-hand")
    record(session, "contact:blocked", f"contact:{contact.public_id}", by=by.public_id, at=now)
    drop_pages(session, Contact.id == contact.id)
    session.delete(contact)


def block_email(session: Session, email: str, *, by: Account, seal: Seal, now: datetime) -> int:
    """Keep an address from ever being written to, and delete who has it. Return how many contacts went."""
    suppress(session, owner_id=by.id, email=email, seal=seal, now=now, because="by-hand")
    digest = contact_digest(session, owner_id=by.id, email=email, seal=seal)
    theirs = (Contact.owner_id == by.id, Contact.email_digest == digest)
    drop_pages(session, *theirs)
    gone = session.execute(
        delete(Contact).where(*theirs).returning(Contact.id).execution_options(synchronize_session=False)
    ).all()
    mine = f"account:{by.public_id}"
    record(session, "contacts:address-blocked", mine, by=by.public_id, at=now, count=len(gone))
    return len(gone)


def withdraw_consent(session: Session, contact: Contact, *, purpose: str, now: datetime) -> None:
    """Take back what a contact agreed to. What is taken back already stays as it is."""
    wanted = Purpose(purpose)
    for consent in contact.consents:
        if consent.purpose is wanted and consent.withdrawn_at is None:
            consent.withdrawn_at = now
            contact.changed_at = now
    session.flush()
