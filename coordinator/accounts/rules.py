"""What an account may be. Limits, purposes and refusals."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from coordinator.kit.errors import RefusedError

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LEAST_DIFFERENT = 5
"""Different characters in a password; "aaaaaaaaaa" and "1212121212" have fewer."""
LONGEST_NAME = 80
LONGEST_EMAIL = 254  # RFC 5321: a path is 256 octets with its brackets

NOBODY = "0000000000"
"""Public id of the account to which events pass whose organiser has left. Nobody signs in with it."""

COMMON_WORDS = (
    "password", "passwort", "motdepasse", "contrasena", "qwerty", "qwertz", "azerty", "asdfgh",
    "zxcvbn", "letmein", "welcome", "iloveyou", "admin",
    "пароль", "йцукен", "фывапр", "ячсмит", "любовь", "привет",
)  # fmt: skip
"""What a guess starts with. A password may hold one of these, not consist of it."""

SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "01234567890123456789",
    "1234567890" * 2,
    "qwertyuiopasdfghjklzxcvbnm",
    "йцукенгшщзхъфывапролджэячсмитьбю",
)


class TokenPurpose(StrEnum):
    """What a link in a mail is good for."""

    VERIFY = "verify"
    RESET = "reset"


TOKEN_LIFE = {TokenPurpose.VERIFY: timedelta(days=3), TokenPurpose.RESET: timedelta(hours=2)}
KEPT_FORM_LIFE = timedelta(days=3)
UNVERIFIED_LIFE = timedelta(days=7)
"""An address that nobody confirmed is forgotten after that."""


class PasswordFault(StrEnum):
    """Why a password won't do."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    IS_ADDRESS = "is_address"
    TRIVIAL = "trivial"


class DeadLinkError(RefusedError):
    """A link was used before, is too old, or never was one of ours."""

    code = "account.dead_link"


class UnverifiedError(RefusedError):
    """An act that needs a verified e-mail address."""

    code = "account.unverified"


class WrongPasswordError(RefusedError):
    """The password that stands before a change of it was not the right one."""

    code = "account.wrong_password"


class AlreadyThereError(RefusedError):
    """An account for this address exists."""

    code = "account.already_there"


def password_fault(password: str, email: str = "") -> PasswordFault | None:
    """Return what is wrong with a password, or None.

    Length is what counts (NIST SP 800-63B); beyond it only what every guesser tries first is refused.
    """
    if len(password) < SHORTEST_PASSWORD:
        return PasswordFault.TOO_SHORT
    if len(password) > LONGEST_PASSWORD:
        return PasswordFault.TOO_LONG
    plain = password.strip().casefold()
    address = email.strip().casefold()
    if address and plain in {address, address.partition("@")[0]}:
        return PasswordFault.IS_ADDRESS
    return PasswordFault.TRIVIAL if _is_trivial(plain) else None


def _is_trivial(plain: str) -> bool:
    if len(set(plain)) < LEAST_DIFFERENT:
        return True
    if any(plain in row or plain[::-1] in row for row in SEQUENCES):
        return True
    rest = plain
    for word in COMMON_WORDS:
        rest = rest.replace(word, "")
    return rest != plain and len(rest.strip("0123456789!.,?*-_ ")) < LEAST_DIFFERENT
