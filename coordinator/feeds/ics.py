"""Events as iCalendar (RFC 5545). The library escapes and folds the lines; what they say is decided here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import icalendar

from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.feeds.geojson import zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MIMETYPE = "text/calendar"
PRODUCT = "-//coordinator//Day of Action//EN"
REFRESH = timedelta(hours=1)
UID_DOMAIN = "day-of-action"
"""Not the site's own address: a mirror, or a new domain, must not double everybody's entries."""

OFF = frozenset({EventStatus.POSTPONED, EventStatus.CANCELLED})
"""RFC 5545 has no word for postponed. TENTATIVE would leave it in calendars as a date to keep, and people
would go; CANCELLED says what is true of that time. A new time comes under the same UID with a higher
SEQUENCE, as CONFIRMED again."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # RFC 5545 3.1: none of them may be in a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an event's entry says in the words of one language."""

    event: Event
    summary: str
    location: str
    description: str
    url: str


def calendar(entries: Iterable[Entry], *, name: str, write: Callable[[Entry], bytes] | None = None) -> bytes:
    """Return a calendar of `entries`, called `name`, with each zone described once.

    `write` may give an entry's text from memory; by default it is written here.
    """
    written, days = [], dict[str, list[date]]()
    for entry in entries:
        written.append((write or entry_text)(entry))
        if entry.event.is_time_known:
            days.setdefault(entry.event.timezone, []).append(entry.event.starts_local.date())
    head = icalendar.Calendar()
    head.add("prodid", PRODUCT)
    head.add("version", "2.0")
    head.add("method", "PUBLISH")
    for title in ("name", "x-wr-calname"):  # the library does not know them as text, and would not escape it
        head.add(title, icalendar.vText(_clean(name)))
    head.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    first, last = head.to_ical().split(b"END:VCALENDAR")
    zones = [zone_text(zone, min(known).year, max(known).year) for zone, known in sorted(days.items())]
    return b"".join([first, *zones, *written, b"END:VCALENDAR", last])


def entry_text(entry: Entry) -> bytes:
    """Return one VEVENT. It names nobody: no organiser, no attendee."""
    event, vevent = entry.event, icalendar.Event()
    vevent.add("uid", f"{event.public_id}@{UID_DOMAIN}")
    vevent.add("sequence", event.sequence)
    vevent.add("dtstamp", event.updated_at)
    vevent.add("last-modified", event.updated_at)
    vevent.add("created", event.created_at)
    vevent.add("status", "CANCELLED" if event.status in OFF else "CONFIRMED")
    if event.is_time_known:
        vevent.add("dtstart", _moment(event.starts_local, event.starts_fold, event.timezone))
        if event.ends_local is not None:
            vevent.add("dtend", _moment(event.ends_local, event.ends_fold, event.timezone))
    else:
        vevent.add("dtstart", event.starts_local.date())
    if not event.is_time_known or event.status in OFF:
        vevent.add("transp", "TRANSPARENT")
    vevent.add("summary", _clean(entry.summary))
    if entry.location:
        vevent.add("location", _clean(entry.location))
    if entry.description:
        vevent.add("description", _clean(entry.description))
    if event.latitude is not None and event.longitude is not None:
        vevent.add("geo", (event.latitude, event.longitude))
    vevent.add("url", entry.url)
    text: bytes = vevent.to_ical()
    return text


@lru_cache(maxsize=500)
def zone_text(zone: str, first_year: int, last_year: int) -> bytes:
    """Return a VTIMEZONE that holds from the start of one year to the end of another."""
    described = icalendar.Timezone.from_tzinfo(
        ZoneInfo(zone), tzid=zone, first_date=date(first_year, 1, 1), last_date=date(last_year + 1, 1, 1)
    )
    text: bytes = described.to_ical()
    return text


def _moment(local: datetime, fold: int, zone: str) -> datetime:
    """Return a time in its zone; as UTC where the clock shows it twice and the second is meant.

    TZID with a time that exists twice means the first (RFC 5545 3.3.5), so the second has no other spelling.
    """
    here = zone_of(zone)
    first, meant = local.replace(tzinfo=here, fold=0), local.replace(tzinfo=here, fold=fold)
    return meant.astimezone(UTC) if first.utcoffset() != meant.utcoffset() else first


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
