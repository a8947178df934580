"""Commands: the directory of missions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup
from tqdm import tqdm

from coordinator.audit.service import COMMAND
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.missions.directory import STARTER_LIST, Line, count_lines, read_missions
from coordinator.missions.findings import miss_findings, take_findings
from coordinator.missions.rules import (
    Finding,
    MissionFileError,
    MissionRowError,
    Outcome,
    Problem,
    SourceError,
    SourceName,
    Taken,
    Trouble,
    Unreadable,
)
from coordinator.missions.service import import_missions
from coordinator.missions.sources import overpass, wikidata
from coordinator.missions.sources.asking import Service
from coordinator.settings import current_settings

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

WHAT_WENT_WRONG = {
    Trouble.AWAY: "nobody answered",
    Trouble.BUSY: "it is busy; try again later",
    Trouble.REFUSED: "it refused the question",
    Trouble.GAVE_UP: "it gave up half way; ask for one state with --in",
    Trouble.NOT_JSON: "its answer can't be read",
    Trouble.UNEXPECTED: "its answer is something else",
    Trouble.TOO_LARGE: "its answer is too long",
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


@missions_cli.command()
@click.argument("source", type=click.Choice([name.value for name in SourceName]))
@click.option(
    "--state", required=True, metavar="XX", callback=lambda _c, _p, text: _state(text), help="Whose."
)
@click.option(
    "--in",
    "receiving",
    default="",
    metavar="YY",
    callback=lambda _c, _p, text: _state(text),
    help="Only those in this state (OpenStreetMap).",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--url", default="", help="Another server of the same kind.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An answer that was saved before, instead of asking.",
)
def fetch(source: str, state: str, receiving: str, *, dry_run: bool, url: str, file: Path | None) -> None:
    """Read the missions of a state from "wikidata" or "osm".

    What nobody knew is added, unverified. What looks like one of ours, has closed or has moved is put before
    the coordinators: nothing of ours is changed without them.
    """
    name = SourceName(source)
    try:
        found = _found(name, state, receiving, url, file)
    except SourceError as trouble:
        raise click.ClickException(_trouble(name, trouble)) from None
    with tqdm(total=len(found), desc="comparing", unit="", leave=False) as bar:

        def report(finding: Finding, taken: Taken) -> None:
            bar.update()
            if taken is not Taken.UNCHANGED:
                tqdm.write(f"{taken:<12} {finding.receiving_state}  {finding.name}  ({finding.key})")

        if dry_run:
            tally = take_findings(db.session(), found, now=now(), by=COMMAND, is_dry_run=True, report=report)
        else:
            with unit_of_work() as session:
                tally = take_findings(session, found, now=now(), by=COMMAND, report=report)
                keys = [finding.key for finding in found]
                if file is None:
                    gone = miss_findings(session, name, state, keys, receiving_state=receiving)
                    click.echo(f"{gone} no longer listed")
    counts = ", ".join(f"{tally[taken]} {taken}" for taken in Taken)
    click.echo(f"would be: {counts}" if dry_run else counts)


def _found(source: SourceName, state: str, receiving: str, url: str, file: Path | None) -> list[Finding]:
    settings = current_settings()
    reader = wikidata if source is SourceName.WIKIDATA else overpass
    if file is not None:
        try:
            answer = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as broken:
            raise SourceError(Trouble.NOT_JSON) from broken
        if source is SourceName.WIKIDATA:
            return list(wikidata.read(answer, state))
        return [one for one in overpass.read(answer, receiving) if one.sending_state == state]
    agent = f"coordinator ({settings.site_url}; {settings.contact_email or 'no contact given'})"
    service = Service(url=url or reader.ADDRESS, agent=agent)
    if source is SourceName.WIKIDATA:
        return wikidata.fetch(service, state)
    return overpass.fetch(service, state, receiving)


def _state(text: str) -> str:
    code = text.strip().upper()
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):  # noqa: PLR2004 ISO 3166-1 alpha-2
        raise click.BadParameter("two letters, as in RU")
    return code


def _trouble(source: SourceName, trouble: SourceError) -> str:
    details = f" ({trouble.details})" if trouble.details else ""
    return f"{source.value}: {WHAT_WENT_WRONG[trouble.trouble]}{details}; nothing was changed"


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
