"""The waiting list: who is offered a place that became free, and what they make of it (decision 010)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.audit.service import ANYONE, WORKER, record
from coordinator.rsvps.queries import lapsing_offers, waiting_parties
from coordinator.rsvps.rules import ClosedError, OfferGoneError, RsvpStatus, offer_until, place_for
from coordinator.rsvps.service.tallying import is_open, lock_answer, lock_tally, move, share_of
from coordinator.rsvps.service.telling import send

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp, RsvpTally


def settle_waitlist(session: Session, event: Event, *, seal: Seal, now: datetime) -> int:
    """Let old offers lapse and give what is free to those who wait. Return how many parties were served.

    A capacity that was lowered takes no place away from anybody, and no offer; it only keeps others waiting.
    """
    return fill(session, event, lock_tally(session, event), seal=seal, now=now)


def fill(session: Session, event: Event, tally: RsvpTally, *, seal: Seal, now: datetime) -> int:
    """Serve waiting parties that fit, first come first; a smaller one may pass a larger (decision 004).

    Whoever can be written to is offered the place while there is time to answer; everybody else is given it.
    """
    _lapse(session, event, tally, seal=seal, now=now)
    if tally.waitlisted == 0 or not is_open(event, now):
        return 0
    room = None if event.capacity is None else event.capacity - tally.taken
    if room is not None and room < 1:
        return 0
    until = offer_until(starts_at=event.starts_at, now=now) if room is not None else None
    served = 0
    for rsvp in session.scalars(waiting_parties(event.id, largest=room)).all():
        fits = place_for(capacity=event.capacity, taken=tally.taken, party_size=rsvp.party_size)
        if fits is not RsvpStatus.ACCEPTED:
            continue
        if until is not None and rsvp.confirmed_at is not None:
            _offer(session, rsvp, event, tally, until, seal=seal, now=now)
        else:
            _take_in(session, rsvp, event, tally, seal=seal, now=now)
        served += 1
    return served


def accept_offer(session: Session, rsvp: Rsvp, *, seal: Seal, now: datetime) -> None:
    """Take the place that was held. Possible as long as nobody else was offered it; twice is once.

    Raises:
        ClosedError: the event takes no answers any more.
        OfferGoneError: the place is held no more.
    """
    event, tally = lock_answer(session, rsvp)
    if rsvp.status is RsvpStatus.ACCEPTED:
        return
    if rsvp.offered_until is None:
        raise OfferGoneError
    if not is_open(event, now):
        raise ClosedError
    before = share_of(rsvp)
    rsvp.status = RsvpStatus.ACCEPTED
    rsvp.offered_until = rsvp.waiting_since = None
    rsvp.changed_at = now
    move(tally, before, share_of(rsvp))
    record(session, "rsvp:offer-accepted", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)
    send(session, rsvp, event, "confirmed", f"offer:{now:%Y%m%d%H%M%S}", seal=seal, now=now)


def stand_in_line_again(session: Session, rsvp: Rsvp, *, seal: Seal, now: datetime) -> None:
    """Put a party whose offer ran out at the end of the line, because it still wants to come.

    Raises:
        ClosedError: the event takes no answers any more.
    """
    event, tally = lock_answer(session, rsvp)
    if rsvp.status is not RsvpStatus.WAITLISTED or rsvp.lapsed_at is None:
        return
    if not is_open(event, now):
        raise ClosedError
    rsvp.lapsed_at = None
    rsvp.waiting_since = rsvp.changed_at = now
    record(session, "rsvp:in-line-again", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)
    session.flush()  # the line is read from the database
    fill(session, event, tally, seal=seal, now=now)


def _offer(  # noqa: PLR0913 what is offered to whom, until when
    session: Session,
    rsvp: Rsvp,
    event: Event,
    tally: RsvpTally,
    until: datetime,
    *,
    seal: Seal,
    now: datetime,
) -> None:
    before = share_of(rsvp)
    rsvp.offered_until = until
    move(tally, before, share_of(rsvp))
    record(session, "rsvp:offered", f"rsvp:{rsvp.public_id}", by=WORKER, at=now)
    send(session, rsvp, event, "offer", now.isoformat(), seal=seal, now=now)


def _take_in(
    session: Session, rsvp: Rsvp, event: Event, tally: RsvpTally, *, seal: Seal, now: datetime
) -> None:
    before = share_of(rsvp)
    since = rsvp.waiting_since or rsvp.submitted_at
    rsvp.status = RsvpStatus.ACCEPTED
    rsvp.waiting_since = None
    move(tally, before, share_of(rsvp))
    record(session, "rsvp:taken-in", f"rsvp:{rsvp.public_id}", by=WORKER, at=now)
    send(session, rsvp, event, "place", since.isoformat(), seal=seal, now=now)


def _lapse(session: Session, event: Event, tally: RsvpTally, *, seal: Seal, now: datetime) -> None:
    """Take back what was held for those who did not answer in time; they wait on, and are told how."""
    if tally.offered == 0:
        return
    for rsvp in session.scalars(lapsing_offers(event.id, now)).all():
        before, until = share_of(rsvp), rsvp.offered_until
        rsvp.offered_until = None
        rsvp.lapsed_at = now
        move(tally, before, share_of(rsvp))
        record(session, "rsvp:offer-lapsed", f"rsvp:{rsvp.public_id}", by=WORKER, at=now)
        if until is not None and is_open(event, now):
            send(session, rsvp, event, "lapsed", until.isoformat(), seal=seal, now=now)
