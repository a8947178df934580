"""What goes sooner is said by new campaigns; old ones keep what they promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from coordinator.kit.db import db
from tests.migrations.test_0001 import insert_all

if TYPE_CHECKING:
    from flask import Flask


def test_campaigns_keep_their_promise(real_app: Flask) -> None:
    with real_app.app_context():
        downgrade(revision="0017")
        with db.engine.begin() as connection:
            insert_all(connection)
            assert "field_days" not in {one["name"] for one in inspect(connection).get_columns("campaign")}

        upgrade()
        with db.engine.connect() as connection:
            kept = connection.execute(text("SELECT field_days, retention_days FROM campaign")).all()
            assert [(str(days), number) for days, number in kept] == [("{}", 90)]
