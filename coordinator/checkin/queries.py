"""Who is expected at a door, who is here, and through which links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from coordinator.checkin.models import Attendance, DoorLink, DoorTally
from coordinator.checkin.rules import has_door, link_dies_at, room_at_the_door
from coordinator.events.models import Event
from coordinator.events.rules import over_at
from coordinator.kit.errors import NotFoundError
from coordinator.kit.tokens import token_digest
from coordinator.rsvps.codes import check_in_code, code_hash, read_short_code, short_code
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.queries import attendees, tally_of
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One answer as the door knows it. There is no more than this, on purpose."""

    who: str
    """`code_hash`: finds the answer when its code is scanned, and does not lead back to the code."""
    name: str
    """The first part of the name; empty where none was given, or the link is one without names."""
    party_size: int
    status: str
    people: int
    """How many of them are here."""
    said_at: datetime | None
    """When the door last said something about them."""
    act_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorNumbers:
    """How it stands at a door."""

    expected: int
    """People who said that they come."""
    came: int
    walk_ins: int
    room: int | None
    """How many more fit in; None where nobody counts."""
    no_shows: int | None
    """People with a place of whose party nobody came; None before it is over."""

    @property
    def here(self) -> int:
        """Return everybody who came through the door."""
        return self.came + self.walk_ins


class Arrival(NamedTuple):
    """What a phone has to learn of one party: no name, it has that already."""

    who: str
    people: int
    said_at: datetime
    act_id: str


def door_tally(session: Session, event: Event) -> DoorTally:
    """Return the numbers of a door; zeros where nobody came yet."""
    return session.get(DoorTally, event.id) or DoorTally(event_id=event.id, came=0, walk_ins=0)


def door_numbers(session: Session, event: Event, *, now: datetime) -> DoorNumbers:
    """Return the numbers of a door beside those of the answers."""
    tally = door_tally(session, event)
    return DoorNumbers(
        expected=tally_of(session, event).coming,
        came=tally.came,
        walk_ins=tally.walk_ins,
        room=room_at_the_door(event.capacity, here=tally.here),
        no_shows=no_shows(session, event) if _is_past(event, now) else None,
    )


def people_at_doors(session: Session, campaign_id: int) -> int:
    """Return how many people came through all doors of a campaign, by one number each."""
    people = func.sum(DoorTally.came + DoorTally.walk_ins)
    query = select(people).join(Event, Event.id == DoorTally.event_id).where(Event.campaign_id == campaign_id)
    return int(session.scalar(query) or 0)


def no_shows(session: Session, event: Event) -> int:
    """Return how many people have a place, and of whose party nobody is here. Ask when it is over."""
    came = select(Attendance.rsvp_id).where(Attendance.rsvp_id == Rsvp.id, Attendance.arrived_at.is_not(None))
    query = attendees(event).where(Rsvp.status == RsvpStatus.ACCEPTED, ~came.exists())
    return session.scalar(query.order_by(None).with_only_columns(func.sum(Rsvp.party_size))) or 0


def door_list(session: Session, event: Event, *, has_names: bool, seal: Seal) -> list[Guest]:
    """Return everybody who may come through the door, by first name; those without one by their code."""
    query = (
        attendees(event)
        .where(Rsvp.forgotten_at.is_(None))
        .outerjoin(Attendance, Attendance.rsvp_id == Rsvp.id)
        .with_only_columns(
            Rsvp.public_id, Rsvp.name_sealed, Rsvp.party_size, Rsvp.status,
            Attendance.people, Attendance.said_at, Attendance.act_id,
        )
    )  # fmt: skip
    guests = [_guest(row, event, seal, has_names=has_names) for row in session.execute(query)]
    return sorted(guests, key=lambda one: (not one.name, one.name.casefold(), one.who))


def matching(guests: Sequence[Guest], text: str) -> list[Guest]:
    """Return the guests whose first name begins with `text`, or whose short code it is."""
    name, code = text.strip().casefold(), read_short_code(text)
    return [one for one in guests if one.name.casefold().startswith(name) or short_code(one.who) == code]


def answers_by_code(session: Session, event: Event, wanted: Iterable[str], seal: Seal) -> dict[str, int]:
    """Return ids of answers to `event` by the hash of their code; only of `wanted`, and of this event's.

    Hashes are not stored, so those of all answers are made: two thousand take twenty milliseconds.
    """
    looked_for = set(wanted)
    if not looked_for:
        return {}
    query = select(Rsvp.id, Rsvp.public_id).where(Rsvp.event_id == event.id, Rsvp.forgotten_at.is_(None))
    hashed = ((_who(event, public_id, seal), rsvp_id) for rsvp_id, public_id in session.execute(query))
    return {who: rsvp_id for who, rsvp_id in hashed if who in looked_for}


def arrivals_since(session: Session, event: Event, since: datetime, seal: Seal) -> list[Arrival]:
    """Return what reached us about parties at a door from `since` on: what other phones said."""
    query = (
        select(Rsvp.public_id, Attendance)
        .join(Rsvp, Rsvp.id == Attendance.rsvp_id)
        .where(Attendance.event_id == event.id, Attendance.changed_at >= since)
        .order_by(Attendance.changed_at)
    )
    return [
        Arrival(_who(event, public_id, seal), row.people, row.said_at, row.act_id)
        for public_id, row in session.execute(query)
    ]


def door_links(session: Session, event: Event) -> Sequence[DoorLink]:
    """Return every link to a door, the newest first."""
    return session.scalars(
        select(DoorLink).where(DoorLink.event_id == event.id).order_by(DoorLink.id.desc())
    ).all()


def door_link_of(session: Session, event: Event, public_id: str) -> DoorLink:
    """Return one link to this event's door.

    Raises:
        NotFoundError: there is none, or it is another event's.
    """
    link = session.scalar(
        select(DoorLink).where(DoorLink.event_id == event.id, DoorLink.public_id == public_id)
    )
    if link is None:
        raise NotFoundError
    return link


def door_link_by_token(session: Session, token: str, *, now: datetime) -> DoorLink:
    """Return the living link that `token` is.

    Raises:
        NotFoundError: there is none, it is dead or revoked, or its event has no door: nobody is told which.
    """
    link = session.scalar(
        select(DoorLink)
        .where(DoorLink.token_digest == token_digest(token))
        .options(joinedload(DoorLink.event).joinedload(Event.campaign))
    )
    if link is None or not is_alive(link, now):
        raise NotFoundError
    return link


def is_alive(link: DoorLink, now: datetime) -> bool:
    """Tell whether a link opens its door."""
    return link.revoked_at is None and has_door(link.event.status) and now < dies_at(link)


def dies_at(link: DoorLink) -> datetime:
    """Return when a link stops working by itself."""
    event = link.event
    over = over_at(event.starts_at, event.ends_at, is_time_known=event.is_time_known)
    return link_dies_at(over, link.hours)


def _is_past(event: Event, now: datetime) -> bool:
    return over_at(event.starts_at, event.ends_at, is_time_known=event.is_time_known) <= now


def _guest(row: Any, event: Event, seal: Seal, *, has_names: bool) -> Guest:
    name = (seal.decrypt(row.name_sealed) or "").split() if has_names else []
    return Guest(
        who=_who(event, row.public_id, seal),
        name=name[0] if name else "",
        party_size=row.party_size,
        status=row.status.value,
        people=row.people or 0,
        said_at=row.said_at,
        act_id=row.act_id or "",
    )


def _who(event: Event, public_id: str, seal: Seal) -> str:
    return code_hash(check_in_code(event.public_id, public_id, seal))
