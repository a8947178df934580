from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from coordinator.rsvps.jobs import settle_waitlists
from coordinator.rsvps.models import RsvpTally
from coordinator.rsvps.queries import events_with_room
from coordinator.rsvps.rules import RsvpStatus
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)


def test_the_worker_takes_people_in_after_the_capacity_was_raised(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=1)
    RsvpFactory(event=event)
    waits = RsvpFactory(event=event, waitlisted=True, party_size=2)
    assert settle_waitlists(seal=seal, now=NOON) == 0

    event.capacity = 3
    session.commit()

    assert settle_waitlists(seal=seal, now=NOON) == 1
    assert waits.status is RsvpStatus.ACCEPTED
    assert settle_waitlists(seal=seal, now=NOON) == 0


def test_events_where_nobody_fits_are_left_alone(session: Session) -> None:
    small = EventFactory(capacity=2)
    RsvpFactory(event=small)
    RsvpFactory(event=small, waitlisted=True, party_size=2)
    unconfirmed = EventFactory(capacity=1)
    RsvpFactory(event=unconfirmed, waitlisted=True, pending=True)
    cancelled = EventFactory(capacity=None, cancelled=True)
    RsvpFactory(event=cancelled, waitlisted=True)
    open_again = EventFactory(capacity=None)
    RsvpFactory(event=open_again, waitlisted=True)

    assert events_with_room(session) == [open_again.id]


def test_the_command_tells_wrong_numbers_and_corrects_them(session: Session, runner: FlaskCliRunner) -> None:
    event = EventFactory()
    RsvpFactory(event=event, party_size=2)
    session.get_one(RsvpTally, event.id).unconfirmed = 9
    session.commit()

    told = runner.invoke(args=["rsvps", "recount", "--check"])
    corrected = runner.invoke(args=["rsvps", "recount"])
    right = runner.invoke(args=["rsvps", "recount", "--check"])

    assert (told.exit_code, told.output) == (1, "1 wrong\n")
    assert (corrected.exit_code, corrected.output) == (0, "1 corrected\n")
    assert (right.exit_code, right.output) == (0, "0 wrong\n")
