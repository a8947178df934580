"""The letters that a demonstration wrote into files, read back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

from coordinator.kit.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

MOST_LISTED = 200
_NAME = re.compile(r"[0-9TZ]{16}-[0-9a-z]{10}\.eml")


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter as a reader sees it."""

    name: str
    sent_at: datetime
    recipient: str
    subject: str
    language: str
    text: str
    html: str


def mails_in(folder: Path) -> list[Mail]:
    """Return the newest letters, the last one first."""
    names = sorted((file.name for file in folder.glob("*.eml") if _NAME.fullmatch(file.name)), reverse=True)
    return [mail_named(folder, name) for name in names[:MOST_LISTED]]


def mail_named(folder: Path, name: str) -> Mail:
    """Return one letter.

    Raises:
        NotFoundError: there is none, or the name is not one that we give.
    """
    if not _NAME.fullmatch(name):
        raise NotFoundError
    try:
        letter = message_from_bytes((folder / name).read_bytes(), policy=default)
    except FileNotFoundError as gone:
        raise NotFoundError from gone
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    return Mail(
        name=name,
        sent_at=letter["Date"].datetime,
        recipient=str(letter["To"]),
        subject=str(letter["Subject"]),
        language=str(letter["Content-Language"] or "en"),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
    )
