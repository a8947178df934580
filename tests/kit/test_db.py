from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier, Event as Flag
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from coordinator.kit import db as kit_db
from coordinator.kit.db import Base, Instant, WallTime, db, one_of, unit_of_work, writing_connection
from coordinator.missions.rules import MissionStatus
from coordinator.outbox.models import Heartbeat
from tests.kit.moments import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session

DIALECT = sqlite.dialect()
LAST = NOON + timedelta(hours=2)
"""The last of the three places in these tests: an hour each, NOON to LAST."""


# Types


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_comes_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    kept = Instant().process_bind_param(moment, DIALECT)
    back = Instant().process_result_value(kept, DIALECT)

    assert back == moment.astimezone(UTC)
    assert back.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        Instant().process_bind_param(datetime(2030, 9, 16, 18, 0), DIALECT)  # noqa: DTZ001 the point


def test_a_wall_time_with_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        WallTime().process_bind_param(NOON, DIALECT)


def test_a_wall_time_is_kept_as_typed() -> None:
    typed = datetime(2030, 3, 31, 2, 30)  # noqa: DTZ001 a wall time; in Berlin it does not exist

    assert WallTime().process_bind_param(typed, DIALECT) == typed


@pytest.mark.parametrize("kind", [Instant, WallTime])
def test_no_time_is_no_time(kind: type[Instant | WallTime]) -> None:
    assert kind().process_bind_param(None, DIALECT) is None


def test_no_instant_comes_back_as_none() -> None:
    assert Instant().process_result_value(None, DIALECT) is None


def test_the_database_gives_the_moment_back_aware(session: Session) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=14)))
    session.add(Heartbeat(name="a", beat_at=elsewhere))
    session.flush()
    session.expire_all()

    beat = session.get(Heartbeat, "a")

    assert beat is not None
    assert beat.beat_at == NOON
    assert beat.beat_at.utcoffset() == timedelta(0)


def test_a_naive_moment_never_reaches_the_database(session: Session) -> None:
    session.add(Heartbeat(name="a", beat_at=NOON.replace(tzinfo=None)))

    with pytest.raises(StatementError, match="naive"):
        session.flush()
    session.rollback()


def test_a_choice_is_kept_by_its_value_and_checked() -> None:
    kind = one_of(MissionStatus)

    assert kind.enums == ["open", "closed", "moved"]
    assert kind.length == len("closed")
    assert kind.create_constraint
    assert not kind.native_enum


def test_every_constraint_has_a_name() -> None:
    nameless = [
        (table.name, constraint)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if constraint.name is None
    ]
    assert nameless == []


# Work


@pytest.fixture
def house(real_app: Flask) -> Iterator[Flask]:
    """An app with real commits and its context open; one row in its database."""
    with real_app.app_context():
        with unit_of_work() as session:
            session.add(Heartbeat(name="place", beat_at=NOON))
        yield real_app


def others_see(app: Flask, name: str) -> datetime | None:
    """Return what a connection of its own reads."""
    with app.app_context():
        return db.session().scalar(select(Heartbeat.beat_at).where(Heartbeat.name == name))


def test_what_the_block_did_is_committed(house: Flask) -> None:
    with unit_of_work() as session:
        session.add(Heartbeat(name="worker", beat_at=NOON))

    assert others_see(house, "worker") == NOON


def test_nothing_shows_before_the_end(house: Flask) -> None:
    with unit_of_work() as session:
        session.add(Heartbeat(name="worker", beat_at=NOON))
        session.flush()

        assert others_see(house, "worker") is None


def test_a_fault_undoes_everything(house: Flask) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work() as session:  # noqa: PT012 the work is the point
        session.add(Heartbeat(name="worker", beat_at=NOON))
        session.flush()
        raise ZeroDivisionError

    assert others_see(house, "worker") is None


def test_even_being_stopped_undoes_everything(house: Flask) -> None:
    with pytest.raises(KeyboardInterrupt), unit_of_work() as session:  # noqa: PT012 the work is the point
        session.execute(update(Heartbeat).values(beat_at=LAST))
        raise KeyboardInterrupt

    assert others_see(house, "place") == NOON


def test_a_refused_row_undoes_everything_and_the_next_work_succeeds(house: Flask) -> None:
    with pytest.raises(IntegrityError), unit_of_work() as session:  # noqa: PT012 the work is the point
        session.execute(update(Heartbeat).values(beat_at=LAST))
        session.execute(Heartbeat.__table__.insert().values(name="place", beat_at=NOON))

    with unit_of_work() as session:
        session.add(Heartbeat(name="worker", beat_at=NOON))

    assert others_see(house, "place") == NOON
    assert others_see(house, "worker") == NOON


