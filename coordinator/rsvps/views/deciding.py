"""What letters ask about: an offered place, another answer with the same address, a lost link.

Pages without account, session or cookie. A GET shows, a POST acts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for

from coordinator.events.queries.public import reachable_event
from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import check_limit, limited
from coordinator.kit.web import form_page, seal, without_session
from coordinator.rsvps.forms import LostLinkForm
from coordinator.rsvps.queries import rsvp_by_token
from coordinator.rsvps.rules import NoPlaceError, OfferGoneError, ProposalGoneError
from coordinator.rsvps.service.proposing import (
    drop_proposal,
    proposed_change,
    send_lost_link,
    take_proposal,
)
from coordinator.rsvps.service.waiting import accept_offer, stand_in_line_again
from coordinator.rsvps.views.submitting import PER_ADDRESS, PER_CLIENT, about

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

LOST_PER_EVENT = "1000 per hour"

blueprint = Blueprint("decisions", __name__, url_prefix="/<lang:lang>")
without_session(blueprint)


@blueprint.route("/rsvp/<token>/offer", methods=["GET", "POST"])
@public(why="whoever holds the link from the mail")
def offer(token: str) -> ResponseReturnValue:
    """Show the place that is held for somebody, or give it to them."""
    rsvp = rsvp_by_token(db.session(), token)
    is_gone = False
    if request.method == "POST":
        try:
            with unit_of_work() as session:
                accept_offer(session, rsvp, seal=seal(), now=now())
        except OfferGoneError:
            rsvp, is_gone = rsvp_by_token(db.session(), token), True
        else:
            return redirect(url_for("rsvps.manage", token=token, done="accepted"), code=303)
    if rsvp.offered_until is None and not is_gone:
        return redirect(url_for("rsvps.manage", token=token), code=303)
    page = render_template("rsvps/offer.html", rsvp=rsvp, token=token, **about(rsvp.event))
    return page, 409 if is_gone else 200


@blueprint.post("/rsvp/<token>/in-line")
@public(why="whoever holds the link")
def in_line(token: str) -> ResponseReturnValue:
    """Put somebody whose offer ran out into the line again."""
    rsvp = rsvp_by_token(db.session(), token)
    with unit_of_work() as session:
        stand_in_line_again(session, rsvp, seal=seal(), now=now())
    return redirect(url_for("rsvps.manage", token=token, done="in-line"), code=303)


@blueprint.route("/rsvp/<token>/again", methods=["GET", "POST"])
@public(why="whoever holds the link from the mail")
def again(token: str) -> ResponseReturnValue:
    """Show the answer that stands beside the one that was given later; let its owner choose."""
    rsvp = rsvp_by_token(db.session(), token)
    is_full, done = False, ""
    if request.method == "POST":
        try:
            with unit_of_work() as session:
                if request.form.get("use") == "new":
                    take_proposal(session, rsvp, seal=seal(), now=now())
                    done = "changed"
                else:
                    drop_proposal(session, rsvp, now=now())
                    done = "kept"
        except NoPlaceError:
            rsvp, is_full = rsvp_by_token(db.session(), token), True
        except ProposalGoneError:
            return redirect(url_for("rsvps.manage", token=token), code=303)
        else:
            return redirect(url_for("rsvps.manage", token=token, done=done), code=303)
    newer = proposed_change(rsvp, seal=seal(), now=now())
    if newer is None:
        return redirect(url_for("rsvps.manage", token=token), code=303)
    page = render_template(
        "rsvps/again.html", rsvp=rsvp, newer=newer, is_no_place=is_full, token=token, **about(rsvp.event)
    )
    return page, 409 if is_full else 200


@blueprint.route("/events/<public_id:public_id>/rsvp/recover", methods=["GET", "POST"])
@public(why="whoever lost their link; the page says the same for every address")
@limited("rsvp-recover", per_client=PER_CLIENT, per_target=LOST_PER_EVENT, target="public_id")
def recover(public_id: str) -> ResponseReturnValue:
    """Ask for an address, or send its link to it."""
    event = reachable_event(db.session(), public_id)
    form = LostLinkForm()
    if not form.validate_on_submit():
        return form_page("rsvps/recover.html", form, **about(event))
    email = form.email.data or ""
    check_limit("rsvp-address", per_target=PER_ADDRESS, target=seal().digest(email, purpose="limit"))
    with unit_of_work() as session:
        send_lost_link(session, event, email, locale=current_language(), seal=seal(), now=now())
    return redirect(url_for(".recovered", public_id=public_id), code=303)


@blueprint.get("/events/<public_id:public_id>/rsvp/recover/sent")
@public(why="the same words for every address")
def recovered(public_id: str) -> ResponseReturnValue:
    """Say that a letter is on its way."""
    return render_template("rsvps/recovered.html", **about(reachable_event(db.session(), public_id)))
