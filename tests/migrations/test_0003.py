"""Postponed events: what hangs on an event survives, what moved is known, going back sends nobody out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from coordinator.kit.db import db
from tests.migrations.test_0001 import ROWS, count, insert, insert_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy import Engine


@pytest.fixture
def engine(real_app: Flask) -> Iterator[Engine]:
    """A database as it was before, to bring up."""
    with real_app.app_context():
        downgrade(revision="0002")
        yield db.engine


def row(engine: Engine, columns: str) -> tuple[Any, ...]:
    with engine.connect() as connection:
        return tuple(connection.execute(text(f"SELECT {columns} FROM event WHERE id = 1")).one())  # noqa: S608 ours


def test_everything_that_hangs_on_an_event_survives(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)

    upgrade(revision="0003")

    with engine.connect() as connection:
        assert {table: count(connection, table) for table in ROWS} == dict.fromkeys(ROWS, 1)
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    assert row(engine, "count_shown, postponed_at, postponed_because") == ("exact", None, "")


def test_an_event_that_had_moved_says_when(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)
        insert(connection, "event", id=2, public_id="e000000002")

    upgrade(revision="0003")

    assert row(engine, "moved_at")[0] is not None
    with engine.connect() as connection:
        assert connection.execute(text("SELECT moved_at FROM event WHERE id = 2")).scalar() is None


@pytest.mark.parametrize("wrong", ["status = 'moved'", "count_shown = 'some'", "capacity = 0"])
def test_what_cannot_be_true_is_still_refused(engine: Engine, wrong: str) -> None:
    upgrade(revision="0003")

    with engine.begin() as connection:
        insert_all(connection)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(f"UPDATE event SET {wrong}"))  # noqa: S608 ours


def test_going_back_makes_a_postponed_event_a_cancelled_one(engine: Engine) -> None:
    upgrade(revision="0003")
    with engine.begin() as connection:
        insert_all(connection)
        connection.execute(
            text(
                "UPDATE event SET status = 'postponed', postponed_because = 'Storm', "
                "postponed_at = '2030-09-10 10:00:00'"
            )
        )
        insert(connection, "event_notice", id=2, kind="postponed")

    downgrade(revision="0002")

    assert row(engine, "status, cancelled_because") == ("cancelled", "Storm")
    with engine.connect() as connection:
        assert count(connection, "event_notice") == 1
        assert count(connection, "rsvp") == 1
