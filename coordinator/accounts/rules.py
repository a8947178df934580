"""What an account may be. Limits, purposes and refusals."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from coordinator.kit.errors import RefusedError

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LONGEST_NAME = 80
LONGEST_EMAIL = 254  # RFC 5321: a path is 256 octets with its brackets


class TokenPurpose(StrEnum):
    """What a link in a mail is good for."""

    VERIFY = "verify"
    RESET = "reset"


TOKEN_LIFE = {TokenPurpose.VERIFY: timedelta(days=3), TokenPurpose.RESET: timedelta(hours=2)}
KEPT_FORM_LIFE = timedelta(days=3)


class DeadLinkError(RefusedError):
    """A link was used before, is too old, or never was one of ours."""

    code = "account.dead_link"


class UnverifiedError(RefusedError):
    """An act that needs a verified e-mail address."""

    code = "account.unverified"
