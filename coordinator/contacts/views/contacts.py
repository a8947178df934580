"""The organiser's contacts: people who agreed that the organiser may write to them, and nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _, ngettext
from wtforms import SelectChoice

from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import campaign_by_slug, open_campaigns
from coordinator.contacts.forms.noting import ContactForm, NewContactForm
from coordinator.contacts.queries import (
    events_with_contacts,
    filters_of,
    is_suppressed,
    last_merge,
    opened,
    others_with_address,
    own_contact,
    own_filter,
    suppressed_count,
)
from coordinator.contacts.roles import role_of
from coordinator.contacts.rules import (
    LONGEST_FILTER_NAME,
    MOST_FILTERS,
    SuppressedError,
    TooManyFiltersError,
    is_address,
)
from coordinator.contacts.searching import Wanted, count_contacts, every_contact, found_contacts
from coordinator.contacts.service.keeping import (
    keep_filter,
    note_contact,
    record_export,
    remove_contact,
    tag_contact,
    write_down,
)
from coordinator.contacts.service.suppressing import block_contact, block_email
from coordinator.contacts.sheets.writing import csv_lines, vcards
from coordinator.events.cards import role_name, role_names
from coordinator.events.helping import KINDS, Help, roles_from
from coordinator.events.queries.organising import own_event
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.web import form_page, seal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.contacts.queries import Person
    from coordinator.events.models import Event

LONGEST_SEARCH = 100
SEALED = frozenset({"text", "tag"})
"""What organisers look for in their own words."""

blueprint = Blueprint("contacts", __name__, url_prefix="/<lang:lang>/organise/contacts")


@blueprint.get("")
@requires(May.ORGANISE)
def contacts() -> ResponseReturnValue:
    """Show the contacts of all own events, or of one; searched in what they say, where asked."""
    session, account = db.session(), signed_in()
    wanted = _wanted_contacts()
    page = found_contacts(session, account, wanted, seal=seal(), number=request.args.get("page", 1, type=int))
    number, kept = page.number, _kept(wanted)
    events = events_with_contacts(session, account)
    return render_template(
        "contacts/contacts.html",
        people=page.rows,
        events=events,
        wanted=wanted,
        roles=_role_choices(events, page.rows, wanted.role),
        role_names=role_names,
        suppressed=suppressed_count(session, account),
        filters=_filters(session, account),
        page_number=number,
        previous_url=_address(number - 1, kept) if number > 1 else "",
        next_url=_address(number + 1, kept) if page.has_more else "",
        kept=kept,
    )


@blueprint.post("/search")
@requires(May.ORGANISE)
@limited("contacts-search", per_client="600 per hour")
def search() -> ResponseReturnValue:
    """Lead to what was looked for. Names and numbers are sealed in the address, which browsers keep."""
    return redirect(url_for(".contacts", **_kept(_wanted_contacts())), code=303)


@blueprint.route("/<public_id:public_id>", methods=["GET", "POST"])
@requires(May.ORGANISE)
def contact(public_id: str) -> ResponseReturnValue:
    """Show one person, or keep the organiser's own words about them."""
    row = own_contact(db.session(), signed_in(), public_id)
    person = opened(row, seal())
    form = ContactForm(
        data={
            "roles": [role for role in person.roles if role in KINDS],
            "own_roles": ", ".join(role for role in person.roles if role not in KINDS),
            "tags": ", ".join(person.tags),
            "note": person.note,
        }
    )
    if form.validate_on_submit():
        with unit_of_work() as session:
            row = own_contact(session, signed_in(), public_id)
            note_contact(
                session, row, tags=form.tag_list(), roles=form.role_list(), note=form.note.data or "",
                seal=seal(), now=now(),
            )  # fmt: skip
        return redirect(url_for(".contact", public_id=public_id), code=303)
    merge = last_merge(db.session(), row)
    return form_page(
        "contacts/contact.html",
        form,
        person=person,
        role_names=role_names(person.roles),
        others=[opened(one, seal()) for one in others_with_address(db.session(), row)],
        is_blocked=bool(person.email)
        and is_suppressed(db.session(), owner_id=row.owner_id, email=person.email, seal=seal()),
        may_part=merge is not None and row.changed_at == merge.merged_at and now() < merge.expires_at,
    )


