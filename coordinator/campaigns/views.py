"""Pages where coordinators create and edit campaigns, and say who else looks after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _

from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.forms import CampaignForm, InvitationForm
from coordinator.campaigns.queries import coordinated_campaign, invitations_of, people_of
from coordinator.campaigns.rules import (
    CampaignRoleKind,
    CampaignStatus,
    LastCoordinatorError,
    PromiseError,
    SlugTakenError,
)
from coordinator.campaigns.service import (
    answer_invitation,
    create_campaign,
    drop_role,
    invite,
    revoke_invitation,
    set_status,
    update_campaign,
)
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import NotFoundError
from coordinator.kit.i18n import LANGUAGES, current_language, native_name
from coordinator.kit.limits import limited
from coordinator.kit.web import form_page, seal

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign

blueprint = Blueprint("campaigns", __name__, url_prefix="/<lang:lang>/coordinate")


@blueprint.route("/new", methods=["GET", "POST"])
@requires(May.COORDINATE)
@limited("campaign", per_client="20 per day")
def new() -> ResponseReturnValue:
    """Describe a campaign that begins as a draft."""
    form = CampaignForm(default_locale=current_language())
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                campaign = create_campaign(session, form.details(), by=signed_in(), now=now())
                slug = campaign.slug
        except SlugTakenError:
            form.slug.errors = [_("Another campaign has this address.")]
        else:
            flash(
                _("The campaign is a draft: only its coordinators see it. Open it when it is ready."),
                "success",
            )
            return redirect(url_for("dashboard.campaign", slug=slug), code=303)
    return form_page("campaigns/edit.html", form, campaign=None, spoken=_spoken())


@blueprint.route("/<slug>/edit", methods=["GET", "POST"])
@requires(May.COORDINATE)
def edit(slug: str) -> ResponseReturnValue:
    """Say it differently."""
    campaign = coordinated_campaign(db.session(), signed_in(), slug)
    form = CampaignForm.of(campaign)
    if campaign.status is not CampaignStatus.DRAFT:
        form.keep_slug(campaign.slug)
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                campaign = coordinated_campaign(session, signed_in(), slug)
                details = form.details(is_demonstration=campaign.is_demonstration)
                update_campaign(session, campaign, details, by=signed_in(), now=now())
                slug = campaign.slug
        except PromiseError as promise:
            kept = form.days_field(promise.what) if promise.what else form.retention_days
            kept.errors = [*kept.errors, _("People were promised less. It can only become shorter.")]
        except SlugTakenError:
            form.slug.errors = [_("Another campaign has this address.")]
        else:
            flash(_("Saved."), "success")
            return redirect(url_for("dashboard.campaign", slug=slug), code=303)
    return form_page("campaigns/edit.html", form, campaign=campaign, spoken=_spoken())


@blueprint.post("/<slug>/status")
@requires(May.COORDINATE)
def status(slug: str) -> ResponseReturnValue:
    """Open the campaign, or archive it."""
    wanted = request.form.get("status", "")
    if wanted not in set(CampaignStatus):
        raise NotFoundError
    with unit_of_work() as session:
        campaign = coordinated_campaign(session, signed_in(), slug)
        set_status(session, campaign, CampaignStatus(wanted), by=signed_in().public_id, now=now())
    is_open = wanted == CampaignStatus.OPEN
    flash(
        _("The campaign is open: everybody sees it, and protests can be registered.")
        if is_open
        else _("The campaign is archived: everybody can still read it, and no protests can be registered."),
        "success",
    )
    return redirect(url_for("dashboard.campaign", slug=slug), code=303)


@blueprint.route("/<slug>/people", methods=["GET", "POST"])
@requires(May.COORDINATE)
@limited("invite", per_client="30 per hour", per_target="60 per day", target="slug")
def people(slug: str) -> ResponseReturnValue:
    """Show who looks after the campaign, and invite others."""
    campaign = coordinated_campaign(db.session(), signed_in(), slug)
    form = InvitationForm()
    if form.validate_on_submit():
        with unit_of_work() as session:
            campaign = coordinated_campaign(session, signed_in(), slug)
            invite(
                session, campaign, form.email.data or "", form.invited_as(),
                by=signed_in(), locale=current_language(), seal=seal(), now=now(),
            )  # fmt: skip
        flash(_("The invitation is on its way. It is open for two weeks."), "success")
        return redirect(url_for(".people", slug=slug), code=303)
    members = people_of(db.session(), campaign)
    invitations = invitations_of(db.session(), campaign, now=now())
    return form_page(
        "campaigns/people.html",
        form,
        campaign=campaign,
        members=[
            {"role": role, "name": seal().decrypt(role.account.display_name_sealed)} for role in members
        ],
        invitations=[{"invitation": one, "email": seal().decrypt(one.email_sealed)} for one in invitations],
    )


@blueprint.post("/<slug>/people/<public_id:public_id>/drop")
@requires(May.COORDINATE)
def drop(slug: str, public_id: str) -> ResponseReturnValue:
    """Take somebody's part back."""
    kind = request.form.get("kind", "")
    if kind not in set(CampaignRoleKind):
        raise NotFoundError
    try:
        with unit_of_work() as session:
            campaign = coordinated_campaign(session, signed_in(), slug)
            account = _member(session, campaign, public_id)
            drop_role(session, campaign, account, CampaignRoleKind(kind), by=signed_in().public_id, now=now())
            is_myself = account.id == signed_in().id and kind == CampaignRoleKind.COORDINATOR
            is_left = is_myself and not signed_in().is_administrator
    except LastCoordinatorError:
        flash(_("Somebody must be left to look after the campaign."), "error")
        return redirect(url_for(".people", slug=slug), code=303)
    flash(_("Done."), "success")
    if is_left:
        return redirect(url_for("dashboard.organise"), code=303)
    return redirect(url_for(".people", slug=slug), code=303)


@blueprint.post("/<slug>/people/invitations/<public_id:public_id>/revoke")
@requires(May.COORDINATE)
def revoke(slug: str, public_id: str) -> ResponseReturnValue:
    """Take an invitation back."""
    with unit_of_work() as session:
        campaign = coordinated_campaign(session, signed_in(), slug)
        revoke_invitation(session, campaign, public_id, by=signed_in(), now=now())
    flash(_("The invitation is withdrawn."), "success")
    return redirect(url_for(".people", slug=slug), code=303)


@blueprint.post("/invitations/<public_id:public_id>")
@requires(May.ORGANISE)
def answer(public_id: str) -> ResponseReturnValue:
    """Take the part that one was offered, or decline it."""
    is_accepted = request.form.get("answer") == "accept"
    with unit_of_work() as session:
        campaign = answer_invitation(session, signed_in(), public_id, is_accepted=is_accepted, now=now())
        title, slug = campaign.text_in(current_language()).title, campaign.slug
    if not is_accepted:
        flash(_("You declined the invitation."), "message")
        return redirect(url_for("dashboard.organise"), code=303)
    flash(_("Welcome to %(campaign)s.", campaign=title), "success")
    if signed_in().is_coordinator:
        return redirect(url_for("dashboard.campaign", slug=slug), code=303)
    return redirect(url_for("dashboard.organise"), code=303)


def _member(session: Session, campaign: Campaign, public_id: str) -> Account:
    """Return somebody who is something in this campaign, and nobody else."""
    for role in people_of(session, campaign):
        if role.account.public_id == public_id:
            return role.account
    raise NotFoundError


def _spoken() -> list[tuple[str, str]]:
    return [(code, native_name(code)) for code in LANGUAGES]
