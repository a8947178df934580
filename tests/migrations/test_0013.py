"""Pages for the search: they come and go, and contacts stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from coordinator.kit.db import db
from tests.migrations.test_0001 import count, insert_all

if TYPE_CHECKING:
    from flask import Flask


def test_they_come_and_go_and_contacts_stay(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)

        downgrade(revision="0012")
        with db.engine.connect() as connection:
            assert "contact_search_page" not in inspect(connection).get_table_names()
            assert count(connection, "contact") == 1

        upgrade()
        with db.engine.connect() as connection:
            assert (count(connection, "contact_search_page"), count(connection, "contact")) == (0, 1)
