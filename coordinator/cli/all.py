"""Every command, and the migrations with theirs. Only processes that run commands import this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import Migrate

from coordinator.cli.accounts import accounts_cli
from coordinator.cli.audit import audit_cli
from coordinator.cli.contacts import contacts_cli
from coordinator.cli.demo import demo_cli
from coordinator.cli.events import events_cli
from coordinator.cli.messages import messages_cli
from coordinator.cli.missions import missions_cli
from coordinator.cli.places import places_cli
from coordinator.cli.postcodes import postcodes_cli
from coordinator.cli.privacy import privacy_cli
from coordinator.cli.rsvps import rsvps_cli
from coordinator.cli.serve import serve
from coordinator.cli.setup import setup
from coordinator.cli.worker import worker
from coordinator.kit.db import db
from coordinator.settings import ROOT

if TYPE_CHECKING:
    from flask import Flask

COMMANDS = (
    accounts_cli, audit_cli, contacts_cli, demo_cli, events_cli, messages_cli, missions_cli, places_cli,
    postcodes_cli, privacy_cli, rsvps_cli, serve, setup, worker,
)  # fmt: skip


def add_commands(app: Flask) -> None:
    """Give the app its commands."""
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True, compare_type=True)
    for command in COMMANDS:
        app.cli.add_command(command)
