"""The database: the base of all models, types that refuse mistakes, one way to write.

SQLite needs three things said (each was measured): the driver's own transactions are off,
a writing transaction begins IMMEDIATE so that two people never both get the last place, and
`synchronous` is FULL so that an answer we acknowledged survives a power cut.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import TYPE_CHECKING, Any, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, Enum, Insert, MetaData, event, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

from coordinator.kit.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from enum import StrEnum

    from sqlalchemy import Connection, Dialect, Table
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import ConnectionPoolEntry

LOCK_WAIT_SECONDS = 5
WRITING = "coordinator_writing"  # execution option of a connection: this transaction will write

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """A moment: kept as UTC, given back aware, refused when naive."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Give the moment back aware."""
        return None if value is None else value.replace(tzinfo=UTC)


class WallTime(TypeDecorator[datetime]):
    """A time as a clock on the wall shows it: naive, kept as typed, refused when aware."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment that claims a zone: the zone has a column of its own."""
        if value is not None and value.tzinfo is not None:
            raise ValueError("aware datetime for a wall time")
        return value


class Base(DeclarativeBase):
    """Every table descends from here, so every constraint has a predictable name."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={datetime: Instant},
    )


# With a real engine the join mode changes nothing; it lets a test put a whole request into a savepoint.
db = SQLAlchemy(model_class=Base, session_options={"join_transaction_mode": "create_savepoint"})


def one_of(kind: type[StrEnum]) -> Enum:
    """Return a column type for `kind`: a short text with a CHECK, the same on both databases."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=max(len(member.value) for member in kind),
        values_callable=lambda members: [member.value for member in members],
        name=kind.__name__.lower(),
    )


def insert_row(session: Session, model: type[Base], values: Mapping[str, Any]) -> int:
    """Write one row of which nobody needs the object: a third of what the mapper takes. Return its number."""
    done = writing_connection(session).execute(_insert(model), values)
    return cast("int", cast("Any", done.inserted_primary_key)[0])


def insert_once(session: Session, model: type[Base], values: Mapping[str, Any], *, unique: str) -> bool:
    """Write one row unless there is one with the same `unique` column. Return whether it is new."""
    connection = writing_connection(session)
    done = connection.execute(
        _insert_once(model, unique, connection.dialect.name),
        values,
        execution_options={"preserve_rowcount": True},
    )
    return done.rowcount == 1


@lru_cache
def _insert(model: type[Base]) -> Insert:
    return insert(cast("Table", model.__table__))


@lru_cache
def _insert_once(model: type[Base], unique: str, dialect: str) -> Insert:
    table, columns = cast("Table", model.__table__), [unique]
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=columns)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=columns)


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Leave transactions to us, keep foreign keys, write ahead, and wait for a lock instead of failing."""
    if not isinstance(connection, SqliteConnection):
        return
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {LOCK_WAIT_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",  # what was deleted is overwritten, not left for whoever has the keys
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "connect")
def _set_up_postgres(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Wait for a lock as long as on SQLite, and not for ever behind somebody who hangs."""
    if not type(connection).__module__.startswith("psycopg"):  # not imported, where there is no PostgreSQL
        return
    cast("Any", connection).execute(f"SET lock_timeout = '{LOCK_WAIT_SECONDS}s'")
    connection.commit()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock first where we will write; leave readers alone elsewhere."""
    if connection.dialect.name != "sqlite":
        return
    is_writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def overwrite_log() -> None:
    """Empty SQLite's write-ahead log, where pages of before a deletion still lie. Others have none."""
    engine = db.engine
    if engine.dialect.name != "sqlite" or not isinstance(engine, Engine):  # a test's connection holds a lock
        return
    db.session.remove()
    with engine.connect() as connection:
        connection.exec_driver_sql("END")  # a checkpoint can't run inside a transaction
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Commit what the block did, or none of it. Only views, jobs and commands open one.

    What the session read before is read again, under the lock: a decision is never made on
    a row that somebody else has changed since.

    Raises:
        sqlalchemy.exc.OperationalError: the database stayed locked for `LOCK_WAIT_SECONDS`.
    """
    session: Session = db.session()
    with _turn_of(session):
        if session.in_transaction():  # SQLite can't turn an old reading one into a writing one
            session.commit()
        session.info[WRITING] = session.connection(execution_options={WRITING: True})
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info.pop(WRITING, None)


def writing_connection(session: Session) -> Connection:
    """Return the connection of the unit of work that goes on, or the session's own where there is none.

    The session takes a quarter as long to find it again as a row takes to be written.
    """
    connection: Connection | None = session.info.get(WRITING)
    return session.connection() if connection is None or connection.closed else connection


@contextmanager
def _turn_of(session: Session) -> Iterator[None]:
    """Let everybody who writes to one file of SQLite do so in turn, threads and processes alike.

    SQLite's own way of waiting is to sleep and try again, which starves some (`kit/turns.py`). Whoever waits
    for too long goes on, and hears from SQLite that it is locked.
    """
    engine = session.get_bind().engine
    if engine.dialect.name != "sqlite":
        yield
        return
    with _turns(engine.url.database or "").turn(timeout_seconds=LOCK_WAIT_SECONDS):
        yield


@lru_cache
def _turns(file: str) -> Turns:
    """Return the queue in front of a file of SQLite; a database in memory is this process's alone."""
    return Turns(Path(file) if file not in {"", ":memory:"} else None)
