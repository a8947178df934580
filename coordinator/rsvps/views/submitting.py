"""RSVP, confirm, change, cancel: pages without account, session or cookie. A GET shows, a POST acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from coordinator.events.cards import when_of, where_of
from coordinator.events.queries.public import reachable_event
from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import check_limit, limited
from coordinator.kit.web import form_page, public_page, seal, without_session
from coordinator.rsvps.codes import code_facts
from coordinator.rsvps.forms import ChangeForm, RsvpForm
from coordinator.rsvps.helping import help_choices, help_wanted, offer_names, offers_by
from coordinator.rsvps.queries import has_code, rsvp_by_token, tally_of
from coordinator.rsvps.rules import NoPlaceError, RsvpStatus
from coordinator.rsvps.service.answering import answer_event, confirm_rsvp
from coordinator.rsvps.service.changing import cancel_rsvp, change_rsvp
from coordinator.rsvps.service.helping import withdraw_offer
from coordinator.rsvps.service.tallying import is_open

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flask.typing import ResponseReturnValue

    from coordinator.events.models import Event
    from coordinator.rsvps.models import HelpOffer, Rsvp

# A university or a Tor exit is one client to us, and one event may be answered by thousands in an hour.
# These limits stop a flood, not a crowd.
PER_CLIENT = "200 per hour"
PER_EVENT = "5000 per hour"
PER_ADDRESS = "20 per day"
"""Messages that one address can be made to get, over all events."""

DONE = frozenset({"answered", "changed", "cancelled", "confirmed", "accepted", "kept", "in-line"})

blueprint = Blueprint("rsvps", __name__, url_prefix="/<lang:lang>")


without_session(blueprint)


@blueprint.route("/events/<public_id:public_id>/rsvp", methods=["GET", "POST"])
@public(why="anyone may answer a published event, without an account")
@limited("rsvp", per_client=PER_CLIENT, per_target=PER_EVENT, target="public_id")
def submit(public_id: str) -> ResponseReturnValue:
    """Show the form alone, or take the answer."""
    form = RsvpForm()
    if form.is_submitted() and form.subject.data:
        return redirect(url_for(".thanks", public_id=public_id), code=303)
    if not form.validate_on_submit():
        event = reachable_event(db.session(), public_id)
        form.offer_help(help_choices(help_wanted(db.session(), event)))
        return form_page("rsvps/submit.html", form, **about(event))
    if form.email.data:
        aim = seal().digest(form.email.data, purpose="limit")
        check_limit("rsvp-address", per_target=PER_ADDRESS, target=aim)
    with unit_of_work() as session:
        answer = answer_event(session, public_id, form.details(current_language()), seal=seal(), now=now())
    if answer.token is None:
        return redirect(url_for(".thanks", public_id=public_id), code=303)
    return redirect(url_for(".manage", token=answer.token, done="answered"), code=303)


@blueprint.get("/events/<public_id:public_id>/rsvp/thanks")
@public(why="the same words for whoever answered by mail, before or now")
def thanks(public_id: str) -> ResponseReturnValue:
    """Say that a mail is on its way."""
    event = reachable_event(db.session(), public_id)
    return public_page(render_template("rsvps/thanks.html", **about(event)))


@blueprint.route("/rsvp/<token>", methods=["GET", "POST"])
@public(why="whoever holds the link")
def manage(token: str) -> ResponseReturnValue:
    """Show an answer, or change it."""
    rsvp = rsvp_by_token(db.session(), token)
    offers = offers_by(db.session(), [rsvp.id]).get(rsvp.id, [])
    form = ChangeForm(has_email=rsvp.email_digest is not None, data=_as_typed(rsvp, offers))
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                change_rsvp(session, rsvp, form.change(current_language()), seal=seal(), now=now())
        except NoPlaceError:
            rsvp = rsvp_by_token(db.session(), token)
            room = _("There is no place for that many. Your answer stays as it was.")
            form.party_size.errors = [*form.party_size.errors, room]
        else:
            return redirect(url_for(".manage", token=token, done="changed"), code=303)
    done = request.args.get("done", "")
    wanted = help_wanted(db.session(), rsvp.event)
    form.offer_help(help_choices(wanted, [offer.code for offer in offers]))
    return form_page(
        "rsvps/manage.html",
        form,
        rsvp=rsvp,
        token=token,
        done=done if done in DONE and request.method == "GET" else "",
        help=[
            {"code": offer.code, "name": name, "text": _offer_text(offer), "note": ""}
            for offer in offers
            for name in offer_names(rsvp.event, [offer])
        ],
        letters=code_facts(rsvp.event.public_id, rsvp.public_id, seal())["short_code"]
        if has_code(rsvp)
        else "",
        **about(rsvp.event),
    )


@blueprint.route("/rsvp/<token>/confirm", methods=["GET", "POST"])
@public(why="whoever holds the link from the mail")
def confirm(token: str) -> ResponseReturnValue:
    """Ask for the click that confirms an address; a mail scanner that only follows links confirms nothing."""
    rsvp = rsvp_by_token(db.session(), token)
    if request.method == "POST":
        with unit_of_work() as session:
            confirm_rsvp(session, rsvp, seal=seal(), now=now())
        return redirect(url_for(".manage", token=token, done="confirmed"), code=303)
    if rsvp.email_digest is None or rsvp.confirmed_at is not None:
        return redirect(url_for(".manage", token=token), code=303)
    return render_template("rsvps/confirm.html", rsvp=rsvp, token=token, **about(rsvp.event))


@blueprint.route("/rsvp/<token>/cancel", methods=["GET", "POST"])
@public(why="whoever holds the link")
def cancel(token: str) -> ResponseReturnValue:
    """Ask whether the answer is to be taken back, or take it back."""
    rsvp = rsvp_by_token(db.session(), token)
    if request.method == "POST":
        with unit_of_work() as session:
            cancel_rsvp(session, rsvp, seal=seal(), now=now())
        return redirect(url_for(".manage", token=token, done="cancelled"), code=303)
    if rsvp.status is RsvpStatus.DECLINED:
        return redirect(url_for(".manage", token=token), code=303)
    return render_template("rsvps/cancel.html", rsvp=rsvp, token=token, **about(rsvp.event))


@blueprint.post("/rsvp/<token>/help")
@public(why="whoever holds the link")
def withdraw_help(token: str) -> ResponseReturnValue:
    """Take one offer of help back; the answer stays."""
    rsvp = rsvp_by_token(db.session(), token)
    with unit_of_work() as session:
        withdraw_offer(session, rsvp, request.form.get("code", ""), seal=seal(), now=now())
    return redirect(url_for(".manage", token=token, done="changed"), code=303)


def about(event: Event) -> dict[str, Any]:
    """Return what every page about an answer says about its event."""
    tally = tally_of(db.session(), event)
    return {
        "event": event,
        "when": when_of(event, current_language()),
        "where": where_of(event, current_language()),
        "is_open": is_open(event, now()),
        "is_full": event.capacity is not None and tally.taken >= event.capacity,
    }


def _as_typed(rsvp: Rsvp, offers: Sequence[HelpOffer]) -> dict[str, Any]:
    """Return an answer as its form shows it; a queue is not something to choose."""
    is_maybe = rsvp.status is RsvpStatus.TENTATIVE
    return {
        "status": (RsvpStatus.TENTATIVE if is_maybe else RsvpStatus.ACCEPTED).value,
        "party_size": rsvp.party_size,
        "name": seal().decrypt(rsvp.name_sealed) or "",
        "phone": seal().decrypt(rsvp.phone_sealed) or "",
        "note": seal().decrypt(rsvp.note_sealed) or "",
        "needs": seal().decrypt(rsvp.needs_sealed) or "",
        "help": [offer.code for offer in offers],
        "consent_updates": rsvp.consent_updates_at is not None,
        "consent_contact": rsvp.consent_contact_at is not None,
    }


def _offer_text(offer: HelpOffer) -> str:
    if offer.thanked_at:
        return str(_("the organiser thanks you"))
    return str(_("the organiser counts on you") if offer.assigned_at else _("offered"))
