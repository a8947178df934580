"""Somebody's sheet as rows of text: which encoding, which separator, and never all of it at once."""

from __future__ import annotations

import base64
import codecs
import csv
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charset_normalizer import from_bytes

from coordinator.contacts.rules import (
    MOST_COLUMNS,
    MOST_ROWS,
    Unreadable,
    UnreadableSheetError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE_BYTES = 48_000  # of the file; sealed and packed, less than 64 KB in the database
SAMPLE_BYTES = 60_000
SAMPLE_ROWS = 30

ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1256": "Windows-1256",
}
"""What Python calls it, and what people call it."""

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""What stands between cells, and its name."""

_GUESSED = ["cp1251", "koi8_r", "cp1252", "cp1250", "cp1256"]
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"\x89PNG")


@dataclass(frozen=True, slots=True)
class Format:
    """How to read a sheet."""

    encoding: str
    separator: str


def packed(data: bytes) -> str:
    """Return a piece of a file as text, to be sealed."""
    return base64.b64encode(zlib.compress(data)).decode()


def unpacked(text: str) -> bytes:
    """Return what `packed` packed."""
    return zlib.decompress(base64.b64decode(text))


def format_of(sample: bytes) -> Format:
    """Guess how the beginning of a file is to be read.

    Raises:
        UnreadableSheetError: it is empty, or no text.
    """
    if not sample.strip():
        raise UnreadableSheetError(Unreadable.EMPTY)
    if sample.startswith(_NO_TEXT):
        raise UnreadableSheetError(Unreadable.WORKBOOK)
    encoding = _encoding_of(sample)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    if "\0" in text:
        raise UnreadableSheetError(Unreadable.WORKBOOK)
    return Format(encoding, _separator_of(text))


def rows_of(pieces: Iterable[bytes], how: Format) -> Iterator[list[str]]:
    """Yield the rows of a sheet, cells trimmed. Holds one piece of the file and one row.

    A first line that only says `sep=;`, as Excel wants it, is left out, and empty ones too.

    Raises:
        UnreadableSheetError: too many rows, or a quotation mark that never ends.
    """
    text = io.TextIOWrapper(
        io.BufferedReader(_Pieces(pieces)),  # type: ignore[type-var]  # it is a raw stream
        encoding=how.encoding,
        errors="replace",
        newline="",
    )
    number = 0
    try:
        for row in csv.reader(text, delimiter=how.separator):
            if number == 0 and _named_separator(how.separator.join(row)):
                continue
            cells = [cell.replace("\0", "").strip() for cell in row[:MOST_COLUMNS]]
            if not any(cells):
                continue
            number += 1
            if number > MOST_ROWS:
                raise UnreadableSheetError(Unreadable.TOO_MANY_ROWS)
            yield cells
    except csv.Error as fault:
        raise UnreadableSheetError(Unreadable.NOT_CSV) from fault


class _Pieces(io.RawIOBase):
    """A file made of pieces that come one after the other."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        some, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(some)] = some
        return len(some)


def _encoding_of(sample: bytes) -> str:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        best = from_bytes(sample, cp_isolation=_GUESSED, threshold=0.9).best()
        return best.encoding if best is not None and best.encoding in ENCODINGS else "cp1252"
    return "utf-8-sig"


def _separator_of(text: str) -> str:
    """Return what divides the first lines into the same number of cells, and into more than others do."""
    first = text.lstrip("\ufeff").partition("\n")[0].strip().strip('"')
    if named := _named_separator(first):
        return named
    return max(SEPARATORS, key=lambda separator: _agreement(text, separator))


def _named_separator(line: str) -> str:
    line = line.lstrip("\ufeff").strip()
    if line.lower() in {"sep=", "sep=\t"}:
        return "\t"
    name, _, separator = line.partition("=")
    return separator if name.lower() == "sep" and separator in SEPARATORS else ""


def _agreement(text: str, separator: str) -> tuple[int, int]:
    widths: list[int] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            widths.append(len(row))
            if len(widths) > SAMPLE_ROWS:
                break
    except csv.Error:
        return 0, 0
    usual = max(set(widths), key=widths.count, default=0)
    return (0, 0) if usual < 2 else (widths.count(usual), usual)  # noqa: PLR2004 one cell is no table
