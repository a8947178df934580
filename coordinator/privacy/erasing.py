"""Erasing one person on their own wish, at once. What was counted stays counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from coordinator.audit.chain import erase_from_audit
from coordinator.audit.service import ANYONE, record
from coordinator.contacts.models import Contact
from coordinator.contacts.service.packing import drop_pages
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import new_token, token_digest
from coordinator.outbox.models import Message, Undeliverable
from coordinator.outbox.service import post
from coordinator.privacy.finding import LINK_LASTS, find_person
from coordinator.privacy.leaving import erase_account, ties_of
from coordinator.privacy.ledger import note_erasure
from coordinator.privacy.models import DataRequest
from coordinator.privacy.rules import ErasureKind
from coordinator.privacy.service import drop_messages, empty_rsvp
from coordinator.rsvps.models import HelpOffer
from coordinator.rsvps.service.changing import cancel_rsvp
from coordinator.rsvps.service.tallying import is_open, lock_answer, remove_rsvp

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp


def ask_for_data(session: Session, email: str, *, locale: str, seal: Seal, now: datetime) -> None:
    """Write to an address with a link to what is kept about it, whether or not anything is."""
    token = new_token()
    session.add(
        DataRequest(
            token_digest=token_digest(token),
            email_sealed=seal.encrypt(email),
            created_at=now,
            expires_at=now + LINK_LASTS,
        )
    )
    post(
        session,
        key=f"privacy:link:{new_public_id()}",  # every time anew: asking twice is no retry
        template="privacy/link",
        recipient=email,
        locale=locale,
        about="privacy:request",
        context={"token": token},
        seal=seal,
        now=now,
        is_asked_for=True,
    )


def erase_rsvp(session: Session, rsvp: Rsvp, *, seal: Seal, now: datetime) -> None:
    """Take out of an answer everything that leads to a person.

    One to an event that is still to come is taken back first, so that its place is free for somebody else;
    one that nobody confirmed goes altogether. Of any other, numbers stay.
    """
    event, tally = lock_answer(session, rsvp)
    if rsvp.forgotten_at is not None:
        return
    public_id = rsvp.public_id
    is_pending = rsvp.email_digest is not None and rsvp.confirmed_at is None
    if is_open(event, now) and not is_pending:
        cancel_rsvp(session, rsvp, seal=seal, now=now)
    session.execute(delete(HelpOffer).where(HelpOffer.rsvp_id == rsvp.id))
    drop_messages(session, [f"rsvp:{public_id}"])
    if is_pending:
        remove_rsvp(session, rsvp, tally)
    else:
        empty_rsvp(rsvp, now)
    session.flush()
    note_erasure(session, ErasureKind.ANSWER, public_id, seal=seal, now=now)
    erase_from_audit(session, "rsvp", public_id, now=now)
    record(session, "rsvp:erased", "rsvp:erased", by=ANYONE, at=now)


def erase_rest(session: Session, email: str, *, seal: Seal, now: datetime) -> bool:
    """Erase what is kept about an address beside its answers. Return whether an account had to stay.

    It stays as long as others rely on it (`leaving.ties_of`). Lists of those who are never written to
    keep their digests, otherwise the next import would bring the person back.
    """
    person = find_person(session, email, seal=seal)
    note_erasure(session, ErasureKind.ADDRESS, email, seal=seal, now=now)
    for contact in person.contacts:
        erase_from_audit(session, "contact", contact.public_id, now=now)
        drop_pages(session, Contact.id == contact.id)
        session.delete(contact)
    for invitation in person.invitations:
        session.delete(invitation)
    digest = seal.digest(email, purpose="message")
    session.execute(delete(Message).where(Message.recipient_digest == digest))
    session.execute(delete(Undeliverable).where(Undeliverable.address_digest == digest))
    if person.account is None:
        return False
    is_held_back = bool(ties_of(session, person.account, now=now))
    if not is_held_back:
        erase_account(session, person.account, seal=seal, now=now)
    return is_held_back


def say_erased(
    session: Session, email: str, *, has_account: bool, locale: str, seal: Seal, now: datetime
) -> None:
    """Tell an address once that all is done, and whether an account had to stay."""
    post(
        session,
        key=f"privacy:erased:{new_public_id()}",
        template="privacy/erased",
        recipient=email,
        locale=locale,
        about="privacy:request",
        context={"has_account": has_account},
        seal=seal,
        now=now,
        is_asked_for=True,
    )
