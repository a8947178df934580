"""The door's tables: they come and go beside answers that stay, and refuse what can't be true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from coordinator.kit.db import db
from tests.migrations.test_0001 import WHEN, count, insert_all

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

BEFORE = "0001"
ROWS: dict[str, dict[str, Any]] = {
    "attendance": {
        "rsvp_id": 1, "event_id": 1, "people": 2, "arrived_at": WHEN, "said_at": WHEN, "act_id": "a" * 20,
        "changed_at": WHEN,
    },
    "door_tally": {"event_id": 1, "came": 2, "walk_ins": 3},
    "door_act": {"event_id": 1, "act_id": "a" * 20},
    "door_link": {
        "id": 1, "public_id": "l000000001", "event_id": 1, "label_sealed": None, "token_digest": "t9",
        "has_names": True, "hours": 6, "created_at": WHEN,
    },
}  # fmt: skip


def insert(connection: Connection, table: str, **changes: Any) -> None:
    row = ROWS[table] | changes
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    with connection.begin_nested():
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608 ours


@pytest.fixture
def filled(session: Session) -> Connection:
    connection = session.connection()
    insert_all(connection)
    for table in ROWS:
        insert(connection, table)
    return connection


def test_they_come_and_go_and_the_answers_stay(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)
            for table in ROWS:
                insert(connection, table)

        downgrade(revision=BEFORE)
        with db.engine.connect() as connection:
            assert not set(ROWS) & set(inspect(connection).get_table_names())
            assert count(connection, "rsvp") == 1

        upgrade()
        with db.engine.begin() as connection:
            assert [count(connection, table) for table in ROWS] == [0, 0, 0, 0]
            for table in ROWS:
                insert(connection, table)


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        pytest.param("attendance", "people = 11", id="more than a party"),
        pytest.param("attendance", "people = 0", id="nobody arrived"),
        pytest.param("attendance", "arrived_at = NULL", id="here and not arrived"),
        pytest.param("door_tally", "came = -1", id="fewer than nobody"),
        pytest.param("door_tally", "walk_ins = -1", id="owing a walk-in"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused(filled: Connection, table: str, wrong: str) -> None:
    with pytest.raises(IntegrityError), filled.begin_nested():
        filled.execute(text(f"UPDATE {table} SET {wrong}"))  # noqa: S608 ours


@pytest.mark.parametrize("table", ["attendance", "door_act", "door_tally"])
def test_there_is_only_one(filled: Connection, table: str) -> None:
    with pytest.raises(IntegrityError):
        insert(filled, table)


def test_with_an_answer_goes_that_it_came(filled: Connection) -> None:
    filled.execute(text("DELETE FROM rsvp"))

    assert (count(filled, "attendance"), count(filled, "door_tally")) == (0, 1)


def test_with_an_event_goes_its_door(filled: Connection) -> None:
    filled.execute(text("DELETE FROM event"))

    assert [count(filled, table) for table in ROWS] == [0, 0, 0, 0]
