"""Long lists, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

Row = TypeVar("Row")

ROWS_ON_A_PAGE = 50
LAST_PAGE = 100_000  # nobody turns that many; a longer number would not fit the database's integers


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and whether there are more. There is no total: counting would read them all."""

    rows: Sequence[Row]
    number: int
    has_more: bool


def page_of(session: Session, query: Select[Row], *, number: int, size: int = ROWS_ON_A_PAGE) -> Page[Row]:
    """Return page `number` (from 1) of what `query` finds, in its order."""
    number = min(max(1, number), LAST_PAGE)
    found = session.scalars(query.offset((number - 1) * size).limit(size + 1)).all()
    return Page(rows=found[:size], number=number, has_more=len(found) > size)
