"""Commands about events."""

from __future__ import annotations

import click
from flask.cli import AppGroup

events_cli = AppGroup("events", help="Protests.")


@events_cli.command("recompute-times")
@click.option("--dry-run", is_flag=True, help="Say which events would move, and move none.")
def recompute(*, dry_run: bool) -> None:
    """Work out the moments of coming events again, after an update of the time zone data."""
    from coordinator.events.jobs import recompute_times
    from coordinator.kit.clock import now
    from coordinator.kit.db import unit_of_work

    with unit_of_work() as session:
        moved = recompute_times(session, now(), is_dry_run=dry_run)
    for public_id in moved:
        click.echo(public_id)
    click.echo(f"{'would move' if dry_run else 'moved'} {len(moved)}")
