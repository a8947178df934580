"""The chain through the audit log: whoever removes or changes an entry breaks it.

Acts write plain entries and wait for nobody. The worker chains them a moment later, in the order of its own
numbers, so that two events never stand in line for one log.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from coordinator.audit.models import AuditEnd, AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

log = logging.getLogger(__name__)

BATCH = 200  # entries in one transaction: SQLite's other writers wait for some milliseconds
START = "0" * 64  # the link before the first
LATEST = timedelta(minutes=10)  # an entry that is not chained by then has no worker
ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look through the whole chain found."""

    entries: int
    erased: int
    unchained: int
    """Entries that no worker has chained for longer than `LATEST`."""
    broken_at: int | None = None
    """The first number where the chain does not hold."""
    fault: str = ""
    """"changed", "removed", "end", or empty."""

    @property
    def is_ok(self) -> bool:
        """Tell whether nothing is missing, changed or left lying."""
        return not self.fault and not self.unchained


def chain_entries(session: Session, *, seal: Seal, now: datetime) -> int:
    """Chain the next entries. Return how many; `BATCH` means that there may be more."""
    end = _end(session, now)
    fresh = session.scalars(
        select(AuditEntry).where(AuditEntry.number.is_(None)).order_by(AuditEntry.id).limit(BATCH)
    ).all()
    rows = []
    for entry in fresh:
        salt = secrets.token_hex(16)
        content = _content_hash(entry, salt)
        end.number += 1
        end.link = _link(end.link, end.number, content, seal)
        rows.append(
            {"id": entry.id, "number": end.number, "salt": salt, "content_hash": content, "link": end.link}
        )
    if rows:
        session.execute(update(AuditEntry), rows)
        end.chained_at = now
    return len(rows)


def say_where_it_ends(session: Session, *, now: datetime) -> None:
    """Say in the log once a day where the chain ends: whoever has the database can't change that copy."""
    end = _end(session, now)
    if end.number and end.said_on != now.date():
        end.said_on = now.date()
        log.info("audit chain ends at %s, %s", end.number, end.link[:16])


def erase_from_audit(session: Session, noun: str, public_id: str, *, now: datetime) -> int:
    """Take a public id out of the log, on a person's wish. Return from how many entries.

    What was done stays, and the chain still holds: it is made of digests, whose salt goes with the id.
    """
    gone = {"erased_at": now, "salt": None}
    about = update(AuditEntry).where(AuditEntry.subject == f"{noun}:{public_id}")
    about = about.values(subject=f"{noun}:{ERASED}", details={}, **gone)
    found = len(session.execute(about.returning(AuditEntry.id)).all())
    if noun == "account":
        theirs = update(AuditEntry).where(AuditEntry.actor == public_id).values(actor=ERASED, **gone)
        found += len(session.execute(theirs.returning(AuditEntry.id)).all())
    return found


def verify(session: Session, *, seal: Seal, now: datetime, known: tuple[int, str] | None = None) -> Verdict:
    """Follow the chain from its beginning to its end.

    Args:
        session: only read.
        seal: the keys with which it was chained.
        now: this moment.
        known: a number and the beginning of its link, from a log that was kept elsewhere.
    """
    unchained = select(func.count()).where(AuditEntry.number.is_(None), AuditEntry.at < now - LATEST)
    left = session.scalar(unchained) or 0
    previous, number, erased = START, 0, 0

    def verdict(fault: str = "", at: int | None = None) -> Verdict:
        return Verdict(entries=number, erased=erased, unchained=left, broken_at=at, fault=fault)

    for entry in _chained(session):
        if entry.number != number + 1:
            return verdict("removed", number + 1)
        content = entry.content_hash or ""
        if entry.link != _link(previous, entry.number, content, seal):
            return verdict("changed", entry.number)
        if entry.erased_at is None and _content_hash(entry, entry.salt or "") != content:
            return verdict("changed", entry.number)
        if known is not None and known[0] == entry.number and not entry.link.startswith(known[1]):
            return verdict("changed", entry.number)
        number, previous = entry.number, entry.link
        erased += entry.erased_at is not None
    end = session.get(AuditEnd, 1)
    has_end = (number, previous) == ((end.number, end.link) if end else (0, START))
    if not has_end or (known is not None and known[0] > number):
        return verdict("end", number + 1)
    return verdict()


def _chained(session: Session) -> Iterator[Any]:
    columns = (
        AuditEntry.number, AuditEntry.link, AuditEntry.content_hash, AuditEntry.salt, AuditEntry.erased_at,
        AuditEntry.at, AuditEntry.actor, AuditEntry.tag, AuditEntry.subject, AuditEntry.campaign,
        AuditEntry.details,
    )  # fmt: skip
    after = 0
    while True:
        query = (
            select(*columns).where(AuditEntry.number > after).order_by(AuditEntry.number).limit(10 * BATCH)
        )
        rows = session.execute(query).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].number


def _end(session: Session, now: datetime) -> AuditEnd:
    """Return the end of the chain, locked: one worker chains at a time."""
    end = session.get(AuditEnd, 1, with_for_update=True)
    if end is None:
        end = AuditEnd(id=1, number=0, link=START, chained_at=now)
        session.add(end)
        session.flush()
    return end


def _content_hash(entry: Any, salt: str) -> str:
    said = [
        salt, entry.at.isoformat(), entry.actor, entry.tag, entry.subject, entry.campaign, entry.details,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _link(previous: str, number: int, content: str, seal: Seal) -> str:
    return seal.digest(f"{previous}:{number}:{content}", purpose="audit")
