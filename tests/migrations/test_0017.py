"""Audiences: announcements that were there stay and mean what they meant; broadcasts come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from coordinator.kit.db import db
from tests.migrations.test_0001 import WHEN, count, insert_all

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

BEFORE = "0015"
OLD: dict[str, Any] = {
    "id": 1, "public_id": "n000000001", "event_id": 1, "author_id": 1, "status": "sent", "audience": "{}",
    "send_fold": 0, "created_at": WHEN, "is_approved": False, "readers": 2, "written": 2, "left_out": 0,
    "last_rsvp_id": 7,
}  # fmt: skip
BROADCAST = OLD | {
    "id": 2, "public_id": "n000000002", "kind": "organisers", "event_id": None, "campaign_id": 1,
    "timezone": "Europe/Berlin",
}  # fmt: skip


def insert(connection: Connection, table: str, row: dict[str, Any]) -> None:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    with connection.begin_nested():
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608 ours


def words(number: int, announcement_id: int) -> dict[str, Any]:
    said = {"subject_sealed": "x", "body_sealed": "x"}
    return {"id": number, "announcement_id": announcement_id, "locale": "en"} | said


def test_what_was_announced_stays_and_broadcasts_go_with_a_downgrade(real_app: Flask) -> None:
    with real_app.app_context():
        downgrade(revision=BEFORE)
        with db.engine.begin() as connection:
            insert_all(connection)
            insert(connection, "announcement", OLD)
            insert(connection, "announcement_text", words(1, 1))

        upgrade()
        with db.engine.begin() as connection:
            found = connection.execute(text("SELECT kind, event_id, last_rsvp_id FROM announcement")).one()
            assert tuple(found) == ("answers", 1, 7)
            assert count(connection, "announcement_text") == 1
            insert(connection, "announcement", BROADCAST)
            insert(connection, "announcement_text", words(2, 2))
            stop = {"id": 1, "campaign_id": 1, "account_id": 1, "stopped_at": WHEN}
            insert(connection, "broadcast_stop", stop)
            with pytest.raises(IntegrityError):
                insert(connection, "broadcast_stop", stop | {"id": 2})

        downgrade(revision=BEFORE)
        with db.engine.connect() as connection:
            assert (count(connection, "announcement"), count(connection, "announcement_text")) == (1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"event_id": 1}, id="of an event and of a campaign"),
        pytest.param({"campaign_id": None, "timezone": None}, id="of nothing"),
        pytest.param({"kind": "answers"}, id="to those who answered no event"),
        pytest.param({"kind": "everybody"}, id="a kind that is none"),
        pytest.param({"timezone": None}, id="a broadcast without clocks"),
        pytest.param(
            {"kind": "contacts", "event_id": 1, "campaign_id": None}, id="an event's with other clocks"
        ),
    ],
)
def test_a_row_that_cannot_be_true_is_refused(session: Session, wrong: dict[str, Any]) -> None:
    connection = session.connection()
    insert_all(connection)
    insert(connection, "announcement", BROADCAST | {"id": 3, "public_id": "n000000003"})

    with pytest.raises(IntegrityError):
        insert(connection, "announcement", BROADCAST | wrong)


def test_with_a_campaign_s_event_and_account_goes_what_hangs_on_them(session: Session) -> None:
    connection = session.connection()
    insert_all(connection)
    insert(connection, "announcement", OLD)
    insert(connection, "announcement_text", words(1, 1))

    connection.execute(text("DELETE FROM event"))

    assert (count(connection, "announcement"), count(connection, "announcement_text")) == (0, 0)
