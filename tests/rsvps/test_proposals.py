"""A second answer from one address, and a lost link: the mailbox decides, and strangers learn nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.contacts.models import Contact
from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.queries import tally_of
from coordinator.rsvps.rules import NoPlaceError, ProposalGoneError, RsvpDetails, RsvpStatus
from coordinator.rsvps.service.answering import confirm_rsvp
from coordinator.rsvps.service.proposing import proposed_change, take_proposal
from coordinator.rsvps.service.tallying import recount
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory, submit_rsvp

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
ADA = "ada@example.org"


def details(**changes: Any) -> RsvpDetails:
    said: dict[str, Any] = {"status": RsvpStatus.ACCEPTED, "party_size": 1, "locale": "en", "email": ADA}
    return RsvpDetails(**(said | changes))


def templates(session: Session) -> list[str]:
    session.flush()
    return [row.template for row in session.scalars(select(Message).order_by(Message.id))]


def test_a_stranger_who_types_the_address_changes_nothing(session: Session, seal: Seal) -> None:
    event = EventFactory()
    mine = RsvpFactory(event=event, email=ADA, confirmed_at=NOON, party_size=2, name="Ada")

    submit_rsvp(
        session,
        event,
        details(party_size=9, name="Eve", phone="+1 555", is_contact_agreed=True),
        seal=seal,
        now=NOON,
    )

    assert (mine.party_size, seal.decrypt(mine.name_sealed), mine.phone_sealed) == (2, "Ada", None)
    assert session.scalars(select(Contact)).all() == []
    assert templates(session) == ["rsvps/again"]
    assert recount(session, is_check=True) == []


def test_the_owner_takes_the_later_answer_over(session: Session, seal: Seal) -> None:
    event = EventFactory()
    mine = RsvpFactory(event=event, email=ADA, confirmed_at=NOON)
    submit_rsvp(session, event, details(party_size=3, needs="A seat"), seal=seal, now=NOON)

    take_proposal(session, mine, seal=seal, now=NOON + timedelta(days=1))

    assert (mine.party_size, seal.decrypt(mine.needs_sealed), mine.proposed_sealed) == (3, "A seat", None)
    assert tally_of(session, event).confirmed == 3
    with pytest.raises(ProposalGoneError):
        take_proposal(session, mine, seal=seal, now=NOON + timedelta(days=1))


def test_an_old_proposal_is_none(session: Session, seal: Seal) -> None:
    event = EventFactory()
    mine = RsvpFactory(event=event, email=ADA, confirmed_at=NOON)
    submit_rsvp(session, event, details(party_size=3), seal=seal, now=NOON)

    assert proposed_change(mine, seal=seal, now=NOON + timedelta(days=8)) is None


def test_what_does_not_fit_leaves_everything_as_it_was(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=2)
    mine = RsvpFactory(event=event, email=ADA, confirmed_at=NOON, party_size=2)
    submit_rsvp(session, event, details(party_size=3), seal=seal, now=NOON)

    with pytest.raises(NoPlaceError):
        take_proposal(session, mine, seal=seal, now=NOON)


def test_an_answer_that_nobody_confirmed_gives_way_to_the_later_one(session: Session, seal: Seal) -> None:
    event = EventFactory()
    first, _ = submit_rsvp(session, event, details(name="A stranger", party_size=9), seal=seal, now=NOON)

    again, token = submit_rsvp(session, event, details(name="Ada", party_size=2), seal=seal, now=NOON)
    confirm_rsvp(session, again, seal=seal, now=NOON)

    assert (again, token) == (first, None)
    assert (again.party_size, seal.decrypt(again.name_sealed)) == (2, "Ada")
    assert tally_of(session, event).confirmed == 2
    assert templates(session) == ["rsvps/confirm", "rsvps/confirmed"]
    assert recount(session, is_check=True) == []


def test_both_answers_are_shown_and_one_is_chosen(client: FlaskClient, session: Session) -> None:
    event = EventFactory()
    RsvpFactory(event=event, email=ADA, confirmed_at=NOON, token="m" * 32)
    session.commit()
    client.post(
        f"/en/events/{event.public_id}/rsvp", data={"status": "accepted", "party_size": "4", "email": ADA}
    )

    shown = client.get(f"/en/rsvp/{'m' * 32}/again")

    assert shown.status_code == 200
    assert "Which answer is yours?" in shown.text
    chosen = client.post(f"/en/rsvp/{'m' * 32}/again", data={"use": "new"})
    assert chosen.location == f"/en/rsvp/{'m' * 32}?done=changed"
    assert session.scalars(select(Rsvp)).one().party_size == 4
    assert client.get(f"/en/rsvp/{'m' * 32}/again").location == f"/en/rsvp/{'m' * 32}"


def test_the_answer_may_stay_as_it_is(client: FlaskClient, session: Session) -> None:
    event = EventFactory()
    RsvpFactory(event=event, email=ADA, confirmed_at=NOON, token="m" * 32)
    session.commit()
    client.post(
        f"/en/events/{event.public_id}/rsvp", data={"status": "accepted", "party_size": "4", "email": ADA}
    )

    kept = client.post(f"/en/rsvp/{'m' * 32}/again", data={"use": "old"})

    assert kept.location == f"/en/rsvp/{'m' * 32}?done=kept"
    row = session.scalars(select(Rsvp)).one()
    assert (row.party_size, row.proposed_sealed, row.proposed_at) == (1, None, None)


def test_a_lost_link_comes_by_mail_and_the_page_is_the_same_for_every_address(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory()
    RsvpFactory(event=event, email=ADA, confirmed_at=NOON)
    RsvpFactory(event=event, email="pending@example.org")
    session.commit()
    path = f"/en/events/{event.public_id}/rsvp/recover"

    said = []
    for email in (ADA, "pending@example.org", "nobody@example.org", ADA, "nobody@example.org"):
        answer = client.post(path, data={"email": email})
        said.append((answer.status_code, answer.location, client.get(answer.location).text))

    assert len(set(said)) == 1
    assert templates(session) == ["rsvps/manage", "rsvps/confirm", "rsvps/no_answer"]


def test_a_lost_link_needs_an_address(client: FlaskClient, session: Session) -> None:
    event = EventFactory()
    session.commit()

    for email in ("", "no address"):
        answer = client.post(f"/en/events/{event.public_id}/rsvp/recover", data={"email": email})
        assert answer.status_code == 422
    assert templates(session) == []
