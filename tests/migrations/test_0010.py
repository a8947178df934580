"""Imports come and go; the contacts they brought stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from coordinator.kit.db import db
from tests.migrations.test_0001 import count, insert, insert_all

if TYPE_CHECKING:
    from flask import Flask

TABLES = {"contact_import", "contact_import_piece", "contact_import_change"}


def test_contacts_stay_when_imports_go(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)
            insert(connection, "contact", id=2, public_id="c2", event_id=None, source="import:i1")
            connection.execute(
                text("INSERT INTO contact_import (id, public_id, owner_id, campaign_id, status, purposes,"
                     " encoding, separator, is_headed, columns, is_updating, rows, rows_done, created,"
                     " updated, left_out, removed, kept, created_at) VALUES (1, 'i1', 1, 1, 'done', '[]',"
                     " 'utf-8-sig', ',', true, '[]', false, 1, 1, 1, 0, 0, 0, 0, '2030-09-16 16:00:00')")
            )  # fmt: skip
            connection.execute(
                text("INSERT INTO contact_import_change (import_id, contact_id, changed_at)"
                     " VALUES (1, 2, '2030-09-16 16:00:00')")
            )  # fmt: skip

        downgrade(revision="0009")
        assert not TABLES & set(inspect(db.engine).get_table_names())
        upgrade(revision="0010")

        with db.engine.begin() as connection:
            assert count(connection, "contact") == 2
            assert {table: count(connection, table) for table in TABLES} == dict.fromkeys(TABLES, 0)
