"""What is going to be said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from coordinator.accounts.models import Account
from coordinator.events.models import Event
from coordinator.kit.db import Base, WallTime, one_of
from coordinator.kit.personal import Holds, Until, personal
from coordinator.messaging.rules import AnnouncementStatus, ReminderKind

_OPEN = text("done_at IS NULL")
_UNDER_WAY = text("status IN ('scheduled', 'sending')")


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


class Announcement(Base):
    """What an organiser tells those who answered one event; the worker turns it into one message each.

    What became of each letter stands in the outbox, under `about`.
    """

    __tablename__ = "announcement"
    __table_args__ = (
        Index(None, "event_id", "id"),
        Index("ix_announcement_under_way", "due_at", sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    event: Mapped[Event] = relationship()
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    author: Mapped[Account] = relationship()
    status: Mapped[AnnouncementStatus] = mapped_column(one_of(AnnouncementStatus))
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Fields of `rules.Audience`."""
    send_local: Mapped[datetime | None] = mapped_column(WallTime)
    """When it is to go out, on the clocks of the event, as typed; None for at once."""
    send_fold: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    """The same as a moment, from when it was handed in."""
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    """When its writer last handed it in; emptied when it is taken back."""
    is_approved: Mapped[bool] = mapped_column(default=False)
    """By a coordinator, as it stands."""
    refusal_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """Why a coordinator refused it."""
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    readers: Mapped[int] = mapped_column(default=0)
    """People it was for when it began to go out."""
    written: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    """People among them who are not to be written to any more, or who can't be."""
    last_rsvp_id: Mapped[int] = mapped_column(default=0)
    """How far the worker came; it goes on from there after a fault."""
    texts: Mapped[dict[str, AnnouncementText]] = relationship(
        cascade="all, delete-orphan",
        collection_class=attribute_keyed_dict("locale"),
        lazy="selectin",
    )

    @property
    def about(self) -> str:
        """What its messages are about, as the outbox and the log name it."""
        return f"announcement:{self.public_id}"


class AnnouncementText(Base):
    """An announcement in one language. Sealed: it may speak of people."""

    __tablename__ = "announcement_text"
    __table_args__ = (UniqueConstraint("announcement_id", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"))
    locale: Mapped[str] = mapped_column(String(10))
    subject_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    body_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """Markdown."""
