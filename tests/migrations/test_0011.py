"""Links to one's own data: they come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from coordinator.kit.db import db
from tests.migrations.test_0001 import count, insert_all

if TYPE_CHECKING:
    from flask import Flask


def test_they_come_and_go_and_answers_stay(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)

        downgrade(revision="0010")
        with db.engine.connect() as connection:
            assert "data_request" not in inspect(connection).get_table_names()

        upgrade()
        with db.engine.connect() as connection:
            assert (count(connection, "data_request"), count(connection, "rsvp")) == (0, 1)
