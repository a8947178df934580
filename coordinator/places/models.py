"""What was asked of geocoders, and when the next question is allowed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from coordinator.kit.db import Base
from coordinator.kit.personal import Holds, Until, personal


class GeocodeAnswer(Base):
    """A provider's answer to one question, kept so that nobody is asked twice.

    The question is kept as a digest only: an address that somebody typed may be their home.
    """

    __tablename__ = "geocode_answer"
    __table_args__ = (UniqueConstraint("provider", "question_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(40))
    question_digest: Mapped[str] = mapped_column(String(64), info=personal(Holds.DIGEST, Until.EXPIRY))
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON, info=personal(Holds.PLACE, Until.EXPIRY))
    """Empty: asked, and there is no such place."""
    answered_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ProviderGate(Base):
    """When the whole site may ask a provider again: one row a provider."""

    __tablename__ = "provider_gate"

    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    next_at: Mapped[datetime]
