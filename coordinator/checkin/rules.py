"""What is said at the door, and which of two phones is right. Plain values: no database, no web, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from coordinator.events.rules import EventStatus
from coordinator.kit.errors import RefusedError
from coordinator.rsvps.rules import LARGEST_PARTY

LONGEST_LABEL = 60
MOST_LINKS = 20  # alive at one time for one event
MOST_ACTS = 200  # in one batch; a phone that was away for hours sends several
SHORTEST_ACT_ID, LONGEST_ACT_ID = 16, 40
OLDEST_ACT = timedelta(days=2)
"""A phone that says it acted longer ago has a clock that is wrong."""

WRONG_CLOCK = timedelta(minutes=1)
"""A phone whose clock is off by less is believed as it is."""

HOURS = (2, 6, 24)
USUAL_HOURS = 6
"""How long after its event a door link lives."""

_ACT_ID = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_ACT_ID},{LONGEST_ACT_ID}}}")
_WHO = re.compile(r"[0-9a-f]{64}")


class ActKind(StrEnum):
    """What somebody at the door says."""

    ARRIVE = "arrive"
    """A party is here, with so many people; again with another number, to set it right."""
    UNDO = "undo"
    """It was a mistake: they are not here."""
    WALK_IN = "walk-in"
    """People who did not answer before came, or fewer of them than was thought: a number with its sign."""


class Outcome(StrEnum):
    """What became of an act."""

    DONE = "done"
    REPEATED = "repeated"
    """The same act was sent before; nothing was done twice."""
    LATE = "late"
    """Another phone said something newer about the same party; that stands."""
    UNKNOWN = "unknown"
    """There is no such answer at this event any more."""


class DoorClosedError(RefusedError):
    """The event has no door: it is not published, or it was called off."""

    code = "checkin.closed"


class TooManyLinksError(RefusedError):
    """Nobody needs so many doors; somebody else may be making them."""

    code = "checkin.too_many_links"


class WrongActError(RefusedError):
    """What was sent is no act."""

    code = "checkin.wrong_act"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorAct:
    """One thing that was said at the door."""

    kind: ActKind
    at: datetime
    """When the button was pressed, which may be long before it was sent."""
    act_id: str
    """Made where the button was pressed; the same one twice is one act."""
    who: str = ""
    """`code_hash` of the answer; empty for walk-ins."""
    people: int = 0
    """Who came, not more than the party; for walk-ins, how many more or fewer."""


def has_door(status: EventStatus) -> bool:
    """Tell whether people come to an event at its time: not while postponed, and not once called off."""
    return status is EventStatus.PUBLISHED


def read_act(said: object, *, now: datetime, skew: timedelta = timedelta()) -> DoorAct:
    """Read one act as a phone sends it.

    Args:
        said: a JSON object with kind, id, at (milliseconds since 1970 on the phone's clock), who, people.
        now: this moment.
        skew: what to add to the phone's clock to get ours, which makes a wrong clock right.

    Raises:
        WrongActError: it is none.
    """
    if not isinstance(said, dict):
        raise WrongActError
    kind, act_id, who = said.get("kind"), said.get("id"), said.get("who", "")
    if kind not in [one.value for one in ActKind] or not isinstance(act_id, str) or not isinstance(who, str):
        raise WrongActError
    act = DoorAct(
        kind=ActKind(kind),
        at=_moment(_number(said.get("at")), skew, now),
        act_id=act_id,
        who=who,
        people=_number(said.get("people", 0)),
    )
    check_act(act)
    return act


def read_batch(said: object, *, now: datetime) -> list[DoorAct]:
    """Read what a phone sends together: its acts, and what its clock says (`sent_at`, in milliseconds).

    Raises:
        WrongActError: it is no batch, or a larger one than `MOST_ACTS`.
    """
    if not isinstance(said, dict):
        raise WrongActError
    acts = said.get("acts")
    if not isinstance(acts, list) or len(acts) > MOST_ACTS:
        raise WrongActError
    skew = now - _on_phone(_number(said.get("sent_at")), now)
    if abs(skew) <= WRONG_CLOCK:  # the way through the network; moving it would change the order of presses
        skew = timedelta()
    return [read_act(one, now=now, skew=skew) for one in acts]


def check_act(act: DoorAct) -> None:
    """Look that an act says what its kind needs.

    Raises:
        WrongActError: it does not.
    """
    if not _ACT_ID.fullmatch(act.act_id):
        raise WrongActError
    if act.kind is ActKind.WALK_IN:
        is_right = act.people != 0 and abs(act.people) <= LARGEST_PARTY and not act.who
    else:
        is_right = _WHO.fullmatch(act.who) is not None
        is_right = is_right and (act.kind is ActKind.UNDO or 1 <= act.people <= LARGEST_PARTY)
    if not is_right:
        raise WrongActError


def is_newer(at: datetime, act_id: str, *, than_at: datetime | None, than_id: str) -> bool:
    """Tell whether an act stands against what was said before: the later one does, on every phone the same.

    Two at the same millisecond are told apart by their ids, so that the order in which they arrive here
    decides nothing.
    """
    return than_at is None or (at, act_id) > (than_at, than_id)


def walk_ins_after(walk_ins: int, change: int) -> int:
    """Return how many walk-ins there are; two phones that take back the same person leave nobody owing."""
    return max(0, walk_ins + change)


def room_at_the_door(capacity: int | None, *, here: int) -> int | None:
    """Return how many people still fit; None when nobody counts. Who is here counts, and not who said so."""
    return None if capacity is None else max(0, capacity - here)


def link_dies_at(over_at: datetime, hours: int) -> datetime:
    """Return when a door link stops working. It moves with the event."""
    return over_at + timedelta(hours=hours)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongActError
    return value


def _on_phone(milliseconds: int, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=now.tzinfo)
    except (ValueError, OverflowError, OSError):
        raise WrongActError from None


def _moment(milliseconds: int, skew: timedelta, now: datetime) -> datetime:
    """Return the moment of an act by our clock: not later than a clock may be off, and not days ago."""
    try:
        moment = min(_on_phone(milliseconds, now) + skew, now + WRONG_CLOCK)
    except OverflowError:
        raise WrongActError from None
    if moment < now - OLDEST_ACT:
        raise WrongActError
    return moment
