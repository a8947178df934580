"""Whatever people do in whatever order: the tally is the sum of the answers, and nobody is one too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp, RsvpTally
from coordinator.rsvps.queries import counted
from coordinator.rsvps.rules import Count, NoPlaceError, RsvpChange, RsvpDetails, RsvpStatus
from coordinator.rsvps.service.answering import confirm_rsvp
from coordinator.rsvps.service.changing import cancel_rsvp, change_rsvp
from coordinator.rsvps.service.tallying import recount
from coordinator.rsvps.service.waiting import settle_waitlist
from tests.factories.events import EventFactory
from tests.factories.rsvps import submit_rsvp

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
GIVEN = st.sampled_from([RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE])
WHO = st.integers(0, 9)
ACTS = st.one_of(
    st.tuples(st.just("submit"), WHO, GIVEN, st.integers(1, 5), st.booleans()),
    st.tuples(st.just("change"), WHO, GIVEN, st.integers(1, 5)),
    st.tuples(st.just("confirm"), WHO),
    st.tuples(st.just("cancel"), WHO),
    st.tuples(st.just("capacity"), st.one_of(st.none(), st.integers(1, 12))),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(capacity=st.one_of(st.none(), st.integers(1, 12)), acts=st.lists(ACTS, max_size=25))
def test_the_tally_is_the_sum_of_the_answers(
    session: Session, seal: Seal, capacity: int | None, acts: list[tuple[Any, ...]]
) -> None:
    event = EventFactory(capacity=capacity)
    answers: dict[int, Rsvp] = {}
    at = NOON
    largest_ever: int | None = capacity

    for act, *what in acts:
        at += timedelta(seconds=1)
        if act == "capacity":
            event.capacity = what[0]
            session.flush()
            settle_waitlist(session, event, seal=seal, now=at)
            largest_ever = None if largest_ever is None or what[0] is None else max(largest_ever, what[0])
        elif act == "submit":
            who, status, size, has_email = what
            email = f"guest{who}@example.org" if has_email else ""
            form = RsvpDetails(status=status, party_size=size, locale="en", email=email)
            answers[who] = submit_rsvp(session, event, form, seal=seal, now=at).rsvp
        elif what[0] in answers:
            _do(session, seal, act, answers[what[0]], what[1:], at)

        session.flush()
        tally = session.get_one(RsvpTally, event.id) if answers else None
        if tally is not None:
            right = counted(session, [event.id])[event.id]
            assert {count: getattr(tally, count) for count in Count} == right
            assert largest_ever is None or tally.taken <= largest_ever
            _nobody_waits_who_fits(session, event.capacity, tally)
    assert event.id not in recount(session, is_check=True)
    session.execute(Message.__table__.delete())


def _do(session: Session, seal: Seal, act: str, rsvp: Rsvp, what: list[Any], at: datetime) -> None:
    if act == "confirm":
        confirm_rsvp(session, rsvp, seal=seal, now=at)
    elif act == "cancel":
        cancel_rsvp(session, rsvp, seal=seal, now=at)
    else:
        try:
            change = RsvpChange(status=what[0], party_size=what[1], locale="en")
            change_rsvp(session, rsvp, change, seal=seal, now=at)
        except NoPlaceError:
            pass


def _nobody_waits_who_fits(session: Session, capacity: int | None, tally: RsvpTally) -> None:
    room = 10**6 if capacity is None else capacity - tally.taken
    waiting = session.scalars(
        select(Rsvp).where(Rsvp.event_id == tally.event_id, Rsvp.status == RsvpStatus.WAITLISTED)
    )
    for rsvp in waiting:
        is_known = rsvp.email_digest is None or rsvp.confirmed_at is not None
        assert not is_known or rsvp.party_size > room
