"""The chain's columns: entries stay, there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from coordinator.kit.db import db
from tests.migrations.test_0001 import WHEN

if TYPE_CHECKING:
    from flask import Flask

ENTRY = (
    "INSERT INTO audit_entry (id, at, actor, tag, subject, details) "
    "VALUES (1, :at, 'anyone', 'rsvp:submitted', 'rsvp:r000000001', '{}')"
)


def test_entries_stay_and_wait_to_be_chained(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text(ENTRY), {"at": WHEN})
            connection.execute(text("UPDATE audit_entry SET number = 1, link = 'x', salt = 'y'"))

        downgrade(revision="0006")
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT subject FROM audit_entry")).scalar() == "rsvp:r000000001"

        upgrade()
        with db.engine.connect() as connection:
            row = connection.execute(text("SELECT subject, number, link FROM audit_entry")).one()
            assert tuple(row) == ("rsvp:r000000001", None, None)
