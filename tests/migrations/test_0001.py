"""The first tables: they are what the models say, they keep rows, and they refuse what can't be true."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from coordinator.kit.db import NAMES, Base, db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import ReflectedIndex
    from sqlalchemy.orm import Session

WHEN = "2030-09-16 16:00:00"

ROWS: dict[str, dict[str, Any]] = {
    "account": {"id": 1, "public_id": "a000000001", "email_digest": "d1"},
    "campaign": {
        "id": 1, "slug": "day", "status": "open", "review_policy": "everything", "date_rule": "day",
        "starts_on": "2030-09-16", "retention_days": 90,
    },
    "campaign_text": {"id": 1, "campaign_id": 1, "locale": "en"},
    "campaign_role": {"id": 1, "campaign_id": 1, "account_id": 1, "kind": "coordinator"},
    "mission": {
        "id": 1, "code": "ru-de-berlin-embassy", "kind": "embassy", "latitude": 52.5, "longitude": 13.4,
        "precision": "building", "status": "open",
    },
    "mission_name": {"id": 1, "mission_id": 1, "locale": "en"},
    "event": {
        "id": 1, "public_id": "e000000001", "campaign_id": 1, "organiser_id": 1, "mission_id": 1,
        "status": "published", "starts_at": WHEN, "latitude": 52.5, "longitude": 13.4,
        "precision": "building",
    },
    "review_note": {"id": 1, "event_id": 1, "author_id": 1, "kind": "submitted"},
    "event_notice": {"id": 1, "event_id": 1, "kind": "changed"},
    "rsvp": {
        "id": 1, "public_id": "r000000001", "event_id": 1, "status": "accepted", "party_size": 2,
        "token_digest": "t1", "email_digest": "d2",
    },
    "rsvp_tally": {"event_id": 1, "unconfirmed": 2},
    "contact": {
        "id": 1, "public_id": "c000000001", "owner_id": 1, "campaign_id": 1, "event_id": 1,
        "source": "rsvp:r000000001",
    },
    "message": {"id": 1, "public_id": "m000000001", "key": "k1"},
}  # fmt: skip
"""What matters in one right row of each table that has rules, in an order that foreign keys allow."""

EMPTY = {str: "", int: 0, bool: False, float: 0.0, object: "{}", datetime: WHEN}  # JSON is any object


@pytest.fixture
def engine(real_app: Flask) -> Iterator[Engine]:
    """A migrated database of its own, to take apart."""
    with real_app.app_context():
        yield db.engine


@pytest.fixture
def filled(session: Session) -> Connection:
    """A connection to the migrated database with one right row in each table, forgotten after the test."""
    connection = session.connection()
    insert_all(connection)
    return connection


def insert(connection: Connection, table: str, **changes: Any) -> None:
    """Write one row in raw SQL: a migration's test must not follow the models as they change.

    Columns that must say something and of which neither the test nor a default says anything are empty.
    """
    empty = {
        column["name"]: EMPTY[column["type"].python_type]
        for column in inspect(connection).get_columns(table)
        if not column["nullable"] and column["default"] is None
    }
    there = {column["name"] for column in inspect(connection).get_columns(table)}
    row = empty | {name: value for name, value in ROWS[table].items() if name in there} | changes
    names, values = ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)
    with connection.begin_nested():
        connection.execute(text(f'INSERT INTO "{table}" ({names}) VALUES ({values})'), row)  # noqa: S608 ours


def insert_all(connection: Connection) -> None:
    for table in ROWS:
        insert(connection, table)


def count(connection: Connection, table: str) -> int | None:
    found: int | None = connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar()  # noqa: S608 ours
    return found


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def bare(sql: str) -> str:
    """Return a condition without what databases add or leave out: brackets, casts, spaces, capitals."""
    return re.sub(r"::\w+( varying)?(\(\d+\))?(\[\])?|[\s()\"]", "", sql).lower()


def condition(index: ReflectedIndex) -> str:
    """Return which rows a partial index holds."""
    options = index.get("dialect_options", {})
    return bare(str(options.get("sqlite_where", options.get("postgresql_where", ""))))


def described(engine: Engine) -> dict[str, Any]:
    """Return everything that the database says about its tables, CHECKs included, as plain values."""
    ask = inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in ask.get_columns(table)
                if column["name"] != "id"
            },
            "primary key": ask.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted(
                (key["name"], key["constrained_columns"], key["referred_table"], str(key["options"]))
                for key in ask.get_foreign_keys(table)
            ),
            "uniques": sorted(
                (key["name"], key["column_names"]) for key in ask.get_unique_constraints(table)
            ),
            "checks": sorted((key["name"], bare(key["sqltext"])) for key in ask.get_check_constraints(table)),
            "indexes": sorted(
                (key["name"], key["column_names"], bool(key["unique"]), condition(key))
                for key in ask.get_indexes(table)
            ),
        }
        for table in tables(engine)
    }


# Models


def test_alembic_sees_no_difference_between_models_and_migrations(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_tables_are_those_that_the_models_would_make(engine: Engine) -> None:
    """CHECKs, too, which alembic does not compare."""
    migrated = described(engine)
    downgrade(revision="base")

    Base.metadata.create_all(engine)
    made = described(engine)
    Base.metadata.drop_all(engine)

    assert migrated == made


def test_names_follow_the_convention_and_none_is_doubled(engine: Engine) -> None:
    ask = inspect(engine)
    names = [
        (table, kind, key["name"])
        for table in tables(engine)
        for kind, keys in (
            ("ck", ask.get_check_constraints(table)),
            ("uq", ask.get_unique_constraints(table)),
            ("fk", ask.get_foreign_keys(table)),
            ("ix", [key for key in ask.get_indexes(table) if not key.get("duplicates_constraint")]),
            ("pk", [ask.get_pk_constraint(table)]),
        )
        for key in keys
    ]

    assert {kind for _, kind, _ in names} == set(NAMES)
    wrong = [name for table, kind, name in names if not name.startswith(f"{kind}_{table}")]
    doubled = [name for _, kind, name in names if f"_{kind}_" in name]
    too_long = [name for _, _, name in names if len(name) > 63]  # PostgreSQL would cut it
    assert (wrong, doubled, too_long) == ([], [], [])


# Up and down


def test_a_downgrade_leaves_nothing_and_the_tables_come_back(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)

    downgrade(revision="base")
    assert tables(engine) == set()

    upgrade()
    assert tables(engine) == set(Base.metadata.tables)
    with engine.begin() as connection:
        assert count(connection, "event") == 0
        insert_all(connection)


def test_an_upgrade_of_what_is_up_to_date_keeps_every_row(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)

    upgrade()

    with engine.connect() as connection:
        assert {table: count(connection, table) for table in ROWS} == dict.fromkeys(ROWS, 1)


# Rows that can't be true

NEXT = {
    "account": {"id": 2, "public_id": "a000000002", "email_digest": "d9"},
    "campaign": {"id": 2, "slug": "another"},
    "mission": {"id": 2, "code": "another"},
    "event": {"id": 2, "public_id": "e000000002"},
    "rsvp": {"id": 2, "public_id": "r000000002", "token_digest": "t2", "email_digest": "d9"},
    "message": {"id": 2, "public_id": "m000000002", "key": "k2"},
    "contact": {"id": 2, "public_id": "c000000002", "source": "rsvp:r000000002"},
}
"""What makes a second row of a table right."""


@pytest.mark.parametrize("table", NEXT)
def test_a_second_right_row_is_taken(filled: Connection, table: str) -> None:
    insert(filled, table, **NEXT[table])


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        pytest.param("campaign", {"retention_days": 0}, id="no retention"),
        pytest.param("campaign", {"retention_days": 10_000}, id="kept for ever"),
        pytest.param("campaign", {"ends_on": "2030-09-15"}, id="a window that ends first"),
        pytest.param("campaign", {"starts_on": None}, id="a day without its day"),
        pytest.param("campaign", {"status": "public"}, id="a status that is none"),
        pytest.param("campaign", {"review_policy": "none"}, id="a policy that is none"),
        pytest.param("campaign", {"date_rule": "never"}, id="a rule that is none"),
        pytest.param("mission", {"latitude": 90.01}, id="a mission beyond the pole"),
        pytest.param("mission", {"longitude": -180.01}, id="a mission beyond the date line"),
        pytest.param("mission", {"kind": "bank"}, id="not a mission"),
        pytest.param("mission", {"precision": "roughly"}, id="a precision that is none"),
        pytest.param("event", {"latitude": None, "longitude": None}, id="published and nowhere"),
        pytest.param("event", {"latitude": None}, id="half a point"),
        pytest.param("event", {"status": "draft", "longitude": None}, id="half a point in a draft"),
        pytest.param("event", {"latitude": -90.01}, id="beyond the pole"),
        pytest.param("event", {"longitude": 180.01}, id="beyond the date line"),
        pytest.param("event", {"capacity": 0}, id="no places"),
        pytest.param("event", {"capacity": -5}, id="fewer places than none"),
        pytest.param("event", {"capacity": 100_001}, id="too many places"),
        pytest.param("event", {"ends_at": WHEN}, id="over when it starts"),
        pytest.param("event", {"ends_at": "2030-09-16 15:00:00"}, id="over before it starts"),
        pytest.param("event", {"status": "moved"}, id="an event's status that is none"),
        pytest.param("rsvp", {"party_size": 0}, id="nobody comes"),
        pytest.param("rsvp", {"party_size": 11}, id="a party too large"),
        pytest.param("rsvp", {"status": "yes"}, id="an answer that is none"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused(filled: Connection, table: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        insert(filled, table, **(NEXT[table] | wrong))


@pytest.mark.parametrize("number", ["confirmed", "unconfirmed", "tentative", "waitlisted"])
def test_a_tally_never_falls_below_zero(filled: Connection, number: str) -> None:
    with pytest.raises(IntegrityError), filled.begin_nested():
        filled.execute(text(f"UPDATE rsvp_tally SET {number} = -1"))  # noqa: S608 ours


@pytest.mark.parametrize(
    ("table", "same"),
    [
        ("account", "public_id"),
        ("account", "email_digest"),
        ("campaign", "slug"),
        ("mission", "code"),
        ("event", "public_id"),
        ("rsvp", "public_id"),
        ("rsvp", "token_digest"),
        ("rsvp", "email_digest"),
        ("message", "key"),
        ("message", "public_id"),
        ("contact", "source"),
    ],
)
def test_there_is_only_one(filled: Connection, table: str, same: str) -> None:
    with pytest.raises(IntegrityError):
        insert(filled, table, **(NEXT[table] | {same: ROWS[table][same]}))


@pytest.mark.parametrize(
    ("table", "column"),
    [("campaign_text", "locale"), ("mission_name", "locale"), ("campaign_role", "kind")],
)
def test_there_is_one_of_a_kind(filled: Connection, table: str, column: str) -> None:
    with pytest.raises(IntegrityError):
        insert(filled, table, id=2, **{column: ROWS[table][column]})


def test_people_without_an_address_do_not_exclude_each_other(filled: Connection) -> None:
    for number in (2, 3):
        names = {"public_id": f"r00000000{number}", "token_digest": f"t{number}"}
        insert(filled, "rsvp", id=number, email_digest=None, **names)


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("event", {"campaign_id": 99}),
        ("event", {"organiser_id": 99}),
        ("event", {"mission_id": 99}),
        ("rsvp", {"event_id": 99}),
        ("contact", {"owner_id": 99}),
    ],
)
def test_nothing_belongs_to_what_is_not_there(filled: Connection, table: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        insert(filled, table, **(NEXT[table] | wrong))


def test_with_an_event_goes_all_that_is_about_it(filled: Connection) -> None:
    filled.execute(text("DELETE FROM event"))

    about = ("rsvp", "rsvp_tally", "contact", "review_note", "event_notice")
    assert {table: count(filled, table) for table in about} == dict.fromkeys(about, 0)


def test_an_account_with_events_does_not_vanish_under_them(filled: Connection) -> None:
    with pytest.raises(IntegrityError), filled.begin_nested():
        filled.execute(text("DELETE FROM account"))