def test_a_read_before_the_work_does_not_break_it(house: Flask) -> None:
    row = db.session().get(Heartbeat, "place")  # opens a reading transaction
    with house.app_context(), unit_of_work() as session:
        session.execute(update(Heartbeat).values(beat_at=NOON + timedelta(hours=1)))  # somebody is faster

    with unit_of_work():
        seen = row.beat_at
        row.beat_at = LAST

    assert seen == NOON + timedelta(hours=1)  # decided on what is, not on what was read before
    assert others_see(house, "place") == LAST


def test_work_after_work_in_one_request(house: Flask) -> None:
    for hours in range(3):
        with unit_of_work() as session:
            session.execute(update(Heartbeat).values(beat_at=NOON + timedelta(hours=hours)))

    assert others_see(house, "place") == LAST


@pytest.mark.concurrent
def test_the_connection_of_the_work_is_at_hand_in_it_and_forgotten_after_it(house: Flask) -> None:
    with unit_of_work() as session:
        during = writing_connection(session)
        assert during is session.connection()

    assert writing_connection(db.session()) is not during
    assert kit_db.WRITING not in db.session().info


def test_the_last_place_is_given_once(house: Flask) -> None:
    """Eight threads read the row, then all want the last hour of three. One of them gets it."""
    start = Barrier(8)
    with unit_of_work() as session:
        session.execute(update(Heartbeat).values(beat_at=LAST - timedelta(hours=1)))

    def take_a_place(_: int) -> bool:
        with house.app_context():
            db.session().get(Heartbeat, "place")  # as a page does, before it knows that it will write
            start.wait()
            with unit_of_work() as session:
                place = session.get(Heartbeat, "place", with_for_update=True, populate_existing=True)
                if place.beat_at >= LAST:
                    return False
                place.beat_at += timedelta(hours=1)
                return True

    with ThreadPoolExecutor(8) as threads:
        got_it = list(threads.map(take_a_place, range(8)))

    assert got_it.count(True) == 1
    assert others_see(house, "place") == LAST


@pytest.mark.concurrent
def test_no_write_is_lost_between_many_writers(house: Flask) -> None:
    def write(thread: int) -> None:
        with house.app_context():
            for n in range(10):
                with unit_of_work() as session:
                    session.add(Heartbeat(name=f"{thread}-{n}", beat_at=NOON))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    with house.app_context():
        assert db.session().scalar(select(func.count()).select_from(Heartbeat)) == 41


@pytest.mark.concurrent
def test_a_page_is_read_while_somebody_writes(house: Flask) -> None:
    is_writing, may_end = Flag(), Flag()

    def write() -> None:
        with house.app_context(), unit_of_work() as session:
            session.execute(update(Heartbeat).values(beat_at=LAST))
            is_writing.set()
            assert may_end.wait(30)

    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(write)
        assert is_writing.wait(30)
        seen = others_see(house, "place")
        may_end.set()
        writer.result()

    assert seen == NOON
    assert others_see(house, "place") == LAST


# SQLite only


@pytest.fixture
def sqlite_house(house: Flask) -> Flask:
    """The same, where the database is a file."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("about SQLite")
    return house


def test_sqlite_is_set_up_to_keep_what_it_acknowledged(sqlite_house: Flask) -> None:
    ask = db.session().scalar

    assert ask(text("PRAGMA journal_mode")) == "wal"
    assert ask(text("PRAGMA synchronous")) == 2  # FULL
    assert ask(text("PRAGMA foreign_keys")) == 1
    assert ask(text("PRAGMA busy_timeout")) == kit_db.LOCK_WAIT_SECONDS * 1000


def test_work_takes_the_write_lock_at_once_and_reading_never_does(sqlite_house: Flask) -> None:
    said: list[str] = []
    db.session().get(Heartbeat, "place")
    raw = db.session().connection().connection.dbapi_connection
    raw.set_trace_callback(said.append)
    db.session().rollback()

    db.session().get(Heartbeat, "place")
    with unit_of_work() as session:
        session.get(Heartbeat, "place")

    assert [words for words in said if words.startswith("BEGIN")] == ["BEGIN", "BEGIN IMMEDIATE"]


def test_a_locked_database_is_an_operational_error_and_no_connection_is_lost(
    sqlite_house: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit_db, "LOCK_WAIT_SECONDS", 0)
    db.session.remove()
    db.engine.dispose()  # new connections wait as long as is said here: not at all
    locker = sqlite3.connect(tmp_path / "coordinator.sqlite", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")

    for _ in range(20):  # more often than the pool has connections
        with pytest.raises(OperationalError, match="locked"), unit_of_work():
            pytest.fail("the block must not run without the lock")

    locker.execute("COMMIT")
    locker.close()
    with unit_of_work() as session:
        session.execute(update(Heartbeat).values(beat_at=LAST))
    assert others_see(sqlite_house, "place") == LAST
