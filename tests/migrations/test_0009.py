"""Reminders' plan: it comes and goes, and answers stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from coordinator.kit.db import db
from tests.migrations.test_0001 import WHEN, count, insert_all

if TYPE_CHECKING:
    from flask import Flask

PLAN = (
    "INSERT INTO event_reminder (id, event_id, kind, starts_at, timezone, due_at, last_rsvp_id) "
    "VALUES (:id, 1, 'day', :at, 'Europe/Berlin', :at, 0)"
)


def test_the_plan_comes_and_goes_and_answers_stay(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)
            connection.execute(text(PLAN), {"id": 1, "at": WHEN})
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text(PLAN), {"id": 2, "at": WHEN})
            connection.execute(text("UPDATE rsvp SET reminders_off_at = :at"), {"at": WHEN})

        downgrade(revision="0008")
        with db.engine.connect() as connection:
            assert count(connection, "rsvp") == 1

        upgrade()
        with db.engine.connect() as connection:
            assert count(connection, "event_reminder") == 0
            assert connection.execute(text("SELECT reminders_off_at FROM rsvp")).scalar() is None
