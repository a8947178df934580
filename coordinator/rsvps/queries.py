"""What people answered: tallies for pages and feeds, one answer by its link, the organiser's list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.kit.errors import NotFoundError
from coordinator.kit.tokens import token_digest
from coordinator.rsvps.models import Rsvp, RsvpTally
from coordinator.rsvps.rules import EXPECTED, Count, RsvpStatus, counted_as

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

IS_KNOWN = or_(Rsvp.email_digest.is_(None), Rsvp.confirmed_at.is_not(None))
"""Answers that count: without an address, or with one that was shown to be theirs."""


_IS_IN_LINE = and_(
    Rsvp.status == RsvpStatus.WAITLISTED, IS_KNOWN, Rsvp.offered_until.is_(None), Rsvp.lapsed_at.is_(None)
)


def empty_tally(event_id: int) -> RsvpTally:
    """Return a tally of an event that nobody has answered. It belongs to no session."""
    return RsvpTally(event_id=event_id, **dict.fromkeys(Count, 0))


def tally_of(session: Session, event: Event) -> RsvpTally:
    """Return the numbers of one event; zeros when nobody has answered."""
    return session.get(RsvpTally, event.id) or empty_tally(event.id)


def tallies_of(session: Session, event_ids: Iterable[int]) -> dict[int, RsvpTally]:
    """Return the numbers of many events, by the event's id; events that nobody answered have zeros."""
    wanted = list(event_ids)
    found = session.scalars(select(RsvpTally).where(RsvpTally.event_id.in_(wanted)))
    return {event_id: empty_tally(event_id) for event_id in wanted} | {
        tally.event_id: tally for tally in found
    }


def rsvp_by_token(session: Session, token: str) -> Rsvp:
    """Return the answer that a private link opens.

    Raises:
        NotFoundError: no link of ours, or the answer has been forgotten.
    """
    rsvp = session.scalar(
        select(Rsvp).where(Rsvp.token_digest == token_digest(token), Rsvp.forgotten_at.is_(None))
    )
    if rsvp is None:
        raise NotFoundError
    return rsvp


def rsvp_of(session: Session, event_id: int, email_digest: str) -> Rsvp | None:
    """Return what the holder of an address answered to an event."""
    return session.scalar(select(Rsvp).where(Rsvp.event_id == event_id, Rsvp.email_digest == email_digest))


def waiting_parties(event_id: int, *, largest: int | None = None) -> Select[Rsvp]:
    """Select who may be taken in next, in the order in which they began to wait.

    Somebody who left an address and did not confirm it is not taken in: nobody could tell them. Nor is
    somebody who has an offer already, or let one run out and has not come back since.
    """
    query = select(Rsvp).where(Rsvp.event_id == event_id, _IS_IN_LINE)
    if largest is not None:
        query = query.where(Rsvp.party_size <= largest)
    return query.order_by(Rsvp.waiting_since, Rsvp.id)


def lapsing_offers(event_id: int, now: datetime) -> Select[Rsvp]:
    """Select those for whom a place was held until now, the longest first."""
    query = select(Rsvp).where(Rsvp.event_id == event_id, Rsvp.offered_until <= now)
    return query.order_by(Rsvp.offered_until, Rsvp.id)


def events_with_lapsed_offers(session: Session, now: datetime) -> list[int]:
    """Return ids of events that hold a place for somebody whose time to take it is over."""
    return list(session.scalars(select(Rsvp.event_id).where(Rsvp.offered_until <= now).distinct()))


def events_with_room(session: Session) -> list[int]:
    """Return ids of published events where somebody waits although there is room for their party."""
    room: ColumnElement[bool] = or_(
        Event.capacity.is_(None),
        Rsvp.party_size <= Event.capacity - RsvpTally.confirmed - RsvpTally.unconfirmed - RsvpTally.offered,
    )
    query = (
        select(RsvpTally.event_id)
        .join(Event, Event.id == RsvpTally.event_id)
        .join(Rsvp, Rsvp.event_id == RsvpTally.event_id)
        .where(
            RsvpTally.waitlisted > 0,
            Event.status == EventStatus.PUBLISHED,
            _IS_IN_LINE,
            room,
        )
        .distinct()
    )
    return list(session.scalars(query))


SHOWN = ("coming", "maybe", "waiting", "needs")
"""Parts of the organiser's list that can be looked at alone."""


def attendees(event: Event, show: str = "") -> Select[Rsvp]:
    """Select the answers that the organiser sees, in the order in which they came; or a part of `SHOWN`.

    Those with an unconfirmed address are not among them: somebody else may have typed it. The waiting list
    comes in its own order, offered places first.
    """
    query = select(Rsvp).where(Rsvp.event_id == event.id, Rsvp.status.in_(EXPECTED), IS_KNOWN)
    if show == "coming":
        query = query.where(Rsvp.status == RsvpStatus.ACCEPTED)
    elif show == "maybe":
        query = query.where(Rsvp.status == RsvpStatus.TENTATIVE)
    elif show == "needs":
        query = query.where(Rsvp.needs_sealed.is_not(None))
    elif show == "waiting":
        query = query.where(Rsvp.status == RsvpStatus.WAITLISTED)
        is_offered, has_let_go = Rsvp.offered_until.is_not(None), Rsvp.lapsed_at.is_not(None)
        return query.order_by(is_offered.desc(), has_let_go, Rsvp.waiting_since, Rsvp.id)
    return query.order_by(Rsvp.id)


def needs_counted(session: Session, event: Event) -> int:
    """Return how many answers say that somebody needs something to take part."""
    wanted = attendees(event, "needs").order_by(None).with_only_columns(func.count(Rsvp.id))
    return session.scalar(wanted) or 0


def counted(session: Session, event_ids: Iterable[int] | None = None) -> dict[int, dict[Count, int]]:
    """Return the numbers as the answers themselves say, by event: what the tallies ought to be."""
    has_email, is_confirmed = Rsvp.email_digest.is_not(None), Rsvp.confirmed_at.is_not(None)
    kinds = (Rsvp.event_id, Rsvp.status, has_email, is_confirmed, Rsvp.offered_until.is_not(None))
    query = select(*kinds, func.sum(Rsvp.party_size)).group_by(*kinds)
    if event_ids is not None:
        query = query.where(Rsvp.event_id.in_(list(event_ids)))
    sums: dict[int, dict[Count, int]] = {}
    for event_id, status, email, confirmed, offered, people in session.execute(query):
        of_event = sums.setdefault(event_id, dict.fromkeys(Count, 0))
        count = counted_as(
            status, has_email=bool(email), is_confirmed=bool(confirmed), is_offered=bool(offered)
        )
        if count is not None:
            of_event[count] += people
    return sums


def has_code(rsvp: Rsvp) -> bool:
    """Tell whether an answer has a code to show at the door: it is known and was not taken back."""
    return rsvp.status in EXPECTED and (rsvp.email_digest is None or rsvp.confirmed_at is not None)


def has_places() -> ColumnElement[bool]:
    """Return the condition that somebody who comes anew finds a place at an event."""
    tally = aliased(RsvpTally)  # the query around may have joined the tallies for its own columns
    taken = tally.confirmed + tally.unconfirmed + tally.offered
    is_full = exists().where(tally.event_id == Event.id, taken >= Event.capacity)
    return or_(Event.capacity.is_(None), ~is_full)


def full_events(session: Session, campaign_id: int) -> frozenset[int]:
    """Return the ids of a campaign's events where nobody who comes anew finds a place."""
    query = select(Event.id).where(Event.campaign_id == campaign_id, ~has_places())
    return frozenset(session.scalars(query))
