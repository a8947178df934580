"""The helper's side of the door, and the code that attendees show there: no account, no session, no cookie.

Whoever holds a door link may say who came to one event, until the link dies. A GET shows; a POST acts.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, current_app, render_template, request, url_for

from coordinator.checkin.queries import dies_at, door_link_by_token
from coordinator.checkin.views.doors import (
    Door,
    acts_answer,
    news_answer,
    page_context,
    people_answer,
    press,
)
from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.errors import NotFoundError
from coordinator.kit.headers import allow_camera
from coordinator.kit.limits import check_limit, limited
from coordinator.kit.qr import qr_svg
from coordinator.kit.web import refuse_foreign_form, seal
from coordinator.rsvps.codes import check_in_code
from coordinator.rsvps.queries import has_code, rsvp_by_token

if TYPE_CHECKING:
    from typing import Any

    from flask.blueprints import BlueprintSetupState
    from flask.typing import ResponseReturnValue

PER_CLIENT = "6000 per hour"
PER_LINK = "6000 per hour"
"""Presses of one link: three people at a busy door, and no more lines in the log than that."""

VIEWS = {"page": ".door", "people": ".people", "news": ".news", "acts": ".acts"}

blueprint = Blueprint("door", __name__, url_prefix="/<lang:lang>")


@blueprint.record_once
def _leave_out_csrf(state: BlueprintSetupState) -> None:
    """There is no session to hold a token; `_own_forms_only` stands in its place."""
    state.app.extensions["csrf"].exempt(blueprint)


@blueprint.before_request
def _own_forms_only() -> None:
    if request.method == "POST":
        refuse_foreign_form()


@blueprint.errorhandler(NotFoundError)
def _dead(_: NotFoundError) -> ResponseReturnValue:
    """Say the same of a link that never was, that has died, and that was revoked."""
    return render_template("checkin/dead_link.html"), 404


@blueprint.route("/door/<token>", methods=["GET", "POST"])
@public(why="whoever holds a door link that is alive")
@limited("door", per_client=PER_CLIENT)
def door(token: str) -> ResponseReturnValue:
    """Show one event's door, or take one press of a button."""
    mine = _door(token)
    if request.method == "POST":
        return press(mine)
    allow_camera()
    keeper = {"worker": url_for(".worker", token=token), "until": _until(mine)}
    return render_template("checkin/door_page.html", keeper=keeper, **page_context(mine))


@blueprint.get("/door/<token>/people.json")
@public(why="whoever holds a door link that is alive")
def people(token: str) -> ResponseReturnValue:
    """Give the list to the page's script."""
    return people_answer(_door(token))


@blueprint.get("/door/<token>/news.json")
@public(why="whoever holds a door link that is alive")
def news(token: str) -> ResponseReturnValue:
    """Give what other phones said."""
    return news_answer(_door(token))


@blueprint.post("/door/<token>/acts")
@public(why="whoever holds a door link that is alive")
@limited("door", per_client=PER_CLIENT)
def acts(token: str) -> ResponseReturnValue:
    """Take what was pressed, also long ago."""
    return acts_answer(_door(token))


@blueprint.get("/door/<token>/worker.js")
@public(why="whoever holds a door link that is alive")
def worker(token: str) -> ResponseReturnValue:
    """Give the script that keeps this one page on a phone without connection, and knows when to stop."""
    mine = _door(token)
    path = Path(cast("str", current_app.static_folder)) / "js" / "door_worker.js"
    script = f"self.doorUntil = {_until(mine)};\n{path.read_text(encoding='utf-8')}"
    answer = Response(script, mimetype="text/javascript")
    answer.headers["Service-Worker-Allowed"] = url_for(".door", token=token)
    return answer


@blueprint.get("/rsvp/<token>/code.svg")
@public(why="whoever holds the link of the answer")
def code(token: str) -> ResponseReturnValue:
    """Draw the code that is shown at the door."""
    rsvp = rsvp_by_token(db.session(), token)
    if not has_code(rsvp):
        raise NotFoundError
    return Response(
        qr_svg(check_in_code(rsvp.event.public_id, rsvp.public_id, seal())), mimetype="image/svg+xml"
    )


def _door(token: str) -> Door:
    link = door_link_by_token(db.session(), token, now=now())
    if request.method == "POST":
        check_limit("door-link", per_target=PER_LINK, target=link.public_id)
    return Door(
        event=link.event,
        actor=f"door-link:{link.public_id}",
        has_names=link.has_names,
        address=partial(_address, token=token),
        link=link,
    )


def _until(mine: Door) -> int:
    """Return when the link dies, in milliseconds, as scripts count."""
    return int(dies_at(mine.link).timestamp() * 1000) if mine.link else 0


def _address(view: str, **values: Any) -> str:
    return url_for(VIEWS[view], **values)
