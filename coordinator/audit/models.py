"""The log of acts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from coordinator.kit.db import Base


class AuditEntry(Base):
    """One act: who, what, to which object, when. Never changed, never a word about a person."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "campaign", "id"), Index(None, "subject"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40))
    """Public id of an account, or "anyone", "worker", "command"."""
    tag: Mapped[str] = mapped_column(String(60))
    """noun:act, as in "event:published"."""
    subject: Mapped[str] = mapped_column(String(80))
    """noun:public id, as in "event:7x2k9c4m1p"."""
    campaign: Mapped[str | None] = mapped_column(String(60))
    """Slug of the campaign whose coordinators may read this."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Codes and numbers; no names, addresses or words of people."""