@blueprint.post("/<public_id:public_id>/tag")
@requires(May.ORGANISE)
def tag(public_id: str) -> ResponseReturnValue:
    """Put a tag on a person, or take one off."""
    word, is_removed = request.form.get("tag", "")[:LONGEST_SEARCH], "remove" in request.form
    with unit_of_work() as session:
        row = own_contact(session, signed_in(), public_id)
        tag_contact(session, row, word, is_removed=is_removed, seal=seal(), now=now())
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


@blueprint.post("/filters")
@requires(May.ORGANISE)
@limited("contacts", per_client="200 per hour")
def save_filter() -> ResponseReturnValue:
    """Keep this search under a name."""
    wanted = _wanted_contacts()
    said = _said(wanted)
    name = " ".join(request.form.get("name", "").split())[:LONGEST_FILTER_NAME]
    if said and name:
        try:
            with unit_of_work() as session:
                keep_filter(session, name, said, by=signed_in(), seal=seal(), now=now())
        except TooManyFiltersError:
            flash(_("You keep %(most)s searches already. Delete one first.", most=MOST_FILTERS), "warning")
        else:
            flash(_("Kept."), "success")
    else:
        flash(_("Search for something first, and give the search a name."), "warning")
    return redirect(_address(1, _kept(wanted)), code=303)


@blueprint.post("/filters/<public_id:public_id>/delete")
@requires(May.ORGANISE)
def drop_filter(public_id: str) -> ResponseReturnValue:
    """Keep a search no longer."""
    with unit_of_work() as session:
        session.delete(own_filter(session, signed_in(), public_id))
    return redirect(url_for(".contacts"), code=303)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("contacts", per_client="200 per hour")
def new() -> ResponseReturnValue:
    """Write somebody down who agreed by word of mouth or on paper."""
    session = db.session()
    form = NewContactForm()
    form.campaign.choices = [
        SelectChoice(one.slug, one.text_in(current_language()).title) for one in open_campaigns(session)
    ]
    if form.validate_on_submit():
        with unit_of_work() as writing:
            campaign = campaign_by_slug(writing, form.campaign.data)
            try:
                row = write_down(
                    writing, form.draft(), campaign=campaign, agreement=form.agreement(), by=signed_in(),
                    seal=seal(), now=now(),
                )  # fmt: skip
            except SuppressedError:
                row = None
        if row is not None:
            return redirect(url_for(".contact", public_id=row.public_id), code=303)
        form.email.errors = [_("This address wants no more mail from you. Only its owner can change that.")]
    return form_page("contacts/new.html", form)


@blueprint.post("/block-address")
@requires(May.ORGANISE)
@limited("contacts", per_client="200 per hour")
def block_address() -> ResponseReturnValue:
    """Keep an address out of everything, whether or not it is a contact. It is kept as a digest only."""
    email = request.form.get("email", "").strip()
    if not is_address(email):
        flash(_("This is no e-mail address. Nothing was changed."), "warning")
    else:
        with unit_of_work() as session:
            gone = block_email(session, email, by=signed_in(), seal=seal(), now=now())
        flash(
            ngettext(
                "Noted. %(num)s contact with this address was deleted.",
                "Noted. %(num)s contacts with this address were deleted.",
                gone,
            ),
            "success",
        )
    return redirect(url_for(".contacts"), code=303)


