"""Passwords: argon2id, and the same work whether or not there is anything to compare with."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet. A server with 256 MB survives
a dozen sign-ins at once, and one guess costs about 30 ms."""


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password` in PHC form, parameters and salt included."""
    return HASHER.hash(_normal(password))


def is_password(password: str, stored: str | None) -> bool:
    """Tell whether `password` is the one behind `stored`.

    None stands for an account that does not exist: a hash that nothing fits is checked instead, so that
    the answer takes as long.
    """
    try:
        fits = HASHER.verify(stored or _nobodys_hash(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return fits and stored is not None


def needs_rehash(stored: str) -> bool:
    """Tell whether `stored` was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


@cache
def _nobodys_hash() -> str:
    return HASHER.hash("nobody's")


def _normal(password: str) -> str:
    """Return one spelling of the same characters, whichever keyboard typed them (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
