"""A real SMTP server on this machine that does what a test tells it."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiosmtpd.smtp import SMTP, Session


@dataclass
class Postmaster:
    """Answers as told, and keeps what was handed over."""

    answers: list[str] = field(default_factory=list)
    """To each RCPT in turn; "250 OK" when the list is over."""
    data_answers: list[str] = field(default_factory=list)
    delay_seconds: float = 0.0
    answer_after_seconds: float = 0.0
    """Take a letter and say so only then."""
    drops: int = 0
    """How many letters to break off in the middle of."""
    most_on_a_connection: int = 0
    taken: list[Envelope] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)

    async def handle_MAIL(  # noqa: N802 the names are aiosmtpd's
        self,
        server: SMTP,  # noqa: ARG002 part of the protocol
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        count = getattr(session, "letters", 0)
        if self.most_on_a_connection and count >= self.most_on_a_connection:
            return "421 4.7.0 Too many messages on this connection"
        session.letters = count + 1  # type: ignore[attr-defined]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 the names are aiosmtpd's
        self,
        server: SMTP,  # noqa: ARG002 part of the protocol
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 the name is aiosmtpd's
        await asyncio.sleep(self.delay_seconds)
        if self.drops:
            self.drops -= 1
            server.transport.abort()
            return "250 OK"
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK"
        if answer.startswith("2"):
            self.taken.append(envelope)
            self.sessions.add(id(session))
        await asyncio.sleep(self.answer_after_seconds)
        return answer


@dataclass
class MailServer:
    """Where it listens, and who answers."""

    postmaster: Postmaster
    controller: Controller

    @property
    def url(self) -> str:
        return f"smtp+plain://127.0.0.1:{self.controller.port}"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    postmaster = Postmaster()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(postmaster, hostname="127.0.0.1", port=port)
    controller.start()
    yield MailServer(postmaster, controller)
    controller.stop()