@blueprint.route("/export", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("contacts-export", per_client="20 per hour")
def export() -> ResponseReturnValue:
    """Say what would leave the house, then hand it out: a POST, and logged, how many and never who."""
    wanted = _wanted_contacts()
    session, account, keys = db.session(), signed_in(), seal()
    if request.method == "GET":
        count = count_contacts(session, account, wanted, seal=keys)
        role = role_name(wanted.role, wanted.role)
        return render_template(
            "contacts/export.html", wanted=wanted, role=role, count=count, kept=_kept(wanted)
        )
    kind = "vcf" if request.form.get("format") == "vcf" else "csv"
    count = 0

    def counted() -> Iterator[Person]:
        nonlocal count
        for person in every_contact(session, account, wanted, seal=keys):
            count += 1
            yield person

    body = "".join(csv_lines(counted()) if kind == "csv" else vcards(counted()))
    with unit_of_work() as writing:  # what is logged is what goes out: nothing can fail behind it
        record_export(writing, by=account, count=count, now=now())
    answer = Response(body, mimetype="text/csv" if kind == "csv" else "text/vcard")
    answer.headers["Content-Disposition"] = f'attachment; filename="contacts.{kind}"'
    return answer


def _address(number: int, kept: Mapping[str, Any]) -> str:
    return url_for(".contacts", page=number, **kept)


def _filters(session: Session, account: Account) -> list[dict[str, str]]:
    """Return the kept searches as links."""
    return [
        {
            "name": seal().decrypt(one.name_sealed),
            "url": url_for(".contacts", **_carried(json.loads(seal().decrypt(one.search_sealed)))),
            "drop_url": url_for(".drop_filter", public_id=one.public_id),
        }
        for one in filters_of(session, account)
    ]


def _wanted_contacts() -> Wanted:
    """Return what is looked for: as it was typed, or sealed in an address of ours."""
    typed = {name: _wanted(name) for name in SEALED}
    said = typed if any(typed.values()) else _unsealed(request.values.get("find", ""))
    return Wanted(
        text=said.get("text", ""),
        tag=said.get("tag", ""),
        role=role_of(_wanted("role")),
        event=_wanted_event(),
    )


def _unsealed(find: str) -> dict[str, str]:
    """Return what an address of ours has sealed. A key that is gone, or other words than ours: nothing."""
    try:
        said: dict[str, str] = json.loads(seal().decrypt(find)) if find else {}
    except (LostKeyError, ValueError):
        return {}
    return said


def _role_choices(events: Sequence[Event], people: Sequence[Person], chosen: str) -> list[tuple[str, str]]:
    """Return roles to look for: those that protests know, and own words as far as they are at hand.

    All contacts would have to be opened to find every role: what protests ask for and the people shown have
    is taken.
    """
    asked = (role.words for event in events for role in roles_from(event.help_wanted) if role.is_own)
    own = {*asked, *(role for person in people for role in person.roles), chosen} - {"", *KINDS}
    choices = [(kind.value, role_name(kind)) for kind in Help]
    return [*choices, *((words, words) for words in sorted(own, key=str.casefold))]


def _said(wanted: Wanted) -> dict[str, str]:
    """Return the filter in plain words."""
    said = {
        "text": wanted.text,
        "tag": wanted.tag,
        "role": wanted.role,
        "event": wanted.event.public_id if wanted.event else "",
    }
    return {name: value for name, value in said.items() if value}


def _kept(wanted: Wanted) -> dict[str, Any]:
    """Return the filter as an address carries it."""
    return _carried(_said(wanted))


def _carried(said: Mapping[str, str]) -> dict[str, Any]:
    """Seal what may be somebody's name: addresses stay in the history of a browser, and in others' logs."""
    personal = {name: value for name, value in said.items() if name in SEALED}
    plain = {name: value for name, value in said.items() if name not in SEALED}
    return plain | ({"find": seal().encrypt(json.dumps(personal, ensure_ascii=False))} if personal else {})


def _wanted(name: str) -> str:
    return " ".join(request.values.get(name, "").split())[:LONGEST_SEARCH]


def _wanted_event() -> Event | None:
    """Return the event that the list is narrowed to; somebody else's does not exist."""
    public_id = _wanted("event")
    return own_event(db.session(), signed_in(), public_id) if public_id else None
