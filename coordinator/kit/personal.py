"""What of a person a column holds, and until when: said where the column is declared.

`mapped_column(Text, info=personal(Holds.NAME, Until.RETENTION))`. Reports of what is left, the change of keys
and `docs/personal-data.md` are made from it; a house test lets no column of text pass that says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, MetaData, Table

_KEY = "personal"
SEALED = "_sealed"
"""How every column ends whose text a key of ours seals (kit/crypto.py)."""
EMPTIED = "forgotten:"
"""How a value begins that took the place of one that may not be missing, and says nothing of anybody."""


class Holds(StrEnum):
    """What of a person stands in a column."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    NEEDS = "needs"
    """What somebody needs to take part; it may tell of their health."""
    WORDS = "words"
    """What people wrote to us or about each other: notes, letters, searches, sheets."""
    PLACE = "place"
    """An address that was looked up; it may be a home."""
    SECRET = "secret"  # noqa: S105 the name of a kind
    """A password, as a hash."""
    LINK = "link"
    """What opens something, or its digest."""
    DIGEST = "digest"
    """Finds an address again; tells nobody without the key which."""
    PUBLISHED = "published"
    """What somebody wanted everybody to read."""


class Until(StrEnum):
    """When a column is emptied, or its row deleted."""

    RETENTION = "retention"
    """The retention time of the campaign is over, counted from the end of the event or of the campaign."""
    FIELD = "field"
    """As `RETENTION`, or sooner where the campaign says so for this field."""
    SENT = "sent"
    """The letter was handed over."""
    EXPIRY = "expiry"
    """The time that the row itself names, or that the room keeps for all its rows, is over."""
    USE = "use"
    """It was read: at most a day."""
    ACCOUNT = "account"
    """The account is erased."""
    NO_END = "no-end"
    """Never, on purpose: docs/threat-model.md says why."""


@dataclass(frozen=True, slots=True)
class Personal:
    """What a column holds of a person, and until when."""

    holds: Holds
    until: Until


def personal(holds: Holds, until: Until) -> dict[str, Any]:
    """Return `info` for a column that holds something of a person."""
    return {_KEY: Personal(holds, until)}


def personal_columns(metadata: MetaData) -> Iterator[tuple[Table, Column[Any], Personal]]:
    """Yield every column that holds something of a person, and what it says about itself."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if _KEY in column.info:
                yield table, column, column.info[_KEY]
