from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.contacts.models import Contact
from coordinator.kit.errors import NotFoundError
from coordinator.kit.tokens import token_digest
from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp, RsvpTally
from coordinator.rsvps.queries import attendees, rsvp_by_token, tally_of
from coordinator.rsvps.rules import (
    ClosedError,
    NoPlaceError,
    RsvpChange,
    RsvpDetails,
    RsvpStatus,
)
from coordinator.rsvps.service.answering import confirm_rsvp
from coordinator.rsvps.service.changing import cancel_rsvp, change_rsvp
from coordinator.rsvps.service.tallying import recount
from coordinator.rsvps.service.waiting import accept_offer, settle_waitlist
from tests.factories.accounts import AccountFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory, submit_rsvp

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
ADA = "ada@example.org"


def details(**changes: Any) -> RsvpDetails:
    return RsvpDetails(**({"status": RsvpStatus.ACCEPTED, "party_size": 1, "locale": "ru"} | changes))


def change(**changes: Any) -> RsvpChange:
    return RsvpChange(**({"status": RsvpStatus.ACCEPTED, "party_size": 1, "locale": "en"} | changes))


def numbers(session: Session, event: Event) -> tuple[int, ...]:
    session.flush()
    tally = tally_of(session, event)
    return (tally.confirmed, tally.unconfirmed, tally.pending, tally.tentative, tally.waitlisted)


def letters(session: Session) -> list[str]:
    session.flush()
    return [row.template for row in session.scalars(select(Message).order_by(Message.id))]


