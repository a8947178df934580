"""What personal data is left, by room. Counts only, so that the report itself gives nothing away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from coordinator.kit.db import Base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Table
    from sqlalchemy.orm import Session

PERSONAL_ENDINGS = ("_sealed", "_digest")
"""How every column that holds something of a person is named (kit/crypto.py)."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """How much of one kind is kept."""

    room: str
    table: str
    column: str
    rows: int


def sealed_columns() -> Iterator[tuple[Table, Column[str]]]:
    """Yield every column that a key of ours seals."""
    for table, column in _personal_columns():
        if column.name.endswith("_sealed"):
            yield table, column


def leftovers(session: Session) -> list[Leftover]:
    """Return every column that may hold something of a person, with the number of rows where it does."""
    rooms = {
        model.class_.__table__.name: model.class_.__module__.split(".")[1] for model in Base.registry.mappers
    }
    return sorted(
        (
            Leftover(
                rooms.get(table.name, "?"),
                table.name,
                column.name,
                session.scalar(select(func.count(column)).select_from(table)) or 0,
            )
            for table, column in _personal_columns()
        ),
        key=lambda one: (one.room, one.table, one.column),
    )


def _personal_columns() -> Iterator[tuple[Table, Column[str]]]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith(PERSONAL_ENDINGS):
                yield table, column
