"""Help wanted: organisers ask, people offer, organisers assign, thank and release."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.accounts.models import Account
from coordinator.contacts.models import Contact
from coordinator.contacts.queries import roles_of
from coordinator.contacts.service.keeping import note_contact
from coordinator.events.helping import HelpRole, kept_roles
from coordinator.events.rules import WrongStateError
from coordinator.kit.db import db, unit_of_work
from coordinator.outbox.models import Message
from coordinator.rsvps.models import HelpOffer, Rsvp
from coordinator.rsvps.rules import NotOfferedError, RsvpChange, RsvpDetails, RsvpStatus
from coordinator.rsvps.service.answering import confirm_rsvp
from coordinator.rsvps.service.changing import cancel_rsvp, change_rsvp
from coordinator.rsvps.service.helping import (
    assign_helper,
    forget_offers,
    release_helper,
    thank_helper,
    withdraw_offer,
)
from tests.factories.events import EventFactory
from tests.factories.rsvps import HelpOfferFactory, RsvpFactory, submit_rsvp

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
DRUMMER = HelpRole(code="0000000001", wanted=2, words="Drummer", note="Bring sticks")
WANTED = kept_roles([HelpRole(code="marshal", wanted=1), DRUMMER])


def codes(session: Session, rsvp: Rsvp) -> list[str]:
    session.flush()
    query = select(HelpOffer.code).where(HelpOffer.rsvp_id == rsvp.id, HelpOffer.withdrawn_at.is_(None))
    return sorted(session.scalars(query))


def letters(session: Session) -> list[str]:
    session.flush()
    return [row.template for row in session.scalars(select(Message).order_by(Message.id))]


def test_only_what_is_known_can_be_offered_and_more_than_one_thing_can(session: Session, seal: Seal) -> None:
    event = EventFactory(help_wanted=WANTED)
    details = RsvpDetails(
        status=RsvpStatus.ACCEPTED,
        party_size=1,
        locale="en",
        help=("marshal", "0000000001", "medic", "0000000009", "marshal"),
    )

    rsvp = submit_rsvp(session, event, details, seal=seal, now=NOON).rsvp

    assert codes(session, rsvp) == ["0000000001", "marshal", "medic"]


def test_a_changed_answer_offers_what_it_says_now(session: Session, seal: Seal) -> None:
    event = EventFactory(help_wanted=WANTED)
    rsvp = RsvpFactory(event=event)
    HelpOfferFactory(rsvp=rsvp, code="marshal")

    change = RsvpChange(status=RsvpStatus.ACCEPTED, party_size=1, locale="en", help=("0000000001",))
    change_rsvp(session, rsvp, change, seal=seal, now=NOON)

    assert codes(session, rsvp) == ["0000000001"]


def test_of_two_answers_that_nobody_confirmed_the_later_one_s_offers_stand(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    said: dict[str, Any] = {"status": RsvpStatus.ACCEPTED, "party_size": 1, "locale": "en"}
    said["email"] = "ada@example.org"
    submit_rsvp(session, event, RsvpDetails(**said, help=("medic",)), seal=seal, now=NOON)

    rsvp = submit_rsvp(session, event, RsvpDetails(**said, help=("speaker",)), seal=seal, now=NOON).rsvp
    confirm_rsvp(session, rsvp, seal=seal, now=NOON)

    assert codes(session, rsvp) == ["speaker"]


def test_assigned_thanked_released_and_told_each_time_once(session: Session, seal: Seal) -> None:
    event = EventFactory(help_wanted=WANTED)
    offer = HelpOfferFactory(rsvp=RsvpFactory(event=event, confirmed=True, token="m" * 32))
    by = event.organiser

    done = [act(session, offer, by=by, seal=seal, now=NOON) for act in (assign_helper, assign_helper)]
    done += [act(session, offer, by=by, seal=seal, now=NOON) for act in (thank_helper, thank_helper)]
    done += [act(session, offer, by=by, seal=seal, now=NOON) for act in (release_helper, release_helper)]

    assert done == [True, False] * 3
    assert letters(session) == ["rsvps/help_assigned", "rsvps/help_thanked", "rsvps/help_released"]


def test_without_a_confirmed_address_nobody_is_written_to(session: Session, seal: Seal) -> None:
    offer = HelpOfferFactory()

    assert assign_helper(session, offer, by=offer.rsvp.event.organiser, seal=seal, now=NOON)

    assert letters(session) == []


def test_whoever_does_not_come_is_nobody_s_marshal_and_leaves_a_gap_that_is_seen(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    rsvp = RsvpFactory(event=event, confirmed=True)
    assigned = HelpOfferFactory(rsvp=rsvp, code="marshal", assigned=True)
    HelpOfferFactory(rsvp=rsvp, code="medic")

    cancel_rsvp(session, rsvp, seal=seal, now=NOON)

    assert codes(session, rsvp) == []
    session.refresh(assigned)
    assert (assigned.assigned_at, assigned.withdrawn_at) == (None, NOON)
    with pytest.raises(NotOfferedError):
        assign_helper(session, assigned, by=event.organiser, seal=seal, now=NOON)


def test_nobody_is_counted_on_for_what_does_not_take_place(session: Session, seal: Seal) -> None:
    cancelled = HelpOfferFactory(rsvp=RsvpFactory(event=EventFactory(cancelled=True), confirmed=True))
    over = HelpOfferFactory(rsvp=RsvpFactory(event=EventFactory(), confirmed=True))
    tomorrow = over.rsvp.event.starts_at + timedelta(days=1)

    for offer, now in ((cancelled, NOON), (over, tomorrow)):
        with pytest.raises(WrongStateError):
            assign_helper(session, offer, by=offer.rsvp.event.organiser, seal=seal, now=now)

    assert letters(session) == []


def test_one_offer_can_be_taken_back_alone(session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory()
    HelpOfferFactory(rsvp=rsvp, code="marshal")
    HelpOfferFactory(rsvp=rsvp, code="medic")

    withdraw_offer(session, rsvp, "marshal", seal=seal, now=NOON)

    assert codes(session, rsvp) == ["medic"]


def test_offers_are_forgotten_with_the_event_s_people(session: Session) -> None:
    offer = HelpOfferFactory()

    assert forget_offers(session, offer.event_id) == 1


def test_the_organiser_asks_in_numbers_and_in_words(
    sign_in: Callable[[Any], FlaskClient], session: Session
) -> None:
    event = EventFactory()
    session.commit()
    path = f"/en/organise/events/{event.public_id}/help"
    browser = sign_in(event.organiser)

    wrong = browser.post(path, data={"marshal_wanted": "2", "own1_words": "Drummer"})
    right = browser.post(path, data={"marshal_wanted": "2", "own1_words": "Drummer", "own1_wanted": "1"})

    assert (wrong.status_code, "How many?" in wrong.text, "Drummer" in wrong.text) == (422, True, True)
    assert right.status_code == 303
    session.expire_all()
    asked = event.help_wanted or (event.proposed or {}).get("help_wanted")
    assert [(one["code"] == "marshal", one["wanted"]) for one in asked] == [(True, 2), (False, 1)]


def test_the_public_page_says_what_is_still_wanted_and_the_form_offers_it(
    client: FlaskClient, session: Session
) -> None:
    event: Event = EventFactory(help_wanted=WANTED)
    HelpOfferFactory(rsvp=RsvpFactory(event=event, confirmed=True), code="marshal", assigned=True)
    session.commit()

    page = client.get(f"/en/events/{event.public_id}").text

    assert "Drummer" in page
    assert "2 still wanted" in page
    assert "enough for now" in page


def test_two_clicks_assign_once(real_app: Flask) -> None:
    with real_app.app_context(), unit_of_work():
        offer = HelpOfferFactory(rsvp=RsvpFactory(confirmed=True, event=EventFactory()))
        offer_id, account_id = offer.id, offer.rsvp.event.organiser_id
    gate = Barrier(6)

    def assign(_: int) -> bool:
        with real_app.app_context():
            gate.wait(timeout=30)
            with unit_of_work() as session:
                return assign_helper(
                    session,
                    session.get_one(HelpOffer, offer_id),
                    by=session.get_one(Account, account_id),
                    seal=real_app.extensions["seal"],
                    now=NOON,
                )

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(assign, range(6)))

    assert sorted(done) == [False] * 5 + [True]
    with real_app.app_context():
        assert db.session.scalar(select(func.count(Message.id))) == 1


def roles(session: Session, seal: Seal) -> list[tuple[str, ...]]:
    session.flush()
    return [roles_of(row, seal) for row in session.scalars(select(Contact).order_by(Contact.id))]


def reachable(**said: Any) -> Any:
    """Return what somebody says who may be contacted."""
    known = {"status": RsvpStatus.ACCEPTED, "party_size": 1, "locale": "en", "phone": "+49 30 1234"}
    return known | {"is_contact_agreed": True} | said


def test_what_somebody_offers_comes_to_the_contact_when_their_address_is_theirs(
    session: Session, seal: Seal
) -> None:
    event = EventFactory(help_wanted=WANTED)
    said = reachable(email="ada@example.org", help=("0000000001", "medic"))

    rsvp = submit_rsvp(session, event, RsvpDetails(**said), seal=seal, now=NOON).rsvp
    before = roles(session, seal)
    confirm_rsvp(session, rsvp, seal=seal, now=NOON)

    assert before == []
    assert roles(session, seal) == [("medic", "Drummer")]


def test_nobody_s_offer_comes_to_a_contact_who_did_not_agree_to_be_one(session: Session, seal: Seal) -> None:
    said = reachable(help=("medic",), is_contact_agreed=False)

    submit_rsvp(session, EventFactory(), RsvpDetails(**said), seal=seal, now=NOON)

    assert roles(session, seal) == []


def test_the_contact_follows_later_offers_and_keeps_what_the_organiser_noted(
    session: Session, seal: Seal
) -> None:
    event = EventFactory(help_wanted=WANTED)
    details = RsvpDetails(**reachable(help=("medic",)))
    rsvp = submit_rsvp(session, event, details, seal=seal, now=NOON).rsvp
    contact = session.scalars(select(Contact)).one()
    note_contact(session, contact, tags=[], roles=["sound", "speaker"], note="", seal=seal, now=NOON)

    change_rsvp(session, rsvp, RsvpChange(**reachable(help=("medic", "marshal"))), seal=seal, now=NOON)
    offered_more = roles(session, seal)
    change_rsvp(session, rsvp, RsvpChange(**reachable(help=("marshal",))), seal=seal, now=NOON)
    withdraw_offer(session, rsvp, "marshal", seal=seal, now=NOON)

    assert offered_more == [("marshal", "speaker", "sound")]  # that medic was taken off stays so
    assert roles(session, seal) == [("speaker", "sound")]
