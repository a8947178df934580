"""What is going to be said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coordinator.events.models import Event
from coordinator.kit.db import Base, one_of
from coordinator.messaging.rules import ReminderKind

_OPEN = text("done_at IS NULL")


class EventReminder(Base):
    """When those who come to one event are reminded of it; the worker turns it into one message each.

    Three rows for an event, and none for an answer: they move with the event, and answering costs nothing.
    """

    __tablename__ = "event_reminder"
    __table_args__ = (
        UniqueConstraint("event_id", "kind"),
        Index("ix_event_reminder_open", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    event: Mapped[Event] = relationship()
    kind: Mapped[ReminderKind] = mapped_column(one_of(ReminderKind))
    starts_at: Mapped[datetime]
    """The start that it was planned for; when the event has another one by now, the plan is old."""
    timezone: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    """When the last message was written, or when it was of no use any more."""
    last_rsvp_id: Mapped[int] = mapped_column(default=0)
    """How far the worker came; it goes on from there after a fault."""
