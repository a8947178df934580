"""Chaining the log, by the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.audit.chain import BATCH, chain_entries, say_where_it_ends
from coordinator.audit.queries import has_unchained
from coordinator.kit.db import db, unit_of_work

if TYPE_CHECKING:
    from datetime import datetime

    from coordinator.kit.crypto import Seal


def chain_new(*, seal: Seal, now: datetime) -> bool:
    """Chain a batch of new entries. Return whether there may be more; looking takes no lock."""
    if not has_unchained(db.session()):
        return False
    with unit_of_work() as session:
        chained = chain_entries(session, seal=seal, now=now)
        say_where_it_ends(session, now=now)
    return chained == BATCH
