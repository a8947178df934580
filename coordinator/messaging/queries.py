"""What waits to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.messaging.models import EventReminder
from coordinator.messaging.rules import ReminderKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

UNPLANNED_AT_ONCE = 100


def unplanned_events(session: Session, now: datetime) -> Sequence[int]:
    """Return ids of published events to come that have no plan of reminders, or one for another time.

    A time that is not announced is kept as noon, so that one announced as noon is told from it by its
    reminder of the morning.
    """
    plan = select(EventReminder.id).where(
        EventReminder.event_id == Event.id,
        EventReminder.starts_at == Event.starts_at,
        EventReminder.timezone == Event.timezone,
    )
    has_morning = plan.where(EventReminder.kind == ReminderKind.MORNING).exists()
    is_stale = or_(
        ~plan.exists(), and_(Event.is_time_known, ~has_morning), and_(~Event.is_time_known, has_morning)
    )
    query = (
        select(Event.id)
        .where(Event.status == EventStatus.PUBLISHED, Event.starts_at > now, is_stale)
        .order_by(Event.id)
        .limit(UNPLANNED_AT_ONCE)
    )
    return session.scalars(query).all()


def oldest_reminder_due_at(session: Session, now: datetime) -> datetime | None:
    """Return since when the longest-waiting reminder should have been written."""
    due = EventReminder.done_at.is_(None), EventReminder.due_at <= now
    return session.scalar(select(func.min(EventReminder.due_at)).where(*due))
