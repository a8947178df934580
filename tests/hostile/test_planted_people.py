"""A thief has the database and the logs. People were planted; none of them may be found."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, select, text

from coordinator.cli.worker import write
from coordinator.kit.db import Base, db, overwrite_log, unit_of_work
from coordinator.kit.tokens import new_token
from coordinator.messaging.reminding import plan_reminders, write_reminders
from coordinator.outbox.jobs import forget_traces, send_due
from coordinator.outbox.models import Message
from coordinator.privacy.jobs import forget_due
from coordinator.rsvps.models import Rsvp
from tests.factories.events import EventFactory
from tests.hostile.test_stored_words import Pillar

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

pytestmark = pytest.mark.concurrent

BEFORE = datetime(2030, 9, 2, 12, tzinfo=UTC)
REMINDED = datetime(2030, 9, 9, 9, tzinfo=UTC)
LONG_AFTER = datetime(2031, 9, 16, tzinfo=UTC)
ORGANISERS = frozenset({"account", "account_token", "mission"})
"""Tables of those who stay."""
PLANTED = {
    "name": "Perpetua Featherstonehaugh",
    "email": "perpetua.f@mail-of-the-brave.example.org",
    "phone": "+49 30 5550147",
    "note": "I will wear the ochre raincoat",
    "needs": "A chair beside the yellow hydrant",
}
WORDS = (
    "Perpetua", "Featherstonehaugh", "perpetua.f", "mail-of-the-brave", "5550147", "ochre raincoat",
    "yellow hydrant",
)  # fmt: skip


def everything(app: Flask, folder: Path) -> bytes:
    """Return what a thief has: the whole folder, the database with its WAL in it, or every row as text."""
    with app.app_context():
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())
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
    assert client.post(url, data=form | PLANTED).status_code == 303  # waits beside the confirmed answer
    assert client.post(f"{url}/recover", data=PLANTED).status_code == 303
    assert client.post("/en/privacy/my-data", data=PLANTED).status_code == 303
    with real_app.app_context():
        seal = real_app.extensions["seal"]
        plan_reminders(now=BEFORE)
        assert write_reminders(seal=seal, site_url="http://localhost", now=REMINDED) == 1
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


def traces(real_app: Flask) -> set[str]:
    """Return every sealed text and every digest of people that the database holds now."""
    with real_app.app_context():
        return {
            value
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if column.name.endswith(("_sealed", "_digest")) and table.name not in ORGANISERS
            for value in db.session.scalars(select(column).where(column.is_not(None)))
        }


def test_after_the_retention_time_not_even_a_digest_is_left(
    real_app: Flask, tmp_path: Path, answered: str
) -> None:
    """Whoever has the keys as well finds nothing in the file, not in what was deleted from it either."""
    before = traces(real_app)
    assert answered
    assert len(before) > 10

    with real_app.app_context():
        send_due(Pillar(), write, seal=real_app.extensions["seal"], clock=lambda: REMINDED)
        forget_traces(now=LONG_AFTER)
        forget_due(now=LONG_AFTER)

    stolen = everything(real_app, tmp_path)
    assert [trace for trace in before if trace.encode() in stolen] == []
    assert {trace for trace in traces(real_app) if not trace.startswith("forgotten:")} == set()


def test_an_erased_person_leaves_no_trace_either(real_app: Flask, tmp_path: Path, answered: str) -> None:
    seal = real_app.extensions["seal"]
    client = real_app.test_client()
    with real_app.app_context():
        link = db.session.scalars(select(Message).where(Message.template == "privacy/link")).one()
        token = json.loads(seal.decrypt(link.context_sealed))["token"]
        mine = db.session.scalars(select(Rsvp).where(Rsvp.email_digest.is_not(None))).one()
        public_id, digest = mine.public_id, mine.email_digest
    assert answered

    assert client.post(f"/en/privacy/my-data/{token}", data={"act": "erase"}).status_code == 303
    with real_app.app_context():
        overwrite_log()

    stolen = everything(real_app, tmp_path)
    assert digest.encode() not in stolen
    with real_app.app_context():
        rows = db.session.execute(text("SELECT subject FROM audit_entry")).scalars().all()
        assert f"rsvp:{public_id}" not in rows
        assert "rsvp:erased" in rows


def test_a_stolen_digest_opens_nothing(real_app: Flask, answered: str) -> None:
    assert answered
    client = real_app.test_client()
    with real_app.app_context():
        rows = db.session.execute(select(Rsvp.token_digest, Rsvp.public_id, Rsvp.email_digest)).all()

    for stolen in (new_token(), *(value for row in rows for value in row if value)):
        assert client.get(f"/en/rsvp/{stolen}").status_code == 404
