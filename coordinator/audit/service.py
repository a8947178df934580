"""Write down what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.audit.models import AuditEntry
from coordinator.kit.db import insert_row

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

ANYONE = "anyone"
WORKER = "worker"
COMMAND = "command"


def record(
    session: Session,
    tag: str,
    subject: str,
    *,
    by: str,
    at: datetime,
    campaign: str | None = None,
    **details: str | int | bool | None,
) -> None:
    """Add one entry to the log, in the transaction of the act itself.

    Args:
        session: that of the act.
        tag: noun:act.
        subject: noun:public id of the object.
        by: public id of an account, or `ANYONE`, `WORKER`, `COMMAND`.
        at: when it was done.
        campaign: slug of the campaign whose coordinators may read this.
        details: codes and numbers; never personal data.
    """
    entry = {"at": at, "actor": by, "tag": tag, "subject": subject, "campaign": campaign, "details": details}
    insert_row(session, AuditEntry, entry)
