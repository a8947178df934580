"""A file of erasures beside the database, so that restoring a backup brings nobody back.

A backup holds people who had themselves erased since. The worker therefore writes every erasure into a file
of the instance folder as well: an id, what was erased, a keyed digest of it, and when. A database that does
not know an erasure of the file is older than it, and it is done again (`repeating.repeat_erasures`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.kit.ids import new_public_id
from coordinator.privacy.models import Erasure
from coordinator.privacy.rules import ErasureKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

LEDGER = "erasures.txt"
_AT_A_TIME = 500  # parameters of one statement


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure, as the ledger has it."""

    public_id: str
    kind: ErasureKind
    mark: str
    erased_at: datetime

    def __str__(self) -> str:
        """Return it as a line of the file."""
        return f"{self.public_id} {self.kind} {self.mark} {self.erased_at.isoformat()}\n"


def note_erasure(session: Session, kind: ErasureKind, what: str, *, seal: Seal, now: datetime) -> None:
    """Remember in the transaction that does it that `what`, an address or a public id, is erased."""
    session.add(Erasure(public_id=new_public_id(), kind=kind, mark=mark_of(kind, what, seal), erased_at=now))


def mark_of(kind: ErasureKind, what: str, seal: Seal) -> str:
    """Return what finds something erased again in an old database: a digest that stands nowhere else."""
    return seal.digest(what, purpose=f"erasure:{kind}")


def read_ledger(file: Path, *, since: datetime) -> list[Line]:
    """Return what was erased after `since`. A last line that was cut off is written again by the worker."""
    if not file.exists():
        return []
    lines = (_line(text) for text in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line is not None and line.erased_at > since]


def append_to_ledger(file: Path, lines: Iterable[Line]) -> None:
    """Write lines at the end, so that they are on the disk before anybody relies on it."""
    is_cut_off = file.exists() and not file.read_bytes().endswith(b"\n")  # somebody was killed while writing
    _write(file, os.O_APPEND, "\n" * is_cut_off + "".join(map(str, lines)))


def rewrite_ledger(file: Path, lines: Iterable[Line]) -> None:
    """Put a shorter file in the place of a longer one, at once."""
    new = file.with_suffix(".new")
    _write(new, os.O_TRUNC, "".join(map(str, lines)))
    new.replace(file)


def unknown_to(session: Session, lines: Sequence[Line]) -> list[Line]:
    """Return the erasures of which the database knows nothing: it is older than they are."""
    known: set[str] = set()
    ids = [line.public_id for line in lines]
    for start in range(0, len(ids), _AT_A_TIME):
        some = ids[start : start + _AT_A_TIME]
        known.update(session.scalars(select(Erasure.public_id).where(Erasure.public_id.in_(some))))
    return list({line.public_id: line for line in lines if line.public_id not in known}.values())


def _write(file: Path, flags: int, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | flags, 0o600), "wb") as handle:
        handle.write(text.encode())
        handle.flush()
        os.fsync(handle.fileno())


def _line(text: str) -> Line | None:
    try:
        public_id, kind, mark, erased_at = text.split()
        return Line(public_id, ErasureKind(kind), mark, datetime.fromisoformat(erased_at))
    except ValueError:
        return None
