"""What jobs and commands look for, on nobody's behalf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.events.models import Event
from coordinator.events.rules import EventStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


def location_due(session: Session, *, now: datetime, limit: int) -> Sequence[str]:
    """Return public ids of coming events whose place has to be looked for again, the oldest first."""
    query = select(Event.public_id).where(
        Event.is_location_due, Event.status != EventStatus.CANCELLED, Event.starts_at > now
    )
    return session.scalars(query.order_by(Event.updated_at, Event.id).limit(limit)).all()


def event_by_public_id(session: Session, public_id: str) -> Event | None:
    """Return an event whatever its state: for jobs and commands only, which ask on nobody's behalf."""
    return session.scalar(select(Event).where(Event.public_id == public_id))


def upcoming_events(session: Session, *, since: datetime, after_id: int, limit: int) -> Sequence[Event]:
    """Return events that start after `since`, a piece at a time by id."""
    query = select(Event).where(Event.starts_at >= since, Event.id > after_id)
    return session.scalars(query.order_by(Event.id).limit(limit)).all()
