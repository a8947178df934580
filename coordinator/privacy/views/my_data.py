"""What is kept about me, and away with it. Pages without account or session; a GET shows, a POST acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, json, redirect, render_template, request, url_for

from coordinator.events.cards import role_names, when_of, where_of
from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import check_limit, limited
from coordinator.kit.web import form_page, seal, without_session
from coordinator.privacy.cards import agreed_text, consent_facts, offers_text
from coordinator.privacy.erasing import ask_for_data, erase_rest, erase_rsvp, say_erased
from coordinator.privacy.finding import described, find_person, request_of_link
from coordinator.privacy.forms import MyDataForm
from coordinator.privacy.leaving import ties_of
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.queries import rsvp_by_token

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

PER_CLIENT = "20 per hour"
PER_ADDRESS = "5 per day"

blueprint = Blueprint("my_data", __name__, url_prefix="/<lang:lang>")
without_session(blueprint)


@blueprint.route("/privacy/my-data", methods=["GET", "POST"])
@public(why="anybody may ask what is kept about their address; only its mailbox hears it")
@limited("my-data", per_client=PER_CLIENT)
def ask() -> ResponseReturnValue:
    """Ask for an address, or write to it."""
    form = MyDataForm()
    if not form.validate_on_submit():
        return form_page("privacy/ask.html", form)
    email = form.email.data or ""
    check_limit("my-data-address", per_target=PER_ADDRESS, target=seal().digest(email, purpose="limit"))
    with unit_of_work() as session:
        ask_for_data(session, email, locale=current_language(), seal=seal(), now=now())
    return redirect(url_for(".sent"), code=303)


@blueprint.get("/privacy/my-data/sent")
@public(why="the same words for every address")
def sent() -> ResponseReturnValue:
    """Say that a letter is on its way."""
    return render_template("privacy/sent.html")


@blueprint.get("/privacy/my-data/erased")
@public(why="the same words for everybody")
def erased() -> ResponseReturnValue:
    """Say that it is done."""
    return render_template("privacy/erased.html")


@blueprint.route("/privacy/my-data/<token>", methods=["GET", "POST"])
@public(why="whoever holds the link from the mail")
def show(token: str) -> ResponseReturnValue:
    """Show what is kept, hand it out as a file, or erase it: what the button says."""
    keys = seal()
    link = request_of_link(db.session(), token, now())
    email = keys.decrypt(link.email_sealed)
    act = request.form.get("act", "")
    if request.method == "POST" and act == "erase":
        return _erase(token, email)
    person = find_person(db.session(), email, seal=keys)
    if request.method == "POST" and act == "download":
        text = json.dumps(described(person, seal=keys), ensure_ascii=False, indent=2)
        answer = Response(text + "\n", mimetype="application/json")
        answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return answer
    account = person.account
    return render_template(
        "privacy/show.html",
        token=token,
        person=person,
        told=described(person, seal=keys),
        role_names=role_names,
        agreed_text=agreed_text,
        consent_facts=consent_facts,
        offers_text=offers_text,
        ties=ties_of(db.session(), account, now=now()) if account else None,
    )


@blueprint.route("/rsvp/<token>/erase", methods=["GET", "POST"])
@public(why="whoever holds the private link of an answer")
def erase(token: str) -> ResponseReturnValue:
    """Ask whether one answer is to be erased, or erase it: also for those who left no address."""
    rsvp = rsvp_by_token(db.session(), token)
    if request.method == "POST":
        with unit_of_work() as session:
            erase_rsvp(session, rsvp, seal=seal(), now=now())
        return redirect(url_for(".erased"), code=303)
    lang = current_language()
    return render_template(
        "privacy/erase.html",
        token=token,
        event=rsvp.event,
        when=when_of(rsvp.event, lang),
        where=where_of(rsvp.event, lang),
    )


def _erase(token: str, email: str) -> ResponseReturnValue:
    """Erase everything, an answer at a time: no lock is held while another event's is waited for.

    Killed in between, the link still works, and doing it again does the rest.
    """
    ids = [rsvp.id for rsvp in find_person(db.session(), email, seal=seal()).rsvps]
    for rsvp_id in ids:
        with unit_of_work() as session:
            rsvp = session.get(Rsvp, rsvp_id)
            if rsvp is not None:
                erase_rsvp(session, rsvp, seal=seal(), now=now())
    with unit_of_work() as session:
        link = request_of_link(session, token, now())
        has_account = erase_rest(session, email, seal=seal(), now=now())
        say_erased(session, email, has_account=has_account, locale=current_language(), seal=seal(), now=now())
        session.delete(link)
    return redirect(url_for(".erased"), code=303)
