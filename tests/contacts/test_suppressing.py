"""Who is never to be written to again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from coordinator.contacts.models import Contact, ContactConsent, Suppression
from coordinator.contacts.queries import is_suppressed, suppressed_count
from coordinator.contacts.rules import Purpose
from coordinator.contacts.service.keeping import add_contact
from coordinator.contacts.service.suppressing import suppress, withdraw_consent
from tests.factories.accounts import AccountFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
ADA = "ada@example.org"


def test_an_address_is_kept_out_for_one_organiser_however_it_is_written(session: Session, seal: Seal) -> None:
    owner, other = AccountFactory(), AccountFactory()
    session.flush()

    for email in (ADA, " ADA@example.org"):
        suppress(session, owner_id=owner.id, email=email, seal=seal, now=NOON, because="unsubscribed")

    assert is_suppressed(session, owner_id=owner.id, email="Ada@Example.org", seal=seal)
    assert not is_suppressed(session, owner_id=other.id, email=ADA, seal=seal)
    assert suppressed_count(session, owner) == 1
    assert ADA not in str(session.scalars(select(Suppression)).one().__dict__)


def test_two_organisers_lists_cannot_be_joined(session: Session, seal: Seal) -> None:
    for owner in (AccountFactory(), AccountFactory()):
        session.flush()
        suppress(session, owner_id=owner.id, email=ADA, seal=seal, now=NOON, because="unsubscribed")

    assert len(set(session.scalars(select(Suppression.email_digest)))) == 2


def test_only_their_own_new_consent_lifts_it(session: Session, seal: Seal) -> None:
    event = EventFactory()
    session.flush()
    suppress(session, owner_id=event.organiser_id, email=ADA, seal=seal, now=NOON, because="unsubscribed")

    add_contact(
        session, owner_id=event.organiser_id, event=event, source="rsvp:r1", name="Ada", email=ADA, phone="",
        consent_at=NOON, consent_wording="rsvp-1:en", seal=seal, now=NOON,
    )  # fmt: skip

    assert not is_suppressed(session, owner_id=event.organiser_id, email=ADA, seal=seal)


def test_a_consent_is_taken_back_and_given_anew(session: Session, seal: Seal) -> None:
    contact = ContactFactory(email=ADA, source="rsvp:r1", agreed_to=(Purpose.CONTACT, Purpose.NEWS))
    session.flush()

    withdraw_consent(session, contact, purpose="contact", now=NOON)
    taken_back = {one.purpose: one.withdrawn_at for one in contact.consents}
    add_contact(
        session, owner_id=contact.owner_id, event=contact.event, source="rsvp:r1", name="Ada", email=ADA,
        phone="", consent_at=NOON, consent_wording="rsvp-2:en", seal=seal, now=NOON,
    )  # fmt: skip
    session.flush()

    assert taken_back == {Purpose.CONTACT: NOON, Purpose.NEWS: None}
    kept = session.scalars(select(ContactConsent).where(ContactConsent.purpose == Purpose.CONTACT)).one()
    assert (kept.wording, kept.given_at, kept.withdrawn_at) == ("rsvp-2:en", NOON, None)


def test_block_deletes_the_contact_and_remembers_the_digest(
    sign_in: Callable[[Any], FlaskClient], session: Session, seal: Seal
) -> None:
    contact = ContactFactory(email=ADA)
    session.commit()

    answer = sign_in(contact.owner).post(f"/en/organise/contacts/{contact.public_id}/block")

    assert answer.location == "/en/organise/contacts"
    assert session.scalar(select(func.count(Contact.id))) == 0
    assert is_suppressed(session, owner_id=contact.owner_id, email=ADA, seal=seal)
