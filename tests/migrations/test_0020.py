"""What is ticked about accessibility: old events keep their words alone; going back keeps them, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from coordinator.kit.db import db
from tests.migrations.test_0001 import ROWS, count, insert, insert_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy import Engine

COLUMN = "accessibility_features"


@pytest.fixture
def engine(real_app: Flask) -> Iterator[Engine]:
    """A database as it was before, to bring up."""
    with real_app.app_context():
        downgrade(revision="0019")
        yield db.engine


def row(engine: Engine, columns: str) -> tuple[Any, ...]:
    with engine.connect() as connection:
        return tuple(connection.execute(text(f"SELECT {columns} FROM event WHERE id = 1")).one())  # noqa: S608 ours


def test_words_stay_and_nothing_is_guessed_from_them(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)
        connection.execute(text("UPDATE event SET accessibility = 'Step-free, sign language.'"))

    upgrade(revision="0020")

    assert row(engine, f"accessibility, {COLUMN}") == ("Step-free, sign language.", "")


def test_old_code_goes_on_writing_events(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)
    upgrade(revision="0020")

    with engine.begin() as connection:
        insert(connection, "event", id=2, public_id="e000000002")

    with engine.connect() as connection:
        assert connection.execute(text(f"SELECT {COLUMN} FROM event WHERE id = 2")).scalar() == ""  # noqa: S608 ours


def test_going_back_loses_the_ticks_and_nothing_else(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)
    upgrade(revision="0020")
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE event SET accessibility = 'Ask Ada.', {COLUMN} = 'seating'"))  # noqa: S608 ours

    downgrade(revision="0019")

    with engine.connect() as connection:
        assert COLUMN not in {column["name"] for column in inspect(connection).get_columns("event")}
        assert {table: count(connection, table) for table in ROWS} == dict.fromkeys(ROWS, 1)
    assert row(engine, "accessibility") == ("Ask Ada.",)
