"""What stands in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from coordinator.audit.models import AuditEntry

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session


def has_unchained(session: Session) -> bool:
    """Tell whether the worker has entries to chain."""
    return bool(session.scalar(select(exists().where(AuditEntry.number.is_(None)))))


def entries_of(campaign: str, noun: str = "") -> Select[AuditEntry]:
    """Select what was done in a campaign, the latest first; only to objects of one kind where asked."""
    query = select(AuditEntry).where(AuditEntry.campaign == campaign)
    if noun:
        query = query.where(AuditEntry.tag.startswith(f"{noun}:", autoescape=True))
    return query.order_by(AuditEntry.id.desc())
