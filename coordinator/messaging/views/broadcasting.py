"""The coordinators' pages about broadcasts: what they write to the organisers of their campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import coordinated_campaign
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.paging import page_of
from coordinator.messaging.announcing import draft_broadcast
from coordinator.messaging.audiences.organisers import countries_of, reach_in
from coordinator.messaging.cards import audience_text
from coordinator.messaging.forms.audiences import UTC, BroadcastForm
from coordinator.messaging.queries import broadcast_of, broadcasts_of
from coordinator.messaging.rules import AudienceKind, OrganiserAudience, Stage
from coordinator.messaging.views.desk import Desk, turns_of

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.messaging.audiences.batch import Reader
    from coordinator.messaging.forms.audiences import AudienceForm
    from coordinator.messaging.models import Announcement
    from coordinator.messaging.rules import Audience

blueprint = Blueprint("broadcasts", __name__, url_prefix="/<lang:lang>/coordinate")


class CampaignDesk(Desk):
    """Where coordinators write to the organisers of a campaign. What one began, another may go on with."""

    room = "broadcasts"

    def __init__(self, campaign: Campaign) -> None:
        """Sit down at the desk of a campaign that one coordinates."""
        self.campaign = campaign
        self.kicker = campaign.text_in(current_language()).title
        self.crumbs = [(_("Broadcasts"), self.url("messages"))]

    def url(self, name: str, /, **more: Any) -> str:
        """Return the address of a page about this campaign's broadcasts."""
        return url_for(f"{self.room}.{name}", slug=self.campaign.slug, **more)

    def find(self, session: Session, message_id: str, *, is_locked: bool = False) -> Announcement:
        """Return one broadcast in this campaign."""
        return broadcast_of(session, self.campaign, message_id, is_locked=is_locked)

    def may_send(self, kind: AudienceKind) -> bool:  # noqa: ARG002 there is one
        """Say yes: before a campaign opens and after it is over there is something to say, too."""
        return True

    def form_for(self, kind: AudienceKind) -> AudienceForm:  # noqa: ARG002 there is one
        """Return a form with the countries where this campaign has protests."""
        form = BroadcastForm()
        if not form.is_submitted():
            form.zone = self._zone()
        form.offer(countries_of(db.session(), self.campaign.id), current_language())
        return form

    def draft(self, session: Session, kind: AudienceKind) -> Announcement:  # noqa: ARG002 there is one
        """Begin a broadcast in this campaign."""
        return draft_broadcast(session, self.campaign, by=signed_in(), now=now())

    def in_words(self, audience: Audience) -> str:
        """Return in words whom one is for."""
        return audience_text(audience)

    def page_of_reader(self, kind: AudienceKind, reader: Reader) -> str:  # noqa: ARG002 there is one
        """Return the review of an organiser's event."""
        if not reader.page_id:
            return ""
        return url_for("review.event", slug=self.campaign.slug, public_id=reader.page_id)

    def _zone(self) -> str:
        """Return the clocks of the last broadcast: coordinators rarely move."""
        last = db.session().scalars(broadcasts_of(self.campaign).limit(1)).first()
        return last.zone if last is not None else UTC


@blueprint.get("/<slug>/broadcast")
@requires(May.COORDINATE)
def messages(slug: str) -> ResponseReturnValue:
    """Show how many organisers can be written to, and what was."""
    session, desk = db.session(), _desk(slug)
    page = page_of(session, broadcasts_of(desk.campaign), number=request.args.get("page", 1, type=int))
    return render_template(
        "messaging/broadcasts.html",
        desk=desk,
        rows=[desk.row(one) for one in page.rows],
        reach=reach_in(session, desk.campaign.id, OrganiserAudience(stages=tuple(Stage))),
        **turns_of(page, lambda number: desk.url("messages", page=number)),
    )


@blueprint.route("/<slug>/broadcast/new", methods=["GET", "POST"])
@requires(May.COORDINATE)
@limited("messages", per_client="60 per hour")
def new(slug: str) -> ResponseReturnValue:
    """Write to the organisers."""
    return _desk(slug).new(AudienceKind.ORGANISERS, OrganiserAudience())


@blueprint.route("/<slug>/broadcast/<public_id:message_id>/edit", methods=["GET", "POST"])
@requires(May.COORDINATE)
@limited("messages", per_client="60 per hour")
def edit(slug: str, message_id: str) -> ResponseReturnValue:
    """Write it differently, as long as it was not sent."""
    return _desk(slug).edit(message_id)


@blueprint.route("/<slug>/broadcast/<public_id:message_id>", methods=["GET", "POST"])
@requires(May.COORDINATE)
@limited("messages", per_client="120 per hour")
def message(slug: str, message_id: str) -> ResponseReturnValue:
    """Show one, or do with it what the button says."""
    return _desk(slug).message(message_id)


@blueprint.get("/<slug>/broadcast/<public_id:message_id>/letter")
@requires(May.COORDINATE)
def letter(slug: str, message_id: str) -> ResponseReturnValue:
    """Show it as its readers see it."""
    return _desk(slug).letter(message_id)


@blueprint.get("/<slug>/broadcast/<public_id:message_id>/readers")
@requires(May.COORDINATE)
def readers(slug: str, message_id: str) -> ResponseReturnValue:
    """Show what became of each letter."""
    return _desk(slug).readers(message_id)


def _desk(slug: str) -> CampaignDesk:
    return CampaignDesk(coordinated_campaign(db.session(), signed_in(), slug))
