"""The coordinators' review queue, and the page where they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from coordinator.accounts.names import name_of
from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import coordinated_campaign, is_trusted
from coordinator.campaigns.rules import CampaignRoleKind
from coordinator.campaigns.service import drop_role, set_role
from coordinator.events.cards import card_of, conversation, differences, facts_of, waiting_text
from coordinator.events.forms.reviewing import ReviewForm
from coordinator.events.queries.details import details_of
from coordinator.events.queries.others import events_at_mission, others_near
from coordinator.events.queries.reviewing import notes_of, organiser_record, review_queue, reviewed_event
from coordinator.events.rules import (
    ANNOUNCED,
    Act,
    ChangedMeanwhileError,
    EventStatus,
    NotLocatedError,
    PastError,
    ReasonMissingError,
    RoughPlaceError,
    WrongStateError,
    may,
)
from coordinator.events.service.changing import cancel_event
from coordinator.events.service.describing import offered_details
from coordinator.events.service.reviewing import (
    accept_change,
    ask_organiser,
    publish_event,
    refuse_change,
    reject_event,
    version_of,
)
from coordinator.events.views.event_form import mission_of
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.web import form_page, seal
from coordinator.places.streets import street_tiles

if TYPE_CHECKING:
    from typing import Any

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.events.models import Event
    from coordinator.events.queries.reviewing import ReviewItem

blueprint = Blueprint("review", __name__, url_prefix="/<lang:lang>/coordinate")


@blueprint.get("/<slug>/review")
@requires(May.COORDINATE)
def queue(slug: str) -> ResponseReturnValue:
    """List what waits, the longest waiting first; what waits for its organiser stands apart."""
    session = db.session()
    campaign = coordinated_campaign(session, signed_in(), slug)
    items = [_row(item) for item in review_queue(session, campaign)]
    return render_template(
        "review/queue.html",
        campaign=campaign,
        title=campaign.text_in(current_language()).title,
        waiting=[item for item in items if not item["is_asked"]],
        asked=[item for item in items if item["is_asked"]],
    )


@blueprint.route("/<slug>/review/<public_id:public_id>", methods=["GET", "POST"])
@requires(May.COORDINATE)
@limited("review", per_client="600 per hour")
def event(slug: str, public_id: str) -> ResponseReturnValue:
    """Show everything that is needed to decide; take the decision."""
    session = db.session()
    campaign = coordinated_campaign(session, signed_in(), slug)
    reviewed = reviewed_event(session, campaign, public_id)
    form = ReviewForm()
    if not form.validate_on_submit():
        form.seen.data = version_of(reviewed)
        return _page(form, campaign, reviewed)
    try:
        with unit_of_work() as writing:
            said = _decide(writing, form, reviewed, signed_in())
    except WrongStateError:
        return _too_late(campaign, public_id)
    except ChangedMeanwhileError:
        form.form_errors.append(
            _("The organiser changed it while you were reading. Look again, then decide.")
        )
    except ReasonMissingError:
        form.reason.errors = [_("Say why, or what you want to know. The organiser reads it.")]
    except RoughPlaceError:
        form.accepts_rough_place.errors = [
            _("Nobody can be sent to this point. Tick the box, or ask for the place.")
        ]
    except NotLocatedError:
        form.form_errors.append(_("There is no point on the map yet. Ask the organiser to put the pin."))
    except PastError:
        form.form_errors.append(_("It is over already."))
    else:
        flash(said, "success")
        return redirect(url_for(".queue", slug=slug), code=303)
    reviewed = reviewed_event(db.session(), campaign, public_id)
    form.seen.data = version_of(reviewed)
    return _page(form, campaign, reviewed)


@blueprint.post("/<slug>/review/<public_id:public_id>/trust")
@requires(May.COORDINATE)
@limited("review", per_client="600 per hour")
def trust(slug: str, public_id: str) -> ResponseReturnValue:
    """Trust the organiser of an event in this campaign, or stop trusting them."""
    campaign = coordinated_campaign(db.session(), signed_in(), slug)
    reviewed = reviewed_event(db.session(), campaign, public_id)
    act = set_role if request.form.get("act") == "trust" else drop_role
    with unit_of_work() as session:
        by = signed_in().public_id
        act(session, campaign, reviewed.organiser, CampaignRoleKind.TRUSTED, now=now(), by=by)
    flash(_("Noted."), "success")
    return redirect(url_for(".event", slug=slug, public_id=public_id), code=303)


def _decide(session: Session, form: ReviewForm, reviewed: Event, by: Account) -> str:
    """Do what the button says, and return what to tell the coordinator.

    Raises:
        RefusedError: see each act in `service`.
    """
    common: dict[str, Any] = {"by": by, "seal": seal(), "now": now(), "seen": form.seen.data or "-"}
    rough = form.accepts_rough_place.data
    reason = form.reason.data or ""
    match request.form.get("act"):
        case "publish":
            publish_event(session, reviewed, accepts_rough_place=rough, **common)
            return str(_("Published. The organiser gets a mail."))
        case "ask":
            ask_organiser(session, reviewed, reason=reason, **common)
            return str(_("Asked. The organiser gets a mail."))
        case "reject":
            reject_event(session, reviewed, reason=reason, **common)
            return str(_("Sent back. The organiser gets a mail with your reason."))
        case "accept":
            accept_change(session, reviewed, accepts_rough_place=rough, **common)
            return str(_("The change is public. The organiser gets a mail."))
        case "refuse":
            refuse_change(session, reviewed, reason=reason, **common)
            return str(_("The published version stays. The organiser gets a mail with your reason."))
        case "cancel":
            common.pop("seen")
            cancel_event(session, reviewed, because=reason, **common)
            return str(_("Cancelled for everybody. The organiser and those who come get a mail."))
    raise WrongStateError


def _page(form: ReviewForm, campaign: Campaign, reviewed: Event) -> ResponseReturnValue:
    session, locale = db.session(), current_language()
    details, offered = details_of(reviewed), offered_details(reviewed)
    missions = (reviewed.mission, mission_of(session, offered))
    notes = notes_of(session, reviewed)
    opened = {note.id: seal().decrypt(note.text_sealed) or "" for note in notes}
    same_day = events_at_mission(
        session, campaign, offered.mission_id, offered.starts_local.date(), but=reviewed
    )
    return form_page(
        "review/event.html",
        form,
        campaign=campaign,
        event=reviewed,
        facts=facts_of(details, reviewed.mission, locale),
        changes=differences(details, reviewed.proposed or {}, missions, locale),
        point=offered.point,
        precision=offered.precision or "",
        is_rough=not offered.is_well_located,
        tiles=street_tiles(),
        organiser_name=name_of(reviewed.organiser, seal()),
        record=organiser_record(session, reviewed),
        is_trusted=is_trusted(session, reviewed.organiser, campaign),
        same_day=[card_of(other, locale=locale) for other in same_day],
        near=[card_of(other, locale=locale, distance_km=km) for other, km in others_near(session, reviewed)],
        log=conversation(notes, opened, reviewed.organiser_id, locale),
        waits=reviewed.status is EventStatus.SUBMITTED,
        change_waits=reviewed.status in ANNOUNCED and reviewed.proposed is not None,
        may_cancel=may(Act.CANCEL, reviewed.status),
    )


def _too_late(campaign: Campaign, public_id: str) -> ResponseReturnValue:
    """Say what has become of the event that somebody else was faster to decide about."""
    session, locale = db.session(), current_language()
    reviewed = reviewed_event(session, campaign, public_id)
    notes = notes_of(session, reviewed)
    opened = {note.id: seal().decrypt(note.text_sealed) or "" for note in notes}
    log = conversation(notes, opened, reviewed.organiser_id, locale)
    body = render_template("review/too_late.html", campaign=campaign, event=reviewed, log=log[-3:])
    return body, 409


def _row(item: ReviewItem) -> dict[str, Any]:
    """Return an item of the queue in words."""
    card = card_of(item.event, locale=current_language())
    flags = [
        (item.is_change, _("Change of a published event"), "neutral"),
        (item.is_duplicate, _("Another one there that day"), "wait"),
        (item.is_rough, _("Place not exact"), "wait"),
        (item.is_new_organiser, _("New organiser"), "neutral"),
    ]
    return {
        "public_id": item.event.public_id,
        "title": item.event.title,
        "city": ", ".join(part for part in (card.city, card.country) if part) or item.event.address,
        "when": card.when_text,
        "waiting": waiting_text(item.waiting_since, now()),
        "flags": [(text, kind) for is_so, text, kind in flags if is_so],
        "is_asked": item.is_asked,
    }
