"""The log of acts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from coordinator.kit.db import Base

_UNCHAINED = text("number IS NULL")


class AuditEntry(Base):
    """One act: who, what, to which object, when. Never changed, never a word about a person."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "campaign", "id"),
        Index(None, "subject"),
        Index(None, "actor"),
        Index("ix_audit_entry_unchained", "id", sqlite_where=_UNCHAINED, postgresql_where=_UNCHAINED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40))
    """Public id of an account, or "anyone", "worker", "command"."""
    tag: Mapped[str] = mapped_column(String(60))
    """noun:act, as in "event:published"."""
    subject: Mapped[str] = mapped_column(String(80))
    """noun:public id, as in "event:7x2k9c4m1p"; noun:erased after somebody asked to be erased."""
    campaign: Mapped[str | None] = mapped_column(String(60))
    """Slug of the campaign whose coordinators may read this."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Codes and numbers; no names, addresses or words of people."""
    number: Mapped[int | None] = mapped_column(unique=True)
    """Place in the chain, from 1 and without gaps; None until the worker has chained it."""
    salt: Mapped[str | None] = mapped_column(String(32))
    """Mixed into `content_hash`, and gone when the entry is erased: then nobody can guess what it said."""
    content_hash: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of what the entry says, with its salt."""
    link: Mapped[str | None] = mapped_column(String(64))
    """Keyed digest of the link before, the number and `content_hash`."""
    erased_at: Mapped[datetime | None]
    """When what led to a person was taken out, on their wish."""


class AuditEnd(Base):
    """The end of the chain: without it nobody would miss the last entries."""

    __tablename__ = "audit_end"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    link: Mapped[str] = mapped_column(String(64))
    chained_at: Mapped[datetime]
    said_on: Mapped[date | None]
    """Day on which the log last said where the chain ends."""
