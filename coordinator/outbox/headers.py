"""The headers of a letter, written as they go over the wire.

Python's own way parses each header into a tree and folds that again, which took half of the worker's time,
and it writes long links as =?utf-8?…?=, which no mail program undoes in List-Unsubscribe. The few headers of
a letter of ours have simple forms, so they get these here, once, and are parsed only when somebody asks.
"""

from __future__ import annotations

import re
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import formataddr
from functools import lru_cache
from typing import Any

import idna

LONGEST_LINE = 998
"""Bytes that a line may have before its end (RFC 5322, 2.1.1)."""

WIDTH = 76
_WORD_BYTES = 42  # in base64, with =?utf-8?b? and ?= around it, no encoded word is longer than 75

_URL = re.compile(r"https?://[!-;=?-~]+")  # printable ASCII without blanks and angle brackets
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@]+@[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@]+")
_FOLD = re.compile(r"\r\n(?! )|\r(?!\n)|(?<!\r)\n")


BOUNDARY = "=_next"
"""Between the parts. What begins with "=_" can't occur in quoted-printable (RFC 2045, 6.7)."""
INNER_BOUNDARY = "=_picture"
PICTURE = "qr"
"""Content-ID of the picture in a letter."""


@lru_cache(maxsize=64)
def _parsed(name: str, value: str) -> Any:
    return SMTP.header_fetch_parse(name, value)


@lru_cache(maxsize=64)
def _most(name: str) -> int | None:
    return SMTP.header_max_count(name)


class WirePolicy(EmailPolicy):
    """Headers are kept as they go out, and refused when they can't go out so."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """Keep a header.

        Raises:
            ValueError: it would end the headers or begin another one, or its line is too long.
        """
        text = str(value)
        if _FOLD.search(text) or not (self.utf8 or text.isascii()):
            raise ValueError(name)
        if any(len(line) + len(name) + 2 > LONGEST_LINE for line in text.encode().split(b"\r\n")):
            raise ValueError(name)
        return name, text

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Parse a header for somebody who asks; those that describe a part are the same in every letter."""
        if name.lower().startswith("content-"):
            return _parsed(name, value)
        return super().header_fetch_parse(name, value)

    def header_max_count(self, name: str) -> int | None:
        """Return how often a header may stand in a letter."""
        return _most(name)

    def fold(self, name: str, value: str) -> str:
        """Return the header as it was kept."""
        return f"{name}: {value}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return the header as it was kept."""
        return self.fold(name, value).encode()


ASCII_POLICY = WirePolicy(linesep=SMTP.linesep, max_line_length=SMTP.max_line_length)
UTF8_POLICY = WirePolicy(linesep=SMTPUTF8.linesep, max_line_length=SMTPUTF8.max_line_length, utf8=True)
"""For an address that can't be written in ASCII; the server must know SMTPUTF8."""


def words(text: str, *, used: int = 0) -> str:
    """Return a header's text in ASCII, in lines of a moderate length (RFC 5322, RFC 2047).

    Args:
        text: in any script; a line break in it is a space.
        used: characters that stand before it on its line.
    """
    text = " ".join(text.split())
    if text.isascii() and text.isprintable() and "=?" not in text:
        lines = _wrapped(text, used)
        if all(len(line) <= WIDTH for line in lines):
            return "\r\n ".join(lines)
    return "\r\n ".join(f"=?utf-8?b?{b64encode(piece).decode()}?=" for piece in _pieces(text, used))


def _wrapped(text: str, used: int) -> list[str]:
    lines, length = [""], used
    for word in text.split(" "):
        if lines[-1] and length + len(word) + 1 > WIDTH:
            lines.append(word)
            length = len(word) + 1
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
            length += len(word) + 1
    return lines


def _pieces(text: str, used: int) -> list[bytes]:
    """Cut text into pieces for one encoded word each, none through the middle of a character."""
    pieces = [b""]
    room = max(6, (WIDTH - 12 - used) * 3 // 4)
    for character in text:
        encoded = character.encode("utf-8", "replace")
        if len(pieces[-1]) + len(encoded) > min(room, _WORD_BYTES):
            pieces.append(b"")
            room = _WORD_BYTES
        pieces[-1] += encoded
    return pieces


def sender(name: str, address: str) -> str:
    """Return From: a name in any script, and the address."""
    if name.isascii():
        return formataddr((" ".join(name.split()), address))
    return f"{words(name, used=len('From: '))}\r\n <{address}>"


def recipient(address: str) -> str:
    """Return To: one address, its domain as the DNS knows it, so that any mail server can carry it.

    Raises:
        ValueError: it can't be an address, or is more than one.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError("recipient")
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain}"


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


def add_parts(mail: EmailMessage, *, text: str, html: str, picture: bytes | None = None) -> None:
    """Add the words, as text and as HTML. Nothing in them is changed on the way: that would break DKIM.

    Quoted-printable keeps every line short and in ASCII, and spaces at their ends. A `picture` (PNG) comes
    beside the HTML, which shows it as `cid:qr`: there is nothing to load from anywhere.
    """
    mail["MIME-Version"] = "1.0"
    mail["Content-Type"] = f'multipart/alternative; boundary="{BOUNDARY}"'
    for words_of_it, kind in ((text, "plain"), (html, "html")):
        part = EmailMessage(policy=mail.policy)
        part["Content-Type"] = f'text/{kind}; charset="utf-8"'
        part["Content-Transfer-Encoding"] = "quoted-printable"
        part.set_payload(b2a_qp(words_of_it.encode("utf-8", "replace"), istext=True).decode("ascii"))
        mail.attach(_with_picture(part, picture) if picture and kind == "html" else part)


def _with_picture(html: EmailMessage, picture: bytes) -> EmailMessage:
    """Return the HTML part and a picture that belongs to it as one part (RFC 2387)."""
    image = EmailMessage(policy=html.policy)
    image["Content-Type"] = f'image/png; name="{PICTURE}.png"'
    image["Content-Transfer-Encoding"] = "base64"
    image["Content-ID"] = f"<{PICTURE}>"
    image["Content-Disposition"] = f'inline; filename="{PICTURE}.png"'
    image.set_payload(encodebytes(picture).decode("ascii"))
    both = EmailMessage(policy=html.policy)
    both["Content-Type"] = f'multipart/related; type="text/html"; boundary="{INNER_BOUNDARY}"'
    both.attach(html)
    both.attach(image)
    return both
