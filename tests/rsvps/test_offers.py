"""A place that becomes free is offered to whoever waits and can be written to, for a while (decision 010)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from coordinator.outbox.models import Message
from coordinator.rsvps.queries import events_with_lapsed_offers, tally_of
from coordinator.rsvps.rules import (
    LAST_HOURS,
    OFFER_LASTS,
    SHORTEST_OFFER,
    ClosedError,
    OfferGoneError,
    RsvpChange,
    RsvpDetails,
    RsvpStatus,
    offer_until,
)
from coordinator.rsvps.service.answering import confirm_rsvp
from coordinator.rsvps.service.changing import cancel_rsvp, change_rsvp
from coordinator.rsvps.service.tallying import recount
from coordinator.rsvps.service.waiting import accept_offer, settle_waitlist, stand_in_line_again
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory, submit_rsvp

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
TOMORROW = NOON + timedelta(hours=24, minutes=1)
STARTS = datetime(2030, 9, 16, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(timedelta(days=10), OFFER_LASTS, id="a day to decide"),
        pytest.param(LAST_HOURS + timedelta(hours=5), timedelta(hours=5), id="less as the start comes near"),
        pytest.param(LAST_HOURS + SHORTEST_OFFER, SHORTEST_OFFER, id="two hours at the least"),
        pytest.param(LAST_HOURS + SHORTEST_OFFER - timedelta(minutes=1), None, id="then it is given"),
        pytest.param(timedelta(0), None, id="it begins"),
    ],
)
def test_how_long_an_offer_lasts(before: timedelta, expected: timedelta | None) -> None:
    now = STARTS - before

    until = offer_until(starts_at=STARTS, now=now)

    assert (None if until is None else until - now) == expected


def full_event(**waiting: object) -> tuple[Event, Rsvp, Rsvp]:
    """Return an event for two with a party of two in it, and one that waits."""
    event = EventFactory(capacity=2)
    here = RsvpFactory(event=event, party_size=2, confirmed=True)
    return event, here, RsvpFactory(event=event, **({"waitlisted": True, "confirmed": True} | waiting))


def letters(session: Session) -> list[str]:
    session.flush()
    return [row.template for row in session.scalars(select(Message).order_by(Message.id))]


def is_right(session: Session) -> bool:
    session.flush()
    return recount(session, is_check=True) == []


def test_a_held_place_is_taken_and_nobody_else_gets_it(session: Session, seal: Seal) -> None:
    event, here, waiting = full_event(party_size=2)

    cancel_rsvp(session, here, seal=seal, now=NOON)
    passer_by = submit_rsvp(
        session,
        event,
        RsvpDetails(status=RsvpStatus.ACCEPTED, party_size=1, locale="en"),
        seal=seal,
        now=NOON,
    ).rsvp

    assert passer_by.status is RsvpStatus.WAITLISTED
    assert tally_of(session, event).offered == 2
    accept_offer(session, waiting, seal=seal, now=NOON + timedelta(hours=23))
    accept_offer(session, waiting, seal=seal, now=NOON + timedelta(hours=23))
    assert (waiting.status, waiting.offered_until) == (RsvpStatus.ACCEPTED, None)
    assert letters(session) == ["rsvps/offer", "rsvps/confirmed"]
    assert is_right(session)


def test_without_an_address_nobody_can_be_asked_so_the_place_is_given(session: Session, seal: Seal) -> None:
    _, here, waiting = full_event(confirmed=False)

    cancel_rsvp(session, here, seal=seal, now=NOON)

    assert (waiting.status, waiting.offered_until) == (RsvpStatus.ACCEPTED, None)


def test_in_the_last_hours_the_place_is_given_and_told(session: Session, seal: Seal) -> None:
    event, here, waiting = full_event()

    cancel_rsvp(session, here, seal=seal, now=event.starts_at - timedelta(hours=3))

    assert waiting.status is RsvpStatus.ACCEPTED
    assert letters(session) == ["rsvps/place"]


def test_an_offer_that_runs_out_goes_to_the_next_and_its_owner_is_told_how_to_come_back(
    session: Session, seal: Seal
) -> None:
    event, here, first = full_event(party_size=2)
    second = RsvpFactory(event=event, party_size=2, waitlisted=True, confirmed=True)
    cancel_rsvp(session, here, seal=seal, now=NOON)

    assert events_with_lapsed_offers(session, NOON) == []
    assert events_with_lapsed_offers(session, TOMORROW) == [event.id]
    settle_waitlist(session, event, seal=seal, now=TOMORROW)

    assert (first.status, first.offered_until, first.lapsed_at) == (RsvpStatus.WAITLISTED, None, TOMORROW)
    assert second.offered_until == TOMORROW + OFFER_LASTS
    assert letters(session) == ["rsvps/offer", "rsvps/lapsed", "rsvps/offer"]
    with pytest.raises(OfferGoneError):
        accept_offer(session, first, seal=seal, now=TOMORROW)
    assert is_right(session)


def test_nobody_is_offered_a_second_place_unless_they_ask(session: Session, seal: Seal) -> None:
    event, here, only = full_event()
    cancel_rsvp(session, here, seal=seal, now=NOON)
    settle_waitlist(session, event, seal=seal, now=TOMORROW)
    settle_waitlist(session, event, seal=seal, now=TOMORROW + timedelta(days=1))

    assert letters(session) == ["rsvps/offer", "rsvps/lapsed"]
    stand_in_line_again(session, only, seal=seal, now=TOMORROW + timedelta(days=2))
    assert only.lapsed_at is None
    assert only.offered_until is not None
    assert letters(session)[2:] == ["rsvps/offer"]
    assert is_right(session)


def test_until_it_is_given_to_another_a_late_yes_still_counts(session: Session, seal: Seal) -> None:
    _, here, waiting = full_event()
    cancel_rsvp(session, here, seal=seal, now=NOON)

    accept_offer(session, waiting, seal=seal, now=TOMORROW)

    assert waiting.status is RsvpStatus.ACCEPTED
    assert is_right(session)


def test_saying_no_to_an_offer_passes_it_on_in_the_same_transaction(session: Session, seal: Seal) -> None:
    event, here, first = full_event(party_size=2)
    second = RsvpFactory(event=event, waitlisted=True, confirmed=True)
    cancel_rsvp(session, here, seal=seal, now=NOON)

    cancel_rsvp(session, first, seal=seal, now=NOON)

    assert first.status is RsvpStatus.DECLINED
    assert second.offered_until is not None
    assert is_right(session)


@pytest.mark.parametrize(("party_size", "status"), [(1, RsvpStatus.ACCEPTED), (2, RsvpStatus.TENTATIVE)])
def test_changing_the_answer_decides_about_the_offer(
    session: Session, seal: Seal, party_size: int, status: RsvpStatus
) -> None:
    event, here, waiting = full_event(party_size=2)
    cancel_rsvp(session, here, seal=seal, now=NOON)

    wish = RsvpChange(status=status, party_size=party_size, locale="en")
    change_rsvp(session, waiting, wish, seal=seal, now=NOON)

    assert (waiting.status, waiting.offered_until) == (status, None)
    assert tally_of(session, event).offered == 0
    assert is_right(session)


def test_a_lower_capacity_breaks_no_promise_and_makes_no_new_one(session: Session, seal: Seal) -> None:
    event, here, first = full_event(party_size=2)
    second = RsvpFactory(event=event, waitlisted=True, confirmed=True)
    cancel_rsvp(session, here, seal=seal, now=NOON)

    event.capacity = 1
    settle_waitlist(session, event, seal=seal, now=NOON)
    accept_offer(session, first, seal=seal, now=NOON)

    assert first.status is RsvpStatus.ACCEPTED
    assert (second.status, second.offered_until) == (RsvpStatus.WAITLISTED, None)
    assert tally_of(session, event).taken == 2


def test_when_it_is_over_nothing_is_offered_and_nothing_can_be_taken(session: Session, seal: Seal) -> None:
    event, here, waiting = full_event()
    cancel_rsvp(session, here, seal=seal, now=NOON)
    over = event.starts_at + timedelta(days=2)

    with pytest.raises(ClosedError):
        accept_offer(session, waiting, seal=seal, now=over)
    settle_waitlist(session, event, seal=seal, now=over)

    assert tally_of(session, event).offered == 0
    assert letters(session) == ["rsvps/offer"]


def test_the_page_of_an_offer_gives_nothing_on_looking(client: FlaskClient, session: Session) -> None:
    event = EventFactory(capacity=2)
    offered = RsvpFactory(event=event, offered=True, token="o" * 32)
    session.commit()

    shown = client.get(f"/en/rsvp/{'o' * 32}/offer")

    assert shown.status_code == 200
    assert "A place is held for you" in shown.text
    session.refresh(offered)
    assert offered.status is RsvpStatus.WAITLISTED
    taken = client.post(f"/en/rsvp/{'o' * 32}/offer")
    assert (taken.status_code, taken.location) == (303, f"/en/rsvp/{'o' * 32}?done=accepted")
    assert "The place is yours" in client.get(taken.location).text
    session.refresh(offered)
    assert offered.status is RsvpStatus.ACCEPTED


def test_an_offer_that_is_gone_says_so(client: FlaskClient, session: Session) -> None:
    event = EventFactory(capacity=2)
    RsvpFactory(event=event, waitlisted=True, confirmed=True, token="o" * 32, lapsed_at=NOON)
    session.commit()

    answer = client.post(f"/en/rsvp/{'o' * 32}/offer")

    assert answer.status_code == 409
    assert "somebody else" in answer.text
    assert "I still want to come" in client.get(f"/en/rsvp/{'o' * 32}").text
    back = client.post(f"/en/rsvp/{'o' * 32}/in-line")
    assert back.location == f"/en/rsvp/{'o' * 32}?done=in-line"


@pytest.mark.parametrize("has_email", [True, False])
def test_a_newcomer_does_not_pass_those_who_wait_when_there_is_more_room(
    session: Session, seal: Seal, has_email: bool
) -> None:
    event, _here, waiting = full_event()
    session.flush()
    details = RsvpDetails(
        status=RsvpStatus.ACCEPTED, party_size=1, locale="en", email="new@example.org" if has_email else ""
    )
    if has_email:
        newcomer = submit_rsvp(session, event, details, seal=seal, now=NOON).rsvp
    event.capacity = 3

    if has_email:
        confirm_rsvp(session, newcomer, seal=seal, now=NOON)
    else:
        newcomer = submit_rsvp(session, event, details, seal=seal, now=NOON).rsvp

    session.refresh(waiting)
    assert waiting.offered_until is not None
    assert newcomer.status is RsvpStatus.WAITLISTED
    assert is_right(session)


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_pages_of_an_offer_can_be_read_in_every_language(
    session: Session, client: FlaskClient, seal: Seal, lang: str
) -> None:
    event, _here, waiting = full_event(token="o" * 32)
    event.capacity = 3
    settle_waitlist(session, event, seal=seal, now=NOON)
    session.commit()

    for page in ("", "/offer"):
        assert client.get(f"/{lang}/rsvp/{'o' * 32}{page}").status_code == 200
    assert waiting.offered_until is not None
