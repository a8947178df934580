"""The worker's loop."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import pytest

from coordinator.cli import worker
from coordinator.cli.worker import Job, Lane, Post, lanes_of
from coordinator.kit.db import db
from coordinator.outbox.jobs import BATCH
from coordinator.outbox.models import Message
from coordinator.outbox.queries import last_beat_at
from coordinator.outbox.transports import FileTransport
from tests.factories.outbox import MessageFactory

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_once_does_what_is_due_and_leaves_signs_of_life(
    app: Flask, runner: FlaskCliRunner, session: Session
) -> None:
    message = MessageFactory(due_at=LONG_AGO)

    result = runner.invoke(args=["worker", "--once"])

    session.refresh(message)
    assert result.exit_code == 0, result.output
    assert message.sent_at is not None
    assert last_beat_at(session, "mail") is not None
    assert last_beat_at(session, "chores") is not None
    folder = app.extensions["settings"].instance / "mail"
    assert [file.name for file in folder.glob(f"*-{message.public_id}.eml")]


def test_a_setting_that_is_no_server_stops_it_by_name(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], smtp_url="nonsense"))

    result = runner.invoke(args=["worker", "--once"])

    assert result.exit_code == 1
    assert "SMTP_URL" in result.output


@pytest.mark.concurrent
def test_a_job_that_crashes_stops_no_other_and_the_log_quotes_nobody(
    real_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    stopping, done = threading.Event(), []

    def crash() -> bool:
        raise ValueError("ada@example.org")

    def work() -> bool:
        done.append(1)
        if len(done) == 3:
            stopping.set()
        return False

    Lane(real_app, "chores", (Job("crash", 0, crash), Job("work", 0, work)), stopping).run()

    assert len(done) == 3
    assert caplog.text.count("job crash: ValueError in ") == 3
    assert "ada@example.org" not in caplog.text
    with real_app.app_context():
        assert last_beat_at(db.session(), "chores") is not None


def test_a_crash_is_told_to_cron(runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash() -> bool:
        raise ValueError

    monkeypatch.setattr(worker, "lanes_of", lambda _: {"mail": (Job("crash", 0, crash),)})

    assert runner.invoke(args=["worker", "--once"]).exit_code == 1


def test_a_mail_server_that_is_away_is_not_hammered(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        app.extensions, "settings", replace(app.extensions["settings"], smtp_url="smtp+plain://127.0.0.1:1")
    )
    clock = [1000.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: clock[0])
    asked = []
    real = worker.send_due
    monkeypatch.setattr(worker, "send_due", lambda *args, **kw: asked.append(clock[0]) or real(*args, **kw))
    message = MessageFactory(due_at=LONG_AGO)
    post = Post(lambda: False)

    for _ in range(120):
        post.run()
        clock[0] += 1

    assert [at - 1000 for at in asked] == [0, 5, 15, 35, 75]
    assert session.get_one(Message, message.id).tries == 0


def test_one_connection_serves_as_long_as_there_is_more(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    class Counting(FileTransport):
        def __enter__(self) -> Self:
            opened.append(1)
            return super().__enter__()

    monkeypatch.setattr(
        worker, "settings_transport", lambda: Counting(app.extensions["settings"].instance / "mail")
    )
    for _ in range(BATCH + 1):
        MessageFactory(due_at=LONG_AGO)
    post = Post(lambda: False)

    assert [post.run(), post.run(), post.run()] == [True, False, False]
    assert len(opened) == 2  # for both batches, and for the last look


def test_every_job_is_named_once() -> None:
    names = [job.name for jobs in lanes_of(lambda: False).values() for job in jobs]

    assert len(names) == len(set(names))
    assert {"send_due", "fan_out_notices", "locate_due", "forget_due"} <= set(names)
