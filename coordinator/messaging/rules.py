"""When people are reminded. Plain values in, moments out: no database, no web, no clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from coordinator.places.rules import NonexistentTimeError
from coordinator.places.timezones import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

CIVIL = time(10)
"""On the clocks of the place: nobody's telephone rings at night because of us."""
EARLY = time(8)
EVENING = time(19)


class ReminderKind(StrEnum):
    """Reminders, the first one first."""

    WEEK = "week"
    DAY = "day"
    MORNING = "morning"
    """Of the day itself; the evening before, when it starts too early for that."""


def reminder_times(starts_local: datetime, zone: str, *, is_time_known: bool) -> dict[ReminderKind, datetime]:
    """Return when people are reminded of an event, in UTC.

    Args:
        starts_local: its start, on a clock at the place.
        zone: IANA name of that clock.
        is_time_known: False while only the day is announced; then nobody is reminded on the morning.

    A week and a day before at ten, on the day at eight, all on the clocks of the place, whatever they are set
    to by then. What starts before ten is reminded of on the evening before at seven.
    """
    day = starts_local.date()
    times = {
        ReminderKind.WEEK: _at(day - timedelta(days=7), CIVIL, zone),
        ReminderKind.DAY: _at(day - timedelta(days=1), CIVIL, zone),
    }
    if is_time_known:
        is_early = starts_local.time() < CIVIL
        times[ReminderKind.MORNING] = (
            _at(day - timedelta(days=1), EVENING, zone) if is_early else _at(day, EARLY, zone)
        )
    return times


def is_of_use(
    kind: ReminderKind, due: Mapping[ReminderKind, datetime], *, starts_at: datetime, now: datetime
) -> bool:
    """Tell whether a reminder that is due is still worth a letter.

    The event has not begun, and no later reminder of it is due as well: after an outage nobody gets three.
    """
    later = [due[other] for other in due if due[other] > due[kind]]
    return now < starts_at and all(now < moment for moment in later)


def _at(day: date, clock: time, zone: str) -> datetime:
    try:
        return resolve(datetime.combine(day, clock), zone, 0)
    except NonexistentTimeError as skipped:
        return resolve(skipped.later, zone, 0)
