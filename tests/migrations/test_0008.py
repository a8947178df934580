"""Help wanted: what people had offered becomes rows, and goes back into the text on a downgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from coordinator.kit.db import db
from tests.migrations.test_0001 import count, insert, insert_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy import Engine


@pytest.fixture
def engine(real_app: Flask) -> Iterator[Engine]:
    """A database as it was before, to bring up."""
    with real_app.app_context():
        downgrade(revision="0007")
        yield db.engine


def rows(engine: Engine, sql: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_what_was_offered_is_offered_still(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)
        connection.execute(text("UPDATE rsvp SET help = 'medic legal-observer medic'"))
        insert(connection, "rsvp", id=2, public_id="r000000002", token_digest="t2", email_digest=None)

    upgrade(revision="0008")

    assert rows(engine, "SELECT rsvp_id, event_id, code, assigned_at FROM help_offer ORDER BY id") == [
        (1, 1, "medic", None),
        (1, 1, "legal-observer", None),
    ]
    assert rows(engine, "SELECT DISTINCT help FROM rsvp") == [("",)]
    assert len({public_id for (public_id,) in rows(engine, "SELECT public_id FROM help_offer")}) == 2

    downgrade(revision="0007")

    assert rows(engine, "SELECT id, help FROM rsvp ORDER BY id") == [(1, "medic legal-observer"), (2, "")]


def test_with_an_answer_go_its_offers(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_all(connection)
        connection.execute(text("UPDATE rsvp SET help = 'marshal'"))
    upgrade(revision="0008")

    with engine.begin() as connection:
        assert count(connection, "help_offer") == 1
        connection.execute(text("DELETE FROM rsvp"))
        assert count(connection, "help_offer") == 0
