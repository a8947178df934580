"""What a mail provider tells us: letters that came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, request

from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import unit_of_work
from coordinator.kit.errors import NotFoundError
from coordinator.kit.limits import limited
from coordinator.kit.web import refuse_foreign_form
from coordinator.outbox.rendering import message_host
from coordinator.outbox.service import note_bounce
from coordinator.outbox.webhooks import Provider
from coordinator.settings import current_settings

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState
    from flask.typing import ResponseReturnValue

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@blueprint.record_once
def _leave_out_csrf(state: BlueprintSetupState) -> None:
    """A provider has no session; its signature stands in the place of a token."""
    state.app.extensions["csrf"].exempt(blueprint)


@blueprint.before_request
def _no_browsers() -> None:
    refuse_foreign_form()


@blueprint.post("/mail/<provider>")
@public(why="the provider of the settings, who signs; to everybody else the page does not exist")
@limited("mail-webhook", per_client="10000 per hour")
def mail(provider: str) -> ResponseReturnValue:
    """Write down what came back. 204 whatever it was, so that it is not sent again."""
    ours = Provider(current_settings().mail_webhook, host=message_host())
    if provider != ours.name:
        raise NotFoundError
    password = (request.authorization.password or "") if request.authorization else ""
    try:
        bounce = ours.bounce(request.get_data(), request.headers, password=password, now=now())
    except ValueError:
        abort(400)
    if bounce is not None:
        with unit_of_work() as session:
            note_bounce(session, bounce, now=now())
    return "", 204
