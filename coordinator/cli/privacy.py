"""`flask privacy`: forgetting people on time, showing what is left, changing the keys."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from coordinator.audit.service import COMMAND
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.privacy.jobs import count_due, forget_due, rotate_keys
from coordinator.privacy.queries import leftovers

privacy_cli = AppGroup("privacy", help="Forget people on time, and see what is left of them.")


@privacy_cli.command()
@click.option("--dry-run", is_flag=True, help="Count, and forget nobody.")
def purge(*, dry_run: bool) -> None:
    """Forget everybody whose retention time is over. The worker does it by itself; this does it now."""
    gone = count_due(now=now()) if dry_run else forget_due(now=now(), by=COMMAND)
    click.echo(
        f"{'would forget' if dry_run else 'forgot'} {gone.answers} answers, {gone.contacts} contacts, "
        f"{gone.messages} messages, {gone.forms_and_links} expired forms and links"
    )


@privacy_cli.command()
def left() -> None:
    """Show how much personal data is left, by room. Numbers only."""
    found = leftovers(db.session())
    for room in sorted({one.room for one in found}):
        click.echo(room)
        for one in found:
            if one.room == room:
                click.echo(f"  {one.table}.{one.column:<28} {one.rows:>8}")


@privacy_cli.command("rotate-keys")
def rotate() -> None:
    """Seal everything again with the first of ENCRYPTION_KEYS; afterwards the old ones may go."""
    if len(current_app.extensions["settings"].encryption_keys) < 2:  # noqa: PLR2004 a new key and an old one
        raise click.ClickException("put the new key in front of the old one in ENCRYPTION_KEYS first")
    done = rotate_keys(seal=current_app.extensions["seal"], tell=lambda column, _: click.echo(f"  {column}"))
    click.echo(f"{done} texts are sealed with the newest key")
