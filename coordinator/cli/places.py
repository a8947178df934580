"""`flask places …`: the index of the world's cities."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from coordinator.places.geocoding import places
from coordinator.places.rules import GazetteerMissingError

places_cli = AppGroup("places", help="The index of the world's cities.")


@places_cli.command()
def build() -> None:
    """Build the index of cities (ten seconds, 61 MB); nothing happens when it is up to date."""
    build_gazetteer()


@places_cli.command()
@click.argument("text")
@click.option("--locale", default="en", help="Language to name the cities in.")
def search(text: str, *, locale: str) -> None:
    """Show what a visitor would find who types TEXT."""
    try:
        found = places().find_city(text, locale=locale)
    except GazetteerMissingError as missing:
        raise click.ClickException("There is no index yet. Build it: flask places build") from missing
    for candidate in found.candidates:
        click.echo(f"{candidate.point.latitude:9.4f} {candidate.point.longitude:9.4f}  {candidate.label}")


def build_gazetteer() -> None:
    """Build the index of this installation, if it is missing or of another edition."""
    from coordinator.places.gazetteer.building import build as build_index
    from coordinator.places.geocoding import gazetteer_path

    count = build_index(gazetteer_path(current_app.extensions["settings"]), progress=True)
    click.echo(f"{count} cities")
