"""Two contacts that are one person: nothing is lost, nobody is kept longer, and it can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.contacts.models import Contact, ContactConsent, ContactMerge
from coordinator.contacts.queries import opened
from coordinator.contacts.rules import MAY_BE_UNDONE, NotOnePersonError, Purpose, UndoneTooLateError
from coordinator.contacts.service.keeping import forget_contact, note_contact
from coordinator.contacts.service.uniting import part, unite, united
from coordinator.privacy.service import forget_expired
from tests.factories.accounts import AccountFactory
from tests.factories.contacts import AGREED_AT, ContactFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

LATER = AGREED_AT + timedelta(days=1)
MAIL = "ada@example.org"


@pytest.fixture
def two(session: Session) -> tuple[Any, Any]:
    """One person who answered to two protests of one organiser; the first one is later."""
    first = EventFactory()
    second = EventFactory(organiser=first.organiser, campaign=first.campaign)
    second.starts_at += timedelta(days=3)
    second.starts_local += timedelta(days=3)
    second.ends_at = second.ends_local = None
    session.flush()
    return (
        ContactFactory(event=second, name="Ada Lovelace", email=MAIL, tags=("press",), note="calls back"),
        ContactFactory(event=first, name="Ada", email=MAIL, phone="+49 30 1234", tags=("Press", "van")),
    )


def everything(session: Session, seal: Seal) -> list[Any]:
    session.expire_all()
    rows = session.scalars(select(Contact).order_by(Contact.public_id)).all()
    return [(opened(row, seal), row.source, row.event_id, row.email_digest) for row in rows]


def test_together_they_have_what_both_had_and_go_with_the_one_that_goes_first(
    two: tuple[Any, Any], session: Session, seal: Seal
) -> None:
    kept_for = two[1].event_id

    unite(session, united(*two, seal), by=two[0].owner, seal=seal, now=LATER)

    person = opened(session.scalars(select(Contact)).one(), seal)
    assert (person.name, person.email, person.phone) == ("Ada Lovelace", MAIL, "+49 30 1234")
    assert ({tag.casefold() for tag in person.tags}, person.note) == ({"press", "van"}, "calls back")
    assert session.scalars(select(Contact.event_id)).one() == kept_for


def test_taken_back_both_are_what_they_were(two: tuple[Any, Any], session: Session, seal: Seal) -> None:
    before = everything(session, seal)
    owner = two[0].owner
    merge = unite(session, united(*two, seal), by=owner, seal=seal, now=LATER)
    session.commit()

    part(session, merge.contact, by=owner, seal=seal, now=LATER + timedelta(days=1))

    assert everything(session, seal) == before
    assert session.scalars(select(ContactMerge)).all() == []


@pytest.mark.parametrize("withdrawn_later", [True, False])
def test_what_was_decided_last_counts(
    two: tuple[Any, Any], session: Session, seal: Seal, *, withdrawn_later: bool
) -> None:
    one, other = two
    one.consents[0].withdrawn_at = AGREED_AT + timedelta(hours=2)
    other.consents[0].given_at = AGREED_AT + timedelta(hours=1 if withdrawn_later else 3)
    session.flush()

    unite(session, united(one, other, seal), by=one.owner, seal=seal, now=LATER)

    consent = session.scalars(select(ContactConsent)).one()
    assert (consent.purpose, consent.withdrawn_at is not None) == (Purpose.CONTACT, withdrawn_later)


def test_changed_since_or_too_late_they_stay_one(two: tuple[Any, Any], session: Session, seal: Seal) -> None:
    owner = two[0].owner
    merge = unite(session, united(*two, seal), by=owner, seal=seal, now=LATER)
    with pytest.raises(UndoneTooLateError):
        part(session, merge.contact, by=owner, seal=seal, now=LATER + MAY_BE_UNDONE)

    note_contact(session, merge.contact, tags=(), note="new", seal=seal, now=LATER + timedelta(hours=1))
    with pytest.raises(UndoneTooLateError):
        part(session, merge.contact, by=owner, seal=seal, now=LATER + timedelta(hours=2))


def test_two_addresses_two_campaigns_or_one_contact_twice_are_not_one_person(
    two: tuple[Any, Any], seal: Seal
) -> None:
    event = two[0].event
    for other in (
        ContactFactory(event=event, email="bertha@example.org"),
        ContactFactory(event=EventFactory(organiser=event.organiser), email=MAIL),
        ContactFactory(email=MAIL),
        two[0],
    ):
        with pytest.raises(NotOnePersonError):
            united(two[0], other, seal)
    assert united(two[0], ContactFactory(event=event, email=""), seal).email == MAIL


def test_a_consent_taken_back_where_it_was_given_is_gone_from_the_one_that_stays(
    two: tuple[Any, Any], session: Session, seal: Seal
) -> None:
    gone = two[0]
    gone.consents[0].given_at = AGREED_AT + timedelta(hours=1)
    gone.consents[0].source = gone.source
    session.flush()
    event_id, source = gone.event_id, gone.source
    unite(session, united(*two, seal), by=gone.owner, seal=seal, now=LATER)

    forget_contact(session, event_id=event_id, source=source)

    session.expire_all()
    assert session.scalars(select(ContactConsent)).all() == []
    assert session.scalars(select(ContactMerge)).all() == []


def test_what_can_t_be_taken_back_any_more_is_forgotten(
    two: tuple[Any, Any], session: Session, seal: Seal
) -> None:
    unite(session, united(*two, seal), by=two[0].owner, seal=seal, now=LATER)

    forget_expired(session, LATER + MAY_BE_UNDONE)

    assert session.scalar(select(func.count(ContactMerge.id))) == 0


def test_the_pages_show_both_and_do_it_on_a_press(
    two: tuple[Any, Any], session: Session, sign_in: Callable[..., FlaskClient], seal: Seal
) -> None:
    ContactFactory(event=two[0].event, email="alone@example.org", name="Solo")
    owner, here = two[0].owner, "/en/organise/contacts"
    compare = f"{here}/{two[0].public_id}/merge/{two[1].public_id}"
    browser = sign_in(owner)
    session.commit()
    before = everything(session, seal)

    listed = browser.get(f"{here}/duplicates").text
    assert "Ada Lovelace" in listed
    assert "Solo" not in listed
    assert compare in browser.get(f"{here}/{two[0].public_id}").text
    assert "calls back" in browser.get(compare).text
    done = browser.post(compare)
    assert done.status_code == 303
    assert "Make them two again" in browser.get(done.location).text
    assert browser.post(f"{done.location}/part").status_code == 303
    assert everything(session, seal) == before
    assert browser.post(f"{done.location}/part").status_code == 303

    assert sign_in(AccountFactory()).get(compare).status_code == 404
