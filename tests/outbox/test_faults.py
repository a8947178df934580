"""Processes that are killed, databases that are locked: nothing acknowledged is lost."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from datetime import UTC, datetime
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from coordinator.cli.worker import write
from coordinator.kit import db as database
from coordinator.kit.db import db, unit_of_work
from coordinator.outbox.jobs import Outcome, send_due
from coordinator.outbox.leases import Ledger
from coordinator.outbox.models import Message
from coordinator.outbox.service import post
from coordinator.outbox.transports import SmtpTransport, smtp_server
from tests.cli.processes import start_flask

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.outbox.conftest import MailServer

pytestmark = pytest.mark.concurrent


def post_one(app: Flask, key: str = "fact:1") -> None:
    with app.app_context(), unit_of_work() as session:
        post(
            session,
            key=key,
            template="accounts/reset",
            recipient="ada@example.org",
            locale="en",
            about="account:0000000000",
            context={"token": "T", "name": "Ada"},
            seal=app.extensions["seal"],
            now=datetime.now(UTC),
        )


def message_in(app: Flask) -> Message:
    with app.app_context():
        return db.session.scalars(select(Message)).one()


def wait_for(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_worker_killed_before_it_could_write_down_sends_the_same_letter_again(
    real_app: Flask, mail_server: MailServer
) -> None:
    post_one(real_app)
    mail_server.postmaster.answer_after_seconds = 60
    worker = start_flask(real_app, "worker", SMTP_URL=mail_server.url)
    wait_for(lambda: bool(mail_server.postmaster.taken))
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)

    killed = message_in(real_app)
    assert killed.sent_at is None
    assert killed.leased_until is not None

    mail_server.postmaster.answer_after_seconds = 0
    with real_app.app_context(), unit_of_work() as session:  # as if the lease had run out
        session.execute(update(Message).values(leased_until=killed.created_at))
    assert start_flask(real_app, "worker", "--once", SMTP_URL=mail_server.url).wait(60) == 0

    letters = [
        message_from_bytes(envelope.original_content or b"") for envelope in mail_server.postmaster.taken
    ]
    assert [letter["Message-ID"] for letter in letters] == [f"<{killed.public_id}@localhost>"] * 2
    assert message_in(real_app).sent_at is not None


@pytest.mark.slow
def test_a_worker_told_to_stop_finishes_the_letter_at_hand(real_app: Flask, mail_server: MailServer) -> None:
    for number in range(3):
        post_one(real_app, f"fact:{number}")
    mail_server.postmaster.answer_after_seconds = 1.5
    worker = start_flask(real_app, "worker", SMTP_URL=mail_server.url)
    wait_for(lambda: bool(mail_server.postmaster.taken))

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(20) == 0
    with real_app.app_context():
        sent = [
            message.sent_at is not None
            for message in db.session.scalars(select(Message).order_by(Message.id))
        ]
    assert sent == [True, False, False]
    assert len(mail_server.postmaster.taken) == 1


def test_a_locked_database_does_not_make_a_sent_letter_forgotten(
    real_app: Flask, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not real_app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        pytest.skip("PostgreSQL locks rows, and nobody else holds this one")
    post_one(real_app)
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.1)
    released = threading.Event()

    def hold() -> None:
        other = sqlite3.connect(real_app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
        other.execute("BEGIN IMMEDIATE")
        released.wait(0.3)
        other.rollback()
        other.close()

    holder = threading.Thread(target=hold)
    write_down = Ledger.write_down
    monkeypatch.setattr(
        Ledger, "write_down", lambda self: (holder.start(), time.sleep(0.1), write_down(self))
    )
    with real_app.app_context():
        db.engine.dispose()
        with SmtpTransport(smtp_server(mail_server.url), our_name="localhost") as transport:
            outcome = send_due(
                transport, write, seal=real_app.extensions["seal"], clock=lambda: datetime.now(UTC)
            )
    holder.join()

    assert outcome is Outcome.EMPTY
    assert message_in(real_app).sent_at is not None


@pytest.mark.slow
def test_two_workers_at_once_send_each_letter_once(real_app: Flask, mail_server: MailServer) -> None:
    for number in range(20):
        post_one(real_app, f"fact:{number}")

    workers = [start_flask(real_app, "worker", "--once", SMTP_URL=mail_server.url) for _ in range(2)]

    assert [worker.wait(60) for worker in workers] == [0, 0]
    letters = [
        message_from_bytes(envelope.original_content or b"") for envelope in mail_server.postmaster.taken
    ]
    assert len(letters) == len({letter["Message-ID"] for letter in letters}) == 20
