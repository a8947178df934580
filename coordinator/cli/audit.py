"""`flask audit`: is the log whole?"""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from coordinator.audit.chain import Verdict, verify as verify_chain
from coordinator.kit.clock import now
from coordinator.kit.db import db

audit_cli = AppGroup("audit", help="The log of acts.")

FAULTS = {
    "changed": "entry {at} was changed",
    "removed": "entry {at} is missing",
    "end": "the chain ends before its end: entries from {at} on are missing",
}


@audit_cli.command()
@click.option("--known", metavar="NUMBER,LINK", help="An end of the chain that the log said before.")
def verify(known: str | None) -> None:
    """Follow the chain through the log; exit with 1 when an entry was changed, removed, or never chained."""
    found = verify_chain(db.session(), seal=current_app.extensions["seal"], now=now(), known=_known(known))
    click.echo(_words(found))
    if not found.is_ok:
        sys.exit(1)


def _words(found: Verdict) -> str:
    lines = [f"{found.entries} entries hold, {found.erased} of them without the person they were about"]
    if found.fault:
        lines.append(FAULTS[found.fault].format(at=found.broken_at))
    if found.unchained:
        lines.append(f"{found.unchained} entries wait to be chained for too long: does the worker run?")
    return "\n".join(lines)


def _known(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    number, _, link = text.partition(",")
    if not number.strip().isdecimal() or not link.strip():
        raise click.BadParameter("as the log says it: 1234,0f3c…", param_hint="--known")
    return int(number), link.strip()
