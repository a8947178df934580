"""`flask privacy`: forgetting people on time, showing what is left, changing the keys."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from tqdm import tqdm

from coordinator.audit.service import COMMAND
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.privacy.jobs import Sealed, count_due, count_keys, forget_due, rotate_keys, sealed_count
from coordinator.privacy.queries import columns_table, leftovers
from coordinator.privacy.repeating import forgotten_erasures, repeat_erasures

privacy_cli = AppGroup("privacy", help="Forget people on time, and see what is left of them.")


@privacy_cli.command()
@click.option("--dry-run", is_flag=True, help="Count, and forget nobody.")
def purge(*, dry_run: bool) -> None:
    """Forget everybody whose retention time is over. The worker does it by itself; this does it now."""
    gone = count_due(now=now()) if dry_run else forget_due(now=now(), by=COMMAND)
    click.echo(
        f"{'would forget' if dry_run else 'forgot'} {gone.answers} answers, {gone.contacts} contacts, "
        f"{gone.messages} messages, {gone.forms_and_links} expired forms and links, "
        f"and parts of {gone.fields} more answers"
    )


@privacy_cli.command()
def left() -> None:
    """Show how much personal data is left, by room. Numbers only."""
    found = leftovers(db.session())
    for room in sorted({one.room for one in found}):
        click.echo(room)
        for one in found:
            if one.room == room:
                column = f"{one.table}.{one.column}"
                click.echo(f"  {column:<44} {one.rows:>8}  {one.what.holds}, until: {one.what.until}")


@privacy_cli.command()
def columns() -> None:
    """Print the table of docs/personal-data.md: which columns hold what of a person, and until when."""
    click.echo(columns_table())


@privacy_cli.command("repeat-erasures")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with an erasures.txt of another machine; by default, the instance folder.",
)
@click.option("--dry-run", is_flag=True, help="Count, and erase nobody.")
def repeat(folder: Path | None, *, dry_run: bool) -> None:
    """Erase again whoever a restored backup brought back. `flask setup` and the worker do so, too."""
    settings = current_app.extensions["settings"]
    folder = folder or settings.instance
    if dry_run:
        lines = forgotten_erasures(folder, days=settings.backup_days, now=now())
        click.echo(f"would repeat {len(lines)} erasures that this database does not know")
        return
    done = repeat_erasures(folder, days=settings.backup_days, seal=current_app.extensions["seal"], now=now())
    click.echo(f"repeated {done.erasures} erasures")
    if done.waiting:
        raise click.ClickException(
            f"erased accounts are back on which others rely: {', '.join(done.waiting)}. "
            "Cancel what holds them back, or give it to somebody else, and run this again"
        )


@privacy_cli.command("rotate-keys")
@click.option("--check", is_flag=True, help="Count by key what is sealed, and change nothing.")
def rotate(*, check: bool) -> None:
    """Seal everything again with the first of ENCRYPTION_KEYS, while the site runs."""
    keys = current_app.extensions["settings"].encryption_keys
    if not check and len(keys) < 2:  # noqa: PLR2004 a new key and an old one
        raise click.ClickException("put the new key in front of the old one in ENCRYPTION_KEYS first")
    by_column: dict[str, Sealed] = {}
    with tqdm(total=sealed_count(db.session()), unit=" texts", leave=False) as bar:

        def tell(column: str, found: Sealed) -> None:
            by_column[column] = by_column.get(column, Sealed()) + found
            bar.update(found.newest + found.older + found.lost)

        total = (count_keys if check else rotate_keys)(seal=current_app.extensions["seal"], tell=tell)
    for column, found in by_column.items():
        if found.older or found.lost:
            click.echo(f"  {column:<44} older key {found.older:>8}  no key {found.lost:>8}")
    if check:
        click.echo(f"{total.newest} texts are sealed with the newest key, {total.older} with an older one")
    else:
        click.echo(f"{total.older} texts were sealed again, {total.newest} had the newest key already")
    if total.lost:
        raise click.ClickException(
            f"no key opens {total.lost} texts: put the key that they were sealed with into ENCRYPTION_KEYS"
        )
