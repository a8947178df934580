"""When an event is; a time that the clocks of its place skip or show twice becomes a question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from coordinator.places.rules import AmbiguousTimeError, NonexistentTimeError, TimeRangeError
from coordinator.places.timezones import resolve

if TYPE_CHECKING:
    from wtforms import RadioField

    from coordinator.events.forms.fields import WallTimeField

FIRST, SECOND, EARLIER, LATER = "0", "1", "earlier", "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When an event is, on the clocks of its place."""

    starts_local: datetime
    starts_fold: int = 0
    ends_local: datetime | None = None
    ends_fold: int = 0
    timezone: str
    is_time_known: bool = True


def wall_text(local: datetime) -> str:
    """Return a wall time as a datetime-local input wants it."""
    return local.strftime("%Y-%m-%dT%H:%M")


def settled(field: WallTimeField, fold: RadioField, zone: str) -> tuple[datetime, int] | None:
    """Return the wall time and its fold, or None after asking which one is meant."""
    local = field.wall_time
    if local is None:
        return None
    try:
        resolve(local, zone)
    except AmbiguousTimeError as twice:
        fold.choices = [
            (
                FIRST,
                _("The first time, before the clocks go back (UTC%(offset)s)", offset=_offset(twice.first)),
            ),
            (
                SECOND,
                _("The second time, after they went back (UTC%(offset)s)", offset=_offset(twice.second)),
            ),
        ]
        if fold.data in {FIRST, SECOND}:
            return local, int(fold.data)
        fold.errors = [_("The clocks go back that night, and show this time twice.")]
    except NonexistentTimeError as skipped:
        fold.choices = [(EARLIER, _clock(skipped.earlier)), (LATER, _clock(skipped.later))]
        if fold.data in {EARLIER, LATER}:
            return (skipped.earlier if fold.data == EARLIER else skipped.later), 0
        fold.errors = [_("The clocks go forward that night, and never show this time.")]
    except TimeRangeError:
        field.errors = [_("Look at the year again.")]
    else:
        return local, 0
    return None


def _offset(moment: datetime) -> str:
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:]}"


def _clock(local: datetime) -> str:
    """Return a wall time as a clock there shows it."""
    return local.strftime("%H:%M")
