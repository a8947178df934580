from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from coordinator.events.rules import (
    PUBLIC,
    REACHABLE,
    TRANSITIONS,
    Act,
    DayError,
    EventDetails,
    EventStatus,
    TimesError,
    TooLongError,
    WrongStateError,
    after,
    changed_fields,
    check_day,
    check_times,
    fingerprint,
    is_news,
    is_public,
    kept,
    over_at,
    publishes_at_once,
    with_kept,
)
from coordinator.places.rules import Precision

SIX = datetime(2030, 9, 16, 18, 0, tzinfo=UTC)
DETAILS = EventDetails(
    title="Vigil",
    starts_local=datetime(2030, 9, 16, 18, 0),  # noqa: DTZ001 a wall time
    ends_local=datetime(2030, 9, 16, 19, 30),  # noqa: DTZ001 a wall time
    timezone="Europe/Berlin",
    address="Unter den Linden 63, Berlin",
    city="Berlin",
    country="DE",
    latitude=52.5162,
    longitude=13.3825,
    precision=Precision.BUILDING,
    located_by="mission",
    languages="de ru",
)


@pytest.mark.parametrize(
    ("act", "before", "expected"),
    [
        (Act.SUBMIT, EventStatus.DRAFT, EventStatus.SUBMITTED),
        (Act.SUBMIT, EventStatus.REJECTED, EventStatus.SUBMITTED),
        (Act.SUBMIT, EventStatus.SUBMITTED, EventStatus.SUBMITTED),
        (Act.SUBMIT, EventStatus.PUBLISHED, None),
        (Act.SUBMIT, EventStatus.CANCELLED, None),
        (Act.PUBLISH, EventStatus.SUBMITTED, EventStatus.PUBLISHED),
        (Act.PUBLISH, EventStatus.DRAFT, None),
        (Act.PUBLISH, EventStatus.PUBLISHED, None),
        (Act.PUBLISH, EventStatus.CANCELLED, None),
        (Act.REJECT, EventStatus.SUBMITTED, EventStatus.REJECTED),
        (Act.REJECT, EventStatus.PUBLISHED, None),
        (Act.CANCEL, EventStatus.SUBMITTED, EventStatus.CANCELLED),
        (Act.CANCEL, EventStatus.PUBLISHED, EventStatus.CANCELLED),
        (Act.CANCEL, EventStatus.DRAFT, None),
        (Act.CANCEL, EventStatus.CANCELLED, None),
        (Act.WITHDRAW, EventStatus.SUBMITTED, EventStatus.DRAFT),
        (Act.WITHDRAW, EventStatus.PUBLISHED, None),
    ],
)
def test_after(act: Act, before: EventStatus, expected: EventStatus | None) -> None:
    if expected is None:
        with pytest.raises(WrongStateError):
            after(act, before)
    else:
        assert after(act, before) is expected


@given(st.lists(st.sampled_from(Act)))
def test_whatever_is_tried_nothing_becomes_public_without_being_published(acts: list[Act]) -> None:
    status, was_published = EventStatus.DRAFT, False
    for act in acts:
        try:
            status = after(act, status)
        except WrongStateError:
            continue
        was_published = was_published or act is Act.PUBLISH

    assert is_public(status, was_published=was_published) <= was_published
    if was_published:
        assert status in PUBLIC


def test_cancelled_is_the_end() -> None:
    assert not any(EventStatus.CANCELLED in starts for starts in TRANSITIONS.values())


def test_whoever_has_the_link_sees_what_waits_and_nobody_else() -> None:
    assert {EventStatus.SUBMITTED} == REACHABLE - PUBLIC


@pytest.mark.parametrize(
    ("status", "was_published", "expected"),
    [
        (EventStatus.PUBLISHED, True, True),
        (EventStatus.CANCELLED, True, True),
        pytest.param(EventStatus.CANCELLED, False, False, id="cancelled while it waited: was never public"),
        (EventStatus.SUBMITTED, False, False),
        (EventStatus.REJECTED, False, False),
        (EventStatus.DRAFT, False, False),
    ],
)
def test_is_public(status: EventStatus, was_published: bool, expected: bool) -> None:
    assert is_public(status, was_published=was_published) is expected


