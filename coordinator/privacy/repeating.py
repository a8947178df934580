"""Erasures that a restored backup has forgotten, done again: by the worker, `flask setup` and by command."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from coordinator.accounts.models import Account
from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import Base, db, unit_of_work
from coordinator.kit.personal import SEALED, Holds, personal_columns
from coordinator.privacy.erasing import erase_rest, erase_rsvp
from coordinator.privacy.finding import find_person
from coordinator.privacy.leaving import erase_account
from coordinator.privacy.ledger import (
    LEDGER,
    Line,
    append_to_ledger,
    mark_of,
    read_ledger,
    rewrite_ledger,
    unknown_to,
)
from coordinator.privacy.models import Erasure
from coordinator.privacy.rules import ErasureKind, HeldBackError
from coordinator.rsvps.models import Rsvp

if TYPE_CHECKING:
    from collections.abc import Iterator, Set as AbstractSet
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import ColumnElement

    from coordinator.kit.crypto import Seal

BATCH = 500  # rows opened at a time

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Repeated:
    """What was erased again, in numbers."""

    erasures: int = 0
    waiting: tuple[str, ...] = ()
    """Public ids of accounts on which others rely in the restored database: somebody has to look at them."""


def write_ledger(folder: Path, *, days: int, now: datetime) -> int:
    """Write into the ledger what was erased since the last time. Return how much that was.

    What is older than any backup is taken out of file and database. Killed between file and commit, it writes
    the same lines again: whoever reads counts them once.
    """
    file, since = folder / LEDGER, now - timedelta(days=days)
    if _is_any(Erasure.erased_at <= since):
        with unit_of_work() as session:
            session.execute(delete(Erasure).where(Erasure.erased_at <= since))
        rewrite_ledger(file, read_ledger(file, since=since))
    if not _is_any(Erasure.copied_at.is_(None)):
        return 0  # as nearly always: a look takes no lock
    with unit_of_work() as session:
        new = session.scalars(
            select(Erasure)
            .where(Erasure.copied_at.is_(None))
            .order_by(Erasure.id)
            .with_for_update(skip_locked=True)
        ).all()
        append_to_ledger(file, [Line(one.public_id, one.kind, one.mark, one.erased_at) for one in new])
        for one in new:
            one.copied_at = now
    return len(new)


def forgotten_erasures(folder: Path, *, days: int, now: datetime) -> list[Line]:
    """Return what stands in the ledger and is unknown to the database."""
    return unknown_to(db.session(), read_ledger(folder / LEDGER, since=now - timedelta(days=days)))


def repeat_erasures(folder: Path, *, days: int, seal: Seal, now: datetime) -> Repeated:
    """Erase again whoever a restored backup brought back. Nobody is written to about it."""
    lines = forgotten_erasures(folder, days=days, now=now)
    if not lines:
        return Repeated()
    marks = {kind: {line.mark for line in lines if line.kind is kind} for kind in ErasureKind}
    found = {kind: _found(kind, marks[kind], seal) for kind in ErasureKind}
    waiting = []
    for line in lines:
        try:
            _erase(line.kind, found[line.kind].get(line.mark), seal=seal, now=now)
        except HeldBackError:
            waiting.append(found[line.kind][line.mark])
        else:
            _remember(line, now=now)
    repeated = len(lines) - len(waiting)
    log.warning(
        "erasures repeated after a backup was restored", extra={"erasures": repeated, "waiting": len(waiting)}
    )
    return Repeated(erasures=repeated, waiting=tuple(waiting))


def _is_any(condition: ColumnElement[bool]) -> bool:
    return db.session().scalar(select(Erasure.id).where(condition).limit(1)) is not None


def _erase(kind: ErasureKind, what: str | None, *, seal: Seal, now: datetime) -> None:
    """Erase `what`, an address or a public id that is in the database. None: it is not, and all is well."""
    if what is None:
        return
    if kind is ErasureKind.ADDRESS:
        _erase_address(what, seal=seal, now=now)
        return
    with unit_of_work() as session:
        if kind is ErasureKind.ANSWER:
            rsvp = session.scalars(select(Rsvp).where(Rsvp.public_id == what)).one()
            erase_rsvp(session, rsvp, seal=seal, now=now)
        else:
            account = session.scalars(select(Account).where(Account.public_id == what)).one_or_none()
            if account is not None:  # it did not go with its address a moment ago
                erase_account(session, account, seal=seal, now=now)


def _erase_address(email: str, *, seal: Seal, now: datetime) -> None:
    for rsvp_id in [rsvp.id for rsvp in find_person(db.session(), email, seal=seal).rsvps]:
        with unit_of_work() as session:
            erase_rsvp(session, session.get_one(Rsvp, rsvp_id), seal=seal, now=now)
    with unit_of_work() as session:
        erase_rest(session, email, seal=seal, now=now)


def _remember(line: Line, *, now: datetime) -> None:
    """Let the database know an erasure again: as the old one that it is, and not as another."""
    with unit_of_work() as session:
        session.execute(delete(Erasure).where(Erasure.mark == line.mark, Erasure.copied_at.is_(None)))
        session.add(
            Erasure(
                public_id=line.public_id, kind=line.kind, mark=line.mark,
                erased_at=line.erased_at, copied_at=now,
            )
        )  # fmt: skip


def _found(kind: ErasureKind, marks: AbstractSet[str], seal: Seal) -> dict[str, str]:
    """Return by mark which of the erased addresses or public ids are in the database.

    Every one has to be looked at: addresses have other digests from table to table and event to event, on
    purpose. That is some 20 microseconds each, and only after a backup was restored.
    """
    if not marks:
        return {}
    everything = _texts(kind, seal)
    return {mark: text for text in everything if (mark := mark_of(kind, text, seal)) in marks}


def _texts(kind: ErasureKind, seal: Seal) -> Iterator[str]:
    if kind is ErasureKind.ANSWER:
        yield from _column(Rsvp.id, Rsvp.public_id, Rsvp.forgotten_at.is_(None))
    elif kind is ErasureKind.ACCOUNT:
        yield from _column(Account.id, Account.public_id)
    else:
        for table, column, what in personal_columns(Base.metadata):
            if what.holds is Holds.EMAIL and column.name.endswith(SEALED):
                for sealed in _column(next(iter(table.primary_key.columns)), column, column.is_not(None)):
                    try:
                        yield seal.decrypt(sealed)
                    except LostKeyError:
                        continue


def _column(key: Any, column: Any, *where: ColumnElement[bool]) -> Iterator[str]:
    """Yield what stands in a column, some hundred rows at a time, by the number that is the table's key."""
    last = 0
    query = select(key, column).where(*where).order_by(key).limit(BATCH)
    while rows := db.session().execute(query.where(key > last)).all():
        last = rows[-1][0]
        for _key, text in rows:
            yield text
