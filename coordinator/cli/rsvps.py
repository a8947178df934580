"""`flask rsvps`: the numbers, checked against the answers."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from coordinator.kit.db import unit_of_work
from coordinator.rsvps.service.tallying import recount as recount_all

rsvps_cli = AppGroup("rsvps", help="Answers and their numbers.")


@rsvps_cli.command()
@click.option("--check", is_flag=True, help="Only look; exit with 1 when a number is wrong.")
def recount(*, check: bool) -> None:
    """Make every tally what its answers say."""
    with unit_of_work() as session:
        wrong = recount_all(session, is_check=check)
    click.echo(f"{len(wrong)} {'wrong' if check else 'corrected'}")
    if check and wrong:
        sys.exit(1)
