"""Roles come and go; contacts stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from coordinator.kit.db import db
from tests.migrations.test_0001 import count, insert, insert_all

if TYPE_CHECKING:
    from flask import Flask


def test_contacts_stay_when_their_roles_go(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)
            insert(connection, "contact", id=2, public_id="c2", event_id=None, source="hand", tags_sealed="t")
            connection.execute(text("UPDATE contact SET roles_sealed = 'r' WHERE id = 2"))

        downgrade(revision="0015")
        upgrade()

        with db.engine.begin() as connection:
            kept = text("SELECT tags_sealed, roles_sealed FROM contact WHERE id = 2")
            assert tuple(connection.execute(kept).one()) == ("t", None)
            assert count(connection, "contact") == 2
