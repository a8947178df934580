"""Events as iCalendar (RFC 5545). The library escapes and folds the lines; what they say is decided here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import icalendar
from icalendar.parser import Contentline

from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.feeds.geojson import zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MIMETYPE = "text/calendar"
PRODUCT = "-//coordinator//Day of Action//EN"
REFRESH = timedelta(hours=1)
SHORT_LINE = 75  # bytes; longer ones are folded (RFC 5545 3.1)
UID_DOMAIN = "day-of-action"
"""Not the site's own address: a mirror, or a new domain, must not double everybody's entries."""

OFF = frozenset({EventStatus.POSTPONED, EventStatus.CANCELLED})
"""RFC 5545 has no word for postponed. TENTATIVE would leave it in calendars as a date to keep, and people
would go; CANCELLED says what is true of that time. A new time comes under the same UID with a higher
SEQUENCE, as CONFIRMED again."""

_LINE: Callable[[str], Any] = Contentline  # written without types
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # RFC 5545 3.1: none of them may be in a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an event's entry says in the words of one language."""

    event: Event
    summary: str
    location: str
    description: str
    url: str


def calendar(entries: Iterable[Entry], *, name: str) -> bytes:
    """Return a calendar of `entries`, called `name`, with each zone described once."""
    known = list(entries)
    head, foot = frame(name, {year for entry in known for year in zone_years(entry.event)})
    return b"".join([head, *map(entry_text, known), foot])


def zone_years(event: Event) -> frozenset[tuple[str, int]]:
    """Return for which zone and year a calendar with this event must say how the clocks go."""
    return frozenset({(event.timezone, event.starts_local.year)}) if event.is_time_known else frozenset()


def frame(name: str, years: Iterable[tuple[str, int]]) -> tuple[bytes, bytes]:
    """Return what stands before and after the entries of a calendar called `name`.

    Args:
        name: what people's calendars call it.
        years: zones, each with a year, that its entries name.
    """
    known: dict[str, list[int]] = {}
    for zone, year in years:
        known.setdefault(zone, []).append(year)
    head = icalendar.Calendar()
    head.add("prodid", PRODUCT)
    head.add("version", "2.0")
    head.add("method", "PUBLISH")
    for title in ("name", "x-wr-calname"):  # the library does not know them as text, and would not escape it
        head.add(title, icalendar.vText(_clean(name)))
    head.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    first, last = head.to_ical().split(b"END:VCALENDAR")
    zones = [zone_text(zone, min(when), max(when)) for zone, when in sorted(known.items())]
    return b"".join([first, *zones]), b"END:VCALENDAR" + last


def entry_text(entry: Entry) -> bytes:
    """Return one VEVENT. It names nobody: no organiser, no attendee.

    The library escapes what people wrote and folds every line; its component would take ten times as long
    for the same lines, and a campaign may have a hundred thousand of them.
    """
    event = entry.event
    lines = [
        "BEGIN:VEVENT",
        f"UID:{event.public_id}@{UID_DOMAIN}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTAMP:{_utc(event.updated_at)}",
        f"LAST-MODIFIED:{_utc(event.updated_at)}",
        f"CREATED:{_utc(event.created_at)}",
        f"STATUS:{'CANCELLED' if event.status in OFF else 'CONFIRMED'}",
        *_times(event),
        f"SUMMARY:{_text(entry.summary)}",
    ]
    if not event.is_time_known or event.status in OFF:
        lines.append("TRANSP:TRANSPARENT")
    if entry.location:
        lines.append(f"LOCATION:{_text(entry.location)}")
    if entry.description:
        lines.append(f"DESCRIPTION:{_text(entry.description)}")
    if event.latitude is not None and event.longitude is not None:
        lines.append(f"GEO:{event.latitude};{event.longitude}")
    lines += [f"URL:{entry.url}", "END:VEVENT", ""]
    return b"\r\n".join(_folded(line) for line in lines)


def _times(event: Event) -> list[str]:
    if not event.is_time_known:
        return [f"DTSTART;VALUE=DATE:{event.starts_local:%Y%m%d}"]
    lines = [f"DTSTART{_moment(event.starts_local, event.starts_fold, event.timezone)}"]
    if event.ends_local is not None:
        lines.append(f"DTEND{_moment(event.ends_local, event.ends_fold, event.timezone)}")
    return lines


def _folded(line: str) -> bytes:
    if len(line) < SHORT_LINE and line.isascii():
        return line.encode()
    folded: bytes = _LINE(line).to_ical()
    return folded


def _text(words: str) -> str:
    escaped: bytes = icalendar.vText(_CONTROL.sub("", words)).to_ical()
    return escaped.decode()


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@lru_cache(maxsize=500)
def zone_text(zone: str, first_year: int, last_year: int) -> bytes:
    """Return a VTIMEZONE that holds from the start of one year to the end of another."""
    described = icalendar.Timezone.from_tzinfo(
        ZoneInfo(zone), tzid=zone, first_date=date(first_year, 1, 1), last_date=date(last_year + 1, 1, 1)
    )
    text: bytes = described.to_ical()
    return text


def _moment(local: datetime, fold: int, zone: str) -> str:
    """Return a time in its zone; as UTC where the clock shows it twice and the second is meant.

    TZID with a time that exists twice means the first (RFC 5545 3.3.5), so the second has no other spelling.
    """
    if fold:
        here = zone_of(zone)
        first, meant = local.replace(tzinfo=here, fold=0), local.replace(tzinfo=here, fold=fold)
        if first.utcoffset() != meant.utcoffset():
            return f":{_utc(meant)}"
    if zone == "UTC":
        return f":{local:%Y%m%dT%H%M%SZ}"
    return f";TZID={zone}:{local:%Y%m%dT%H%M%S}"


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
