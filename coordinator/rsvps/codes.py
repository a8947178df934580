"""The code that an attendee shows at the door: it says that they answered, and not who they are.

It is derived, not stored: nothing of it is in the database. It opens nothing; the private link that changes
an answer is another secret.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from coordinator.kit.ids import ALPHABET, meant_letters

if TYPE_CHECKING:
    from typing import Any

    from coordinator.kit.crypto import Seal

PREFIX = "DOA1"
"""Version of the text in the picture."""
SHORT_LETTERS = 6
"""Letters of the code that is read aloud, 30 bits: among 2,000 answers two are alike once in 500 events,
and then the door shows both."""
_BITS = 5  # of one letter of Crockford's base 32


def check_in_code(event_id: str, rsvp_id: str, seal: Seal) -> str:
    """Return the text in the picture.

    Args:
        event_id: public id of the event.
        rsvp_id: public id of the answer.
        seal: our keys.
    """
    return f"{PREFIX}:{event_id}:{seal.derive_token('check-in', rsvp_id)}"


def code_hash(code: str) -> str:
    """Return by what the door knows a code: a phone that holds only this can't make the code from it."""
    return hashlib.sha256(code.encode()).hexdigest()


def short_code(hashed: str) -> str:
    """Return what is read aloud where no picture can be scanned: six letters, "7k2m9p", of a `code_hash`."""
    number = int(hashed[:8], 16) >> (32 - SHORT_LETTERS * _BITS)
    letters = (ALPHABET[number >> (_BITS * place) & 31] for place in reversed(range(SHORT_LETTERS)))
    return "".join(letters)


def spoken(short: str) -> str:
    """Return a short code as it is shown: in two halves, in capitals."""
    half = SHORT_LETTERS // 2
    return f"{short[:half]} {short[half:]}".upper()


def read_short_code(text: str) -> str:
    """Return the short code that somebody typed or heard, whatever spaces and capitals it came with."""
    return meant_letters("".join(text.split()).replace("-", ""))


def code_facts(event_id: str, rsvp_id: str, seal: Seal) -> dict[str, Any]:
    """Return what shows the code: the text of the picture, and the letters that are read aloud."""
    code = check_in_code(event_id, rsvp_id, seal)
    return {"qr": code, "short_code": spoken(short_code(code_hash(code)))}
