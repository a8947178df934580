"""The organiser's page about help: what is asked for, who offered it, who does it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _

from coordinator.accounts.sign_in import signed_in
from coordinator.events.cards import role_name
from coordinator.events.forms.helping import HelpForm
from coordinator.events.helping import Help, kept_roles
from coordinator.events.queries.details import details_of
from coordinator.events.queries.organising import own_event
from coordinator.events.rules import EventStatus, Outcome, WrongStateError
from coordinator.events.service.changing import change_event
from coordinator.events.service.describing import offered_details
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import NotFoundError
from coordinator.kit.limits import limited
from coordinator.kit.web import form_page, seal
from coordinator.rsvps.helping import Wanted, help_wanted, offer_to, offers_to
from coordinator.rsvps.service.helping import assign_helper, release_helper, takes_helpers, thank_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import HelpOffer

ACTS = {"assign": assign_helper, "release": release_helper, "thank": thank_helper}

blueprint = Blueprint("helping", __name__, url_prefix="/<lang:lang>/organise/events")


@blueprint.route("/<public_id:public_id>/help", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("events.help", per_client="120 per hour")
def helping(public_id: str) -> ResponseReturnValue:
    """Show who offered what, and take the list of what is wanted."""
    event = own_event(db.session(), signed_in(), public_id)
    form = HelpForm()
    if request.method == "GET":
        form.show(offered_details(event).help_wanted)
    elif form.validate_on_submit():
        return _save(event, form)
    return _page(event, form)


@blueprint.post("/<public_id:public_id>/help/<offer_id>")
@requires(May.ORGANISE)
@limited("events.helper", per_client="600 per hour")
def decide(public_id: str, offer_id: str) -> ResponseReturnValue:
    """Assign somebody, release them, or thank them: what the button says."""
    event = own_event(db.session(), signed_in(), public_id)
    act = ACTS.get(request.form.get("act", ""))
    if act is None:
        raise NotFoundError
    with unit_of_work() as session:
        offer = offer_to(session, event, offer_id)
        code = offer.code
        is_done = act(session, offer, by=signed_in(), seal=seal(), now=now())
        is_told = offer.rsvp.confirmed_at is not None
    if is_done:
        _say(event, code, act_name=request.form["act"], is_told=is_told)
    return redirect(url_for(".helping", public_id=public_id), code=303)


def _save(event: Event, form: HelpForm) -> ResponseReturnValue:
    """Make what was typed what is asked for; new words of somebody not trusted wait for a coordinator."""
    if event.status is EventStatus.CANCELLED:
        raise WrongStateError
    with unit_of_work() as session:
        before = offered_details(event)
        wanted = kept_roles(form.roles(before.help_wanted))
        details = replace(before, help_wanted=wanted)
        outcome = change_event(session, event, details, seal=seal(), now=now())
    if outcome is Outcome.PROPOSED and details_of(event).help_wanted != wanted:
        flash(_("Sent. New words wait until a coordinator has read them."), "info")
    else:
        flash(_("Saved."), "success")
    return redirect(url_for(".helping", public_id=event.public_id), code=303)


def _say(event: Event, code: str, *, act_name: str, is_told: bool) -> None:
    words = {
        "assign": _("Assigned."),
        "release": _("Released: somebody else may take it on."),
        "thank": _("Thanked."),
    }
    said = words[act_name]
    if is_told:
        said = _("%(said)s They get a mail.", said=said)
    else:
        said = _("%(said)s They left no confirmed address; their private link shows it.", said=said)
    flash(said, "success")
    role = next((one for one in help_wanted(db.session(), event) if one.code == code), None)
    if act_name == "assign" and role is not None and role.assigned > role.wanted:
        flash(
            _(
                "%(role)s: %(assigned)s are assigned, and %(wanted)s were wanted.",
                role=role.name, assigned=role.assigned, wanted=role.wanted,
            ),
            "warning",
        )  # fmt: skip


def _page(event: Event, form: HelpForm) -> ResponseReturnValue:
    session = db.session()
    wanted = help_wanted(session, event)
    groups = _groups(wanted, offers_to(session, event), seal())
    return form_page(
        "rsvps/help.html",
        form,
        event=event,
        may_assign=takes_helpers(event, now()),
        groups=groups,
        is_open=bool(form.errors) or not event.help_wanted,
        waits=event.proposed is not None and "help_wanted" in event.proposed,
    )


def _groups(wanted: Sequence[Wanted], offers: Sequence[HelpOffer], keys: Seal) -> list[SimpleNamespace]:
    """Return every role that is asked for or offered, with the people behind it."""
    people: dict[str, list[SimpleNamespace]] = {}
    for offer in offers:
        people.setdefault(offer.code, []).append(_person(offer, keys))
    names = {role.code: role.name for role in wanted}
    asked = {role.code: role for role in wanted}
    codes = [*asked, *(kind for kind in Help if kind in people and kind not in asked)]
    codes += [code for code in people if code not in codes]
    return [
        SimpleNamespace(
            name=names.get(code) or role_name(code) or _("No longer asked for"),
            note=asked[code].note if code in asked else "",
            wanted=asked[code].wanted if code in asked else None,
            offered=sum(1 for one in people.get(code, []) if not one.is_gone),
            assigned=sum(1 for one in people.get(code, []) if one.is_assigned),
            gaps=sum(1 for one in people.get(code, []) if one.is_gone),
            people=[one for one in people.get(code, []) if not one.is_gone],
        )
        for code in codes
    ]


def _person(offer: HelpOffer, keys: Seal) -> SimpleNamespace:
    """Return a helper as the organiser sees them: the first part of the name; addresses only by consent."""
    rsvp = offer.rsvp
    name = (keys.decrypt(rsvp.name_sealed) or "").split()
    is_agreed = rsvp.consent_contact_at is not None
    reach = (keys.decrypt(rsvp.email_sealed), keys.decrypt(rsvp.phone_sealed)) if is_agreed else ()
    return SimpleNamespace(
        offer_id=offer.public_id,
        name=name[0] if name else "",
        status=rsvp.status.value,
        reach=[one for one in reach if one],
        is_assigned=offer.assigned_at is not None,
        is_thanked=offer.thanked_at is not None,
        is_gone=offer.withdrawn_at is not None,
    )
