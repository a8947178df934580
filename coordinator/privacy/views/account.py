"""Erasing one's own account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, session as cookie, url_for
from flask_babel import gettext as _
from flask_login import logout_user

from coordinator.accounts.passwords import is_password
from coordinator.accounts.sign_in import signed_in
from coordinator.events.cards import when_of
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.web import form_page, seal
from coordinator.privacy.forms import LeaveForm
from coordinator.privacy.leaving import erase_account, ties_of
from coordinator.privacy.rules import HeldBackError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

blueprint = Blueprint("leaving", __name__, url_prefix="/<lang:lang>/account")


@blueprint.route("/erase", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("erase-account", per_client="20 per hour")
def erase() -> ResponseReturnValue:
    """Say what would go and what holds the account back, or erase it."""
    me = signed_in()
    form = LeaveForm()
    if not form.validate_on_submit():
        return _page(form)
    if not is_password(form.password.data or "", me.password_hash):
        form.password.errors = [_("This is not your password.")]
        return _page(form)
    try:
        with unit_of_work() as session:
            erase_account(session, me, seal=seal(), now=now())
    except HeldBackError:
        form.form_errors.append(_("Others still rely on this account: see below."))
        return _page(form)
    logout_user()
    cookie.clear()
    return redirect(url_for("my_data.erased"), code=303)


def _page(form: LeaveForm) -> ResponseReturnValue:
    lang = current_language()
    ties = ties_of(db.session(), signed_in(), now=now())
    return form_page(
        "privacy/leave.html",
        form,
        ties=ties,
        events=[(event, when_of(event, lang)) for event in ties.events],
    )
