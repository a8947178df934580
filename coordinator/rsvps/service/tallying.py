"""The numbers of an event: the lock that gives the last place once, and what every answer adds to them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from coordinator.campaigns.models import Campaign
from coordinator.campaigns.rules import CampaignStatus
from coordinator.events.models import Event
from coordinator.events.queries.public import answerable_event
from coordinator.events.rules import REACHABLE, EventStatus
from coordinator.kit.errors import NotFoundError
from coordinator.rsvps.models import RsvpTally
from coordinator.rsvps.queries import counted, empty_tally
from coordinator.rsvps.rules import Count, answers_close_at, counted_as, takes_answers

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.rsvps.models import Rsvp

_TALLY, _EVENT = RsvpTally.__table__, Event.__table__
_LOCKED_COUNTS = (
    select(_TALLY.c.event_id, _TALLY.c.confirmed, _TALLY.c.unconfirmed, _TALLY.c.offered)
    .where(
        _TALLY.c.event_id
        == select(_EVENT.c.id).where(_EVENT.c.public_id == bindparam("public_id")).scalar_subquery()
    )
    .with_for_update()
)
_STANDING = (
    select(
        _EVENT.c.status, _EVENT.c.capacity, _EVENT.c.starts_at, _EVENT.c.ends_at, _EVENT.c.is_time_known
    )
    .join(Campaign.__table__, Campaign.__table__.c.id == _EVENT.c.campaign_id)
    .where(
        _EVENT.c.id == bindparam("event_id"),
        _EVENT.c.status.in_(REACHABLE),
        Campaign.__table__.c.status != CampaignStatus.DRAFT,
    )
)  # fmt: skip


class Standing(NamedTuple):
    """What decides about an answer to an event, read under the lock of its tally."""

    event_id: int
    public_id: str
    taken: int
    """People who hold a place, or have one held for them: see `RsvpTally.taken`."""
    offered: int
    status: EventStatus
    capacity: int | None
    starts_at: datetime
    ends_at: datetime | None
    is_time_known: bool


def is_open(event: Event | Standing, now: datetime) -> bool:
    """Tell whether `event` takes answers."""
    closes_at = answers_close_at(
        starts_at=event.starts_at, ends_at=event.ends_at, is_time_known=event.is_time_known
    )
    return takes_answers(event.status, closes_at=closes_at, now=now)


def lock_tally(session: Session, event: Event) -> RsvpTally:
    """Return the event's tally, locked to the end of the transaction; the event is read again under it."""
    tally = session.get(RsvpTally, event.id, with_for_update=True, populate_existing=True)
    if tally is None:
        try:
            with session.begin_nested():
                session.add(empty_tally(event.id))
        except IntegrityError:  # somebody else answered first, at the same moment
            session.expire_all()
        tally = session.get_one(RsvpTally, event.id, with_for_update=True, populate_existing=True)
    session.refresh(event)
    return tally


def lock_standing(session: Session, public_id: str) -> Standing:
    """Lock the tally of an event that may be reached, and return how it stands under the lock.

    Two questions and no objects: on the day itself everybody answers at once.

    Raises:
        NotFoundError: there is no such event, or none that this person may know of.
    """
    connection = session.connection()
    counts = connection.execute(_LOCKED_COUNTS, {"public_id": public_id}).first()
    if counts is None:  # the first answer to this event
        lock_tally(session, answerable_event(session, public_id))
        session.flush()
        counts = connection.execute(_LOCKED_COUNTS, {"public_id": public_id}).one()
    event_id, confirmed, unconfirmed, offered = counts
    event = connection.execute(_STANDING, {"event_id": event_id}).first()
    if event is None:
        raise NotFoundError
    return Standing(event_id, public_id, confirmed + unconfirmed + offered, offered, *event)


def add_people(session: Session, event_id: int, share: tuple[Count, int] | None) -> None:
    """Put into the locked tally of an event what a new answer adds to it; see `share_of`."""
    if share is not None:
        session.connection().execute(_adding(share[0]), {"of_event": event_id, "people": share[1]})


@cache
def _adding(count: Count) -> Update:
    more = {count.value: _TALLY.c[count.value] + bindparam("people")}
    return update(RsvpTally).where(RsvpTally.event_id == bindparam("of_event")).values(more)


def lock_answer(session: Session, rsvp: Rsvp) -> tuple[Event, RsvpTally]:
    """Lock the tally of the answer's event, then read the answer again."""
    event = rsvp.event
    tally = lock_tally(session, event)
    session.refresh(rsvp)
    return event, tally


def share_of(rsvp: Rsvp) -> tuple[Count, int] | None:
    """Return what the answer adds to which number of the tally."""
    count = counted_as(
        rsvp.status,
        has_email=rsvp.email_digest is not None,
        is_confirmed=rsvp.confirmed_at is not None,
        is_offered=rsvp.offered_until is not None,
    )
    return None if count is None else (count, rsvp.party_size)


def move(tally: RsvpTally, before: tuple[Count, int] | None, after: tuple[Count, int] | None) -> None:
    """Take out of the locked tally what an answer was, and put in what it is."""
    if before is not None:
        setattr(tally, before[0], getattr(tally, before[0]) - before[1])
    if after is not None:
        setattr(tally, after[0], getattr(tally, after[0]) + after[1])


def remove_rsvp(session: Session, rsvp: Rsvp, tally: RsvpTally) -> None:
    """Delete an answer and take it out of the locked `tally`."""
    move(tally, share_of(rsvp), None)
    session.delete(rsvp)


def recount(session: Session, *, is_check: bool = False) -> list[int]:
    """Make every tally what its answers say, or only look where `is_check`.

    Return the ids of events whose tally said something else.
    """
    tallies = {
        tally.event_id: tally
        for tally in session.scalars(select(RsvpTally).order_by(RsvpTally.event_id).with_for_update())
    }
    right = counted(session)
    wrong = []
    for event_id in sorted(tallies.keys() | right.keys()):
        numbers = right.get(event_id, dict.fromkeys(Count, 0))
        tally = tallies.get(event_id) or empty_tally(event_id)
        if all(getattr(tally, count) == people for count, people in numbers.items()):
            continue
        wrong.append(event_id)
        if not is_check:
            for count, people in numbers.items():
                setattr(tally, count, people)
            session.add(tally)
    return wrong
