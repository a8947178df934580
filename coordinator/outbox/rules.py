"""When a message is tried, when again, and when no more. And how sending can go wrong."""

from __future__ import annotations

from datetime import timedelta

from coordinator.kit.errors import AwayError, CoordinatorError

MOST_TRIES = 12
"""With waits that double from a minute, the last try is almost three days after the first."""

FIRST_WAIT = timedelta(minutes=1)
LEASE = timedelta(minutes=5)
"""Longer than one message can take: a session is five answers, each waited for half a minute at most."""

KEEP_FAILED = timedelta(days=30)
"""A message that was given up keeps its words that long for a human, then loses them."""


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


class SmtpUrlError(CoordinatorError):
    """SMTP_URL is not one of the forms that we understand."""

    code = "mail.smtp_url"


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after try number `tries` failed: a minute, two, four and so on."""
    return FIRST_WAIT * int(2 ** (tries - 1))


def is_final(code: int, words: bytes | str) -> bool:
    """Tell whether a server's answer to a recipient is about the recipient, and for good.

    5yz is permanent (RFC 5321, 4.2.1). But 530 and 535 ask us to sign in, and an enhanced code 5.7.x
    (RFC 3463: security or policy) speaks of us and not of them, and may be over tomorrow.
    """
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    return 500 <= code < 600 and code not in {530, 535} and not text.lstrip().startswith("5.7.")  # noqa: PLR2004 the 5yz of RFC 5321
