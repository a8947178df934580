"""What an organiser may keep about a person, and how it leaves in a sheet."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from coordinator.contacts.roles import TooManyRolesError, clean_roles
from coordinator.kit.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

LONGEST_TAG = 40
MOST_TAGS = 20
LONGEST_NOTE = 1_000
LONGEST_FILTER_NAME = 60
MOST_FILTERS = 30
EARLIEST_YEAR = 2000
"""Nobody agreed to anything here before; an earlier day is a slip of the keys."""
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


# Importing

LARGEST_SHEET_BYTES = 20_000_000
"""That a page takes: an upload stays in memory until it is sealed."""
LARGEST_FILE_BYTES = 100_000_000
"""That a command takes: it reads a file piece by piece."""
MOST_ROWS = 100_000
MOST_COLUMNS = 60
LONGEST_CELL = 2_000
LONGEST_NAME = 200
LONGEST_PHONE = 60
LONGEST_EMAIL = 254
LONGEST_CONSENT = 500
SHORTEST_CONSENT = 10
KEPT_UPLOADED = timedelta(days=1)
"""A file waits this long for somebody to go on with it."""
MAY_BE_UNDONE = timedelta(days=30)
FEWEST_DIGITS = 6
LONGEST_FILENAME = 100

_ADDRESS = re.compile(r"[^@\s,;:<>\"'()\[\]]+@[^@\s,;:<>\"'()\[\]]+\.[^@\s.,;:<>\"'()\[\]\d]{2,}")
_PHONE = re.compile(r"[+(]?[\d\s()./+-]+")


class Column(StrEnum):
    """What a column of a sheet is about."""

    IGNORED = ""
    NAME = "name"
    FIRST_NAME = "first-name"
    LAST_NAME = "last-name"
    EMAIL = "email"
    PHONE = "phone"
    TAGS = "tags"
    ROLES = "roles"
    NOTE = "note"


MAY_STAND_TWICE = frozenset({Column.IGNORED, Column.TAGS, Column.ROLES, Column.NOTE})


class ColumnsFault(StrEnum):
    """Why nobody can be imported from columns like these."""

    NO_WAY_TO_REACH = "no-way-to-reach"
    TWICE = "twice"


class Problem(StrEnum):
    """What is to be said about a row before it is imported."""

    NOT_AN_ADDRESS = "not-an-address"
    NOTHING_TO_REACH = "nothing-to-reach"
    TOO_LONG = "too-long"
    TOO_MANY_TAGS = "too-many-tags"
    TOO_MANY_ROLES = "too-many-roles"
    TWICE = "twice"
    """An earlier row says the same person."""
    SUPPRESSED = "suppressed"
    KNOWN = "known"
    """A contact already: same address, or phone, and same name."""
    FORMULA = "formula"
    BROKEN_LETTERS = "broken-letters"


LEFT_OUT = frozenset(Problem) - {Problem.KNOWN, Problem.FORMULA, Problem.BROKEN_LETTERS}
"""Rows that are not imported."""


class Unreadable(StrEnum):
    """Why a file is no sheet."""

    EMPTY = "empty"
    WORKBOOK = "workbook"
    NOT_CSV = "not-csv"
    TOO_MANY_ROWS = "too-many-rows"


class ImportStatus(StrEnum):
    """Where an import stands."""

    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """The file could not be read to its end; what came before is in."""
    UNDOING = "undoing"
    UNDONE = "undone"


class UnreadableSheetError(RefusedError):
    """No sheet that we can read."""

    code = "contact.unreadable_sheet"

    def __init__(self, why: Unreadable) -> None:
        """Say why."""
        super().__init__(why.value)
        self.why = why


class TooManyFiltersError(RefusedError):
    """More kept searches than anybody can look through."""

    code = "contact.too_many_filters"


class NotOnePersonError(RefusedError):
    """Two contacts that can't be one: two addresses, two campaigns, or the same contact twice."""

    code = "contact.not_one_person"


class UndoneTooLateError(RefusedError):
    """It can't be taken back any more."""

    code = "contact.too_late"


class SuppressedError(RefusedError):
    """The owner of this address wants no more mail from this organiser."""

    code = "contact.suppressed"


class ImportStateError(RefusedError):
    """The import is not where this could be done: it runs, is over, or is too old to be undone."""

    code = "contact.import_state"


