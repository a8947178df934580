"""Headers that go out exactly as they are: links and names of threads, which nobody may fold or encode."""

from __future__ import annotations

import re
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from email.message import EmailMessage

LONGEST_LINE = 998
"""Bytes that a line may have before its end (RFC 5322, 2.1.1)."""

EXACT = ("list-unsubscribe", "list-unsubscribe-post", "references", "in-reply-to")

_URL = re.compile(r"https?://[!-;=?-~]+")  # printable ASCII without blanks and angle brackets


class ExactHeader(UnstructuredHeader, BaseHeader):
    """A header on one line. Python makes =?utf-8?…?= of a long word, which no mail program undoes here."""

    def fold(self, *, policy: Any) -> str:
        """Return the line as it is.

        Raises:
            ValueError: it is longer than a line may be.
        """
        line = f"{self.name}: {self}"
        if len(line) > LONGEST_LINE or not line.isascii():
            raise ValueError(self.name)
        return line + str(policy.linesep)


def _policy(base: EmailPolicy[EmailMessage]) -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    for name in EXACT:
        registry.map_to_type(name, ExactHeader)
    return base.clone(header_factory=registry)


ASCII_POLICY = _policy(SMTP)
UTF8_POLICY = _policy(SMTPUTF8)
"""For an address that can't be written in ASCII; the server must know SMTPUTF8."""


def add_thread(mail: EmailMessage, thread: str, *, host: str) -> None:
    """Put the letter into a thread: all letters that name the same one stand together.

    The first letter of the thread is nobody's: mail programs show the others below one another all the same.
    """
    root = f"<{thread}@{host}>"
    mail["In-Reply-To"] = root
    mail["References"] = root


def add_unsubscribe(mail: EmailMessage, url: str, *, site_url: str) -> None:
    """Let the mail program offer to stop this kind of mail, with one click (RFC 2369, RFC 8058).

    Raises:
        ValueError: it is no page of ours.
    """
    if not (_URL.fullmatch(url) and url.startswith(site_url.rstrip("/") + "/")):
        raise ValueError("unsubscribe_url")
    mail["List-Unsubscribe"] = f"<{url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
