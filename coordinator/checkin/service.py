"""What is done at the door, and by whom it may be done. Each function is one act; none of them commits.

Every act takes the lock of the door's tally first, like answers do with theirs (rsvps/service): so the
numbers are always those of the rows, whichever of three phones is faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from coordinator.audit.service import record
from coordinator.checkin.models import Attendance, DoorLink, DoorTally, TakenAct
from coordinator.checkin.rules import (
    MOST_LINKS,
    ActKind,
    DoorClosedError,
    Outcome,
    TooManyLinksError,
    has_door,
    is_newer,
    walk_ins_after,
)
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import new_token, token_digest
from coordinator.rsvps.models import Rsvp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.checkin.rules import DoorAct
    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal


class NewLink(NamedTuple):
    """A link that was made now."""

    link: DoorLink
    token: str
    """To be shown now; nobody can show it again."""


def take_acts(
    session: Session,
    event: Event,
    acts: Sequence[DoorAct],
    *,
    answers: Mapping[str, int],
    by: str,
    now: datetime,
) -> dict[str, Outcome]:
    """Do what a phone says was done at the door. Return what became of each act, by its id.

    Facts are not refused: whoever was let in while the phone had no connection is inside. So neither the
    capacity nor the waiting list is asked here; the page shows whether there is room before it is pressed.

    Args:
        session: the transaction.
        event: whose door it is.
        acts: in the order in which they were said.
        answers: ids of answers to this event by `who` (`queries.answers_by_code`).
        by: the actor for the log.
        now: this moment.

    Raises:
        DoorClosedError: the event has no door.
    """
    if not has_door(event.status):
        raise DoorClosedError
    tally = lock_door(session, event)
    known = _taken(session, event, acts)
    rsvps = {row.id: row for row in session.scalars(select(Rsvp).where(Rsvp.id.in_(answers.values())))}
    outcomes: dict[str, Outcome] = {}
    for act in acts:
        if act.act_id in known:
            outcomes.setdefault(act.act_id, Outcome.REPEATED)
            continue
        known.add(act.act_id)
        session.add(TakenAct(event_id=event.id, act_id=act.act_id))
        if act.kind is ActKind.WALK_IN:
            outcomes[act.act_id] = _count_walk_in(session, event, tally, act, by=by, now=now)
        else:
            rsvp = rsvps.get(answers.get(act.who, 0))
            outcomes[act.act_id] = (
                Outcome.UNKNOWN if rsvp is None else _mark(session, rsvp, tally, act, by=by, now=now)
            )
    return outcomes


def lock_door(session: Session, event: Event) -> DoorTally:
    """Return the numbers of the event's door, locked to the end of the transaction."""
    tally = session.get(DoorTally, event.id, with_for_update=True, populate_existing=True)
    if tally is None:
        try:
            with session.begin_nested():
                session.add(DoorTally(event_id=event.id, came=0, walk_ins=0))
        except IntegrityError:  # another phone was first, at the same moment
            session.expire_all()
        tally = session.get_one(DoorTally, event.id, with_for_update=True, populate_existing=True)
    return tally


def make_link(  # noqa: PLR0913 each is one thing that the organiser chooses
    session: Session,
    event: Event,
    *,
    label: str,
    has_names: bool,
    hours: int,
    by: Account,
    seal: Seal,
    now: datetime,
) -> NewLink:
    """Make a way in to one event's door.

    Raises:
        DoorClosedError: the event has no door.
        TooManyLinksError: there are `MOST_LINKS` that were not revoked.
    """
    if not has_door(event.status):
        raise DoorClosedError
    lock_door(session, event)
    alive = select(func.count(DoorLink.id)).where(
        DoorLink.event_id == event.id, DoorLink.revoked_at.is_(None)
    )
    if (session.scalar(alive) or 0) >= MOST_LINKS:
        raise TooManyLinksError
    token = new_token()
    link = DoorLink(
        public_id=new_public_id(),
        event=event,
        label_sealed=seal.encrypt(label),
        token_digest=token_digest(token),
        has_names=has_names,
        hours=hours,
        created_at=now,
    )
    session.add(link)
    _record_link(session, "door-link:made", link, event, by=by, now=now)
    return NewLink(link, token)


def revoke_link(session: Session, link: DoorLink, *, by: Account, now: datetime) -> None:
    """Let a link open nothing from now on. What was said with it stays."""
    if link.revoked_at is not None:
        return
    link.revoked_at = now
    _record_link(session, "door-link:revoked", link, link.event, by=by, now=now)


def forget_door(session: Session, event_id: int) -> int:
    """Delete the links to a door, with what they were called, and the ids of acts. Return how many links.

    Who came stays as numbers beside answers that have been emptied.
    """
    session.execute(delete(TakenAct).where(TakenAct.event_id == event_id))
    gone = session.execute(delete(DoorLink).where(DoorLink.event_id == event_id).returning(DoorLink.id))
    return len(gone.all())


def _taken(session: Session, event: Event, acts: Sequence[DoorAct]) -> set[str]:
    """Return the ids among `acts` that were done before."""
    query = select(TakenAct.act_id).where(
        TakenAct.event_id == event.id, TakenAct.act_id.in_([act.act_id for act in acts])
    )
    return set(session.scalars(query))


def _mark(session: Session, rsvp: Rsvp, tally: DoorTally, act: DoorAct, *, by: str, now: datetime) -> Outcome:
    """Note that a party is here, or that it is not, unless something newer was said about it."""
    row = session.get(Attendance, rsvp.id)
    if row is not None and not is_newer(act.at, act.act_id, than_at=row.said_at, than_id=row.act_id):
        return Outcome.LATE
    if row is None:
        row = Attendance(rsvp_id=rsvp.id, event_id=rsvp.event_id, people=0, arrived_at=None)
        session.add(row)
    people = min(act.people, rsvp.party_size) if act.kind is ActKind.ARRIVE else 0
    is_news = people != row.people
    tally.came += people - row.people
    row.people = people
    row.arrived_at = (row.arrived_at or act.at) if people else None
    row.said_at, row.act_id, row.changed_at = act.at, act.act_id, now
    session.flush()  # the next act may be about the same party
    if is_news:
        tag = "checkin:arrived" if people else "checkin:undone"
        record(session, tag, f"rsvp:{rsvp.public_id}", by=by, at=now, people=people)
    return Outcome.DONE


def _count_walk_in(
    session: Session, event: Event, tally: DoorTally, act: DoorAct, *, by: str, now: datetime
) -> Outcome:
    before = tally.walk_ins
    tally.walk_ins = walk_ins_after(before, act.people)
    if tally.walk_ins != before:
        change = tally.walk_ins - before
        record(session, "checkin:walk-in", f"event:{event.public_id}", by=by, at=now, people=change)
    return Outcome.DONE


def _record_link(
    session: Session, tag: str, link: DoorLink, event: Event, *, by: Account, now: datetime
) -> None:
    record(
        session,
        tag,
        f"door-link:{link.public_id}",
        by=by.public_id,
        at=now,
        campaign=event.campaign.slug,
        event=event.public_id,
        has_names=link.has_names,
    )
