"""Lists of missions in CSV files: which columns they have, and what each cell means.

Reads a line at a time, so a list may be longer than the memory. Encodings: UTF-8, with or
without the mark that spreadsheet programs put in front.
"""

from __future__ import annotations

import csv
import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

from babel import Locale
from babel.core import UnknownLocaleError

from coordinator.missions.rules import (
    CODE,
    LONGEST_ADDRESS,
    LONGEST_CITY,
    LONGEST_CODE,
    LONGEST_LINK,
    LONGEST_NAME,
    LONGEST_SOURCE,
    MissionDetails,
    MissionFileError,
    MissionKind,
    MissionRowError,
    MissionStatus,
    MissionWords,
    Problem,
    Unreadable,
)
from coordinator.places.rules import EAST, NORTH, Point, Precision
from coordinator.places.timezones import is_zone, zone_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from enum import StrEnum

    Row = Mapping[str, str]

    class Reader(Protocol):
        """What `csv.reader` returns, as far as we ask it."""

        line_num: int


Word = TypeVar("Word", bound="StrEnum")

STARTER_LIST = Path(__file__).with_name("starter.csv")
NEEDED_COLUMNS = (
    "id", "sending_state", "receiving_state", "kind", "city", "name_en",
    "latitude", "longitude", "precision", "source",
)  # fmt: skip
"""Others may be missing: address, status, status_on, website, verified_at, timezone, name_xx, city_xx."""
LARGEST_FILE_BYTES = 256 * 1024 * 1024
TWO_LETTERS = re.compile(r"[A-Z]{2}")
TRANSLATED = re.compile(r"(name|city)_([a-z]{2,3})")


class Line:
    """One line of a list: where it stands, and the mission on it or the reason why there is none."""

    __slots__ = ("details", "fault", "number")

    def __init__(self, number: int, found: MissionDetails | MissionRowError) -> None:
        """Take the number of the line in the file, from 1, and what was found on it."""
        self.number = number
        self.details = found if isinstance(found, MissionDetails) else None
        self.fault = found if isinstance(found, MissionRowError) else None


def read_missions(file: Path) -> Iterator[Line]:
    """Yield what stands on each line below the header; empty lines are passed over.

    Raises:
        MissionFileError: this is no list of missions, or stops being one on the way.
    """
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise MissionFileError(Unreadable.TOO_LARGE)
    seen: set[str] = set()
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, strict=True)
        with _only_our_errors(reader):
            header = [name.strip().lower() for name in next(reader, [])]
            _check_header(header)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield Line(reader.line_num, _read(header, cells, seen))


def count_lines(file: Path) -> int:
    """Return how many lines the file has, roughly how many missions: for a progress bar."""
    with file.open("rb") as data:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: data.read(1 << 20), b""))


@contextmanager
def _only_our_errors(reader: Reader) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as wrong:
        raise MissionFileError(Unreadable.NOT_UTF8, line=reader.line_num + 1) from wrong
    except csv.Error as wrong:
        raise MissionFileError(Unreadable.NOT_CSV, str(wrong), line=reader.line_num) from wrong


def _check_header(header: Sequence[str]) -> None:
    if not any(header):
        raise MissionFileError(Unreadable.EMPTY)
    if len(header) == 1 and ";" in header[0]:
        raise MissionFileError(Unreadable.SEMICOLONS)
    if missing := [name for name in NEEDED_COLUMNS if name not in header]:
        raise MissionFileError(Unreadable.MISSING_COLUMNS, ", ".join(missing))
    if repeated := sorted({name for name in header if name and header.count(name) > 1}):
        raise MissionFileError(Unreadable.REPEATED_COLUMNS, ", ".join(repeated))


