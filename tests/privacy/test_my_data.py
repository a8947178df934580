"""What is kept about me: the mailbox hears it, and can erase it everywhere; numbers stay."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from coordinator.accounts.queries import account_by_email
from coordinator.audit.chain import chain_entries, verify
from coordinator.contacts.models import Contact
from coordinator.kit.clock import now
from coordinator.outbox.models import Message
from coordinator.privacy.erasing import ask_for_data, erase_rsvp
from coordinator.privacy.finding import find_person
from coordinator.privacy.models import DataRequest
from coordinator.privacy.service import forget_expired
from coordinator.rsvps.models import HelpOffer, Rsvp
from coordinator.rsvps.queries import tally_of
from coordinator.rsvps.rules import RsvpStatus
from coordinator.rsvps.service.tallying import recount
from tests.factories.accounts import AccountFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import ANSWERED_AT, HelpOfferFactory, RsvpFactory
from tests.world import dump

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

ADA = "ada@example.org"
AGO = timedelta(days=2)


def link_in_mail(session: Session, seal: Seal) -> str:
    message = session.scalars(select(Message).where(Message.template == "privacy/link")).one()
    token: str = json.loads(seal.decrypt(message.context_sealed) or "")["token"]
    return f"/en/privacy/my-data/{token}"


def test_the_page_says_the_same_for_every_address_and_only_the_mailbox_hears_more(
    client: FlaskClient, session: Session
) -> None:
    RsvpFactory(event=EventFactory(), confirmed=True, email=ADA)
    session.commit()

    said = []
    for email in (ADA, "nobody@example.org"):
        answer = client.post("/en/privacy/my-data", data={"email": email})
        said.append((answer.status_code, answer.location, client.get(answer.location).text))

    assert said[0] == said[1]
    assert session.scalars(select(Message.template)).all() == ["privacy/link"] * 2


def test_everything_is_shown_and_saved_wherever_it_lies(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    first, second = EventFactory(title="Vigil one"), EventFactory(title="Vigil two")
    RsvpFactory(event=first, confirmed=True, email=ADA, name="Ada", note="I bring tea", needs="A seat")
    RsvpFactory(event=second, confirmed=True, email=" Ada@Example.org".strip())
    RsvpFactory(event=second, confirmed=True, email="other@example.org", name="Mallory")
    ContactFactory(event=first, email=ADA, name="Ada L.")
    session.commit()
    client.post("/en/privacy/my-data", data={"email": ADA})
    link = link_in_mail(session, seal)

    page = client.get(link).text
    saved = client.post(link, data={"act": "download"})

    for words in ("Vigil one", "Vigil two", "I bring tea", "A seat", "Ada L."):
        assert words in page
    assert "Mallory" not in page
    told = saved.get_json()
    assert [one["event"] for one in told["answers"]] == ["Vigil one", "Vigil two"]
    assert len(told["contacts"]) == 1
    assert session.scalars(select(Rsvp.forgotten_at)).all() == [None] * 3


def test_what_was_agreed_to_and_offered_is_told_in_words(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    event = EventFactory(help_wanted=[{"code": "own", "words": "Drummer", "wanted": 1, "note": ""}])
    mine = RsvpFactory(
        event=event, confirmed=True, email=ADA, consent_updates_at=ANSWERED_AT, consent_wording="rsvp-1:ru"
    )
    HelpOfferFactory(rsvp=mine, assigned=True)
    HelpOfferFactory(rsvp=mine, code="own")
    HelpOfferFactory(rsvp=mine, code="medic", withdrawn_at=ANSWERED_AT)
    ContactFactory(event=event, email=ADA)
    session.commit()
    client.post("/en/privacy/my-data", data={"email": ADA})
    link = link_in_mail(session, seal)

    page = client.get(link).text
    told = client.post(link, data={"act": "download"}).get_json()

    when = "Sunday, 1 September 2030, 12:00 (UTC)"
    assert f"{when} · wording: form of answers, version 1, Russian" in page
    assert f"{when} · wording: form of answers, version 1, English" in page
    assert "Marshal (assigned to you), Drummer (offered, not assigned), First aid (you took it back)" in page
    assert "rsvp-1" not in page
    assert "2030-09-01" not in page
    assert [one["role"] for one in told["answers"][0]["help_offered"]] == ["marshal", "own", "medic"]


def test_erased_everywhere_at_once_and_numbers_stay(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    coming = EventFactory(capacity=1)
    past = EventFactory(starts_local=(now() - AGO).replace(tzinfo=None), ends_local=None)
    mine = RsvpFactory(event=coming, confirmed=True, email=ADA, name="Ada")
    HelpOfferFactory(rsvp=mine, assigned=True)
    old = RsvpFactory(event=past, confirmed=True, email=ADA, name="Ada")
    waits = RsvpFactory(event=coming, waitlisted=True)
    ContactFactory(event=past, email=ADA)
    before = tally_of(session, past).confirmed
    session.commit()
    client.post("/en/privacy/my-data", data={"email": ADA})
    link = link_in_mail(session, seal)
    assert client.get(link + "?act=erase").status_code == 200

    done = client.post(link, data={"act": "erase"})

    assert done.location == "/en/privacy/my-data/erased"
    session.expire_all()
    assert find_person(session, ADA, seal=seal).rsvps == []
    assert session.scalars(select(Contact)).all() == []
    assert session.scalars(select(HelpOffer)).all() == []
    assert (mine.status, old.status) == (RsvpStatus.DECLINED, RsvpStatus.ACCEPTED)
    assert waits.status is RsvpStatus.ACCEPTED  # the place is somebody else's
    assert tally_of(session, past).confirmed == before
    assert recount(session, is_check=True) == []
    assert [mine.name_sealed, mine.email_sealed, mine.email_digest, mine.token_sealed] == [None] * 4
    assert session.scalars(select(Message.template)).all() == ["privacy/erased"]
    assert client.get(link).status_code == 404
    rows = "\n".join(dump(session.connection()))
    for digest in (seal.digest(ADA), seal.digest(ADA, purpose=f"event:{coming.public_id}")):
        assert digest not in rows


def test_an_answer_that_nobody_confirmed_goes_altogether(session: Session, seal: Seal) -> None:
    event = EventFactory()
    pending = RsvpFactory(event=event, pending=True, email=ADA)

    erase_rsvp(session, pending, seal=seal, now=now())

    assert session.scalars(select(Rsvp)).all() == []
    assert recount(session, is_check=True) == []


def test_the_log_forgets_who_it_was_and_its_chain_holds(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    event = EventFactory()
    session.commit()
    client.post(
        f"/en/events/{event.public_id}/rsvp", data={"status": "accepted", "party_size": "1", "email": ADA}
    )
    rsvp = session.scalars(select(Rsvp)).one()
    public_id = rsvp.public_id
    chain_entries(session, seal=seal, now=now())

    erase_rsvp(session, rsvp, seal=seal, now=now())
    chain_entries(session, seal=seal, now=now())
    session.expire_all()

    assert public_id not in "\n".join(dump(session.connection()))
    found = verify(session, seal=seal, now=now())
    assert (found.is_ok, found.erased) == (True, 1)


def test_the_private_link_erases_an_answer_without_an_address(client: FlaskClient, session: Session) -> None:
    rsvp = RsvpFactory(event=EventFactory(), name="Ada", token="n" * 32)
    session.commit()

    asked = client.get(f"/en/rsvp/{'n' * 32}/erase")
    session.refresh(rsvp)
    assert (asked.status_code, rsvp.forgotten_at) == (200, None)
    done = client.post(f"/en/rsvp/{'n' * 32}/erase")

    assert done.status_code == 303
    session.refresh(rsvp)
    assert rsvp.name_sealed is None
    assert client.get(f"/en/rsvp/{'n' * 32}").status_code == 404


def test_an_account_goes_with_everything_else(client: FlaskClient, session: Session, seal: Seal) -> None:
    AccountFactory(email=ADA)
    session.commit()
    client.post("/en/privacy/my-data", data={"email": ADA})
    link = link_in_mail(session, seal)

    assert "It is erased with everything else" in client.get(link).text
    client.post(link, data={"act": "erase"})

    assert account_by_email(session, ADA, seal=seal) is None
    letter = session.scalars(select(Message).where(Message.template == "privacy/erased")).one()
    assert json.loads(seal.decrypt(letter.context_sealed)) == {"has_account": False}


def test_an_account_on_which_others_rely_is_told_of_and_stays(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    account = AccountFactory(email=ADA)
    EventFactory(organiser=account)
    session.commit()
    client.post("/en/privacy/my-data", data={"email": ADA})
    link = link_in_mail(session, seal)

    assert "because others rely on it" in client.get(link).text
    client.post(link, data={"act": "erase"})

    session.refresh(account)
    assert seal.decrypt(account.email_sealed) == ADA
    letter = session.scalars(select(Message).where(Message.template == "privacy/erased")).one()
    assert json.loads(seal.decrypt(letter.context_sealed)) == {"has_account": True}


@pytest.mark.parametrize("path", ["/en/privacy/my-data/" + "x" * 32, "/en/privacy/my-data/x"])
def test_a_link_that_was_made_up_shows_nothing(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path, data={"act": "erase"}).status_code == 404


def test_a_link_grows_old_and_is_deleted(client: FlaskClient, session: Session, seal: Seal) -> None:
    ask_for_data(session, ADA, locale="en", seal=seal, now=now() - timedelta(hours=2))
    session.commit()

    assert client.get(link_in_mail(session, seal)).status_code == 404
    forget_expired(session, now())
    assert session.scalars(select(DataRequest)).all() == []
