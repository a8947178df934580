"""What an organiser may keep about a person, and how it leaves in a sheet."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

from coordinator.kit.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_TAG = 40
MOST_TAGS = 20
LONGEST_NOTE = 1_000
MOST_SEARCHED = 5_000
"""A search opens this many contacts, the newest first: everything is sealed, so each has to be opened."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Purpose(StrEnum):
    """What somebody may agree to."""

    CONTACT = "contact"
    """To be written to or called by the organiser."""
    NEWS = "news"
    """To be sent announcements."""


class TooManyTagsError(RefusedError):
    """More tags than anybody can look through."""

    code = "contact.too_many_tags"


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Return tags as they are kept: trimmed, at most `LONGEST_TAG` characters, none twice, sorted.

    Raises:
        TooManyTagsError: there are more than `MOST_TAGS`.
    """
    kept: dict[str, str] = {}
    for tag in tags:
        text = " ".join(unicodedata.normalize("NFC", tag).split())[:LONGEST_TAG].strip()
        if text:
            kept.setdefault(text.casefold(), text)
    if len(kept) > MOST_TAGS:
        raise TooManyTagsError
    return sorted(kept.values(), key=str.casefold)


def defused(text: str) -> str:
    """Return `text` so that no spreadsheet runs it.

    A cell that starts with one of = + - @ or a control character, after any spaces or apostrophes, is a
    formula to Excel, LibreOffice or Google Sheets; an apostrophe in front makes it text. The wide forms of
    those signs (U+FF1D and its like) are read as the narrow ones in some locales.
    """
    if any(
        line.lstrip(" '\"\u00a0\ufeff").startswith(_FORMULA)
        for line in (text, unicodedata.normalize("NFKC", text))
    ):
        return f"'{text}"
    return text
