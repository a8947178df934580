"""The mailbox of reports, against a server that speaks as much IMAP as we use."""

from __future__ import annotations

import re
import socketserver
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from coordinator.outbox.jobs import read_bounces
from coordinator.outbox.leases import BOUNCES
from coordinator.outbox.mailbox import LARGEST_BYTES, Reading, mailbox_at
from coordinator.outbox.models import MailServer, Message, Undeliverable
from coordinator.outbox.rules import MailboxUrlError
from tests.factories.outbox import MessageFactory
from tests.outbox.reports import NUMBER, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)
HELLO = b"From: ada@example.org\r\nSubject: A question\r\n\r\nMay I bring my dog?\r\n"


class Conversation(socketserver.StreamRequestHandler):
    """One client."""

    server: MailboxServer

    def handle(self) -> None:
        self.say("* OK ready")
        for line in self.rfile:
            tag, _, said = line.decode().strip().partition(" ")
            verb = said.upper().removeprefix("UID ").split(" ")[0]
            answer = getattr(self, f"on_{verb.lower()}", lambda _: "OK")(said)
            self.say(f"{tag} {answer} {verb} done")
            if verb == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def on_capability(self, _: str) -> str:
        self.say("* CAPABILITY IMAP4rev1")
        return "OK"

    def on_login(self, said: str) -> str:
        return "OK" if said.endswith('"secret"') else "NO"

    def on_select(self, said: str) -> str:
        if '"INBOX"' not in said:
            return "NO"
        self.say(f"* {len(self.server.mails)} EXISTS")
        return "OK"

    def on_search(self, _: str) -> str:
        unseen = [uid for uid in self.server.mails if r"\Seen" not in self.server.flags.get(uid, "")]
        self.say(f"* SEARCH {' '.join(map(str, unseen))}")
        return "OK"

    def on_fetch(self, said: str) -> str:
        uid, length = map(int, re.findall(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", said)[0])
        body = self.server.mails[uid][:length]
        self.server.fetched.append(len(body))
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(body)}}}\r\n".encode() + body + b")\r\n")
        return "OK"

    def on_store(self, said: str) -> str:
        uid, flags = re.findall(r"STORE (\d+) \+FLAGS \((.*)\)", said)[0]
        self.server.flags[int(uid)] = flags
        return "OK"

    def on_expunge(self, _: str) -> str:
        for uid, flags in self.server.flags.items():
            if r"\Deleted" in flags:
                self.server.mails.pop(uid, None)
        return "OK"


class MailboxServer(socketserver.ThreadingTCPServer):
    """A mailbox with these mails, by their number."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mails: dict[int, bytes] = {}
        self.flags: dict[int, str] = {}
        self.fetched: list[int] = []

    def url(self, password: str = "secret", folder: str = "INBOX") -> str:  # noqa: S107
        return f"imap+plain://bounces:{password}@127.0.0.1:{self.server_address[1]}/{folder}"


@pytest.fixture
def mailbox() -> Iterator[MailboxServer]:
    with MailboxServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def read(mailbox: MailboxServer) -> Callable[[], Reading | None]:
    return lambda: read_bounces(
        mailbox_at(mailbox.url()), host="localhost", bounce_address="", clock=lambda: NOON
    )


def test_reports_are_read_and_deleted_and_people_s_mail_is_left(
    session: Session, mailbox: MailboxServer, read: Callable[[], Reading | None]
) -> None:
    message = MessageFactory(public_id=NUMBER, sent=True, sent_at=NOON)
    mailbox.mails = {1: report(), 2: HELLO, 3: report(number="0000000000")}

    assert read() == Reading(reports=2, others=1, known=1)
    assert read() == Reading()

    assert mailbox.mails == {2: HELLO}
    assert message.bounced_at == NOON
    assert session.get_one(MailServer, BOUNCES).ok_at == NOON


def test_no_more_than_the_beginning_of_a_report_is_read(
    session: Session, mailbox: MailboxServer, read: Callable[[], Reading | None]
) -> None:
    MessageFactory(public_id=NUMBER, sent=True, sent_at=NOON)
    mailbox.mails = {1: report() + b"x" * 3 * LARGEST_BYTES}

    assert read() == Reading(reports=1, known=1)
    assert mailbox.fetched == [LARGEST_BYTES]


@pytest.mark.parametrize("wrong", [{"password": "guess"}, {"folder": "Elsewhere"}])
def test_a_mailbox_that_cannot_be_opened_is_seen(
    session: Session, mailbox: MailboxServer, wrong: dict[str, str]
) -> None:
    assert (
        read_bounces(
            mailbox_at(mailbox.url(**wrong)), host="localhost", bounce_address="", clock=lambda: NOON
        )
        is None
    )

    assert session.get_one(MailServer, BOUNCES).trouble_at == NOON
    assert session.scalars(select(Message.id)).all() == session.scalars(select(Undeliverable)).all() == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "imaps://example.org",
        "imap://bounces:secret@example.org",
        "imap+plain://bounces:secret@mail.example.org",
        "imaps://bounces:secret@",
        "pop3://bounces:secret@example.org",
        "imaps://bounces:secret@example.org:port",
    ],
)
def test_a_setting_that_is_no_mailbox_is_refused(url: str) -> None:
    with pytest.raises(MailboxUrlError):
        mailbox_at(url)


def test_a_password_does_not_show_when_a_mailbox_is_printed() -> None:
    mailbox = mailbox_at("imaps://bounces:p%40ss@mail.example.org/Bounces")

    assert (mailbox.password, mailbox.port, mailbox.folder) == ("p@ss", 993, "Bounces")
    assert "p@ss" not in repr(mailbox)
