"""`flask setup`: everything an installation needs before its first page, safe to run again."""

from __future__ import annotations

import click
from flask import current_app
from flask_migrate import upgrade


@click.command()
def setup() -> None:
    """Bring the database up to date, build the gazetteer, load the starter list of missions."""
    from coordinator.cli.missions import import_starter_list
    from coordinator.cli.places import build_gazetteer
    from coordinator.cli.worker import repeat_erasures_of_settings

    click.echo("Database …")
    upgrade()
    click.echo("Gazetteer …")
    build_gazetteer()
    click.echo("Missions …")
    import_starter_list()
    repeated = repeat_erasures_of_settings()
    if repeated.erasures:
        click.echo(f"Erased again after a backup was restored: {repeated.erasures}")
    click.echo(f"Ready, in {current_app.instance_path}")
