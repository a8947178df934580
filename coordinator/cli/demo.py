"""`flask demo …`: the demonstration campaign."""

from __future__ import annotations

import csv
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from tqdm import tqdm

from coordinator.demo.service import is_loaded, load_demonstration
from coordinator.demo.texts import SLUG
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import LANGUAGES

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
    site = current_app.config["SITE_URL"].rstrip("/")
    click.echo(f"""
  The demonstration   {site}/{LANGUAGES[0]}/{SLUG}
  Sign in             {site}/{LANGUAGES[0]}/account/sign-in
  Who can sign in     {accounts}   (role, email, password)
  Mail that was sent  {site}/dev/mail/
""")
