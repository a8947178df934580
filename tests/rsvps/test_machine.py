"""Everything that can happen to a waiting list, in any order: nobody is lost, nothing is given twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from coordinator.kit.db import db
from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.queries import rsvp_of, tally_of
from coordinator.rsvps.rules import (
    ClosedError,
    NoPlaceError,
    OfferGoneError,
    RsvpChange,
    RsvpDetails,
    RsvpStatus,
)
from coordinator.rsvps.service.answering import confirm_rsvp
from coordinator.rsvps.service.changing import cancel_rsvp, change_rsvp
from coordinator.rsvps.service.tallying import recount
from coordinator.rsvps.service.waiting import accept_offer, settle_waitlist, stand_in_line_again
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory, submit_rsvp

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

START = datetime(2030, 9, 12, 12, 0, tzinfo=UTC)
"""Four days before the event: offers are made first, and places given at once in the end."""
OFFERS = select(func.count()).select_from(Message).where(Message.template == "rsvps/offer")
PARTIES = st.integers(1, 3)
RELATIVES = ("ada", "bo", "cy", "di", "eve")


class WaitingList(RuleBasedStateMachine):
    """One event and everybody around it. Each run undoes what it did."""

    session: ClassVar[Session]
    seal: ClassVar[Seal]
    offers_made: ClassVar[int] = 0
    people = Bundle("people")

    def __init__(self) -> None:
        super().__init__()
        self.session.commit()  # what comes now is inside the savepoint
        connection: Any = db.engines[None]
        self.point = connection.begin_nested()
        self.event = EventFactory(capacity=3)
        self.now = START
        self.allowed = 3
        self.session.flush()

    def teardown(self) -> None:
        type(self).offers_made += self.session.scalar(OFFERS) or 0
        self.session.rollback()
        self.session.expunge_all()
        self.point.rollback()

    def act(self, work: Any, *arguments: Any) -> bool:
        """Do it as a request would: all of it, or nothing."""
        try:
            with self.session.begin_nested():
                work(self.session, *arguments, seal=self.seal, now=self.now)
        except (ClosedError, NoPlaceError, OfferGoneError):
            self.session.expire_all()
            return False
        self.session.flush()
        return True

    @initialize(target=people)
    def some_come_and_some_wait(self) -> Any:
        here = [RsvpFactory(event=self.event, confirmed=True).id for _ in range(3)]
        sizes = (1, 2, 1)
        line = [
            RsvpFactory(event=self.event, confirmed=True, waitlisted=True, party_size=size).id
            for size in sizes
        ]
        self.session.flush()
        return multiple(*here, *line)

    @rule(target=people, party=PARTIES, maybe=st.booleans())
    def answers(self, party: int, *, maybe: bool) -> Any:
        status = RsvpStatus.TENTATIVE if maybe else RsvpStatus.ACCEPTED
        wish = RsvpDetails(status=status, party_size=party, locale="en")
        known = set(self.session.scalars(select(Rsvp.id)))
        if not self.act(submit_rsvp, self.event, wish):
            return multiple()
        (new,) = set(self.session.scalars(select(Rsvp.id))) - known
        return new

    @rule(target=people, who=st.sampled_from(RELATIVES), party=PARTIES, is_confirmed=st.booleans())
    def answers_by_mail(self, who: str, party: int, *, is_confirmed: bool) -> Any:
        email = f"{who}@example.org"
        wish = RsvpDetails(status=RsvpStatus.ACCEPTED, party_size=party, locale="en", email=email)
        if not self.act(submit_rsvp, self.event, wish):
            return multiple()
        found = rsvp_of(
            self.session, self.event.id, self.seal.digest(email, purpose=f"event:{self.event.public_id}")
        )
        assert found is not None
        if is_confirmed:
            self.act(confirm_rsvp, found)
        return found.id

    @rule(person=people)
    def confirms(self, person: int) -> None:
        self.act(confirm_rsvp, self.session.get_one(Rsvp, person))

    @rule(person=people)
    def takes_the_offer(self, person: int) -> None:
        rsvp = self.session.get_one(Rsvp, person)
        was_offered = rsvp.offered_until is not None
        if self.act(accept_offer, rsvp) and was_offered:
            assert rsvp.status is RsvpStatus.ACCEPTED

    @rule(person=people)
    def leaves(self, person: int) -> None:
        assert self.act(cancel_rsvp, self.session.get_one(Rsvp, person))

    @rule(person=people)
    def still_wants_to_come(self, person: int) -> None:
        self.act(stand_in_line_again, self.session.get_one(Rsvp, person))

    @rule(person=people, party=PARTIES, maybe=st.booleans())
    def changes(self, person: int, party: int, *, maybe: bool) -> None:
        status = RsvpStatus.TENTATIVE if maybe else RsvpStatus.ACCEPTED
        rsvp = self.session.get_one(Rsvp, person)
        had_place = rsvp.status is RsvpStatus.ACCEPTED and rsvp.confirmed_at is not None
        self.act(change_rsvp, rsvp, RsvpChange(status=status, party_size=party, locale="en"))
        if had_place and not maybe:
            assert rsvp.status is RsvpStatus.ACCEPTED  # nobody loses a place by asking

    @rule(capacity=st.one_of(st.none(), st.integers(1, 6)))
    def organiser_changes_the_capacity(self, capacity: int | None) -> None:
        self.event.capacity = capacity
        self.allowed = max(capacity or 0, self.held())
        self.session.flush()

    @rule()
    def worker_settles(self) -> None:
        self.act(settle_waitlist, self.event)

    @rule(hours=st.sampled_from((1, 6, 25)))
    def time_goes_by(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def numbers_are_those_of_the_answers(self) -> None:
        assert recount(self.session, is_check=True) == []

    def held(self) -> int:
        """Return how many people hold a place or have one held for them, counted from the answers."""
        found = self.session.scalars(select(Rsvp).where(Rsvp.event_id == self.event.id))
        return sum(
            rsvp.party_size
            for rsvp in found
            if rsvp.offered_until is not None
            or (
                rsvp.status is RsvpStatus.ACCEPTED
                and (rsvp.email_digest is None or rsvp.confirmed_at is not None)
            )
        )

    @invariant()
    def never_more_than_there_is_room_for(self) -> None:
        """A lowered capacity throws nobody out, and nothing is added to what was given before it."""
        capacity, held = self.event.capacity, self.held()
        if capacity is not None:
            assert held <= self.allowed
            self.allowed = max(capacity, min(self.allowed, held))

    @invariant()
    def offers_are_made_to_those_who_wait_and_were_told(self) -> None:
        for rsvp in self.session.scalars(select(Rsvp).where(Rsvp.offered_until.is_not(None))):
            assert rsvp.status is RsvpStatus.WAITLISTED
            assert rsvp.confirmed_at is not None
            assert rsvp.lapsed_at is None
        open_offers = select(func.count()).select_from(Rsvp).where(Rsvp.offered_until.is_not(None))
        assert (self.session.scalar(OFFERS) or 0) >= (self.session.scalar(open_offers) or 0)

    @invariant()
    def nobody_waits_beside_an_empty_place(self) -> None:
        """After the worker has been, only those wait who do not fit, or let an offer run out."""
        if not self.act(settle_waitlist, self.event) or self.now >= self.event.starts_at:
            return
        capacity, taken = self.event.capacity, tally_of(self.session, self.event).taken
        for rsvp in self.session.scalars(select(Rsvp).where(Rsvp.status == RsvpStatus.WAITLISTED)):
            is_known = rsvp.email_digest is None or rsvp.confirmed_at is not None
            if is_known and rsvp.offered_until is None and rsvp.lapsed_at is None:
                assert capacity is not None
                assert taken + rsvp.party_size > capacity


@pytest.mark.slow
def test_whatever_happens_in_whatever_order(session: Session, seal: Seal) -> None:
    machine = type("Machine", (WaitingList,), {"session": session, "seal": seal})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert machine.offers_made  # otherwise nothing of this was about offers
