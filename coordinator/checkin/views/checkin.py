"""The organiser's side of the door: who is here, and the links with which helpers come in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, session as cookie, url_for
from flask_babel import gettext as _

from coordinator.accounts.sign_in import signed_in
from coordinator.checkin.forms import LinkForm
from coordinator.checkin.queries import dies_at, door_link_of, door_links, is_alive
from coordinator.checkin.rules import TooManyLinksError, has_door
from coordinator.checkin.service import make_link, revoke_link
from coordinator.checkin.views.doors import (
    Door,
    acts_answer,
    news_answer,
    page_context,
    people_answer,
    press,
)
from coordinator.events.queries.organising import own_event
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.headers import allow_camera
from coordinator.kit.web import form_page, seal

if TYPE_CHECKING:
    from typing import Any

    from flask.typing import ResponseReturnValue

    from coordinator.checkin.models import DoorLink

blueprint = Blueprint("checkin", __name__, url_prefix="/<lang:lang>/organise/events/<public_id:public_id>")

VIEWS = {"page": ".check_in", "people": ".people", "news": ".news", "acts": ".acts"}
MADE = "door_link"
"""Where the cookie keeps a new link's token until the next page has shown it."""


@blueprint.route("/check-in", methods=["GET", "POST"])
@requires(May.ORGANISE)
def check_in(public_id: str) -> ResponseReturnValue:
    """Show the door of one of the organiser's own events, or take one press of a button."""
    door = _door(public_id)
    if request.method == "POST":
        return press(door)
    allow_camera()
    return render_template("checkin/check_in.html", **page_context(door))


@blueprint.get("/check-in/people.json")
@requires(May.ORGANISE)
def people(public_id: str) -> ResponseReturnValue:
    """Give the list to the page's script."""
    return people_answer(_door(public_id))


@blueprint.get("/check-in/news.json")
@requires(May.ORGANISE)
def news(public_id: str) -> ResponseReturnValue:
    """Give what other phones said."""
    return news_answer(_door(public_id))


@blueprint.post("/check-in/acts")
@requires(May.ORGANISE)
def acts(public_id: str) -> ResponseReturnValue:
    """Take what was pressed."""
    return acts_answer(_door(public_id))


@blueprint.route("/check-in/links", methods=["GET", "POST"])
@requires(May.ORGANISE)
def links(public_id: str) -> ResponseReturnValue:
    """Show the ways in for helpers, or make one."""
    event = own_event(db.session(), signed_in(), public_id)
    form = LinkForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                made = make_link(
                    session,
                    event,
                    label=form.label.data or "",
                    has_names=not form.without_names.data,
                    hours=form.hours.data,
                    by=signed_in(),
                    seal=seal(),
                    now=now(),
                )
        except TooManyLinksError:
            event = own_event(db.session(), signed_in(), public_id)
            form.label.errors = [*form.label.errors, _("There are too many links. Revoke some first.")]
        else:
            cookie[MADE] = made.token
            return redirect(url_for(".links", public_id=event.public_id), code=303)
    token = cookie.pop(MADE, "") if request.method == "GET" else ""
    moment = now()
    return form_page(
        "checkin/links.html",
        form,
        event=event,
        is_open=has_door(event.status),
        token=token,
        rows=[_row(link, moment) for link in door_links(db.session(), event)],
    )


@blueprint.post("/check-in/links/<public_id:link_id>/revoke")
@requires(May.ORGANISE)
def revoke(public_id: str, link_id: str) -> ResponseReturnValue:
    """Let a link open nothing any more."""
    event = own_event(db.session(), signed_in(), public_id)
    link = door_link_of(db.session(), event, link_id)
    with unit_of_work() as session:
        revoke_link(session, link, by=signed_in(), now=now())
    return redirect(url_for(".links", public_id=event.public_id), code=303)


def _door(public_id: str) -> Door:
    event = own_event(db.session(), signed_in(), public_id)
    address = partial(_address, public_id=event.public_id)
    return Door(event=event, actor=signed_in().public_id, has_names=True, address=address)


def _address(view: str, **values: Any) -> str:
    return url_for(VIEWS[view], **values)


def _row(link: DoorLink, moment: Any) -> dict[str, Any]:
    return {
        "public_id": link.public_id,
        "label": seal().decrypt(link.label_sealed) or "",
        "has_names": link.has_names,
        "is_alive": is_alive(link, moment),
        "is_revoked": link.revoked_at is not None,
        "dies_at": dies_at(link),
        "created_at": link.created_at,
        "used_at": link.used_at,
    }
