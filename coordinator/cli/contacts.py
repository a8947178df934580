"""`flask contacts`: a table of people brought in for an organiser, and taken back.

Names and addresses are never printed, only numbers of rows: a terminal keeps what was on it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from coordinator.accounts.queries import account_by_email, account_by_public_id
from coordinator.audit.service import COMMAND
from coordinator.campaigns.queries import open_campaigns
from coordinator.cli.sheets import ENCODING_NAMES, SEPARATOR_NAMES, ColumnChoice, Wishes, describe
from coordinator.contacts.jobs import run_import, take_import_back
from coordinator.contacts.models import ContactImport
from coordinator.contacts.queries import drafts_in, rows_in
from coordinator.contacts.rules import (
    LARGEST_FILE_BYTES,
    LEFT_OUT,
    ImportStateError,
    ImportStatus,
    Problem,
    Purpose,
    Unreadable,
    UnreadableSheetError,
    shown_filename,
)
from coordinator.contacts.service.checking import rows_looked_at
from coordinator.contacts.service.importing import (
    guess_sheet,
    keep_file,
    pieces_of,
    start_import,
)
from coordinator.contacts.service.undoing import undo_import
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import NotFoundError
from coordinator.kit.web import seal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign

MOST_ROWS_NAMED = 20
"""Of one kind; who needs more mends these first."""
LOOK_SECONDS = 1.0
WHY_UNREADABLE = {
    Unreadable.EMPTY: "it is empty",
    Unreadable.WORKBOOK: "it is no text: save the table as CSV",
    Unreadable.NOT_CSV: "its rows can't be told apart: a quotation mark may be missing",
    Unreadable.TOO_MANY_ROWS: "it has too many rows: divide it",
}
WHAT_IS_SAID = {
    Problem.NOT_AN_ADDRESS: "the e-mail address is none",
    Problem.NOTHING_TO_REACH: "neither address nor phone",
    Problem.TOO_LONG: "something is too long",
    Problem.TOO_MANY_TAGS: "too many tags",
    Problem.TOO_MANY_ROLES: "too many roles",
    Problem.TWICE: "stands in the file twice",
    Problem.SUPPRESSED: "wants to hear no more",
    Problem.FORMULA: "looks like a formula",
    Problem.BROKEN_LETTERS: "has letters that can't be read",
}

contacts_cli = AppGroup("contacts", help="People an organiser may reach, many at once.")


@dataclass
class _Tally:
    """What importing would do."""

    new: int = 0
    known: int = 0
    left_out: int = 0
    counts: Counter[Problem] = field(default_factory=Counter)
    rows: defaultdict[Problem, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, number: int, problems: Sequence[Problem]) -> None:
        """Count a row."""
        if LEFT_OUT & set(problems):
            self.left_out += 1
        elif Problem.KNOWN in problems:
            self.known += 1
        else:
            self.new += 1
        self.counts.update(problems)
        for problem in problems:
            if len(self.rows[problem]) < MOST_ROWS_NAMED:
                self.rows[problem].append(number)


@contacts_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--owner", required=True, help="The organiser: e-mail address or public id of the account.")
@click.option("--campaign", "slug", required=True, help="Last part of the address of an open campaign.")
@click.option(
    "--encoding", type=click.Choice(tuple(ENCODING_NAMES), case_sensitive=False), help="Guessed if not said."
)
@click.option("--separator", type=click.Choice(tuple(SEPARATOR_NAMES)), help="Guessed if not said.")
@click.option(
    "--header/--no-header", "is_headed", default=None, help="Whether the first row names the columns."
)
@click.option(
    "--column", "chosen", type=ColumnChoice(), multiple=True,
    help="What a column is about, by its name or number: “Почта=email”, “3=phone”. Others are guessed.",
)  # fmt: skip
@click.option(
    "--known", type=click.Choice(("skip", "update")), default="skip", help="Who is a contact already."
)
@click.option(
    "--agreed-to", "purposes", type=click.Choice([purpose.value for purpose in Purpose]), multiple=True,
    help="What all of them agreed to. Without it they are kept, and never written to.",
)  # fmt: skip
@click.option("--agreed-on", type=click.DateTime(["%Y-%m-%d"]), help="The day on which they agreed.")
@click.option("--wording", default="", help="Where, when and to what they agreed.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
def import_file(file: Path, owner: str, slug: str, *, dry_run: bool, **said: Any) -> None:
    """Import people from a CSV FILE into the contacts of an organiser.

    It is an import like those on the organiser's page: listed there, and taken back there or with
    "undo-import" for 30 days. If it is interrupted, the worker goes on with it.
    """
    wishes = Wishes(**said)
    agreement = wishes.agreement()
    session = db.session()
    account, campaign = _owner(session, owner), _campaign(session, slug)
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise click.ClickException(f"it is larger than {LARGEST_FILE_BYTES // 1_000_000} MB: divide it")
    with file.open("rb") as stream:
        try:
            sheet = guess_sheet(
                account, campaign, stream, filename=shown_filename(file.name), seal=seal(), now=now()
            )
            describe(sheet, stream, wishes)
            rows = sum(1 for _ in rows_in(pieces_of(stream), sheet))
        except UnreadableSheetError as fault:
            raise click.ClickException(f"{WHY_UNREADABLE[fault.why]}; nothing was imported") from None
        if dry_run:
            _foresee(session, sheet, stream, rows, is_updating=wishes.is_updating)
            return
        with unit_of_work() as writing:
            keep_file(writing, sheet, stream, seal=seal())
            start_import(
                writing, sheet, rows=rows, is_updating=wishes.is_updating, by=COMMAND, seal=seal(), now=now(),
                **agreement,
            )  # fmt: skip
    click.echo(f"import {sheet.public_id}: started; if this stops, the worker goes on with it")
    sheet = _finished(sheet, rows, _run, ImportStatus.RUNNING)
    click.echo(f"{sheet.created} new, {sheet.updated} updated, {sheet.left_out} left out")
    if sheet.status is ImportStatus.FAILED:
        raise click.ClickException(f"from row {sheet.rows_done + 1} on, the file could not be read")
    click.echo(f"take it back within 30 days: flask contacts undo-import {sheet.public_id}")


@contacts_cli.command("undo-import")
@click.argument("public_id")
def undo(public_id: str) -> None:
    """Take back the import with this PUBLIC_ID, as its organiser could on its page."""
    with unit_of_work() as session:
        sheet = session.scalar(select(ContactImport).where(ContactImport.public_id == public_id))
        if sheet is None:
            raise click.ClickException("there is no such import")
        try:
            undo_import(session, sheet, by=COMMAND, now=now())
        except ImportStateError:
            raise click.ClickException("it runs, was taken back before, or is older than 30 days") from None
    sheet = _finished(sheet, sheet.created + sheet.updated, take_import_back, ImportStatus.UNDOING)
    click.echo(f"{sheet.removed} taken back, {sheet.kept} left as they are, because they were changed since")


def _owner(session: Session, said: str) -> Account:
    try:
        account = account_by_email(session, said, seal=seal()) if "@" in said else None
        account = account or account_by_public_id(session, said)
    except NotFoundError:
        raise click.ClickException("there is no account with this address or public id") from None
    if account.is_disabled or not account.is_verified:
        raise click.ClickException("this account is disabled, or nobody confirmed its address")
    return account


def _campaign(session: Session, slug: str) -> Campaign:
    found = next((one for one in open_campaigns(session) if one.slug == slug), None)
    if found is None:
        raise click.ClickException(f"there is no open campaign with the slug {slug!r}")
    return found


def _foresee(
    session: Session, sheet: ContactImport, stream: BinaryIO, rows: int, *, is_updating: bool
) -> None:
    """Say what importing would do, and change nothing."""
    tally = _Tally()
    drafts = drafts_in(pieces_of(stream), sheet)
    with tqdm(total=rows, desc="comparing", unit=" rows", leave=False) as bar:
        for number, draft in rows_looked_at(session, sheet, drafts, seal=seal()):
            tally.add(number, draft.problems)
            bar.update()
    fate = "get what they lack" if is_updating else "stay as they are"
    click.echo(f"would be: {tally.new} new, {tally.known} known ({fate}), {tally.left_out} left out")
    for problem, words in WHAT_IS_SAID.items():
        if count := tally.counts[problem]:
            more = f" and {count - MOST_ROWS_NAMED} more" if count > MOST_ROWS_NAMED else ""
            end = "left out" if problem in LEFT_OUT else "imported as it is"
            numbers = ", ".join(map(str, tally.rows[problem]))
            click.echo(f"  {words}, {end}: {count} (row {numbers}{more})")


def _run(import_id: int, **how: Any) -> bool:
    return run_import(import_id, now=now(), **how)


def _finished(
    sheet: ContactImport, total: int, act: Callable[..., bool], busy: ImportStatus
) -> ContactImport:
    """Do it to its end, and return what became of it; a worker may do a part of it at the same time."""
    import_id = sheet.id
    with tqdm(total=total, unit=" rows", leave=False) as bar:
        while True:
            act(import_id, seal=seal(), tell=bar.update)
            db.session().expire_all()
            sheet = db.session().get_one(ContactImport, import_id)
            if sheet.status is not busy:
                return sheet
            time.sleep(LOOK_SECONDS)  # the worker is ahead: let it
