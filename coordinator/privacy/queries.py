"""What personal data is left, by room. Counts only, so that the report itself gives nothing away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, func, select

from coordinator.kit.db import Base
from coordinator.kit.personal import EMPTIED, SEALED, Personal, personal_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Table
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Leftover:
    """How much of one kind is kept."""

    room: str
    table: str
    column: str
    what: Personal
    rows: int


def sealed_columns() -> Iterator[tuple[Table, Column[str]]]:
    """Yield every column that a key of ours seals."""
    for table, column, _what in personal_columns(Base.metadata):
        if column.name.endswith(SEALED):
            yield table, column


def columns_table() -> str:
    """Return every column that may hold something of a person as a table in Markdown, by room."""
    rooms = _rooms()
    lines = sorted(
        f"| {rooms[table.name]} | `{table.name}.{column.name}` | {what.holds} | {what.until} |"
        for table, column, what in personal_columns(Base.metadata)
    )
    return "\n".join(["| Room | Column | Holds | Until |", "|---|---|---|---|", *lines])


def leftovers(session: Session) -> list[Leftover]:
    """Return every column that may hold something of a person, with the number of rows where it does."""
    rooms = _rooms()
    return sorted(
        (
            Leftover(rooms[table.name], table.name, column.name, what, _filled(session, column))
            for table, column, what in personal_columns(Base.metadata)
        ),
        key=lambda one: (one.room, one.table, one.column),
    )


def _rooms() -> dict[str, str]:
    return {
        model.class_.__table__.name: model.class_.__module__.split(".")[1] for model in Base.registry.mappers
    }


def _filled(session: Session, column: Column[Any]) -> int:
    query = select(func.count(column))
    if isinstance(column.type, String):
        query = query.where(column != "", ~column.startswith(EMPTIED))
    return session.scalar(query) or 0
