"""What a mail server writes when a letter comes back, and which letter of ours it is about.

A report is believed only when it names a message that we sent a short while ago, by the number in its
Message-ID or in the address that it came back to. Both are random, and known to whoever carried the letter
and to its reader. Nothing in a report is shown to anybody, answered, or kept but a code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message as Mail
from typing import TYPE_CHECKING, Any

from coordinator.kit.ids import ALPHABET, PUBLIC_ID_LENGTH
from coordinator.outbox.rules import BounceKind, bounce_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

_ID = f"[{ALPHABET}]{{{PUBLIC_ID_LENGTH}}}"
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
CAME_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
ORIGINALS = {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A letter that came back: its number, how, and the code."""

    public_id: str
    kind: BounceKind
    code: str


def is_report(mail: Mail) -> bool:
    """Tell whether a mail server wrote this about a delivery (RFC 3464)."""
    kind = str(mail.get_param("report-type") or "").lower()
    return mail.get_content_type() == "multipart/report" and kind == "delivery-status"


def bounce_in(raw: bytes, *, host: str, bounce_address: str = "") -> tuple[bool, Bounce | None]:
    """Read a mail from the mailbox of the settings. Return whether it is a report, and what came back.

    Args:
        raw: the mail, or its beginning.
        host: right-hand side of our Message-IDs.
        bounce_address: as in the settings, with `{id}` or without.
    """
    mail = message_from_bytes(raw)
    if not is_report(mail) or not isinstance(mail.get_payload(), list):
        return is_report(mail), None
    parts: list[Mail] = mail.get_payload()  # type: ignore[assignment]  # what a multipart holds
    status = _failure(parts)
    numbers = set(_numbers(mail, parts, host, bounce_address))
    if status is None or len(numbers) != 1:  # nothing failed, or it is about two letters at once
        return True, None
    return True, Bounce(public_id=numbers.pop(), kind=bounce_kind(status), code=status)


def number_in(message_id: str, *, host: str) -> str | None:
    """Return the number of the message that a Message-ID of ours names."""
    found = re.search(rf"(?:^|<)\s*({_ID})@{re.escape(host)}\s*(?:>|$)", message_id)
    return found[1] if found else None


def status_in(text: object) -> str | None:
    """Return the first enhanced status code in a text, as in "5.1.1"."""
    found = _STATUS.search(str(text or "")[:1_000])
    return found[0] if found else None


def _failure(parts: Iterable[Mail]) -> str | None:
    """Return the status of the first recipient for whom the server has given up."""
    for part in parts:
        blocks: Any = part.get_payload() if part.get_content_type() == "message/delivery-status" else []
        for block in blocks if isinstance(blocks, list) else []:
            if str(block.get("Action", "")).strip().lower() != "failed":
                continue
            status = status_in(block.get("Status"))
            if status is None or status.endswith(".0.0"):  # "other": the words of the server may say more
                status = status_in(block.get("Diagnostic-Code")) or status
            return status or "5.0.0"
    return None


def _numbers(mail: Mail, parts: Iterable[Mail], host: str, bounce_address: str) -> Iterable[str]:
    for part in parts:
        if part.get_content_type() in ORIGINALS:
            number = number_in(str(_original(part).get("Message-ID", "")), host=host)
            if number:
                yield number
    before, is_numbered, after = bounce_address.partition("{id}")
    if is_numbered:
        came_to = " ".join(str(value) for name in CAME_TO for value in mail.get_all(name, []))
        yield from re.findall(rf"{re.escape(before)}({_ID}){re.escape(after)}", came_to[:2_000])


def _original(part: Mail) -> Mail:
    inside: Any = part.get_payload()
    if isinstance(inside, list):
        return inside[0] if inside else Mail()
    return message_from_string(str(inside))
