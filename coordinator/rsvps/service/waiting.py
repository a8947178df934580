"""The waiting list: who comes in when places are free (decision 004)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.audit.service import WORKER, record
from coordinator.rsvps.queries import waiting_parties
from coordinator.rsvps.rules import RsvpStatus, place_for
from coordinator.rsvps.service.tallying import is_open, lock_tally, move, share_of
from coordinator.rsvps.service.telling import send

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import RsvpTally


def settle_waitlist(session: Session, event: Event, *, seal: Seal, now: datetime) -> int:
    """Take in those who wait and fit, after the capacity was raised. Return how many parties came in.

    A capacity that was lowered takes no place away from anybody; it only keeps others waiting.
    """
    return fill(session, event, lock_tally(session, event), seal=seal, now=now)


def fill(session: Session, event: Event, tally: RsvpTally, *, seal: Seal, now: datetime) -> int:
    """Take in waiting parties that fit, first come first; a smaller one may pass a larger (decision 004)."""
    if tally.waitlisted == 0 or not is_open(event, now):
        return 0
    room = None if event.capacity is None else event.capacity - tally.taken
    if room is not None and room < 1:
        return 0
    taken_in = 0
    for rsvp in session.scalars(waiting_parties(event.id, largest=room)).all():
        status = place_for(capacity=event.capacity, taken=tally.taken, party_size=rsvp.party_size)
        if status is not RsvpStatus.ACCEPTED:
            continue
        before = share_of(rsvp)
        since = rsvp.waiting_since or rsvp.submitted_at
        rsvp.status = RsvpStatus.ACCEPTED
        rsvp.waiting_since = None
        move(tally, before, share_of(rsvp))
        record(session, "rsvp:taken-in", f"rsvp:{rsvp.public_id}", by=WORKER, at=now)
        send(session, rsvp, event, "place", since.isoformat(), seal=seal, now=now)
        taken_in += 1
    return taken_in
