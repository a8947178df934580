"""Names and titles from people, so that their direction ends where they end.

An Arabic title in an English sentence pulls the number after it to its other side, and a sign that turns
the direction (U+202E) turns the rest of the line, links and dates included. A letter is text in a program
that we don't know, so what keeps them apart has to stand in the text itself (Unicode UAX #9, isolates).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates. Marks (U+200E, U+200F) turn nothing and stay."""

_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""The blocks that Unicode keeps for scripts from right to left; asked for each text of each letter."""


def isolated(text: str, direction: str) -> str:
    """Return text that can't turn what stands beside it in a letter written in `direction`, "ltr" or "rtl".

    Text that is of this direction anyhow gets no mark: most of it, and some mail programs show marks.
    Each line is kept apart, since an isolate ends with its line.
    """
    text = _TURNING.sub("", text)
    if not _is_foreign(text, direction):
        return text
    return "\n".join(
        f"{FIRST_STRONG_ISOLATE}{line}{POP_ISOLATE}" if line.strip() else line for line in text.split("\n")
    )


def _is_foreign(text: str, direction: str) -> bool:
    if direction == "ltr":
        return _RIGHT_TO_LEFT.search(text) is not None
    return any(unicodedata.bidirectional(one) == "L" for one in text)


def standing_alone(text: str) -> str:
    """Return a line without its isolate where that is all of it: there is nothing beside it to be turned."""
    inside = text.removeprefix(FIRST_STRONG_ISOLATE).removesuffix(POP_ISOLATE)
    is_all = len(inside) == len(text) - 2 and not _TURNING.search(inside)
    return inside if is_all else text


def all_isolated(value: Any, direction: str) -> Any:
    """Return a letter's context with every text in it isolated, as deep as it lies.

    Texts under the key `text` are Markdown: a mark before its first sign would change what that means. They
    are blocks of their own in a letter, so only what turns is taken out.
    """
    if isinstance(value, str):
        return isolated(value, direction)
    if isinstance(value, dict):
        return {
            key: _TURNING.sub("", item)
            if key == "text" and isinstance(item, str)
            else all_isolated(item, direction)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [all_isolated(item, direction) for item in value]
    return value
