"""Bounces: messages that were there keep what they say, and read as they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from coordinator.kit.db import db

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection

WHEN = "2030-09-16 16:00:00"
ROWS = {
    "waiting": {"recipient_sealed": "r", "error": "recipient:451"},
    "sent": {"sent_at": WHEN},
    "refused": {"failed_at": WHEN, "error": "recipient:550"},
    "gave-up": {"failed_at": WHEN, "error": "recipient:554", "recipient_sealed": "r"},
}


def insert(connection: Connection, key: str, **values: str) -> None:
    row = {
        "public_id": key, "key": key, "template": "accounts/reset", "locale": "en", "about": "account:x",
        "created_at": WHEN, "due_at": WHEN, "tries": 1, **values,
    }  # fmt: skip
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO message ({names}) VALUES ({marks})"), row)  # noqa: S608 ours


def errors(connection: Connection) -> dict[str, str | None]:
    return {row.key: row.error for row in connection.execute(text("SELECT key, error FROM message"))}


def test_messages_keep_their_words_and_final_refusals_say_that_they_are(real_app: Flask) -> None:
    with real_app.app_context():
        downgrade(revision="0003")
        with db.engine.begin() as connection:
            for key, values in ROWS.items():
                insert(connection, key, **values)
        before = {key: values.get("error") for key, values in ROWS.items()}

        upgrade(revision="0004")
        with db.engine.begin() as connection:
            assert errors(connection) == before | {"refused": "refused:550"}
            asked = connection.execute(text("SELECT DISTINCT is_asked_for FROM message")).scalars().all()
            assert [bool(value) for value in asked] == [False]
            connection.execute(
                text("UPDATE message SET bounced_at = sent_at, bounce = 'hard' WHERE key = 'sent'")
            )
            for wrong in ("bounce = NULL", "bounce = 'loud'", "bounced_at = NULL"):
                with pytest.raises(IntegrityError), connection.begin_nested():
                    connection.execute(text(f"UPDATE message SET {wrong} WHERE key = 'sent'"))  # noqa: S608 ours

        downgrade(revision="0003")
        with db.engine.begin() as connection:
            assert errors(connection) == before
        assert not {"undeliverable", "mail_server"} & set(inspect(db.engine).get_table_names())
