"""Who carries a letter: an SMTP server, or a folder of files."""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import unquote, urlsplit

from coordinator.outbox.rules import (
    REFUSED,
    LetterError,
    LetterRefusedError,
    MailAwayError,
    SmtpUrlError,
    answer_code,
    is_final,
)

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path
    from types import TracebackType

TIMEOUT_SECONDS = 30.0  # for each answer of the server
TOO_MANY_HERE = 421  # RFC 5321: closing the connection; another one may be opened


class Transport(Protocol):
    """Carries letters. Opened once for many: `with transport: transport.send(…)`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def send(self, letter: EmailMessage) -> None:
        """Hand the letter over.

        Raises:
            MailAwayError: nobody took anything; all letters wait.
            LetterRefusedError: there is no such mailbox, now and later.
            LetterError: not this time.
        """
        ...


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where an SMTP server is and how to talk to it."""

    host: str
    port: int
    security: str
    """"starttls", "tls" or "plain"."""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


SCHEMES = {"smtp": ("starttls", 587), "smtps": ("tls", 465), "smtp+plain": ("plain", 25)}


def smtp_server(url: str) -> SmtpServer:
    """Read SMTP_URL: smtp://user:password@host:587 (STARTTLS), smtps://…:465, smtp+plain://…:25 without TLS.

    Raises:
        SmtpUrlError: it is none of these.
    """
    try:
        parts = urlsplit(url)
        security, usual_port = SCHEMES[parts.scheme]
        host, port = parts.hostname, parts.port or usual_port
    except (KeyError, ValueError) as wrong:
        raise SmtpUrlError from wrong
    if not host:
        raise SmtpUrlError
    return SmtpServer(host, port, security, unquote(parts.username or ""), unquote(parts.password or ""))


class SmtpTransport:
    """One SMTP session for a batch of letters, opened when the first one comes."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        our_name: str,
        bounce_address: str = "",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """Greet as `our_name`: the site's host, so that the machine's own name stays at home."""
        self._server = server
        self._our_name = our_name
        self._bounce_address = bounce_address
        self._timeout = timeout_seconds
        self._session: smtplib.SMTP | None = None
        self._sent = 0

    def __enter__(self) -> Self:
        """Connect later, when there is something to send."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye."""
        if self._session is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._session.quit()
        self._drop()

    def send(self, letter: EmailMessage) -> None:
        """Hand the letter over; see `Transport`."""
        if self._session is None:
            self._session = self._connect()
        try:
            self._hand_over(self._session, letter)
        except smtplib.SMTPSenderRefused as full:
            if full.smtp_code != TOO_MANY_HERE or not self._sent:
                raise MailAwayError(f"sender:{_code(full)}") from full
            self._drop()  # the server wants a new connection after so many letters
            self._session = self._connect()
            try:
                self._hand_over(self._session, letter)
            except smtplib.SMTPSenderRefused as still:
                raise MailAwayError(f"sender:{_code(still)}") from still
        self._sent += 1

    def _hand_over(self, session: smtplib.SMTP, letter: EmailMessage) -> None:
        sender = envelope_sender(letter, self._bounce_address)
        recipient = address_in(letter, "To")
        options = [] if f"{sender}{recipient}".isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
        raw = bytes(letter)
        try:
            if options and not session.has_extn("smtputf8"):
                raise LetterRefusedError(f"{REFUSED}smtputf8")
            session.sendmail(sender, [recipient], raw, options)
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = next(iter(refused.recipients.values()))
            if code == TOO_MANY_HERE:
                self._drop()
            if is_final(code, words):
                raise LetterRefusedError(f"{REFUSED}{answer_code(code, words)}") from refused
            raise LetterError(f"recipient:{answer_code(code, words)}") from refused
        except smtplib.SMTPDataError as refused:
            raise LetterError(f"data:{_code(refused)}") from refused
        except smtplib.SMTPSenderRefused:
            raise
        except (smtplib.SMTPException, OSError) as dropped:
            self._drop()
            raise LetterError(f"dropped:{type(dropped).__name__}") from dropped

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        self._sent = 0
        session: smtplib.SMTP | None = None
        try:
            if server.security == "tls":
                session = smtplib.SMTP_SSL(
                    server.host,
                    server.port,
                    self._our_name,
                    timeout=self._timeout,
                    context=ssl.create_default_context(),
                )
            else:
                session = smtplib.SMTP(server.host, server.port, self._our_name, timeout=self._timeout)
            if server.security == "starttls":
                session.starttls(context=ssl.create_default_context())
            session.ehlo_or_helo_if_needed()
            if server.user:
                session.login(server.user, server.password)
        except (smtplib.SMTPException, OSError) as trouble:
            if session is not None:
                session.close()
            kind = type(trouble).__name__
            if isinstance(trouble, smtplib.SMTPResponseException):
                kind = f"{kind}:{_code(trouble)}"
            raise MailAwayError(kind) from trouble
        return session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _code(answer: smtplib.SMTPResponseException) -> str:
    return answer_code(answer.smtp_code, answer.smtp_error)


def message_token(letter: EmailMessage) -> str:
    """Return what stands for the message in its Message-ID and in the address that it comes back to."""
    return address_in(letter, "Message-ID").strip("<>").partition("@")[0]


def envelope_sender(letter: EmailMessage, bounce_address: str) -> str:
    """Return whom a mail server tells when the letter comes back: From, or the address of the settings.

    `{id}` in it becomes the message's public id, so that a server that leaves out what came back is
    understood, too. It says nothing about whom the letter went to.
    """
    if not bounce_address:
        return address_in(letter, "From")
    return bounce_address.replace("{id}", message_token(letter))


def address_in(letter: EmailMessage, header: str) -> str:
    """Return the one address in a header of ours, as it is written there."""
    return str(dict(letter.raw_items())[header]).rpartition("<")[2].removesuffix(">")


class FileTransport:
    """Letters become files that a mail program can open. For demonstrations and tests."""

    def __init__(self, folder: Path) -> None:
        """Write into `folder`, which is made when the first letter comes and is its owner's alone."""
        self._folder = folder

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    def send(self, letter: EmailMessage) -> None:
        """Write <time>-<public id>.eml in one step, so that a reader sees all of it or nothing."""
        written_at = letter["Date"].datetime
        name = f"{written_at:%Y%m%dT%H%M%SZ}-{message_token(letter)}.eml"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = self._folder / f".{name}.{os.getpid()}"
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(bytes(letter))
            unfinished.replace(self._folder / name)
        except OSError as full:
            raise MailAwayError(type(full).__name__) from full
