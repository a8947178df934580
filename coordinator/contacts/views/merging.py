"""Contacts that may be one person: shown side by side, made one on the organiser's word, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from coordinator.accounts.sign_in import signed_in
from coordinator.contacts.queries import opened, own_contact, shared_addresses
from coordinator.contacts.rules import UndoneTooLateError
from coordinator.contacts.service.uniting import part, unite, united
from coordinator.events.cards import role_names
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.limits import limited
from coordinator.kit.web import seal

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

blueprint = Blueprint("merging", __name__, url_prefix="/<lang:lang>/organise/contacts")


@blueprint.get("/duplicates")
@requires(May.ORGANISE)
def duplicates() -> ResponseReturnValue:
    """Show whose addresses are the same. Families share one, so nothing is done about it."""
    groups, has_more = shared_addresses(
        db.session(), signed_in(), number=request.args.get("page", 1, type=int)
    )
    number = max(1, request.args.get("page", 1, type=int))
    return render_template(
        "contacts/duplicates.html",
        groups=[[opened(row, seal()) for row in group] for group in groups],
        page_number=number,
        previous_url=url_for(".duplicates", page=number - 1) if number > 1 else "",
        next_url=url_for(".duplicates", page=number + 1) if has_more else "",
    )


@blueprint.route("/<public_id:public_id>/merge/<public_id:other_id>", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("contacts", per_client="200 per hour")
def merge(public_id: str, other_id: str) -> ResponseReturnValue:
    """Show two contacts and what they would be together; make them one."""
    if request.method == "GET":
        session = db.session()
        one, other = own_contact(session, signed_in(), public_id), own_contact(session, signed_in(), other_id)
        pair = united(one, other, seal())
        return render_template(
            "contacts/merge.html",
            pair=pair,
            kept=opened(pair.kept, seal()),
            gone=opened(pair.gone, seal()),
            role_names=role_names,
        )
    with unit_of_work() as writing:
        one, other = own_contact(writing, signed_in(), public_id), own_contact(writing, signed_in(), other_id)
        pair = united(one, other, seal())
        unite(writing, pair, by=signed_in(), seal=seal(), now=now())
        kept_id = pair.kept.public_id
    said = _("They are one contact now. You can take that back for 30 days, as long as you change nothing.")
    flash(said, "success")
    return redirect(url_for("contacts.contact", public_id=kept_id), code=303)


@blueprint.post("/<public_id:public_id>/part")
@requires(May.ORGANISE)
@limited("contacts", per_client="200 per hour")
def undo(public_id: str) -> ResponseReturnValue:
    """Make two contacts of one again."""
    try:
        with unit_of_work() as session:
            contact = own_contact(session, signed_in(), public_id)
            part(session, contact, by=signed_in(), seal=seal(), now=now())
    except UndoneTooLateError:
        flash(_("That can't be taken back any more: the contact was changed since."), "warning")
    else:
        flash(_("They are two contacts again."), "success")
    return redirect(url_for("contacts.contact", public_id=public_id), code=303)
