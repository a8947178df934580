"""Against a real SMTP server: it takes, refuses, waits, drops, and is not there."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from coordinator.cli.worker import write
from coordinator.outbox.jobs import Outcome, send_due
from coordinator.outbox.transports import SmtpTransport, smtp_server
from tests.factories.outbox import MessageFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from tests.outbox.conftest import MailServer

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)


def send(url: str, seal: Seal, *, at: datetime = NOON, timeout_seconds: float = 5.0) -> Outcome:
    transport = SmtpTransport(smtp_server(url), our_name="localhost", timeout_seconds=timeout_seconds)
    with transport:
        return send_due(transport, write, seal=seal, clock=lambda: at)


def test_letters_arrive_one_reader_each_over_one_connection(
    session: Session, seal: Seal, mail_server: MailServer
) -> None:
    MessageFactory(recipient="ada@example.org", locale="ru")
    MessageFactory(recipient="eve@example.org")

    assert send(mail_server.url, seal) is Outcome.EMPTY

    taken = mail_server.postmaster.taken
    assert [envelope.rcpt_tos for envelope in taken] == [["ada@example.org"], ["eve@example.org"]]
    assert [envelope.mail_from for envelope in taken] == ["noreply@localhost"] * 2
    assert len(mail_server.postmaster.sessions) == 1
    assert b"eve@example.org" not in (taken[0].original_content or b"")


@pytest.mark.parametrize(
    ("answer", "is_given_up"),
    [
        ("550 5.1.1 No such user", True),
        ("550 5.7.1 Your host is on a list", False),
        ("451 4.7.1 Greylisted, come again", False),
        ("452 4.2.2 Mailbox full", False),
    ],
)
def test_a_refused_reader_is_given_up_or_tried_again_and_the_next_letter_goes(
    session: Session,
    seal: Seal,
    mail_server: MailServer,
    answer: str,
    is_given_up: bool,
) -> None:
    mail_server.postmaster.answers = [answer]
    refused, fine = MessageFactory(), MessageFactory()

    assert send(mail_server.url, seal) is Outcome.EMPTY

    assert fine.sent_at == NOON
    assert (refused.failed_at is not None) is is_given_up
    assert refused.error == f"{'refused' if is_given_up else 'recipient'}:{answer[:9]}"
    if not is_given_up:
        send(mail_server.url, seal, at=NOON + timedelta(minutes=1))
        assert refused.sent_at is not None


def test_a_letter_refused_for_its_words_is_tried_again(
    session: Session, seal: Seal, mail_server: MailServer
) -> None:
    mail_server.postmaster.data_answers = ["554 5.7.1 Looks like spam"]
    message = MessageFactory()

    send(mail_server.url, seal)

    assert (message.failed_at, message.error) == (None, "data:554 5.7.1")


def test_a_connection_dropped_in_the_middle_loses_nothing(
    session: Session, seal: Seal, mail_server: MailServer
) -> None:
    mail_server.postmaster.drops = 1
    dropped, next_one = MessageFactory(), MessageFactory()

    assert send(mail_server.url, seal) is Outcome.EMPTY

    assert dropped.sent_at is None
    assert (dropped.error or "").startswith("dropped:")
    assert next_one.sent_at == NOON  # over a new connection
    send(mail_server.url, seal, at=NOON + timedelta(minutes=1))
    assert dropped.sent_at is not None


def test_a_server_that_falls_asleep_is_given_half_a_minute_and_no_more(
    session: Session, seal: Seal, mail_server: MailServer
) -> None:
    mail_server.postmaster.delay_seconds = 2.0
    message = MessageFactory()

    send(mail_server.url, seal, timeout_seconds=0.3)

    assert message.sent_at is None
    assert (message.error or "").startswith("dropped:")


def test_a_server_that_wants_a_new_connection_gets_one(
    session: Session, seal: Seal, mail_server: MailServer
) -> None:
    mail_server.postmaster.most_on_a_connection = 2
    messages = [MessageFactory() for _ in range(5)]

    assert send(mail_server.url, seal) is Outcome.EMPTY

    assert all(message.sent_at for message in messages)
    assert len(mail_server.postmaster.sessions) == 3


def test_a_server_that_is_not_there_is_asked_once(session: Session, seal: Seal) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"smtp+plain://127.0.0.1:{free.getsockname()[1]}"
    messages = [MessageFactory() for _ in range(3)]

    assert send(url, seal) is Outcome.AWAY

    assert {(message.tries, message.leased_until, message.failed_at) for message in messages} == {
        (0, None, None)
    }


def test_a_password_is_never_sent_in_clear(session: Session, seal: Seal, mail_server: MailServer) -> None:
    """smtp:// wants STARTTLS, which this server does not offer."""
    MessageFactory()

    url = mail_server.url.replace("smtp+plain://", "smtp://user:password@")

    assert send(url, seal) is Outcome.AWAY
    assert mail_server.postmaster.taken == []
