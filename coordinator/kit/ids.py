"""Public ids: short, random, never sequential, and hard to misread on a poster."""

import re
import secrets

from werkzeug.routing import BaseConverter

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 (https://www.crockford.com/base32.html), written in lower case."""

PUBLIC_ID_LENGTH = 10  # 50 bits: guessing one of 100,000 events takes ten billion tries
PUBLIC_ID_PATTERN = f"[{ALPHABET}ilo{ALPHABET.upper()}ILO]{{{PUBLIC_ID_LENGTH}}}"

_MISREAD = str.maketrans({"o": "0", "i": "1", "l": "1"})
_LETTERS = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
"""A letter for each byte; 256 is eight times 32, so none is likelier than another."""
_VALID = re.compile(f"[{ALPHABET}]{{{PUBLIC_ID_LENGTH}}}")


def new_public_id() -> str:
    """Return ten random characters of Crockford's base 32."""
    return secrets.token_bytes(PUBLIC_ID_LENGTH).translate(_LETTERS).decode()


def read_public_id(text: str) -> str | None:
    """Return the id that somebody meant, or None when it can't be one.

    Crockford's rules for reading: case does not matter, O is 0, I and L are 1.
    """
    meant = meant_letters(text)
    return meant if _VALID.fullmatch(meant) else None


def meant_letters(text: str) -> str:
    """Return the letters of Crockford's base 32 that somebody meant who copied or heard them."""
    return text.strip().lower().translate(_MISREAD)


class PublicIdConverter(BaseConverter):
    """`<public_id:…>` in a route: an id as people may copy it from a poster."""

    regex = PUBLIC_ID_PATTERN

    def to_python(self, value: str) -> str:
        """Read what was meant."""
        return read_public_id(value) or value