@dataclass(frozen=True, slots=True)
class Draft:
    """A row of a sheet, understood."""

    name: str = ""
    email: str = ""
    phone: str = ""
    tags: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    note: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def key(self) -> str:
        """Say who it is: families share an address, so the name belongs to it."""
        return person_key(self.name, self.email or digits_of(self.phone))


def person_key(name: str, reach: str) -> str:
    """Return what two rows about one person have in common."""
    return f"{' '.join(unicodedata.normalize('NFKC', name).casefold().split())}\0{reach.casefold()}"


def digits_of(phone: str) -> str:
    """Return a telephone number as its digits, or a handle as it is."""
    digits = "".join(letter for letter in phone if letter.isdecimal())
    return digits if len(digits) >= FEWEST_DIGITS else phone.strip()


def is_address(text: str) -> bool:
    """Tell whether this may be an e-mail address."""
    return len(text) <= LONGEST_EMAIL and _ADDRESS.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    """Tell whether this looks like a telephone number, and not like a date or a postcode."""
    return _PHONE.fullmatch(text) is not None and sum(letter.isdecimal() for letter in text) > FEWEST_DIGITS


def undefused(text: str) -> str:
    """Return what `defused` made safe, as it was."""
    return text[1:] if text.startswith("'") and defused(text[1:]) == text else text


def fault_of(columns: Sequence[Column]) -> ColumnsFault | None:
    """Tell why a sheet with these columns can't be imported; None: it can."""
    if not {Column.EMAIL, Column.PHONE} & set(columns):
        return ColumnsFault.NO_WAY_TO_REACH
    single = [column for column in columns if column not in MAY_STAND_TWICE]
    return ColumnsFault.TWICE if len(single) != len(set(single)) else None


def is_day_of_consent(day: date | None, *, today: date) -> bool:
    """Tell whether somebody may have agreed on this day."""
    return day is not None and day.year >= EARLIEST_YEAR and day <= today


def shown_filename(name: str) -> str:
    """Return what a file is called, as it may be shown: no folders, nothing that can't be seen."""
    name = unicodedata.normalize("NFC", name).rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable())[-LONGEST_FILENAME:] or "?"


def draft_of(cells: Sequence[str], columns: Sequence[Column]) -> Draft:
    """Understand a row, and say what is wrong with it."""
    said = dict.fromkeys(Column, "")
    for cell, column in zip(cells, columns, strict=False):
        text = unicodedata.normalize("NFC", undefused(cell)).strip()
        between = "," if column in {Column.TAGS, Column.ROLES} else " "
        said[column] = f"{said[column]}{between}{text}".strip() if column is not Column.IGNORED else ""
    name = said[Column.NAME] or f"{said[Column.FIRST_NAME]} {said[Column.LAST_NAME]}".strip()
    email = said[Column.EMAIL].removeprefix("mailto:")
    phone, note = said[Column.PHONE], said[Column.NOTE]
    problems = []
    if not email and is_address(phone):  # in the wrong column it would slip past those who want no more mail
        email, phone = phone, ""
    if email and not is_address(email):
        problems.append(Problem.NOT_AN_ADDRESS)
    if not email and not phone:
        problems.append(Problem.NOTHING_TO_REACH)
    if len(name) > LONGEST_NAME or len(phone) > LONGEST_PHONE or len(note) > LONGEST_NOTE:
        problems.append(Problem.TOO_LONG)
    tags: list[str] = []
    try:
        tags = clean_tags(_listed(said[Column.TAGS]))
    except TooManyTagsError:
        problems.append(Problem.TOO_MANY_TAGS)
    roles: list[str] = []
    try:
        roles = clean_roles(_listed(said[Column.ROLES]))
    except TooManyRolesError:
        problems.append(Problem.TOO_MANY_ROLES)
    if any(defused(text) != text for text in (name, note, *tags, *roles)):
        problems.append(Problem.FORMULA)
    if "\ufffd" in f"{name}{note}{said[Column.TAGS]}{said[Column.ROLES]}":
        problems.append(Problem.BROKEN_LETTERS)
    return Draft(name, email, phone, tuple(tags), tuple(roles), note, tuple(problems))


def _listed(cell: str) -> list[str]:
    return re.split(r"[,;|]", cell)
