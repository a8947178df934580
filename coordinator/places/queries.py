"""What we were told before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.places.models import GeocodeAnswer

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def kept_answer(
    session: Session, provider: str, question_digest: str, *, now: datetime
) -> GeocodeAnswer | None:
    """Return the provider's answer to this question, unless it is too old."""
    return session.scalar(
        select(GeocodeAnswer).where(
            GeocodeAnswer.provider == provider,
            GeocodeAnswer.question_digest == question_digest,
            GeocodeAnswer.expires_at > now,
        )
    )
