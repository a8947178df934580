"""The numbers of an event: the lock that gives the last place once, and what every answer adds to them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Update, and_, bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError

from coordinator.campaigns.models import Campaign
from coordinator.campaigns.rules import CampaignStatus
from coordinator.events.models import Event
from coordinator.events.queries.public import answerable_event
from coordinator.events.rules import REACHABLE, EventStatus
from coordinator.kit.db import writing_connection
from coordinator.kit.errors import NotFoundError
from coordinator.rsvps.models import Rsvp, RsvpTally
from coordinator.rsvps.queries import counted, empty_tally
from coordinator.rsvps.rules import Count, answers_close_at, counted_as, takes_answers

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

_TALLY, _EVENT, _CAMPAIGN, _RSVP = (model.__table__ for model in (RsvpTally, Event, Campaign, Rsvp))
_OF_EVENT = _EVENT.c.public_id == bindparam("public_id")
_LOCK = (
    select(_TALLY.c.event_id)
    .where(_TALLY.c.event_id == select(_EVENT.c.id).where(_OF_EVENT).scalar_subquery())
    .with_for_update()
)
_SAME_FORM = _RSVP.c.token_digest == bindparam("token")
_SAME_ADDRESS = and_(_RSVP.c.event_id == _EVENT.c.id, _RSVP.c.email_digest == bindparam("email"))


def _standing(same: ColumnElement[bool]) -> Select[Any]:
    before = select(_RSVP.c.id).where(same).order_by(_RSVP.c.id).limit(1)
    return (
        select(
            _EVENT.c.id,
            _TALLY.c.confirmed + _TALLY.c.unconfirmed + _TALLY.c.offered,
            _TALLY.c.offered,
            _TALLY.c.waitlisted,
            _EVENT.c.status,
            _EVENT.c.capacity,
            _EVENT.c.starts_at,
            _EVENT.c.ends_at,
            _EVENT.c.is_time_known,
            before.correlate(_EVENT).scalar_subquery(),
            _CAMPAIGN.c.status,
        )
        .join(_CAMPAIGN, _CAMPAIGN.c.id == _EVENT.c.campaign_id)
        .outerjoin(_TALLY, _TALLY.c.event_id == _EVENT.c.id)
        .where(_OF_EVENT)
    )


_STANDING, _STANDING_BY_ADDRESS = _standing(_SAME_FORM), _standing(or_(_SAME_FORM, _SAME_ADDRESS))


class Standing(NamedTuple):
    """What decides about an answer to an event, read under the lock of its tally."""

    event_id: int
    taken: int
    """People who hold a place, or have one held for them: see `RsvpTally.taken`."""
    offered: int
    waiting: int
    """People in the queue."""
    status: EventStatus
    capacity: int | None
    starts_at: datetime
    ends_at: datetime | None
    is_time_known: bool
    before: int | None
    """Number of what the same form or the same address has answered before."""

    @property
    def has_room(self) -> bool:
        """Tell whether a place is free."""
        return self.capacity is None or self.taken < self.capacity


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


def lock_standing(
    session: Session, public_id: str, *, token_digest: str, email_digest: str | None
) -> Standing:
    """Lock the tally of an event that may be reached, and return how it stands under the lock.

    One question and no objects: on the day itself everybody answers at once. PostgreSQL is asked for the lock
    apart, because it would answer from before it waited; on SQLite the whole transaction has it.

    Raises:
        NotFoundError: there is no such event, or none that this person may know of.
    """
    connection = writing_connection(session)
    if connection.dialect.name != "sqlite":
        connection.execute(_LOCK, {"public_id": public_id})
    asked = {"public_id": public_id, "token": token_digest}
    question = _STANDING
    if email_digest is not None:
        question, asked["email"] = _STANDING_BY_ADDRESS, email_digest
    found = connection.execute(question, asked).first()
    if found is None or found.status not in REACHABLE or found[-1] is CampaignStatus.DRAFT:
        raise NotFoundError
    standing = Standing(*found[:-1])
    if standing.offered is None:  # the first answer to this event
        lock_tally(session, answerable_event(session, public_id))
        session.flush()
        return lock_standing(session, public_id, token_digest=token_digest, email_digest=email_digest)
    return standing


def add_people(session: Session, event_id: int, count: Count, people: int) -> None:
    """Put into the locked tally of an event what a new answer adds to it."""
    writing_connection(session).execute(_adding(count), {"of_event": event_id, "people": people})


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
