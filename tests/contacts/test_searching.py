"""Search over sealed pages: it finds what a look at every contact finds, and pages hold nobody who went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import delete, func, select

from coordinator.contacts.jobs import mend_pages, pack_contacts
from coordinator.contacts.models import Contact, ContactSearchPage
from coordinator.contacts.queries import opened
from coordinator.contacts.searching import Wanted, every_contact, folded, found_contacts, matching_ids
from coordinator.contacts.service import packing
from coordinator.contacts.service.keeping import (
    add_contact,
    forget_contact,
    forget_contacts_of,
    remove_contact,
)
from coordinator.contacts.service.suppressing import block_contact, block_email
from coordinator.contacts.sheets.reading import unpacked
from coordinator.kit.crypto import Seal, new_encryption_key
from coordinator.privacy.erasing import erase_rest
from tests.factories.contacts import AGREED_AT, ContactFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "ON_A_PAGE", 4)
    monkeypatch.setattr(packing, "WORTH_A_PAGE", 2)


def pack(session: Session, seal: Seal) -> None:
    session.commit()
    while pack_contacts(seal=seal, now=AGREED_AT):
        pass
    session.expire_all()


def people(event: Event) -> list[Any]:
    names = ("Ada", "José", "Юлия", "Bertha", "Clara", "Dana", "Ada")
    return [
        ContactFactory(event=event, name=name, note=f"note {number}", tags=("press",) if number % 2 else ())
        for number, name in enumerate(names)
    ]


def texts(session: Session, seal: Seal) -> str:
    return "\n".join(
        unpacked(seal.decrypt(page)).decode()
        for page in session.scalars(select(ContactSearchPage.folded_sealed))
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"text": "ada"}, {"Ada"}),
        ({"text": "jose"}, {"José"}),
        ({"text": "ЮЛИЯ"}, {"Юлия"}),
        ({"tag": "PRESS"}, {"José", "Bertha", "Dana"}),
        ({"tag": "pres"}, set()),
        ({"text": "press"}, {"José", "Bertha", "Dana"}),
        ({"text": "note ada"}, {"Ada"}),
        ({"text": "nobody"}, set()),
    ],
)
def test_packed_and_loose_alike_are_found(
    session: Session, seal: Seal, wanted: dict[str, str], expected: set[str]
) -> None:
    event = EventFactory()
    people(event)
    asked = Wanted(**wanted)
    before = set(matching_ids(session, event.organiser, asked, seal=seal))

    pack(session, seal)
    ContactFactory(event=event, name="late", email="", phone="1")

    assert session.scalar(select(func.count(ContactSearchPage.id))) == 2
    assert set(matching_ids(session, event.organiser, asked, seal=seal)) == before
    page = found_contacts(session, event.organiser, asked, seal=seal, number=1)
    assert {person.name for person in page.rows} == expected


def test_only_one_s_own_and_of_one_event_where_asked(session: Session, seal: Seal) -> None:
    event = EventFactory()
    other = EventFactory(organiser=event.organiser)
    people(event)
    people(other)
    people(EventFactory())
    pack(session, seal)

    all_of_mine = set(matching_ids(session, event.organiser, Wanted(text="ada"), seal=seal))
    of_one = set(matching_ids(session, event.organiser, Wanted(text="ada", event=other), seal=seal))

    assert (len(all_of_mine), len(of_one)) == (4, 2)
    assert of_one < all_of_mine


def test_the_newest_come_first_over_several_pages(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator.contacts.searching.ROWS_ON_A_PAGE", 3)
    event = EventFactory()
    made = [one.public_id for one in people(event)]
    pack(session, seal)

    found: list[str] = []
    for number in (1, 2, 3):
        page = found_contacts(session, event.organiser, Wanted(text="note"), seal=seal, number=number)
        found += [person.public_id for person in page.rows]
        assert page.has_more == (number < 3)

    assert found == made[::-1]


def change(session: Session, contact: Any, seal: Seal) -> None:
    add_contact(
        session, owner_id=contact.owner_id, event=contact.event, source=contact.source, name="New",
        email="new@example.org", phone="", consent_at=AGREED_AT, consent_wording="rsvp-1:en", seal=seal,
        now=AGREED_AT,
    )  # fmt: skip


MAIL = "zebra@example.org"
ACTS: dict[str, Callable[[Session, Any, Seal], object]] = {
    "removed": lambda s, c, _: remove_contact(s, c, by=c.owner, now=AGREED_AT),
    "blocked": lambda s, c, seal: block_contact(s, c, by=c.owner, seal=seal, now=AGREED_AT),
    "blocked by address": lambda s, c, seal: block_email(s, MAIL, by=c.owner, seal=seal, now=AGREED_AT),
    "forgotten": lambda s, c, _: forget_contact(s, event_id=c.event_id, source=c.source),
    "forgotten with the event": lambda s, c, _: forget_contacts_of(s, c.event_id),
    "erased": lambda s, _, seal: erase_rest(s, MAIL, seal=seal, now=AGREED_AT),
    "changed": change,
}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_gone_is_on_no_page_in_the_same_act(session: Session, seal: Seal, act: str) -> None:
    event = EventFactory()
    people(event)
    contact = ContactFactory(
        event=event, name="Ada", email="zebra@example.org", note="zebra", tags=("zebra",)
    )
    others = EventFactory(organiser=event.organiser)
    people(others)
    pack(session, seal)
    assert "zebra" in texts(session, seal)

    ACTS[act](session, contact, seal)
    session.flush()

    assert "zebra" not in texts(session, seal)
    assert (
        len(set(matching_ids(session, event.organiser, Wanted(text="clara", event=others), seal=seal))) == 1
    )


def test_whoever_was_deleted_in_the_database_itself_is_found_out(session: Session, seal: Seal) -> None:
    event = EventFactory()
    gone = people(event)[0]
    pack(session, seal)

    session.execute(delete(Contact).where(Contact.id == gone.id))
    session.commit()

    assert mend_pages() == 1
    assert mend_pages() == 0


def test_one_that_no_key_opens_hides_nobody_else(session: Session, seal: Seal) -> None:
    event = EventFactory()
    lost = Seal((new_encryption_key(),), "d" * 40)
    people(event)
    ContactFactory(event=event, name="Ada").name_sealed = lost.encrypt("Ada")
    session.flush()
    loose = found_contacts(session, event.organiser, Wanted(text="ada"), seal=seal, number=1)
    pack(session, seal)
    packed_ = found_contacts(session, event.organiser, Wanted(text="ada"), seal=seal, number=1)
    listed = found_contacts(session, event.organiser, Wanted(), seal=seal, number=1)

    assert [len(page.rows) for page in (loose, packed_, listed)] == [2, 2, 7]


def test_every_contact_is_handed_out_once(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator.contacts.searching.AT_A_TIME", 2)
    event = EventFactory()
    made = [opened(one, seal).public_id for one in people(event)]
    owner = event.organiser
    session.commit()

    everybody = [one.public_id for one in every_contact(session, owner, Wanted(), seal=seal)]
    searched = [one.public_id for one in every_contact(session, owner, Wanted(text="note"), seal=seal)]

    assert everybody == searched == made[::-1]


@settings(max_examples=200)
@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
