"""The mailbox that reports come to, read by IMAP over TLS."""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from coordinator.outbox.bounces import bounce_in
from coordinator.outbox.rules import MailAwayError, MailboxUrlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from coordinator.outbox.bounces import Bounce

TIMEOUT_SECONDS = 30.0
MOST_AT_ONCE = 200  # reports; the others wait for the next time
LARGEST_BYTES = 64 * 1024
"""As much of a report is read. Codes and headers stand before the words that came back."""

SCHEMES = {"imaps": ("tls", 993), "imap+plain": ("plain", 143)}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where reports are, and how to get at them."""

    host: str
    port: int
    security: str
    folder: str
    user: str = field(repr=False)
    password: str = field(repr=False)


def mailbox_at(url: str) -> Mailbox:
    """Read BOUNCE_MAILBOX: imaps://user:password@host/INBOX; imap+plain://… on this machine only.

    Raises:
        MailboxUrlError: it is none of these.
    """
    try:
        parts = urlsplit(url)
        security, usual_port = SCHEMES[parts.scheme]
        host, port = parts.hostname or "", parts.port or usual_port
    except (KeyError, ValueError) as wrong:
        raise MailboxUrlError from wrong
    if not host or not parts.username or (security == "plain" and host not in LOOPBACK):
        raise MailboxUrlError
    folder = unquote(parts.path.strip("/")) or "INBOX"
    return Mailbox(host, port, security, folder, unquote(parts.username), unquote(parts.password or ""))


@dataclass(slots=True)
class Reading:
    """What was done at one visit."""

    reports: int = 0
    """Reports about deliveries: deleted, since they name people."""
    others: int = 0
    """Anything else: marked as read and left to whoever owns the mailbox."""
    known: int = 0
    """Reports that told something about a message of ours."""


def read_mailbox(
    mailbox: Mailbox, note: Callable[[Bounce], bool], *, host: str, bounce_address: str
) -> Reading:
    """Hand every unread report to `note`, then delete it. Nothing is answered, and nothing else deleted.

    Raises:
        MailAwayError: the mailbox can't be reached or opened.
    """
    reading = Reading()
    try:
        with _opened(mailbox) as session:
            _, found = session.uid("SEARCH", "UNSEEN")
            for number in (found[0] or b"").split()[:MOST_AT_ONCE]:
                uid = number.decode("ascii")
                raw = _fetch(session, uid)
                is_report, bounce = bounce_in(raw, host=host, bounce_address=bounce_address)
                if is_report:
                    reading.reports += 1
                    reading.known += bounce is not None and note(bounce)
                else:
                    reading.others += 1
                session.uid("STORE", uid, "+FLAGS", r"(\Seen \Deleted)" if is_report else r"(\Seen)")
            session.expunge()
    except (imaplib.IMAP4.error, OSError) as trouble:
        raise MailAwayError(f"mailbox:{type(trouble).__name__}") from trouble
    return reading


@contextlib.contextmanager
def _opened(mailbox: Mailbox):  # type: ignore[no-untyped-def]  # noqa: ANN202 imaplib's class is two classes
    if mailbox.security == "tls":
        session: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            mailbox.host, mailbox.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS
        )
    else:
        session = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=TIMEOUT_SECONDS)
    try:
        session.login(mailbox.user, mailbox.password)
        answer, said = session.select(f'"{mailbox.folder}"')
        if answer != "OK":
            raise imaplib.IMAP4.error(said[0])
        yield session
    finally:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            session.logout()


def _fetch(session: imaplib.IMAP4, uid: str) -> bytes:
    """Return the beginning of a mail, without marking it as read."""
    _, answer = session.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST_BYTES}>)")
    return next((part[1] for part in answer or [] if isinstance(part, tuple)), b"")
