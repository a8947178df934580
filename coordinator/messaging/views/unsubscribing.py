"""Where mail is stopped: a page for people, and one click for mail programs (RFC 8058)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for

from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.web import refuse_foreign_form, seal
from coordinator.messaging.unsubscribing import mail_of_link

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState
    from flask.typing import ResponseReturnValue

ONE_CLICK = ("List-Unsubscribe", "One-Click")
PER_CLIENT = "2000 per hour"  # a mail provider clicks for all of its people

blueprint = Blueprint("unsubscribing", __name__, url_prefix="/<lang:lang>")


@blueprint.record_once
def _leave_out_csrf(state: BlueprintSetupState) -> None:
    """There is no session; a mail program's one click has no page of ours that it could come from."""
    state.app.extensions["csrf"].exempt(blueprint)


@blueprint.route("/unsubscribe/<token>", methods=["GET", "POST"])
@public(why="whoever holds the link from the mail, and their mail program")
@limited("unsubscribe", per_client=PER_CLIENT)
def unsubscribe(token: str) -> ResponseReturnValue:
    """Say what would be stopped, or stop it. Looking stops nothing: mail scanners look at everything."""
    if request.method == "POST":
        is_one_click = request.form.get(ONE_CLICK[0]) == ONE_CLICK[1]
        if not is_one_click:
            refuse_foreign_form()
        with unit_of_work() as session:
            mail = mail_of_link(session, token, seal())
            if request.form.get("again") == "yes":
                mail.resume(session, now=now())
            else:
                mail.stop(session, now=now())
        if is_one_click:
            return "", 200
        return redirect(url_for(".unsubscribe", token=token), code=303)
    mail = mail_of_link(db.session(), token, seal())
    return render_template(
        "messaging/unsubscribe.html",
        kind=mail.kind,
        token=token,
        title=mail.title(current_language()),
        is_stopped=mail.is_stopped(db.session()),
    )
