"""What happens to accounts while nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.accounts.service import forget_unverified
from coordinator.kit.db import unit_of_work

if TYPE_CHECKING:
    from datetime import datetime


def forget_unverified_accounts(*, now: datetime) -> int:
    """Delete accounts whose address nobody confirmed in time. Return how many."""
    with unit_of_work() as session:
        return forget_unverified(session, now=now)
