"""What is remembered of erasures comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from coordinator.kit.db import db
from tests.migrations.test_0001 import count

if TYPE_CHECKING:
    from flask import Flask


def test_erasures_are_remembered_from_now_on(real_app: Flask) -> None:
    with real_app.app_context():
        downgrade(revision="0018")
        with db.engine.connect() as connection:
            assert "erasure" not in inspect(connection).get_table_names()

        upgrade()
        with db.engine.connect() as connection:
            assert count(connection, "erasure") == 0
