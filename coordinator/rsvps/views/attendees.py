"""The organiser's list of who comes: numbers first, then what people gave, and nothing more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, url_for

from coordinator.accounts.sign_in import signed_in
from coordinator.events.cards import when_of
from coordinator.events.queries.organising import own_event
from coordinator.kit.access import May, requires
from coordinator.kit.db import db
from coordinator.kit.i18n import current_language
from coordinator.kit.paging import page_of
from coordinator.kit.web import seal
from coordinator.rsvps.helping import offer_names, offers_by
from coordinator.rsvps.queries import SHOWN, attendees as attendees_of, needs_counted, tally_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp

blueprint = Blueprint("attendees", __name__, url_prefix="/<lang:lang>/organise/events")


@blueprint.get("/<public_id:public_id>/attendees")
@requires(May.ORGANISE)
def attendees(public_id: str) -> ResponseReturnValue:
    """Show who comes to one of the organiser's own events."""
    session = db.session()
    event = own_event(session, signed_in(), public_id)
    show = request.args.get("show", "")
    show = show if show in SHOWN else ""
    page = page_of(session, attendees_of(event, show), number=request.args.get("page", 1, type=int))
    tally = tally_of(session, event)
    offers = offers_by(session, [rsvp.id for rsvp in page.rows])

    def address(number: int) -> str:
        return url_for(".attendees", public_id=event.public_id, page=number, show=show or None)

    return render_template(
        "rsvps/attendees.html",
        event=event,
        when=when_of(event, current_language()),
        tally=tally,
        too_many=max(0, tally.taken - event.capacity) if event.capacity is not None else 0,
        needs=needs_counted(session, event),
        show=show,
        rows=[_row(rsvp, offer_names(event, offers.get(rsvp.id, [])), seal()) for rsvp in page.rows],
        previous_url=address(page.number - 1) if page.number > 1 else "",
        next_url=address(page.number + 1) if page.has_more else "",
        page_number=page.number,
    )


def _row(rsvp: Rsvp, offers: Sequence[str], keys: Seal) -> SimpleNamespace:
    """Return one answer as the organiser sees it: the first part of the name; addresses only by consent."""
    is_agreed = rsvp.consent_contact_at is not None
    name = (keys.decrypt(rsvp.name_sealed) or "").split()
    return SimpleNamespace(
        name=name[0] if name else "",
        party_size=rsvp.party_size,
        status=rsvp.status.value,
        is_confirmed=rsvp.confirmed_at is not None,
        note=keys.decrypt(rsvp.note_sealed) or "",
        needs=keys.decrypt(rsvp.needs_sealed) or "",
        offered_until=rsvp.offered_until,
        has_let_go=rsvp.lapsed_at is not None,
        help=offers,
        email=keys.decrypt(rsvp.email_sealed) if is_agreed else None,
        phone=keys.decrypt(rsvp.phone_sealed) if is_agreed else None,
    )