def test_without_an_address_the_answer_counts_at_once_and_its_link_is_shown(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()

    rsvp, token = submit_rsvp(session, event, details(party_size=3), seal=seal, now=NOON)

    assert numbers(session, event) == (0, 3, 0, 0, 0)
    assert token is not None
    assert rsvp_by_token(session, token) is rsvp
    assert rsvp.token_sealed is None  # the link is nowhere in the database
    assert letters(session) == []


def test_with_an_address_nothing_moves_that_the_public_sees_until_it_is_confirmed(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()

    rsvp, token = submit_rsvp(session, event, details(email=ADA, party_size=2), seal=seal, now=NOON)

    assert token is None
    assert numbers(session, event) == (0, 0, 2, 0, 0)
    assert tally_of(session, event).coming == 0
    assert letters(session) == ["rsvps/confirm"]
    confirm_rsvp(session, rsvp, seal=seal, now=NOON)
    confirm_rsvp(session, rsvp, seal=seal, now=NOON)
    assert numbers(session, event) == (2, 0, 0, 0, 0)


def test_the_letter_carries_the_link_in_the_language_of_the_page(session: Session, seal: Seal) -> None:
    rsvp, _ = submit_rsvp(session, EventFactory(), details(email=ADA), seal=seal, now=NOON)

    message = session.scalars(select(Message)).one()

    assert message.locale == "ru"
    assert message.about == f"rsvp:{rsvp.public_id}"
    token = json.loads(seal.decrypt(message.context_sealed) or "{}")["token"]
    assert token_digest(token) == rsvp.token_digest


def test_a_second_answer_from_one_address_waits_for_its_owner_and_sends_one_letter_an_hour(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    first, _ = submit_rsvp(session, event, details(email=ADA, party_size=2), seal=seal, now=NOON)
    confirm_rsvp(session, first, seal=seal, now=NOON)

    for minutes in (1, 2, 30, 61):
        again, token = submit_rsvp(
            session,
            event,
            details(email=" ADA@Example.org", party_size=9),
            seal=seal,
            now=NOON + timedelta(minutes=minutes),
        )
        assert (again, token) == (first, None)

    assert (first.party_size, numbers(session, event)) == (2, (2, 0, 0, 0, 0))
    assert letters(session) == ["rsvps/confirm", "rsvps/confirmed", "rsvps/again", "rsvps/again"]


@pytest.mark.parametrize("email", ["", ADA])
def test_the_same_form_sent_twice_is_one_answer(session: Session, seal: Seal, email: str) -> None:
    event = EventFactory()
    form = details(email=email, request_id="0c8d4a0e-7d0f-4c55-9b0c-3c9f2cb0a8f1")

    first = submit_rsvp(session, event, form, seal=seal, now=NOON)
    again = submit_rsvp(session, event, form, seal=seal, now=NOON)

    assert first == again
    assert session.scalar(select(func.count(Rsvp.id))) == 1


def test_the_link_that_is_shown_is_never_the_link_that_confirms(session: Session, seal: Seal) -> None:
    event = EventFactory()
    shown = submit_rsvp(session, event, details(request_id="known to an attacker"), seal=seal, now=NOON)
    mailed = submit_rsvp(
        session, event, details(request_id="known to an attacker", email=ADA), seal=seal, now=NOON
    )

    assert shown.token is not None
    assert token_digest(shown.token) != mailed.rsvp.token_digest


def test_a_late_party_waits_and_is_offered_the_place_that_is_freed(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=3)
    early = submit_rsvp(session, event, details(party_size=2), seal=seal, now=NOON).rsvp

    late, _ = submit_rsvp(session, event, details(email=ADA, party_size=2), seal=seal, now=NOON)
    confirm_rsvp(session, late, seal=seal, now=NOON)

    assert late.status is RsvpStatus.WAITLISTED
    assert numbers(session, event) == (0, 2, 0, 0, 2)
    cancel_rsvp(session, early, seal=seal, now=NOON)
    assert late.offered_until == NOON + timedelta(hours=24)
    assert (numbers(session, event), tally_of(session, event).taken) == ((0, 0, 0, 0, 0), 2)
    accept_offer(session, late, seal=seal, now=NOON)
    assert late.status is RsvpStatus.ACCEPTED
    assert late.waiting_since is None
    assert numbers(session, event) == (2, 0, 0, 0, 0)
    assert letters(session) == ["rsvps/confirm", "rsvps/offer", "rsvps/confirmed"]


def test_a_smaller_party_behind_may_pass_a_larger_one(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=4)
    here = RsvpFactory(event=event, party_size=4)
    large = RsvpFactory(event=event, party_size=4, waitlisted=True)
    small = RsvpFactory(event=event, party_size=1, waitlisted=True)

    change_rsvp(session, here, change(party_size=2), seal=seal, now=NOON)

    assert (large.status, small.status) == (RsvpStatus.WAITLISTED, RsvpStatus.ACCEPTED)
    assert numbers(session, event) == (0, 3, 0, 0, 4)


def test_who_waits_longest_comes_in_first_also_when_they_answered_later(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=1)
    here = RsvpFactory(event=event)
    fickle = RsvpFactory(event=event, waitlisted=True)
    patient = RsvpFactory(event=event, waitlisted=True)
    cancel_rsvp(session, fickle, seal=seal, now=NOON)
    change_rsvp(session, fickle, change(), seal=seal, now=NOON)

    cancel_rsvp(session, here, seal=seal, now=NOON)

    assert (fickle.status, patient.status) == (RsvpStatus.WAITLISTED, RsvpStatus.ACCEPTED)


def test_an_unconfirmed_address_is_not_taken_in_before_it_is_confirmed(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=1)
    here = RsvpFactory(event=event)
    unconfirmed = RsvpFactory(event=event, waitlisted=True, pending=True)

    cancel_rsvp(session, here, seal=seal, now=NOON)
    assert unconfirmed.status is RsvpStatus.WAITLISTED
    confirm_rsvp(session, unconfirmed, seal=seal, now=NOON)

    assert unconfirmed.status is RsvpStatus.ACCEPTED
    assert numbers(session, event) == (1, 0, 0, 0, 0)


def test_a_party_with_places_can_not_grow_past_the_last_one_and_keeps_what_it_has(
    session: Session, seal: Seal
) -> None:
    event = EventFactory(capacity=3)
    rsvp = RsvpFactory(event=event, party_size=2, name="Ada")
    RsvpFactory(event=event)

    with pytest.raises(NoPlaceError):
        change_rsvp(session, rsvp, change(party_size=3, name="Eve"), seal=seal, now=NOON)

    assert (rsvp.party_size, seal.decrypt(rsvp.name_sealed)) == (2, "Ada")
    assert numbers(session, event) == (0, 3, 0, 0, 0)


def test_lowering_the_capacity_throws_nobody_out(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=3)
    rsvp = RsvpFactory(event=event, party_size=3)
    event.capacity = 1
    session.flush()

    assert settle_waitlist(session, event, seal=seal, now=NOON) == 0
    change_rsvp(session, rsvp, change(party_size=2), seal=seal, now=NOON)

    assert rsvp.status is RsvpStatus.ACCEPTED


@pytest.mark.parametrize(("capacity", "expected"), [(3, 1), (4, 2), (None, 2)])
def test_raising_the_capacity_takes_in_who_fits(
    session: Session, seal: Seal, capacity: int | None, expected: int
) -> None:
    event = EventFactory(capacity=1)
    RsvpFactory(event=event)
    RsvpFactory(event=event, waitlisted=True, party_size=2)
    RsvpFactory(event=event, waitlisted=True, party_size=1)
    event.capacity = capacity
    session.flush()

    assert settle_waitlist(session, event, seal=seal, now=NOON) == expected


def test_a_maybe_takes_no_place_and_waits_when_it_becomes_a_yes_too_late(
    session: Session, seal: Seal
) -> None:
    event = EventFactory(capacity=1)
    maybe = submit_rsvp(session, event, details(status=RsvpStatus.TENTATIVE), seal=seal, now=NOON).rsvp
    RsvpFactory(event=event)

    change_rsvp(session, maybe, change(), seal=seal, now=NOON)

    assert maybe.status is RsvpStatus.WAITLISTED
    assert numbers(session, event) == (0, 1, 0, 0, 1)


@pytest.mark.parametrize(
    "trait",
    [
        pytest.param({"draft": True}, id="draft"),
        pytest.param({"submitted": True}, id="submitted"),
        pytest.param({"cancelled": True}, id="cancelled"),
    ],
)
def test_an_event_that_is_not_published_takes_no_answer(
    session: Session, seal: Seal, trait: dict[str, bool]
) -> None:
    event = EventFactory(**trait)

    with pytest.raises((ClosedError, NotFoundError)):  # of a draft nobody may know
        submit_rsvp(session, event, details(), seal=seal, now=NOON)

    assert session.scalar(select(func.count(Rsvp.id))) == 0


def test_after_the_end_an_answer_can_only_be_taken_back(session: Session, seal: Seal) -> None:
    event = EventFactory()
    rsvp = RsvpFactory(event=event, pending=True)
    later = event.ends_at

    with pytest.raises(ClosedError):
        submit_rsvp(session, event, details(), seal=seal, now=later)
    with pytest.raises(ClosedError):
        change_rsvp(session, rsvp, change(), seal=seal, now=later)
    with pytest.raises(ClosedError):
        confirm_rsvp(session, rsvp, seal=seal, now=later)
    cancel_rsvp(session, rsvp, seal=seal, now=later)

    assert rsvp.status is RsvpStatus.DECLINED


def test_each_consent_is_kept_with_its_time_and_wording(session: Session, seal: Seal) -> None:
    rsvp, _ = submit_rsvp(
        session, EventFactory(), details(email=ADA, is_contact_agreed=True), seal=seal, now=NOON
    )

    assert (rsvp.consent_contact_at, rsvp.consent_updates_at) == (NOON, None)
    assert rsvp.consent_wording == "rsvp-1:ru"


def test_a_phone_number_that_nobody_may_use_is_not_kept(session: Session, seal: Seal) -> None:
    rsvp, _ = submit_rsvp(session, EventFactory(), details(phone="+49 30 1234"), seal=seal, now=NOON)

    assert rsvp.phone_sealed is None


def test_a_contact_appears_with_the_confirmation_and_goes_with_the_consent(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    rsvp, _ = submit_rsvp(
        session, event, details(email=ADA, name="Ada Lovelace", is_contact_agreed=True), seal=seal, now=NOON
    )
    assert session.scalar(select(func.count(Contact.id))) == 0

    confirm_rsvp(session, rsvp, seal=seal, now=NOON)

    contact = session.scalars(select(Contact)).one()
    assert (contact.owner_id, seal.decrypt(contact.email_sealed)) == (event.organiser_id, ADA)
    change_rsvp(session, rsvp, change(name="Ada"), seal=seal, now=NOON)
    assert session.scalar(select(func.count(Contact.id))) == 0


def test_without_an_address_a_phone_and_a_tick_are_a_contact_at_once(session: Session, seal: Seal) -> None:
    rsvp, _ = submit_rsvp(
        session, EventFactory(), details(phone="+49 30 1234", is_contact_agreed=True), seal=seal, now=NOON
    )

    assert seal.decrypt(session.scalars(select(Contact)).one().phone_sealed) == "+49 30 1234"
    cancel_rsvp(session, rsvp, seal=seal, now=NOON)
    assert session.scalar(select(func.count(Contact.id))) == 0
    assert rsvp.phone_sealed is None


def test_the_organiser_does_not_see_what_somebody_else_may_have_typed(session: Session) -> None:
    event = EventFactory()
    RsvpFactory(event=event, pending=True, name="Not me")
    RsvpFactory(event=event, declined=True)
    known = [RsvpFactory(event=event), RsvpFactory(event=event, confirmed=True)]
    RsvpFactory()

    assert session.scalars(attendees(event)).all() == known


def test_recount_finds_a_wrong_number_and_corrects_it(session: Session) -> None:
    event = EventFactory()
    RsvpFactory(event=event, party_size=3)
    RsvpFactory(event=event, confirmed=True)
    tally = session.get_one(RsvpTally, event.id)
    tally.unconfirmed = 7
    session.flush()

    assert recount(session, is_check=True) == [event.id]
    assert tally.unconfirmed == 7
    assert recount(session) == [event.id]
    assert numbers(session, event) == (1, 3, 0, 0, 0)
    assert recount(session) == []


def test_a_stolen_database_does_not_show_who_came_twice(session: Session, seal: Seal) -> None:
    account = AccountFactory(email=ADA)

    first, _ = submit_rsvp(session, EventFactory(), details(email=ADA), seal=seal, now=NOON)
    second, _ = submit_rsvp(session, EventFactory(), details(email=ADA), seal=seal, now=NOON)

    assert len({first.email_digest, second.email_digest, account.email_digest}) == 3
