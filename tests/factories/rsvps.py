"""Answers, and the tally that goes with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import factory
from flask import current_app
from sqlalchemy import select

from coordinator.events.rules import digest_purpose
from coordinator.kit.db import db
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import new_token, token_digest
from coordinator.rsvps.models import HelpOffer, Rsvp, RsvpTally
from coordinator.rsvps.rules import RsvpStatus, counted_as
from coordinator.rsvps.service.answering import answer_event
from tests.factories.events import EventFactory
from tests.factories.rows import RowFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.rules import RsvpDetails

ANSWERED_AT = datetime(2030, 9, 1, 12, 0, tzinfo=UTC)


def _seal() -> Seal:
    found: Seal = current_app.extensions["seal"]
    return found


class RsvpTallyFactory(RowFactory):
    """Numbers of one event, without the answers behind them."""

    class Meta:
        model = RsvpTally
        exclude = ("event",)

    event = factory.SubFactory(EventFactory)
    event_id = factory.LazyAttribute(lambda row: row.event.id)
    confirmed = 0
    unconfirmed = 0
    pending = 0
    tentative = 0
    waitlisted = 0
    offered = 0


class RsvpFactory(RowFactory):
    """Somebody who comes, alone, and left no address. The tally of the event counts them.

    Give `name`, `email`, `phone` or `note` in clear: they are sealed here. `token` opens the manage page.
    """

    class Meta:
        model = Rsvp
        exclude = ("name", "email", "phone", "note", "needs", "token")

    class Params:
        confirmed = factory.Trait(
            email=factory.Sequence(lambda n: f"guest{n}@example.org"), confirmed_at=ANSWERED_AT
        )
        pending = factory.Trait(email=factory.Sequence(lambda n: f"guest{n}@example.org"))
        tentative = factory.Trait(status=RsvpStatus.TENTATIVE)
        declined = factory.Trait(status=RsvpStatus.DECLINED)
        waitlisted = factory.Trait(status=RsvpStatus.WAITLISTED, waiting_since=ANSWERED_AT)
        offered = factory.Trait(
            email=factory.Sequence(lambda n: f"guest{n}@example.org"),
            confirmed_at=ANSWERED_AT,
            status=RsvpStatus.WAITLISTED,
            waiting_since=ANSWERED_AT,
            offered_until=ANSWERED_AT + timedelta(hours=24),
        )

    name = ""
    email = ""
    phone = ""
    note = ""
    needs = ""
    token = factory.LazyFunction(new_token)

    public_id = factory.LazyFunction(new_public_id)
    event = factory.SubFactory(EventFactory)
    status = RsvpStatus.ACCEPTED
    party_size = 1
    locale = "en"
    help = ""
    name_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.name))
    email_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.email))
    email_digest = factory.LazyAttribute(
        lambda row: (
            _seal().digest(row.email, purpose=digest_purpose(row.event.public_id)) if row.email else None
        )
    )
    phone_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.phone))
    needs_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.needs))
    note_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.note))
    token_digest = factory.LazyAttribute(lambda row: token_digest(row.token))
    token_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.token) if row.email else None)
    consent_wording = ""
    submitted_at = ANSWERED_AT

    @factory.post_generation
    def _tally(self, create: bool, _: Any) -> None:
        if not create:
            return
        session = db.session
        tally = session.scalar(select(RsvpTally).where(RsvpTally.event_id == self.event.id))
        if tally is None:
            tally = RsvpTally(
                event_id=self.event.id,
                confirmed=0,
                unconfirmed=0,
                pending=0,
                tentative=0,
                waitlisted=0,
                offered=0,
            )
            session.add(tally)
        count = counted_as(
            self.status,
            has_email=self.email_digest is not None,
            is_confirmed=self.confirmed_at is not None,
            is_offered=self.offered_until is not None,
        )
        if count is not None:
            setattr(tally, count, getattr(tally, count) + self.party_size)
        session.flush()


class HelpOfferFactory(RowFactory):
    """Somebody who would be a marshal."""

    class Meta:
        model = HelpOffer

    class Params:
        assigned = factory.Trait(assigned_at=ANSWERED_AT)

    public_id = factory.LazyFunction(new_public_id)
    rsvp = factory.SubFactory(RsvpFactory)
    event_id = factory.LazyAttribute(lambda row: row.rsvp.event_id)
    code = "marshal"
    offered_at = ANSWERED_AT


class Submitted(NamedTuple):
    """An answer that was given, as an object, and the token of its link where the page shows it."""

    rsvp: Rsvp
    token: str | None


def submit_rsvp(
    session: Session, event: Event, details: RsvpDetails, *, seal: Seal, now: datetime
) -> Submitted:
    """Answer an event as the form does, and load what became of it."""
    session.flush()
    answer = answer_event(session, event.public_id, details, seal=seal, now=now)
    session.flush()
    session.expire_all()
    return Submitted(session.get_one(Rsvp, answer.rsvp_id), answer.token)
