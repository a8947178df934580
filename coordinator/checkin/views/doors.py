"""What both doors share, the organiser's and the helper's: one page, one list, one way to take acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, redirect, request

from coordinator.checkin.models import DoorLink
from coordinator.checkin.queries import (
    answers_by_code,
    arrivals_since,
    door_list,
    door_numbers,
    door_tally,
    matching,
)
from coordinator.checkin.rules import (
    WrongActError,
    has_door,
    read_act,
    read_batch,
)
from coordinator.checkin.service import take_acts
from coordinator.events.cards import when_of
from coordinator.events.models import Event
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.ids import new_public_id
from coordinator.kit.paging import LAST_PAGE, ROWS_ON_A_PAGE
from coordinator.kit.web import seal
from coordinator.rsvps.codes import short_code, spoken

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from coordinator.checkin.queries import Guest
    from coordinator.checkin.rules import DoorAct

LONGEST_SEARCH = 80
OVERLAP = timedelta(seconds=10)
"""What is new is asked for from a little earlier: a transaction may be seen after a later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One event's door, and who stands at it."""

    event: Event
    actor: str
    """For the log: a public id of an account, or of a door link."""
    has_names: bool
    address: Callable[..., str]
    """`url_for` of one of this door's views: "page", "people", "news" or "acts"."""
    link: DoorLink | None = None


def page_context(door: Door) -> dict[str, Any]:
    """Return what the page of a door shows: numbers, and the part of the list that was asked for."""
    session, event = db.session(), door.event
    guests = door_list(session, event, has_names=door.has_names, seal=seal())
    text = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    number = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
    found = matching(guests, text) if text else guests
    start = (number - 1) * ROWS_ON_A_PAGE
    rows = found[start : start + ROWS_ON_A_PAGE]
    kept = {"q": text} if text else {}
    return {
        "door": door,
        "event": event,
        "when": when_of(event, current_language()),
        "numbers": door_numbers(session, event, now=now()),
        "is_open": has_door(event.status),
        "rows": [row_of(one) for one in rows],
        "text": text,
        "page_number": number,
        "previous_url": door.address("page", page=number - 1, **kept) if number > 1 else "",
        "next_url": door.address("page", page=number + 1, **kept) if len(found) > start + len(rows) else "",
    }


def row_of(guest: Guest) -> dict[str, Any]:
    """Return one line of the list."""
    return {
        "who": guest.who,
        "name": guest.name,
        "party_size": guest.party_size,
        "status": guest.status,
        "people": guest.people,
        "code": spoken(short_code(guest.who)),
        "anchor": f"g{guest.who[:12]}",
    }


def press(door: Door) -> ResponseReturnValue:
    """Take one press of a button, without JavaScript, and show the list where it was."""
    said: dict[str, Any] = {
        "kind": request.form.get("kind"),
        "id": new_public_id() + new_public_id(),
        "at": _milliseconds(now()),
        "who": request.form.get("who", ""),
        "people": request.form.get("people", 0, type=int),
    }
    act = read_act(said, now=now())
    _take(door, [act])
    kept = {name: request.form[name] for name in ("q", "page") if request.form.get(name)}
    anchor = f"g{act.who[:12]}" if act.who else "walk-ins"
    return redirect(door.address("page", **kept, _anchor=anchor), code=303)


def people_answer(door: Door) -> Response:
    """Answer with the whole list, for a phone that will be without a connection."""
    session, moment = db.session(), now()
    guests = door_list(session, door.event, has_names=door.has_names, seal=seal())
    rows = [
        [one.who, one.name, one.party_size, one.status, one.people, _milliseconds(one.said_at), one.act_id]
        for one in guests
    ]
    tally = door_tally(session, door.event)
    return jsonify(now=_milliseconds(moment), guests=rows, came=tally.came, walk_ins=tally.walk_ins)


def news_answer(door: Door) -> Response:
    """Answer with what other phones said since the moment that this one names."""
    return jsonify(_news(door, request.args.get("since", 0, type=int)))


def acts_answer(door: Door) -> ResponseReturnValue:
    """Take what was pressed while there was no connection, in any number of tries, each once."""
    said: Any = request.get_json(silent=True)
    try:
        acts = read_batch(said, now=now())
    except WrongActError as wrong:
        return jsonify(code=wrong.code), 422
    outcomes = _take(door, acts)
    since = said.get("since")
    news = _news(door, since if isinstance(since, int) else 0)
    return jsonify(news | {"outcomes": {act_id: outcome.value for act_id, outcome in outcomes.items()}})


def _take(door: Door, acts: list[DoorAct]) -> dict[str, Any]:
    """Do it. The hashes are made before the database is locked."""
    answers = answers_by_code(db.session(), door.event, {act.who for act in acts if act.who}, seal())
    with unit_of_work() as session:
        moment = now()
        if door.link is not None:
            door.link.used_at = moment
        outcomes = take_acts(session, door.event, acts, answers=answers, by=door.actor, now=moment)
    return dict(outcomes)


def _news(door: Door, since: int) -> dict[str, Any]:
    session, moment = db.session(), now()
    try:
        start = datetime.fromtimestamp(since / 1000, tz=UTC) - OVERLAP
    except (ValueError, OverflowError, OSError):
        start = datetime(1970, 1, 1, tzinfo=UTC)
    arrivals = arrivals_since(session, door.event, start, seal())
    tally = door_tally(session, door.event)
    return {
        "now": _milliseconds(moment),
        "came": tally.came,
        "walk_ins": tally.walk_ins,
        "arrivals": [
            [one.who, one.people, _milliseconds(one.said_at), one.act_id] for one in arrivals
        ],
    }  # fmt: skip


def _milliseconds(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp() * 1000)
