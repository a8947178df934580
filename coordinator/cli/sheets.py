"""What a command was told about a table of people, and how the table is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from coordinator.contacts.rules import (
    LONGEST_CONSENT,
    MAY_STAND_TWICE,
    SHORTEST_CONSENT,
    Column,
    ColumnsFault,
    Purpose,
    fault_of,
    is_day_of_consent,
)
from coordinator.contacts.service.importing import describe_sheet, pieces_of
from coordinator.contacts.sheets.meaning import folded_name, has_header, meaning_of
from coordinator.contacts.sheets.reading import ENCODINGS, SAMPLE_ROWS, SEPARATORS, Format, rows_of
from coordinator.kit.clock import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator.contacts.models import ContactImport

LEFT_OUT_WORD = "ignore"
KINDS = {kind.value or LEFT_OUT_WORD: kind for kind in Column}
ENCODING_NAMES = {words.lower(): code for code, words in ENCODINGS.items()}
SEPARATOR_NAMES = {words: separator for separator, words in SEPARATORS.items()}


class ColumnChoice(click.ParamType[tuple[str, Column]]):
    """A column by its name or number, and what it is about."""

    name = "header=kind"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Column]:
        """Take it apart; the name may have an equals sign in it, the kind has none."""
        if isinstance(value, tuple):
            return value
        header, _, kind = str(value).rpartition("=")
        if not header or kind not in KINDS:
            self.fail(f"say HEADER=KIND, where KIND is one of {', '.join(sorted(KINDS))}", param, ctx)
        return header, KINDS[kind]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What was said about a file."""

    encoding: str | None
    separator: str | None
    is_headed: bool | None
    chosen: tuple[tuple[str, Column], ...]
    known: str
    purposes: tuple[str, ...]
    agreed_on: datetime | None
    wording: str

    @property
    def is_updating(self) -> bool:
        """Tell whether those who are contacts already get what they lack."""
        return self.known == "update"

    def format_of(self, sheet: ContactImport) -> Format:
        """Return how to read the file: as guessed, where nothing was said."""
        return Format(
            ENCODING_NAMES[self.encoding] if self.encoding else sheet.encoding,
            SEPARATOR_NAMES[self.separator] if self.separator else sheet.separator,
        )

    def agreement(self) -> dict[str, Any]:
        """Return what all of them agreed to, as `start_import` wants it."""
        wording, day = self.wording.strip(), self.agreed_on
        if not self.purposes:
            if wording or day:
                raise click.UsageError("say with --agreed-to what they agreed to")
            return {}
        if not SHORTEST_CONSENT <= len(wording) <= LONGEST_CONSENT:
            length = f"{SHORTEST_CONSENT} to {LONGEST_CONSENT}"
            raise click.UsageError(f"say with --wording where and to what they agreed, in {length} letters")
        if day is None or not is_day_of_consent(day.date(), today=now().date()):
            raise click.UsageError("say with --agreed-on on which day; it can't be to come")
        purposes = [Purpose(code) for code in dict.fromkeys(self.purposes)]
        return {"purposes": purposes, "consent": wording, "agreed_at": day.replace(tzinfo=UTC)}


def describe(sheet: ContactImport, stream: BinaryIO, wishes: Wishes) -> None:
    """Say how the file is read: as guessed, and as was said."""
    how = wishes.format_of(sheet)
    first = list(islice(rows_of(pieces_of(stream), how), SAMPLE_ROWS))
    is_headed = has_header(first) if wishes.is_headed is None else wishes.is_headed
    said = {kind for _header, kind in wishes.chosen} - MAY_STAND_TWICE
    guessed = meaning_of(first, is_headed=is_headed)
    columns = [Column.IGNORED if kind in said else kind for kind in guessed]
    names = first[0] if is_headed else []
    for header, kind in wishes.chosen:
        columns[_place(header, names, len(columns))] = kind
    describe_sheet(sheet, how, is_headed=is_headed, columns=columns)
    head = "the first row names the columns" if is_headed else "no row names the columns"
    click.echo(f"{ENCODINGS[how.encoding]}, {SEPARATORS[how.separator]}, {head}")
    for place, kind in enumerate(columns):
        name = names[place] if place < len(names) else ""
        click.echo(f"  column {place + 1:<3} {kind.value or '(left out)':<12} {name}".rstrip())
    fault = fault_of(columns)
    if fault is ColumnsFault.NO_WAY_TO_REACH:
        raise click.ClickException("say with --column which one holds the e-mail address or the phone")
    if fault is ColumnsFault.TWICE:
        raise click.ClickException("two columns can't both be the name, the address or the phone")


def _place(header: str, names: Sequence[str], width: int) -> int:
    """Return which column is meant: by its name, or by its number, the first being 1."""
    folded = [folded_name(name) for name in names]
    if folded_name(header) in folded:
        return folded.index(folded_name(header))
    if header.isdecimal() and 1 <= int(header) <= width:
        return int(header) - 1
    raise click.BadParameter(f"there is no column {header!r}", param_hint="--column")