def _read(header: Sequence[str], cells: Sequence[str], seen: set[str]) -> MissionDetails | MissionRowError:
    if len(cells) != len(header):
        return MissionRowError(Problem.WRONG_LENGTH, value=f"{len(cells)} of {len(header)}")
    try:
        details = _details({name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    except MissionRowError as fault:
        return fault
    if details.code in seen:
        return MissionRowError(Problem.REPEATED_ID, "id", details.code)
    seen.add(details.code)
    return details


def _details(row: Row) -> MissionDetails:
    code = _text(row, "id", LONGEST_CODE)
    if not CODE.fullmatch(code):
        raise MissionRowError(Problem.BAD_ID, "id", code)
    point = _point(row)
    verified_on = _day(row, "verified_at")
    return MissionDetails(
        code=code,
        sending_state=_state(row, "sending_state"),
        receiving_state=_state(row, "receiving_state"),
        kind=_word(row, "kind", MissionKind),
        words=_words(row),
        address=_text(row, "address", LONGEST_ADDRESS, is_needed=False),
        point=point,
        precision=_word(row, "precision", Precision),
        timezone=_zone(row, point),
        status=_word(row, "status", MissionStatus, usual=MissionStatus.OPEN),
        status_on=_day(row, "status_on"),
        website=_link(row, "website"),
        source=_text(row, "source", LONGEST_SOURCE),
        verified_at=datetime.combine(verified_on, time(), UTC) if verified_on else None,
    )


def _text(row: Row, column: str, longest: int, *, is_needed: bool = True) -> str:
    value = row.get(column, "")
    if is_needed and not value:
        raise MissionRowError(Problem.MISSING, column)
    if len(value) > longest:
        raise MissionRowError(Problem.TOO_LONG, column, f"{len(value)} characters, {longest} at most")
    return value


def _state(row: Row, column: str) -> str:
    value = _text(row, column, LONGEST_NAME).upper()
    if value not in _known_states():
        raise MissionRowError(Problem.UNKNOWN_STATE, column, value)
    return value


def _word(row: Row, column: str, words: type[Word], *, usual: Word | None = None) -> Word:
    value = row.get(column, "").lower()
    if not value and usual is not None:
        return usual
    try:
        return words(value)
    except ValueError:
        problem = Problem.UNKNOWN_WORD if value else Problem.MISSING
        expected = ", ".join(word.value for word in words)
        raise MissionRowError(problem, column, f"{value!r}; one of: {expected}") from None


def _words(row: Row) -> dict[str, MissionWords]:
    """Return names by language. What one of them lacks is borrowed from English."""
    city = _text(row, "city", LONGEST_CITY)
    languages = {found[2] for column, cell in row.items() if cell and (found := TRANSLATED.fullmatch(column))}
    words = {}
    for language in sorted(languages | {"en"}):
        if not _is_language(language):
            raise MissionRowError(Problem.UNKNOWN_WORD, f"name_{language}", language)
        name = _text(row, f"name_{language}", LONGEST_NAME, is_needed=language == "en")
        there = _text(row, f"city_{language}", LONGEST_CITY, is_needed=False)
        words[language] = MissionWords(name=name or row["name_en"], city=there or city)
    return words


def _point(row: Row) -> Point:
    latitude, longitude = _number(row, "latitude"), _number(row, "longitude")
    if abs(latitude) > NORTH and abs(latitude) <= EAST and abs(longitude) <= NORTH:
        raise MissionRowError(Problem.SWAPPED, "latitude", f"{latitude}, {longitude}")
    for column, value, most in (("latitude", latitude, NORTH), ("longitude", longitude, EAST)):
        if not -most <= value <= most:
            raise MissionRowError(Problem.OFF_THE_GLOBE, column, str(value))
    return Point(latitude, longitude)


def _number(row: Row, column: str) -> float:
    value = _text(row, column, LONGEST_NAME)
    try:
        return float(value)
    except ValueError:
        raise MissionRowError(Problem.NOT_A_NUMBER, column, value) from None


def _zone(row: Row, point: Point) -> str:
    value = row.get("timezone", "")
    if value and not is_zone(value):
        raise MissionRowError(Problem.UNKNOWN_ZONE, "timezone", value)
    return value or zone_at(point)


def _day(row: Row, column: str) -> date | None:
    value = row.get(column, "")
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise MissionRowError(Problem.NOT_A_DATE, column, value) from None


def _link(row: Row, column: str) -> str:
    value = _text(row, column, LONGEST_LINK, is_needed=False)
    try:
        parts = urlsplit(value)
        is_link = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        is_link = False
    if value and (not is_link or any(letter.isspace() for letter in value)):
        raise MissionRowError(Problem.NOT_A_LINK, column, value)
    return value


@cache
def _known_states() -> frozenset[str]:
    """Return the two-letter codes that CLDR has a name for; user-assigned XA, XB and ZZ are nobody's."""
    nobodys = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if TWO_LETTERS.fullmatch(code)) - nobodys


@cache
def _is_language(code: str) -> bool:
    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return False
    return True
