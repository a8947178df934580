"""The coordinators' pages about messages: what organisers want to send, and the word that lets it go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from coordinator.accounts.names import name_of
from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import coordinated_campaign, is_trusted
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.paging import page_of
from coordinator.kit.web import form_page, seal
from coordinator.messaging.announcing import approve_announcement, refuse_announcement
from coordinator.messaging.audiences.kept import audience_of
from coordinator.messaging.audiences.kinds import readers_of
from coordinator.messaging.cards import audience_text, preview_of, subject_of
from coordinator.messaging.forms.deciding import DecisionForm
from coordinator.messaging.queries import handed_in, handed_in_one
from coordinator.messaging.rules import AnnouncementStateError, AnnouncementStatus, RefusalMissingError
from coordinator.messaging.views.desk import letter_of, turns_of
from coordinator.rsvps.helping import help_wanted

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from coordinator.campaigns.models import Campaign
    from coordinator.messaging.models import Announcement

blueprint = Blueprint("approvals", __name__, url_prefix="/<lang:lang>/coordinate")


@blueprint.get("/<slug>/messages")
@requires(May.COORDINATE)
def messages(slug: str) -> ResponseReturnValue:
    """List what organisers handed in; what waits for a word stands first."""
    session = db.session()
    campaign = coordinated_campaign(session, signed_in(), slug)
    page = page_of(session, handed_in(campaign), number=request.args.get("page", 1, type=int))

    return render_template(
        "messaging/handed_in.html",
        campaign=campaign,
        title=campaign.text_in(current_language()).title,
        rows=[_row(one) for one in page.rows],
        **turns_of(page, lambda number: url_for(".messages", slug=slug, page=number)),
    )


@blueprint.route("/<slug>/messages/<public_id:message_id>", methods=["GET", "POST"])
@requires(May.COORDINATE)
@limited("review", per_client="600 per hour")
def message(slug: str, message_id: str) -> ResponseReturnValue:
    """Show one as its readers would get it, and take the word that lets it go or stops it."""
    campaign = coordinated_campaign(db.session(), signed_in(), slug)
    form = DecisionForm()
    if form.validate_on_submit():
        try:
            said = _decide(form, campaign, message_id)
        except RefusalMissingError:
            form.reason.errors = [_("Say why. The organiser reads it.")]
        except AnnouncementStateError:
            form.form_errors.append(_("Somebody was faster. This is how it stands now."))
        else:
            flash(said, "success")
            return redirect(url_for(".messages", slug=slug), code=303)
    return _page(form, campaign, handed_in_one(db.session(), campaign, message_id))


@blueprint.get("/<slug>/messages/<public_id:message_id>/letter")
@requires(May.COORDINATE)
def letter(slug: str, message_id: str) -> ResponseReturnValue:
    """Show it as its readers see it, in a document that can do nothing."""
    campaign = coordinated_campaign(db.session(), signed_in(), slug)
    return letter_of(handed_in_one(db.session(), campaign, message_id))


def _decide(form: DecisionForm, campaign: Campaign, message_id: str) -> str:
    """Do what the button says, and return what to tell the coordinator.

    Raises:
        RefusedError: see each act in `announcing`.
    """
    common: dict[str, Any] = {"by": signed_in(), "seal": seal(), "now": now()}
    with unit_of_work() as session:
        announcement = handed_in_one(session, campaign, message_id, is_locked=True)
        match request.form.get("act"):
            case "approve":
                approve_announcement(session, announcement, **common)
                return str(_("It goes out. The organiser gets a mail."))
            case "refuse":
                refuse_announcement(session, announcement, reason=form.reason.data or "", **common)
                return str(_("It is not sent. The organiser gets a mail with your reason."))
    raise AnnouncementStateError


def _page(form: DecisionForm, campaign: Campaign, announcement: Announcement) -> ResponseReturnValue:
    session, keys, event = db.session(), seal(), announcement.subject_event
    audience = audience_text(audience_of(announcement, keys), help_wanted(session, event), has_tags=False)
    return form_page(
        "messaging/decide.html",
        form,
        campaign=campaign,
        announcement=announcement,
        event=event,
        title=subject_of(announcement, keys),
        previews={locale: preview_of(announcement, locale, keys, now()) for locale in announcement.texts},
        audience=audience,
        reach=readers_of(announcement).reach(session, announcement, keys),
        organiser_name=name_of(announcement.author, keys),
        is_trusted=is_trusted(session, announcement.author, campaign),
        refusal=keys.decrypt(announcement.refusal_sealed) or "",
        waits=announcement.status is AnnouncementStatus.WAITING,
    )


def _row(announcement: Announcement) -> dict[str, Any]:
    return {
        "public_id": announcement.public_id,
        "title": subject_of(announcement, seal()),
        "event": announcement.subject_event.title,
        "status": f"message-{announcement.status}",
        "at": announcement.submitted_at,
        "written": announcement.written,
    }
