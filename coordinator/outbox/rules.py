"""When a message is tried, when again, and when no more. And how sending can go wrong."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum

from coordinator.kit.errors import AwayError, CoordinatorError

MOST_TRIES = 12
"""With waits that double from a minute, the last try is almost three days after the first."""

FIRST_WAIT = timedelta(minutes=1)
LEASE = timedelta(minutes=5)
LONGEST_TALK = timedelta(minutes=2, seconds=30)
"""One message is five answers, each waited for half a minute at most; it is not begun with less time left."""

KEEP_FAILED = timedelta(days=30)
"""A message that was given up keeps its words that long for a human, then loses them."""

BOUNCES_FOR = timedelta(days=14)
"""A letter may come back that long after it was sent. Mail servers try for five days, and tell late."""

KEEP_UNDELIVERABLE = timedelta(days=90)
"""An address that letters came back from is tried again after that."""

REFUSED = "refused:"
"""How the kinds of failures begin that are final, and are about the recipient."""

UNDELIVERABLE = f"{REFUSED}undeliverable"
"""Not sent: other letters came back from there."""


class MessageState(StrEnum):
    """Where a message is on its way."""

    WAITING = "waiting"
    SENT = "sent"
    """A mail server took it. It may still come back."""
    REFUSED = "refused"
    """The mail server says that there is no such mailbox, or letters came back from there."""
    BOUNCED = "bounced"
    """Taken, and came back."""
    GIVEN_UP = "given-up"
    """Tried again and again, for a human to look at."""


class BounceKind(StrEnum):
    """How a letter came back."""

    HARD = "hard"
    """There is no such mailbox: others need not be sent."""
    SOFT = "soft"
    """Full, or too long away: others may get through."""


class MailAwayError(AwayError):
    """The mail server can't be reached or takes nothing from us at the moment: all messages wait."""

    code = "mail.away"

    def __init__(self, kind: str) -> None:
        """Say in a word what it was; never an address."""
        super().__init__(kind)
        self.kind = kind


class LetterError(CoordinatorError):
    """One message did not get through this time; others may."""

    code = "mail.later"

    def __init__(self, kind: str) -> None:
        """Say in a word what it was; never an address."""
        super().__init__(kind)
        self.kind = kind


class LetterRefusedError(LetterError):
    """This message will never get through: there is no such mailbox."""

    code = "mail.refused"


class MailboxUrlError(CoordinatorError):
    """BOUNCE_MAILBOX is not a form that we understand."""

    code = "mail.mailbox_url"


class SmtpUrlError(CoordinatorError):
    """SMTP_URL is not one of the forms that we understand."""

    code = "mail.smtp_url"


def state_of(*, is_sent: bool, is_failed: bool, is_bounced: bool, error: str | None) -> MessageState:
    """Return where a message is; `outbox.queries.state` says the same in SQL."""
    if is_bounced:
        return MessageState.BOUNCED
    if is_sent:
        return MessageState.SENT
    if is_failed:
        is_refused = (error or "").startswith(REFUSED)
        return MessageState.REFUSED if is_refused else MessageState.GIVEN_UP
    return MessageState.WAITING


_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![.\d])")
"""An enhanced status code where RFC 2034 puts it: at the beginning of an answer."""

_NO_SUCH_MAILBOX = frozenset(
    {"5.0.0", "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.4.4"}
)
"""Codes of RFC 3463 that are about the address. 5.1.7 and 5.1.8 are about ours, 5.7.x about how we are seen,
5.2.2 is a full mailbox, 5.4.x otherwise the way there."""


def bounce_kind(status: str) -> BounceKind:
    """Tell whether a letter that came back with this code says that there is no such mailbox."""
    return BounceKind.HARD if status in _NO_SUCH_MAILBOX else BounceKind.SOFT


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after try number `tries` failed: a minute, two, four and so on."""
    return FIRST_WAIT * int(2 ** (tries - 1))


def answer_code(code: int, words: bytes | str) -> str:
    """Return the codes of a server's answer, as in "554 5.7.1", for the kind of a failure.

    The enhanced one (RFC 3463) says whether an address, a mailbox or trust is what is missing. The words
    after it may quote an address, and stay out.
    """
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    enhanced = _ENHANCED.match(text)
    return f"{code} {enhanced[1]}" if enhanced else str(code)


def is_final(code: int, words: bytes | str) -> bool:
    """Tell whether a server's answer to a recipient is about the recipient, and for good.

    5yz is permanent (RFC 5321, 4.2.1). But 530 and 535 ask us to sign in, and an enhanced code 5.7.x
    (RFC 3463: security or policy) speaks of us and not of them, and may be over tomorrow.
    """
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    return 500 <= code < 600 and code not in {530, 535} and not text.lstrip().startswith("5.7.")  # noqa: PLR2004 the 5yz of RFC 5321
