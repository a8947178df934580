"""People an organiser may reach."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coordinator.accounts.models import Account
from coordinator.events.models import Event
from coordinator.kit.db import Base


class Contact(Base):
    """Somebody who agreed that the organiser of one event may write to them. All of it is sealed."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("event_id", "source"),
        Index(None, "owner_id", "event_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    owner: Mapped[Account] = relationship()
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    event: Mapped[Event] = relationship()
    source: Mapped[str] = mapped_column(String(40))
    """Where the consent was given: "rsvp:" and the RSVP's public id."""
    name_sealed: Mapped[str | None] = mapped_column(Text)
    email_sealed: Mapped[str | None] = mapped_column(Text)
    email_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    tags_sealed: Mapped[str | None] = mapped_column(Text)
    """JSON list of the organiser's own words."""
    note_sealed: Mapped[str | None] = mapped_column(Text)
    """The organiser's own note."""
    consent_at: Mapped[datetime]
    consent_wording: Mapped[str] = mapped_column(String(40))
    """Version and language of the sentence that was ticked."""
    created_at: Mapped[datetime]
