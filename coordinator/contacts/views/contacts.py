"""The organiser's contacts: people who agreed that the organiser may write to them, and nobody else."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for

from coordinator.accounts.sign_in import signed_in
from coordinator.contacts.forms.noting import ContactForm
from coordinator.contacts.queries import contacts_of, events_with_contacts, opened, own_contact
from coordinator.contacts.rules import MOST_SEARCHED
from coordinator.contacts.service.keeping import note_contact, record_export, remove_contact, tag_contact
from coordinator.contacts.service.suppressing import block_contact
from coordinator.contacts.sheets.writing import csv_lines
from coordinator.events.queries.organising import own_event
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.limits import limited
from coordinator.kit.paging import LAST_PAGE, ROWS_ON_A_PAGE, page_of
from coordinator.kit.web import form_page, seal

if TYPE_CHECKING:
    from typing import Any

    from flask.typing import ResponseReturnValue

    from coordinator.contacts.queries import Person
    from coordinator.events.models import Event

LONGEST_SEARCH = 100

blueprint = Blueprint("contacts", __name__, url_prefix="/<lang:lang>/organise/contacts")


@blueprint.get("")
@requires(May.ORGANISE)
def contacts() -> ResponseReturnValue:
    """Show the contacts of all own events, or of one; searched in what they say, where asked."""
    session, account = db.session(), signed_in()
    number = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
    text, tag = _wanted("text"), _wanted("tag")
    event = _wanted_event()
    query = contacts_of(account, event=event)
    is_cut = False
    people: list[Person]
    if text or tag:
        # Everything is sealed, so each contact has to be opened; docs/contacts.md says what that costs.
        rows = session.scalars(query.limit(MOST_SEARCHED + 1)).all()
        is_cut = len(rows) > MOST_SEARCHED
        found = (
            person
            for row in rows[:MOST_SEARCHED]
            if (person := opened(row, seal())).matches(text=text, tag=tag)
        )
        start = (number - 1) * ROWS_ON_A_PAGE
        people = list(islice(found, start, start + ROWS_ON_A_PAGE + 1))
        people, has_more = people[:ROWS_ON_A_PAGE], len(people) > ROWS_ON_A_PAGE
    else:
        page = page_of(session, query, number=number)
        people, has_more = [opened(row, seal()) for row in page.rows], page.has_more
    kept: dict[str, Any] = {
        "text": text or None,
        "tag": tag or None,
        "event": event.public_id if event else None,
    }
    return render_template(
        "contacts/contacts.html",
        people=people,
        events=events_with_contacts(session, account),
        event=event,
        text=text,
        tag=tag,
        is_cut=is_cut,
        most_searched=MOST_SEARCHED,
        page_number=number,
        previous_url=url_for(".contacts", page=number - 1, **kept) if number > 1 else "",
        next_url=url_for(".contacts", page=number + 1, **kept) if has_more else "",
        kept=kept,
    )


@blueprint.route("/<public_id:public_id>", methods=["GET", "POST"])
@requires(May.ORGANISE)
def contact(public_id: str) -> ResponseReturnValue:
    """Show one person, or keep the organiser's own words about them."""
    row = own_contact(db.session(), signed_in(), public_id)
    person = opened(row, seal())
    form = ContactForm(data={"tags": ", ".join(person.tags), "note": person.note})
    if form.validate_on_submit():
        with unit_of_work() as session:
            row = own_contact(session, signed_in(), public_id)
            note_contact(
                session, row, tags=form.tag_list(), note=form.note.data or "", seal=seal(), now=now()
            )
        return redirect(url_for(".contact", public_id=public_id), code=303)
    return form_page("contacts/contact.html", form, person=person)


@blueprint.post("/<public_id:public_id>/tag")
@requires(May.ORGANISE)
def tag(public_id: str) -> ResponseReturnValue:
    """Put a tag on a person, or take one off."""
    word, is_removed = request.form.get("tag", "")[:LONGEST_SEARCH], "remove" in request.form
    with unit_of_work() as session:
        row = own_contact(session, signed_in(), public_id)
        tag_contact(row, word, is_removed=is_removed, seal=seal(), now=now())
    return redirect(url_for(".contact", public_id=public_id), code=303)


@blueprint.post("/<public_id:public_id>/remove")
@requires(May.ORGANISE)
def remove(public_id: str) -> ResponseReturnValue:
    """Delete a person, who may have asked for it by another way."""
    with unit_of_work() as session:
        remove_contact(session, own_contact(session, signed_in(), public_id), by=signed_in(), now=now())
    return redirect(url_for(".contacts"), code=303)


@blueprint.post("/<public_id:public_id>/block")
@requires(May.ORGANISE)
def block(public_id: str) -> ResponseReturnValue:
    """Delete a person who wants to hear no more, and keep their address out of every later import."""
    with unit_of_work() as session:
        row = own_contact(session, signed_in(), public_id)
        block_contact(session, row, by=signed_in(), seal=seal(), now=now())
    return redirect(url_for(".contacts"), code=303)


@blueprint.post("/export")
@requires(May.ORGANISE)
@limited("contacts-export", per_client="20 per hour")
def export() -> ResponseReturnValue:
    """Hand out a sheet. It leaves the house for good, so it is a POST and logged: how many, never who."""
    event = _wanted_event()
    with unit_of_work() as session:
        account = signed_in()
        people = [opened(row, seal()) for row in session.scalars(contacts_of(account, event=event))]
        record_export(session, by=account, count=len(people), now=now())
    answer = Response("".join(csv_lines(people)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="contacts.csv"'
    return answer


def _wanted(name: str) -> str:
    return " ".join(request.values.get(name, "").split())[:LONGEST_SEARCH]


def _wanted_event() -> Event | None:
    """Return the event that the list is narrowed to; somebody else's does not exist."""
    public_id = _wanted("event")
    return own_event(db.session(), signed_in(), public_id) if public_id else None
