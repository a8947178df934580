"""Health, and the mail of a demonstration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, jsonify, render_template, url_for

from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.headers import letter_document
from coordinator.kit.web import seal
from coordinator.ops.health import checks
from coordinator.ops.mailbox import mail_named, mails_in
from coordinator.places.geocoding import gazetteer_path
from coordinator.settings import current_settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask.blueprints import BlueprintSetupState
    from flask.typing import ResponseReturnValue

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
@public(why="the machine that starts us asks whether we live")
def healthz() -> ResponseReturnValue:
    """Say that this process answers. Touches nothing else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public(why="numbers about the machine, none about people")
def readyz() -> ResponseReturnValue:
    """Say whether everything that a working installation needs is there, and what is not."""
    settings = current_settings()
    found = checks(
        db.session(),
        instance=settings.instance,
        gazetteer=gazetteer_path(settings),
        seal=seal(),
        now=now(),
    )
    is_ready = all(check.is_ok for check in found)
    body = jsonify(
        status="ready" if is_ready else "not ready",
        checks={check.name: {"ok": check.is_ok, **check.figures} for check in found},
    )
    body.status_code = 200 if is_ready else 503
    return body


@public(why="exists in a demonstration only, where there is no real mail")
def mailbox() -> ResponseReturnValue:
    """List the letters that were written."""
    return render_template("ops/mailbox.html", mails=mails_in(_folder()))


@public(why="exists in a demonstration only, where there is no real mail")
def mail(name: str) -> ResponseReturnValue:
    """Show one letter as text, and where to see it as its reader does."""
    found = mail_named(_folder(), name)
    return render_template("ops/mail.html", mail=found, html_url=url_for("ops.mail_html", name=name))


@public(why="exists in a demonstration only, where there is no real mail")
def mail_html(name: str) -> ResponseReturnValue:
    """Show the HTML of one letter, where nothing in it can do anything."""
    found = mail_named(_folder(), name)
    return letter_document(found.html)


def _folder() -> Path:
    return current_settings().instance / "mail"


@blueprint.record
def _add_mailbox(state: BlueprintSetupState) -> None:
    """Add the pages for reading mail where mail goes into files; elsewhere they do not exist."""
    if state.app.extensions["settings"].shows_mail:
        state.add_url_rule("/dev/mail/", "mailbox", mailbox)
        state.add_url_rule("/dev/mail/<name>", "mail", mail)
        state.add_url_rule("/dev/mail/<name>/html", "mail_html", mail_html)
