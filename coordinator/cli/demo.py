"""`flask demo …`: the demonstration campaign."""

from __future__ import annotations

import csv
import random
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import func, select
from tqdm import tqdm

from coordinator.campaigns.models import Campaign
from coordinator.demo.growing import BATCH, SEED, answer, grow as write_events, places_in
from coordinator.demo.service import is_loaded, load_demonstration
from coordinator.demo.texts import SLUG
from coordinator.events.models import Event
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import LANGUAGES
from coordinator.places.gazetteer.searching import Gazetteer
from coordinator.places.geocoding import gazetteer_path
from coordinator.places.rules import GazetteerMissingError

if TYPE_CHECKING:
    from datetime import date

ACCOUNTS_FILE = "demo-accounts.csv"

demo_cli = AppGroup("demo", help="The demonstration campaign.")


@demo_cli.command()
def load() -> None:
    """Load the demonstration campaign, once, and write its accounts to demo-accounts.csv."""
    accounts = Path(current_app.instance_path) / ACCOUNTS_FILE
    if not is_loaded(db.session()):
        with unit_of_work() as session:
            people = load_demonstration(
                session,
                seal=current_app.extensions["seal"],
                now=now(),
                progress=lambda rows: tqdm(rows, desc="Demonstration", unit="event"),
            )
            # Before the commit: passwords that could not be written down would be lost for good.
            accounts.touch(mode=0o600)
            with accounts.open("w", encoding="utf-8", newline="") as file:
                table = csv.writer(file)
                table.writerow(["role", "email", "password"])
                table.writerows([person.role, person.email, person.password] for person in people)
    _say_where()


@demo_cli.command()
@click.option(
    "--events", default=10_000, show_default=True, type=click.IntRange(1, 1_000_000), help="How many to have."
)
@click.option(
    "--answers", default=3, show_default=True, type=click.IntRange(0, 100), help="Parties at each new one."
)
def grow(events: int, answers: int) -> None:
    """Fill the demonstration with invented events in the world's cities, to see how the site does."""
    campaign, day = _demonstration()
    events_here = select(Event).where(Event.campaign_id == campaign).subquery()
    known = db.session.scalar(select(func.count()).select_from(events_here)) or 0
    organisers = list(db.session.scalars(select(events_here.c.organiser_id).distinct()))
    missing = max(0, events - known)
    try:
        cities = Gazetteer(gazetteer_path(current_app.extensions["settings"])).largest(max(1, missing))
    except GazetteerMissingError as fault:
        raise click.ClickException("There is no index of cities. Build it: flask places build") from fault
    places = places_in(cities, missing, random.Random(SEED))  # noqa: S311 the same every time
    with tqdm(total=missing, desc="Events", unit="") as bar:
        while batch := list(islice(places, BATCH)):
            with unit_of_work() as session:
                grown = session.get_one(Campaign, campaign)
                ids = write_events(session, grown, batch, organisers=organisers, day=day, now=now())
                answer(session, ids, answers, seal=current_app.extensions["seal"], now=now())
            bar.update(len(batch))
    _say_where()


def _demonstration() -> tuple[int, date]:
    """Return the id and the day of the demonstration campaign."""
    campaign = db.session.scalar(select(Campaign).where(Campaign.slug == SLUG))
    if campaign is None or campaign.starts_on is None:
        raise click.ClickException("There is no demonstration yet. Load it: flask demo load")
    return campaign.id, campaign.starts_on


def _say_where() -> None:
    accounts = Path(current_app.instance_path) / ACCOUNTS_FILE
    site = current_app.config["SITE_URL"].rstrip("/")
    click.echo(f"""
  The demonstration   {site}/{LANGUAGES[0]}/{SLUG}
  Sign in             {site}/{LANGUAGES[0]}/account/sign-in
  Who can sign in     {accounts}   (role, email, password)
  Mail that was sent  {site}/dev/mail/
""")
