"""Does mail go out?"""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.factories.outbox import MessageFactory
from tests.outbox.conftest import mail_server  # noqa: F401 a fixture is used by its name

if TYPE_CHECKING:
    import pytest
    from flask import Flask
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

    from tests.outbox.conftest import MailServer


def use_smtp(app: Flask, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], smtp_url=url))


def test_a_self_test_says_that_the_server_took_it(
    app: Flask,
    runner: FlaskCliRunner,
    monkeypatch: pytest.MonkeyPatch,
    mail_server: MailServer,  # noqa: F811 the fixture
) -> None:
    use_smtp(app, monkeypatch, mail_server.url)

    result = runner.invoke(args=["messages", "test", "ada@example.org", "--language", "ru"])

    assert result.exit_code == 0, result.output
    assert "took the letter" in result.output
    assert [envelope.rcpt_tos for envelope in mail_server.postmaster.taken] == [["ada@example.org"]]


def test_a_self_test_says_what_the_server_answered(
    app: Flask,
    runner: FlaskCliRunner,
    monkeypatch: pytest.MonkeyPatch,
    mail_server: MailServer,  # noqa: F811 the fixture
) -> None:
    use_smtp(app, monkeypatch, mail_server.url)
    mail_server.postmaster.answers = ["550 5.1.1 No such user here"]

    result = runner.invoke(args=["messages", "test", "ada@example.org"])

    assert result.exit_code == 1
    assert "550 5.1.1 No such user here" in result.output


def test_a_self_test_without_a_server_says_so(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    use_smtp(app, monkeypatch, f"smtp+plain://127.0.0.1:{port}")

    result = runner.invoke(args=["messages", "test", "ada@example.org"])

    assert result.exit_code == 1
    assert "can't be used" in result.output
    assert "refused" in result.output


def test_a_self_test_with_a_setting_that_is_no_server_names_it(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_smtp(app, monkeypatch, "mail.example.org")

    result = runner.invoke(args=["messages", "test", "ada@example.org"])

    assert result.exit_code == 1
    assert "SMTP_URL" in result.output


def test_the_outbox_is_counted_and_what_was_given_up_goes_again(
    runner: FlaskCliRunner, session: Session
) -> None:
    failed = MessageFactory(failed=True)
    gone = MessageFactory(failed=True, recipient_sealed=None, context_sealed=None)
    MessageFactory(sent=True)

    counts = runner.invoke(args=["messages", "list"])
    again = runner.invoke(args=["messages", "retry"])

    session.expire_all()
    assert "2 failed" in counts.output
    assert "1 sent" in counts.output
    assert "1 messages go again" in again.output
    assert (failed.failed_at, failed.tries) == (None, 0)
    assert gone.failed_at is not None
