from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from coordinator.kit.paging import page_of
from coordinator.outbox.models import Heartbeat
from tests.kit.moments import NOON

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

IN_ORDER = select(Heartbeat).order_by(Heartbeat.name)


@pytest.fixture(autouse=True)
def five(session: Session) -> None:
    """Five rows, a to e."""
    session.add_all(Heartbeat(name=name, beat_at=NOON) for name in "abcde")
    session.flush()


@pytest.mark.parametrize(
    ("number", "names", "has_more"),
    [
        pytest.param(1, "ab", True, id="first"),
        pytest.param(2, "cd", True, id="middle"),
        pytest.param(3, "e", False, id="last"),
        pytest.param(4, "", False, id="beyond the end"),
        pytest.param(0, "ab", True, id="zero is the first"),
        pytest.param(-7, "ab", True, id="negative is the first"),
    ],
)
def test_a_page_and_if_there_are_more(session: Session, number: int, names: str, has_more: object) -> None:
    page = page_of(session, IN_ORDER, number=number, size=2)

    assert "".join(row.name for row in page.rows) == names
    assert page.has_more is has_more
    assert page.number == max(1, number)


@pytest.mark.parametrize("number", [2**31, 2**63, 10**40])
def test_a_number_that_no_database_holds_is_an_empty_page(session: Session, number: int) -> None:
    page = page_of(session, IN_ORDER, number=number)

    assert page.rows == []
    assert not page.has_more


def test_a_page_that_is_just_full_has_no_next(session: Session) -> None:
    assert not page_of(session, IN_ORDER, number=1, size=5).has_more
