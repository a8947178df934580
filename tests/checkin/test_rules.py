from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coordinator.checkin.rules import (
    MOST_ACTS,
    WRONG_CLOCK,
    ActKind,
    WrongActError,
    has_door,
    is_newer,
    read_act,
    read_batch,
    room_at_the_door,
    walk_ins_after,
)
from coordinator.events.rules import EventStatus

NOON = datetime(2030, 9, 16, 12, 0, tzinfo=UTC)
WHO = "ab" * 32
ACT = "a" * 20


def at(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def said(**changes: Any) -> dict[str, Any]:
    return {"kind": "arrive", "id": ACT, "at": at(NOON), "who": WHO, "people": 2} | changes


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("arrive", id="no object"),
        pytest.param(said(kind="open"), id="a kind that is none"),
        pytest.param(said(kind=["arrive"]), id="a list for a kind"),
        pytest.param(said(id="short"), id="an id that two phones might make"),
        pytest.param(said(id="x" * 41), id="an id that does not fit"),
        pytest.param(said(id=7), id="a number for an id"),
        pytest.param(said(who=""), id="nobody arrives"),
        pytest.param(said(who="AB" * 32), id="no hash"),
        pytest.param(said(who=None), id="no text"),
        pytest.param(said(people=0), id="an empty party"),
        pytest.param(said(people=11), id="a party too large"),
        pytest.param(said(people="2"), id="a text for a number"),
        pytest.param(said(people=True), id="yes for a number"),
        pytest.param(said(people=10**30), id="too large a number"),
        pytest.param(said(at=None), id="no time"),
        pytest.param(said(at=10**18), id="a time beyond calendars"),
        pytest.param(said(at=at(NOON - timedelta(days=3))), id="three days ago"),
        pytest.param(said(kind="walk-in"), id="a walk-in with a code"),
        pytest.param(said(kind="walk-in", who="", people=0), id="no walk-in at all"),
    ],
)
def test_what_is_no_act_is_refused(wrong: object) -> None:
    with pytest.raises(WrongActError):
        read_act(wrong, now=NOON)


def test_an_undo_needs_no_number() -> None:
    act = read_act({"kind": "undo", "id": ACT, "at": at(NOON), "who": WHO}, now=NOON)

    assert (act.kind, act.people) == (ActKind.UNDO, 0)


def test_a_phone_whose_clock_is_wrong_says_when_all_the_same() -> None:
    wrong = timedelta(hours=-5, minutes=3)
    pressed, sent = NOON - timedelta(minutes=20), NOON

    (act,) = read_batch({"sent_at": at(sent + wrong), "acts": [said(at=at(pressed + wrong))]}, now=NOON)

    assert act.at == pressed


def test_two_quick_presses_keep_their_order_whatever_way_they_take_through_the_network() -> None:
    def sent(pressed: float, on_the_way: float) -> datetime:
        moment = NOON + timedelta(seconds=pressed)
        said_at = at(moment + timedelta(seconds=0.1))
        arrives = moment + timedelta(seconds=on_the_way)
        return read_batch({"sent_at": said_at, "acts": [said(at=at(moment))]}, now=arrives)[0].at

    assert sent(pressed=0, on_the_way=9) < sent(pressed=1, on_the_way=0.2)


def test_nobody_acts_in_the_future() -> None:
    assert read_act(said(at=at(NOON + timedelta(hours=1))), now=NOON).at == NOON + WRONG_CLOCK


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"acts": []},
        {"acts": {}, "sent_at": 0},
        {"acts": [said()] * (MOST_ACTS + 1), "sent_at": 0},
    ],
)
def test_what_is_no_batch_is_refused(wrong: object) -> None:
    with pytest.raises(WrongActError):
        read_batch(wrong, now=NOON)


@pytest.mark.parametrize(
    ("at", "act_id", "expected"),
    [
        pytest.param(NOON + timedelta(seconds=1), "a", True, id="later"),
        pytest.param(NOON - timedelta(seconds=1), "z", False, id="earlier"),
        pytest.param(NOON, "z", True, id="at the same moment, the larger id"),
        pytest.param(NOON, "a", False, id="at the same moment, the smaller id"),
    ],
)
def test_the_later_press_stands(at: datetime, act_id: str, expected: bool) -> None:
    assert is_newer(at, act_id, than_at=NOON, than_id="m") is expected
    assert is_newer(at, act_id, than_at=None, than_id="")


def test_two_phones_that_take_back_the_same_person_leave_nobody_owing() -> None:
    assert walk_ins_after(walk_ins_after(walk_ins_after(1, -1), -1), 1) == 1


@pytest.mark.parametrize(
    ("capacity", "here", "expected"), [(None, 500, None), (20, 17, 3), (20, 20, 0), (20, 25, 0)]
)
def test_room_at_the_door(capacity: int | None, here: int, expected: int | None) -> None:
    assert room_at_the_door(capacity, here=here) == expected


def test_only_what_happens_has_a_door() -> None:
    assert {status for status in EventStatus if has_door(status)} == {EventStatus.PUBLISHED}
