"""What other sources say comes and goes; the directory stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from coordinator.kit.db import db
from tests.migrations.test_0001 import count, insert_all

if TYPE_CHECKING:
    from flask import Flask


def test_findings_come_and_go_and_missions_stay(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)

        downgrade(revision="0014")
        with db.engine.connect() as connection:
            assert "mission_finding" not in inspect(connection).get_table_names()
            assert count(connection, "mission") == 1

        upgrade()
        with db.engine.connect() as connection:
            assert (count(connection, "mission_finding"), count(connection, "mission")) == (0, 1)
