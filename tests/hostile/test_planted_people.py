"""A thief has the database and the logs. People were planted; none of them may be found."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, select, text

from coordinator.kit.db import db, unit_of_work
from coordinator.kit.tokens import new_token
from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

pytestmark = pytest.mark.concurrent

PLANTED = {
    "name": "Perpetua Featherstonehaugh",
    "email": "perpetua.f@mail-of-the-brave.example.org",
    "phone": "+49 30 5550147",
    "note": "I will wear the ochre raincoat",
}
WORDS = ("Perpetua", "Featherstonehaugh", "perpetua.f", "mail-of-the-brave", "5550147", "ochre raincoat")


def everything(app: Flask, folder: Path) -> bytes:
    """Return the whole database as a thief has it: the files with their WAL, or every row as text."""
    with app.app_context():
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            return b"".join(file.read_bytes() for file in sorted(folder.glob("*.sqlite*")))
        with db.engine.connect() as connection:
            tables = inspect(db.engine).get_table_names()
            rows = [
                str(tuple(row))
                for table in tables
                for row in connection.execute(text(f'SELECT * FROM "{table}"'))  # noqa: S608 our own tables
            ]
        return "\n".join(rows).encode()


@pytest.fixture
def answered(real_app: Flask) -> str:
    """Two answers with everything in them, by mail and without, confirmed, changed, and one bad request."""
    with real_app.app_context(), unit_of_work():
        public_id: str = EventFactory().public_id
    client = real_app.test_client()
    form = {"status": "accepted", "party_size": "2", "consent_contact": "y", "consent_updates": "y"}
    url = f"/en/events/{public_id}/rsvp"
    assert client.post(url, data=form | PLANTED).status_code == 303
    assert client.post(url, data=form | PLANTED).status_code == 303  # the address is known by now
    assert client.post(url, data=form | PLANTED | {"party_size": "999"}).status_code == 422
    alone = client.post(url, data={"status": "accepted", "party_size": "1"} | PLANTED | {"email": ""})
    assert alone.status_code == 303
    with real_app.app_context():
        rsvp = db.session.scalars(select(Rsvp).where(Rsvp.email_digest.is_not(None))).one()
        token: str = real_app.extensions["seal"].decrypt(rsvp.token_sealed)
    assert client.post(f"/en/rsvp/{token}/confirm").status_code == 303
    assert client.post(f"/en/rsvp/{token}", data=form | PLANTED).status_code == 303
    return token


def test_nobody_is_found_in_the_database_or_the_logs(
    real_app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    with caplog.at_level(logging.DEBUG):
        token: str = request.getfixturevalue("answered")

    stolen = everything(real_app, tmp_path)
    folded = stolen.lower()
    assert len(stolen) > 4_000
    assert b"vigil" in folded  # the search does find what is public
    for word in WORDS:
        assert word.lower().encode() not in folded
        assert word.encode("utf-16-le") not in stolen
        assert word not in caplog.text
    assert token.encode() not in stolen
    assert token not in caplog.text


def test_the_log_of_acts_says_nothing_of_people(real_app: Flask, answered: str) -> None:
    assert answered
    with real_app.app_context():
        entries = db.session.execute(text("SELECT tag, subject, details FROM audit_entry")).all()
        messages = db.session.scalars(select(Message)).all()

    shown = repr(entries) + repr([(message.key, message.about, message.template) for message in messages])
    assert "rsvp:confirmed" in shown
    assert not [word for word in WORDS if word in shown]


def test_a_stolen_digest_opens_nothing(real_app: Flask, answered: str) -> None:
    assert answered
    client = real_app.test_client()
    with real_app.app_context():
        rows = db.session.execute(select(Rsvp.token_digest, Rsvp.public_id, Rsvp.email_digest)).all()

    for stolen in (new_token(), *(value for row in rows for value in row if value)):
        assert client.get(f"/en/rsvp/{stolen}").status_code == 404
