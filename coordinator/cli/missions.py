"""Commands: the directory of missions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup
from tqdm import tqdm

from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.missions.directory import STARTER_LIST, Line, count_lines, read_missions
from coordinator.missions.rules import MissionFileError, MissionRowError, Outcome, Problem, Unreadable
from coordinator.missions.service import import_missions

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from coordinator.missions.rules import MissionDetails

MOST_FAULTS_SHOWN = 50

WHY_UNREADABLE = {
    Unreadable.EMPTY: "it is empty: the first line must name the columns",
    Unreadable.NOT_UTF8: "it is not UTF-8; save it as “CSV UTF-8”",
    Unreadable.NOT_CSV: "a quotation mark may be missing",
    Unreadable.SEMICOLONS: "its columns are separated by semicolons; use commas",
    Unreadable.MISSING_COLUMNS: "columns are missing from the first line",
    Unreadable.REPEATED_COLUMNS: "columns stand twice in the first line",
    Unreadable.TOO_LARGE: "it is larger than any list of missions; divide it",
}
WHAT_IS_WRONG = {
    Problem.MISSING: "is empty",
    Problem.TOO_LONG: "is too long",
    Problem.BAD_ID: "must be lower-case letters, digits and hyphens",
    Problem.REPEATED_ID: "stands on an earlier line too",
    Problem.UNKNOWN_STATE: "is no state of ISO 3166-1 (two letters)",
    Problem.UNKNOWN_WORD: "is not a word this column knows",
    Problem.NOT_A_NUMBER: "is no number; write 52.5162, with a point",
    Problem.OFF_THE_GLOBE: "is not on the globe",
    Problem.SWAPPED: "and longitude seem to be swapped",
    Problem.UNKNOWN_ZONE: "is no time zone of the IANA database",
    Problem.NOT_A_DATE: "is no date; write 2030-09-16",
    Problem.NOT_A_LINK: "is no link that starts with https:// or http://",
    Problem.WRONG_LENGTH: "this line has more or fewer cells than the first line",
}

missions_cli = AppGroup("missions", help="The directory of embassies and consulates.")


@missions_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--skip-bad", is_flag=True, help="Import the good lines even if others are bad.")
@click.option("--verbose", is_flag=True, help="Name every mission that is added or changed.")
def import_file(file: Path, *, dry_run: bool, skip_bad: bool, verbose: bool) -> None:
    """Import missions from a CSV FILE. Safe to repeat; missions that the file leaves out stay as they are."""
    _import(file, is_dry_run=dry_run, skips_bad=skip_bad, is_verbose=verbose or dry_run)


@missions_cli.command()
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def starter(*, dry_run: bool) -> None:
    """Import the list of Russian missions that is built in."""
    _import(STARTER_LIST, is_dry_run=dry_run, is_verbose=dry_run)


def import_starter_list() -> None:
    """Import the built-in list, as `flask missions starter` does."""
    _import(STARTER_LIST)


def _import(
    file: Path, *, is_dry_run: bool = False, skips_bad: bool = False, is_verbose: bool = False
) -> None:
    try:
        faults = _check(file)
        if faults and not skips_bad:
            raise click.ClickException("nothing was imported; mend the lines, or use --skip-bad")
        _write(file, is_dry_run=is_dry_run, is_verbose=is_verbose)
    except MissionFileError as unreadable:
        raise click.ClickException(_file_fault(file, unreadable)) from None


def _check(file: Path) -> int:
    """Read the whole file before anything is written; say what is wrong and return how many lines are."""
    faults = 0
    for line in _lines(file, "reading"):
        if line.fault is None:
            continue
        faults += 1
        if faults <= MOST_FAULTS_SHOWN:
            tqdm.write(f"line {line.number}: {_row_fault(line.fault)}")
    if faults > MOST_FAULTS_SHOWN:
        click.echo(f"… and {faults - MOST_FAULTS_SHOWN} more lines like these")
    return faults


def _write(file: Path, *, is_dry_run: bool, is_verbose: bool) -> None:
    def report(code: str, outcome: Outcome, changed: tuple[str, ...]) -> None:
        if is_verbose and outcome is not Outcome.UNCHANGED:
            tqdm.write(f"{outcome:<9} {code}  {', '.join(changed)}".rstrip())

    if is_dry_run:
        tally = import_missions(
            db.session(), _good(file, "comparing"), now=now(), is_dry_run=True, report=report
        )
    else:
        with unit_of_work() as session:
            tally = import_missions(session, _good(file, "importing"), now=now(), report=report)
    click.echo(_summary(tally, is_dry_run=is_dry_run))


def _lines(file: Path, doing: str) -> Iterator[Line]:
    return iter(
        tqdm(read_missions(file), total=max(0, count_lines(file) - 1), desc=doing, unit=" lines", leave=False)
    )


def _good(file: Path, doing: str) -> Iterator[MissionDetails]:
    return (line.details for line in _lines(file, doing) if line.details is not None)


def _summary(tally: Counter[Outcome], *, is_dry_run: bool) -> str:
    counts = ", ".join(f"{tally[outcome]} {outcome}" for outcome in Outcome)
    return f"would be: {counts}" if is_dry_run else counts


def _row_fault(fault: MissionRowError) -> str:
    value = fault.value if len(fault.value) <= 100 else fault.value[:100] + "…"  # noqa: PLR2004 a line on a screen
    shown = "".join(letter if letter.isprintable() else "�" for letter in value)
    said = f"{fault.column} {WHAT_IS_WRONG[fault.problem]}".strip()
    return f"{said}: {shown}" if shown else said


def _file_fault(file: Path, fault: MissionFileError) -> str:
    where = f", line {fault.line}" if fault.line else ""
    details = f" ({fault.details})" if fault.details else ""
    return f"{file.name}{where} can't be read as a list of missions: {WHY_UNREADABLE[fault.reason]}{details}"
