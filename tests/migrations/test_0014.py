"""What changed since a moment is found along an index: it comes and goes, and events stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from coordinator.kit.db import db
from tests.migrations.test_0001 import count, insert_all

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection

NAME = "ix_event_campaign_id_updated_at"


def indexes(connection: Connection) -> set[str | None]:
    return {index["name"] for index in inspect(connection).get_indexes("event")}


def test_the_index_comes_and_goes_and_events_stay(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)

        downgrade(revision="0013")
        with db.engine.connect() as connection:
            assert NAME not in indexes(connection)
            assert count(connection, "event") == 1

        upgrade()
        with db.engine.connect() as connection:
            assert NAME in indexes(connection)
            assert count(connection, "event") == 1