@pytest.mark.parametrize(
    ("first", "last", "is_right"),
    [
        (date(2030, 9, 16), None, True),
        (date(2030, 9, 17), None, False),
        (date(2030, 9, 14), date(2030, 9, 16), True),
        (date(2030, 9, 16), date(2030, 9, 20), True),
        (date(2030, 9, 10), date(2030, 9, 15), False),
        pytest.param(None, None, True, id="every event has its own day"),
    ],
)
def test_check_day(first: date | None, last: date | None, is_right: bool) -> None:
    if is_right:
        check_day(date(2030, 9, 16), first=first, last=last)
    else:
        with pytest.raises(DayError):
            check_day(date(2030, 9, 16), first=first, last=last)


def test_it_ends_after_it_starts_and_within_reason() -> None:
    check_times(SIX, None)
    check_times(SIX, SIX + timedelta(days=14))
    with pytest.raises(TimesError):
        check_times(SIX, SIX)
    with pytest.raises(TooLongError):
        check_times(SIX, SIX + timedelta(days=14, minutes=1))


@pytest.mark.parametrize(
    ("ends_at", "is_time_known", "expected"),
    [
        (SIX + timedelta(hours=1), True, SIX + timedelta(hours=1)),
        (None, True, SIX + timedelta(hours=4)),
        pytest.param(None, False, SIX + timedelta(hours=12), id="noon stands for the day"),
    ],
)
def test_over_at(ends_at: datetime | None, is_time_known: bool, expected: datetime) -> None:
    assert over_at(SIX, ends_at, is_time_known=is_time_known) == expected


@pytest.mark.parametrize("trusts", [True, False])
@pytest.mark.parametrize("is_trusted", [True, False])
def test_both_the_campaign_and_the_coordinators_have_to_trust(trusts: bool, is_trusted: bool) -> None:
    assert publishes_at_once(trusts_organisers=trusts, is_trusted=is_trusted) is (trusts and is_trusted)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": "Another title"}, False),
        ({"description": "More words"}, False),
        ({"capacity": 5}, False),
        ({"starts_local": datetime(2030, 9, 16, 17, 0)}, True),  # noqa: DTZ001 a wall time
        ({"timezone": "Europe/Kyiv"}, True),
        ({"is_time_known": False}, True),
        ({"address": "Alexanderplatz"}, True),
        ({"mission_id": 4}, True),
        pytest.param({"latitude": 52.51625}, False, id="six metres: the pin was set straight"),
        ({"latitude": 52.52}, True),
        ({"latitude": None, "longitude": None}, True),
    ],
)
def test_only_another_time_or_place_is_news(change: dict[str, object], expected: bool) -> None:
    assert is_news(DETAILS, replace(DETAILS, **change)) is expected  # type: ignore[arg-type]


def test_a_proposed_change_survives_json() -> None:
    wanted = replace(
        DETAILS,
        title="Wake",
        starts_local=datetime(2030, 9, 16, 17, 15),  # noqa: DTZ001 a wall time
        ends_local=None,
        precision=Precision.EXACT,
        capacity=30,
    )

    proposed = json.loads(json.dumps(kept(DETAILS, wanted)))

    assert set(proposed) == {"title", "starts_local", "ends_local", "precision", "capacity"}
    assert with_kept(DETAILS, proposed) == wanted


def test_fields_that_are_not_there_any_more_are_left_out_of_an_old_proposal() -> None:
    assert with_kept(DETAILS, {"title": "Wake", "colour": "red"}) == replace(DETAILS, title="Wake")


def test_a_fingerprint_differs_with_everything_a_coordinator_reads() -> None:
    same = fingerprint(DETAILS, None)

    assert same == fingerprint(replace(DETAILS), None)
    assert same != fingerprint(replace(DETAILS, title="Wake"), None)
    assert same != fingerprint(DETAILS, {"title": "Wake"})


def test_changed_fields_come_in_their_usual_order() -> None:
    assert changed_fields(DETAILS, replace(DETAILS, capacity=3, title="Wake")) == ("title", "capacity")
