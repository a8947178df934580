"""What one contact was sent, for the organiser who may reach them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from flask import Blueprint, render_template
from flask_babel import gettext as _, lazy_gettext as _l

from coordinator.accounts.sign_in import signed_in
from coordinator.contacts.queries import opened, own_contact
from coordinator.kit.access import May, requires
from coordinator.kit.db import db
from coordinator.kit.web import seal
from coordinator.messaging.cards import subject_of
from coordinator.messaging.queries import announcements_for, letters_to

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

blueprint = Blueprint("history", __name__, url_prefix="/<lang:lang>/organise/contacts")

LETTERS = {
    "rsvps/confirm": _l("A link to confirm the address"),
    "rsvps/confirmed": _l("Confirmation of the answer"),
    "rsvps/offer": _l("A place became free"),
    "rsvps/place": _l("A place was given"),
    "rsvps/help_assigned": _l("Help: assigned"),
    "rsvps/help_released": _l("Help: released"),
    "rsvps/help_thanked": _l("Help: thanks"),
    "messaging/reminder": _l("Reminder"),
    "messaging/changed": _l("A new time or place"),
    "messaging/postponed": _l("Postponed"),
    "messaging/resumed": _l("A new time after it was postponed"),
    "messaging/cancelled": _l("Cancelled"),
}
"""What letters are called; any other is a letter about the answer."""


@blueprint.get("/<public_id:public_id>/history")
@requires(May.ORGANISE)
def history(public_id: str) -> ResponseReturnValue:
    """Show which letters one person got, the latest first, and what became of each."""
    session, keys = db.session(), seal()
    contact = own_contact(session, signed_in(), public_id)
    written = announcements_for(session, contact)
    subjects = {one.about: subject_of(one, keys) for one in written}
    rows = [
        SimpleNamespace(
            what=subjects.get(letter.about) or LETTERS.get(letter.template) or _("A letter about the answer"),
            state=f"letter-{letter.state}",
            at=letter.sent_at or letter.due_at,
        )
        for letter in letters_to(session, contact, written)
    ]
    return render_template(
        "messaging/history.html",
        person=opened(contact, keys),
        rows=rows,
        zone=contact.event.timezone if contact.event else "UTC",
    )
