from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coordinator.events.rules import EventStatus
from coordinator.rsvps.rules import (
    LARGEST_PARTY,
    Count,
    PartySizeError,
    RsvpStatus,
    answers_close_at,
    counted_as,
    place_for,
    takes_answers,
)

SIX = datetime(2030, 9, 16, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("capacity", "taken", "party_size", "expected"),
    [
        pytest.param(None, 5_000, 4, RsvpStatus.ACCEPTED, id="nobody counts"),
        pytest.param(20, 18, 2, RsvpStatus.ACCEPTED, id="exactly full"),
        pytest.param(20, 18, 3, RsvpStatus.WAITLISTED, id="a party is never split"),
        pytest.param(20, 25, 1, RsvpStatus.WAITLISTED, id="capacity was lowered"),
    ],
)
def test_place_for(capacity: int | None, taken: int, party_size: int, expected: RsvpStatus) -> None:
    assert place_for(capacity=capacity, taken=taken, party_size=party_size) is expected


@pytest.mark.parametrize("party_size", [0, -1, LARGEST_PARTY + 1])
def test_nobody_and_too_many_are_refused(party_size: int) -> None:
    with pytest.raises(PartySizeError):
        place_for(capacity=None, taken=0, party_size=party_size)


@pytest.mark.parametrize(
    ("status", "has_email", "is_confirmed", "expected"),
    [
        pytest.param(RsvpStatus.ACCEPTED, True, True, Count.CONFIRMED, id="confirmed"),
        pytest.param(RsvpStatus.ACCEPTED, False, False, Count.UNCONFIRMED, id="said so"),
        pytest.param(RsvpStatus.ACCEPTED, True, False, Count.PENDING, id="has not confirmed"),
        pytest.param(RsvpStatus.ACCEPTED, False, True, Count.CONFIRMED, id="confirmed, then forgotten"),
        pytest.param(RsvpStatus.TENTATIVE, False, False, Count.TENTATIVE, id="maybe"),
        pytest.param(RsvpStatus.TENTATIVE, True, False, None, id="maybe, unconfirmed"),
        pytest.param(RsvpStatus.WAITLISTED, True, True, Count.WAITLISTED, id="waits"),
        pytest.param(RsvpStatus.WAITLISTED, True, False, None, id="waits, unconfirmed"),
        pytest.param(RsvpStatus.DECLINED, True, True, None, id="not coming"),
    ],
)
def test_counted_as(
    status: RsvpStatus, *, has_email: bool, is_confirmed: bool, expected: Count | None
) -> None:
    assert counted_as(status, has_email=has_email, is_confirmed=is_confirmed) is expected


@pytest.mark.parametrize(
    ("ends_at", "is_time_known", "hour"),
    [
        pytest.param(SIX.replace(hour=20), True, 20, id="at its end"),
        pytest.param(None, True, 0, id="six hours after the start"),
        pytest.param(None, False, 6, id="half a day where only the day is known"),
    ],
)
def test_answers_close_at(ends_at: datetime | None, *, is_time_known: bool, hour: int) -> None:
    assert answers_close_at(starts_at=SIX, ends_at=ends_at, is_time_known=is_time_known).hour == hour


@pytest.mark.parametrize("status", [status for status in EventStatus if status is not EventStatus.PUBLISHED])
def test_only_published_events_take_answers(status: EventStatus) -> None:
    assert not takes_answers(status, closes_at=SIX, now=SIX.replace(hour=1))
    assert takes_answers(EventStatus.PUBLISHED, closes_at=SIX, now=SIX.replace(hour=17))
    assert not takes_answers(EventStatus.PUBLISHED, closes_at=SIX, now=SIX)
