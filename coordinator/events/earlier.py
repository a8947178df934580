"""What a protest's time and place were before, for people who come with an old poster in their hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from coordinator.events.models import EventNotice
from coordinator.events.rules import NoticeKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event

MOST_SHOWN = 3
TELLING = (NoticeKind.CHANGED, NoticeKind.RESUMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Time and place as they were announced once."""

    starts_at: datetime
    ends_at: datetime | None
    timezone: str
    is_time_known: bool
    address: str
    city: str
    until: datetime
    """When it was changed."""
    is_another_time: bool
    is_another_place: bool


def earlier_of(session: Session, event: Event, *, most: int = MOST_SHOWN) -> list[Earlier]:
    """Return what differs from what an event says now, the latest first, each once.

    It is read from the news that went out with every change: nothing has to be kept twice.
    """
    if event.moved_at is None:
        return []
    notices = session.execute(
        select(EventNotice.before, EventNotice.at)
        .where(EventNotice.event_id == event.id, EventNotice.kind.in_(TELLING))
        .order_by(EventNotice.id.desc())
    )
    found: dict[tuple[object, ...], Earlier] = {}
    for before, at in notices:
        one = _earlier(before, at, event)
        if one.is_another_time or one.is_another_place:
            found.setdefault((one.starts_at, one.ends_at, one.is_time_known, one.address, one.city), one)
    return list(found.values())[:most]


def _earlier(before: dict[str, str | bool | None], at: datetime, event: Event) -> Earlier:
    starts_at = datetime.fromisoformat(str(before["starts_at"]))
    ends_at = datetime.fromisoformat(str(before["ends_at"])) if before.get("ends_at") else None
    is_time_known = bool(before.get("is_time_known", True))
    address, city = str(before.get("address") or ""), str(before.get("city") or "")
    return Earlier(
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=_zone(before.get("timezone"), event.timezone),
        is_time_known=is_time_known,
        address=address,
        city=city,
        until=at,
        is_another_time=(starts_at, is_time_known) != (event.starts_at, event.is_time_known),
        is_another_place=(address, city) != (event.address, event.city),
    )


def _zone(name: object, otherwise: str) -> str:
    """Return the zone's name if it is one: a row that was written by hand must not take the page down."""
    try:
        return str(ZoneInfo(str(name)))
    except (ValueError, OSError):
        return otherwise
