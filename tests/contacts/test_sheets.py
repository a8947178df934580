"""Somebody's sheet: which letters, which columns, which people."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from coordinator.contacts.rules import (
    MOST_ROWS,
    Column,
    Problem,
    Unreadable,
    UnreadableSheetError,
    defused,
    draft_of,
    is_address,
    is_phone,
    undefused,
)
from coordinator.contacts.sheets import reading
from coordinator.contacts.sheets.meaning import has_header, meaning_of
from coordinator.contacts.sheets.reading import Format, format_of, packed, rows_of, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

RUSSIAN = (
    ["Имя", "Фамилия", "Почта", "Телефон"],
    ["Анна", "Иванова", "anna@example.org", "+7 901 123-45-67"],
    ["Пётр", "Щербаков", "petr@example.org", "+7 902 765-43-21"],
    ["Наталья", "Жукова", "natalya@example.org", "+7 903 111-22-33"],
)
ENGLISH = (["name", "e-mail"], ["Ada", "ada@example.org"], ["Bertha", "bertha@example.org"])


def written(rows: object, encoding: str, separator: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)  # type: ignore[arg-type]  # rows of text
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8_r"])
def test_russian_sheets_are_read_as_they_were_written(encoding: str, separator: str) -> None:
    data = written(RUSSIAN, encoding, separator)

    how = format_of(data)

    assert list(rows_of([data], how)) == [list(row) for row in RUSSIAN]


def test_western_letters_are_read_too() -> None:
    rows = (["Name", "E-Mail"], ["Jürgen Groß", "j@example.org"], ["Zoë Müller", "z@example.org"])
    data = written(rows, "cp1252", ";")

    assert list(rows_of([data], format_of(data)))[1][0] == "Jürgen Groß"


@pytest.mark.parametrize("line", [b"sep=;\r\n", b"\xef\xbb\xbfsep=;\n", b'"sep=;"\r\n'])
def test_the_line_for_excel_is_believed_and_left_out(line: bytes) -> None:
    data = line + written(ENGLISH, "utf-8", ";")

    assert list(rows_of([data], format_of(data))) == [list(row) for row in ENGLISH]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", Unreadable.EMPTY),
        (b" \n\n", Unreadable.EMPTY),
        (b"PK\x03\x04rest of a workbook", Unreadable.WORKBOOK),
        (b"%PDF-1.7", Unreadable.WORKBOOK),
        (b"a\0b", Unreadable.WORKBOOK),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, why: Unreadable) -> None:
    with pytest.raises(UnreadableSheetError) as refused:
        format_of(data)
    assert refused.value.why is why


def test_endless_sheets_and_endless_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    how = Format("utf-8-sig", ",")

    for data, why in ((b"a\n" * 4, Unreadable.TOO_MANY_ROWS), (b'"' + b"x" * 200_000, Unreadable.NOT_CSV)):
        with pytest.raises(UnreadableSheetError) as refused:
            list(rows_of([data], how))
        assert refused.value.why is why
    assert MOST_ROWS > 50_000


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=5), max_size=8), st.integers(1, 40))
def test_rows_are_the_same_however_the_file_is_cut(rows: list[list[str]], size: int) -> None:
    data = written(rows, "utf-8")
    pieces = [unpacked(packed(data[start : start + size])) for start in range(0, len(data), size)]
    how = Format("utf-8-sig", ",")

    assert list(rows_of(pieces, how)) == list(rows_of([data], how))


def test_a_sheet_is_read_no_further_than_asked() -> None:
    taken: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(10_000):
            taken.append(number)
            yield b"Ada,ada@example.org\n" * 100

    next(rows_of(pieces(), Format("utf-8-sig", ",")))

    assert len(taken) < 20


@pytest.mark.parametrize(
    ("rows", "is_headed", "expected"),
    [
        (RUSSIAN, True, [Column.FIRST_NAME, Column.LAST_NAME, Column.EMAIL, Column.PHONE]),
        (RUSSIAN[1:], False, [Column.NAME, Column.IGNORED, Column.EMAIL, Column.PHONE]),
        (ENGLISH, True, [Column.NAME, Column.EMAIL]),
        ((["E-Mail", "Vorname", "Nachname"],), True, [Column.EMAIL, Column.FIRST_NAME, Column.LAST_NAME]),
        ((["?", "!"], ["Ada", "ada@example.org"]), True, [Column.IGNORED, Column.EMAIL]),
        ((["Email", "E-Mail"],), True, [Column.EMAIL, Column.IGNORED]),
        ((["born", "postcode"], ["1990-01-01", "10115"]), False, [Column.NAME, Column.IGNORED]),
    ],
)  # fmt: skip
def test_columns_are_understood(rows: list[list[str]], is_headed: bool, expected: list[Column]) -> None:
    assert meaning_of(rows, is_headed=is_headed) == expected


def test_a_first_row_with_a_person_in_it_names_nothing() -> None:
    assert has_header(RUSSIAN)
    assert has_header((["?", "!"], ["Ada", "ada@example.org"]))
    assert not has_header(RUSSIAN[1:])
    assert not has_header(())


@pytest.mark.parametrize("text", ["ada@example.org", "a.b+c@mail.example.co.uk", "анна@пример.рф"])
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example", "a@b@example.org",
     "a@b.org, c@d.org", "x" * 250 + "@example.org"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)


def test_a_telephone_number_is_no_date() -> None:
    assert is_phone("+49 (30) 12 34-56")
    assert not is_phone("10115")
    assert not is_phone("@ada:example.org")


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        (["Ada", "ada@example.org", "", "", ""], ()),
        (["Ada", "", "+49 30 1234", "", ""], ()),
        (["Ada", "ada at example.org", "", "", ""], (Problem.NOT_AN_ADDRESS,)),
        (["Ada", "", "", "", ""], (Problem.NOTHING_TO_REACH,)),
        (["A" * 201, "ada@example.org", "", "", ""], (Problem.TOO_LONG,)),
        (["Ada", "ada@example.org", "", ",".join(map(str, range(21))), ""], (Problem.TOO_MANY_TAGS,)),
        (["=1+1", "ada@example.org", "", "", ""], (Problem.FORMULA,)),
        (["\ufffd\ufffd", "ada@example.org", "", "", ""], (Problem.BROKEN_LETTERS,)),
        (["Ada"], (Problem.NOTHING_TO_REACH,)),
    ],
)
def test_what_is_said_about_a_row(cells: list[str], problems: tuple[Problem, ...]) -> None:
    columns = [Column.NAME, Column.EMAIL, Column.PHONE, Column.TAGS, Column.NOTE]

    assert draft_of(cells, columns).problems == problems


def test_families_share_an_address_and_are_different_people() -> None:
    columns = [Column.NAME, Column.EMAIL]

    ada = draft_of(["Ada", "home@example.org"], columns)
    again = draft_of(["  ADA ", "Home@example.org"], columns)
    bob = draft_of(["Bob", "home@example.org"], columns)

    assert ada.key == again.key != bob.key


@given(st.text())
def test_what_was_defused_comes_back_as_it_was(text: str) -> None:
    assert undefused(defused(text)) == text


def test_byte_order_marks_of_utf_16_are_seen() -> None:
    for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        assert format_of(mark + "Имя\tПочта\n".encode(codec)) == Format("utf-16", "\t")
