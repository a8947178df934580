"""The database locked, a process killed, nobody to carry the mail: nothing acknowledged is lost."""

from __future__ import annotations

import signal
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, func, select, text

from coordinator.kit import db as database
from coordinator.kit.db import db, unit_of_work
from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.service.tallying import recount
from tests.cli.processes import start_flask
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.concurrent

FORM = {
    "status": "accepted",
    "party_size": "2",
    "email": "ada@example.org",
    "request_id": "one-form-and-one-only",
}


def published(app: Flask) -> str:
    with app.app_context(), unit_of_work():
        event = EventFactory()
        RsvpFactory(event=event)  # the tally is there, so that its row can be locked
        public_id: str = event.public_id
        return public_id


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def posted(url: str, form: dict[str, str]) -> int:
    """Post a form and follow nothing. Return the status."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            """Follow nothing."""

    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode())  # noqa: S310 our own server
    opener = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code


@pytest.mark.slow
def test_a_server_killed_right_after_its_answer_has_lost_neither_the_answer_nor_its_letter(
    real_app: Flask,
) -> None:
    """There is no worker meanwhile, either: it comes an hour later and finds the letter."""
    public_id, port = published(real_app), free_port()
    server = start_flask(real_app, "run", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        status = posted(f"{url}/ru/events/{public_id}/rsvp", FORM)
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait(10)
    assert status == 303

    with real_app.app_context():
        assert db.session.scalar(select(func.count(Rsvp.id)).where(Rsvp.email_digest.is_not(None))) == 1
        assert db.session.scalars(select(Message.sent_at)).all() == [None]
        assert recount(db.session(), is_check=True) == []
    assert start_flask(real_app, "worker", "--once").wait(60) == 0

    mail = real_app.extensions["settings"].instance / "mail"
    letters = [message_from_bytes(file.read_bytes()) for file in mail.glob("*.eml")]
    assert [letter["To"] for letter in letters] == ["ada@example.org"]


def test_while_the_database_is_locked_nothing_is_acknowledged_and_afterwards_the_same_form_is_one_answer(
    real_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = published(real_app)
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 1)
    with real_app.app_context():
        db.engine.dispose()  # new connections wait for that long only
    client = real_app.test_client()
    url = real_app.config["SQLALCHEMY_DATABASE_URI"]
    other = create_engine(url)
    with other.connect() as holder:
        if url.startswith("sqlite"):
            holder.exec_driver_sql("END")  # our own listener has begun a transaction that only reads
            holder.exec_driver_sql("BEGIN IMMEDIATE")
        holder.execute(text("UPDATE rsvp_tally SET tentative = tentative"))
        started = time.monotonic()
        refused = client.post(f"/en/events/{public_id}/rsvp", data=FORM)
        waited = time.monotonic() - started
        page = client.get(f"/en/events/{public_id}")
        holder.rollback()
    other.dispose()

    accepted = [client.post(f"/en/events/{public_id}/rsvp", data=FORM).status_code for _ in range(2)]

    assert refused.status_code == 503
    assert waited < 5
    assert page.status_code == 200  # reading goes on
    assert accepted == [303, 303]
    with real_app.app_context():
        assert db.session.scalar(select(func.count(Rsvp.id)).where(Rsvp.email_digest.is_not(None))) == 1
        assert db.session.scalar(select(func.count(Message.id))) == 1
