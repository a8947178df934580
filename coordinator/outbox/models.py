"""Messages waiting to go, and who carries them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from coordinator.kit.db import Base

_WAITING = text("sent_at IS NULL AND failed_at IS NULL")


class Message(Base):
    """One mail to one person: a row in the transaction that caused it, sent by the worker.

    Who it goes to and what it says are sealed, and emptied once it was sent.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_waiting", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index(None, "about"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    """Part of Message-ID, so that a message sent twice is seen to be one."""
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """Names the fact that is reported; posting the same key twice posts once."""
    template: Mapped[str] = mapped_column(String(60))
    """Folder in templates/email/, as in "rsvps/confirm"."""
    locale: Mapped[str] = mapped_column(String(10))
    about: Mapped[str] = mapped_column(String(80))
    """noun:public id of what the message is about, as in "event:7x2k9c4m1p"."""
    recipient_sealed: Mapped[str | None] = mapped_column(Text)
    recipient_digest: Mapped[str | None] = mapped_column(String(64))
    context_sealed: Mapped[str | None] = mapped_column(Text)
    """JSON object of what the template needs."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    """A worker is at it until then; after that another may try."""
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    """Given up, for a human to look at."""
    error: Mapped[str | None] = mapped_column(String(80))
    """Kind of the last failure; never an address."""


class Heartbeat(Base):
    """Sign of life of a process that nobody sees."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    beat_at: Mapped[datetime]
