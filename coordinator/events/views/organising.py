"""Register, edit, duplicate, send for review, take back, postpone, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, session as cookie, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict

from coordinator.accounts.rules import UnverifiedError
from coordinator.accounts.service import drop_kept_form, keep_form
from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import open_campaigns
from coordinator.campaigns.rules import CampaignStatus, NotOpenError
from coordinator.events.cards import card_of, facts_of, outcome_text, place_warning
from coordinator.events.forms.event import EventForm
from coordinator.events.forms.organising import CancelForm, SubmitForm
from coordinator.events.queries.details import details_of
from coordinator.events.queries.organising import own_event, own_event_or_none
from coordinator.events.rules import ANNOUNCED, Act, EventStatus, WrongStateError, may
from coordinator.events.service.changing import cancel_event, change_event
from coordinator.events.service.describing import offered_details
from coordinator.events.service.postponing import postpone_event, resume_event
from coordinator.events.service.publishing import publishes_without_review
from coordinator.events.service.registering import register_event, submit_event, withdraw_event
from coordinator.events.views.event_form import (
    KEPT_AS,
    KEPT_TOKEN,
    SUBMIT,
    campaign_for,
    chosen,
    details_from,
    is_possible,
    mark_of,
    mission_of,
    missions_for,
    offer,
    once,
    open_copy,
    open_new,
    others_then,
    page,
    typed_before,
    zone_of,
)
from coordinator.kit.access import May, public, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import current_language
from coordinator.kit.limits import limited
from coordinator.kit.web import form_page, seal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.events.models import Event
    from coordinator.events.rules import EventDetails
    from coordinator.missions.models import Mission

blueprint = Blueprint("organising", __name__, url_prefix="/<lang:lang>/organise/events")


@blueprint.route("/new", methods=["GET", "POST"])
@public(why="a protest may be written down before there is an account; it is saved only with one")
@limited("events.new", per_client="60 per hour")
def new() -> ResponseReturnValue:
    """Show the form for a new protest, or take it."""
    session = db.session()
    account = _who()
    typed = typed_before(session, account) if request.method == "GET" else None
    campaign = campaign_for(session, typed)
    if campaign is None:
        return render_template("events/campaigns.html", campaigns=open_campaigns(session))
    missions = missions_for(session, campaign)
    if typed:
        form = EventForm(
            formdata=MultiDict([(name, one) for name, values in typed.items() for one in values])
        )
        return page(form, campaign, missions, None, is_kept=True)
    form = EventForm()
    if request.method == "GET":
        open_new(form, campaign, missions)
        return page(form, campaign, missions, None)
    known = own_event_or_none(session, account, once(form)) if account else None
    if known is not None and known.status is not EventStatus.DRAFT:  # the same form, sent twice
        return _to_event(known)
    return _take(form, campaign, missions, known, account)


@blueprint.route("/<public_id:public_id>/edit", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("events.edit", per_client="120 per hour")
def edit(public_id: str) -> ResponseReturnValue:
    """Show an event's form, or take what was changed."""
    session = db.session()
    event = own_event(session, signed_in(), public_id)
    if event.status is EventStatus.CANCELLED:
        raise WrongStateError
    form = EventForm()
    details = offered_details(event)
    mission = mission_of(session, details)
    missions = missions_for(session, event.campaign, mission)
    if request.method == "GET":
        form.show(details, mission, zone_of_place=zone_of(details))
        return page(form, event.campaign, missions, event)
    return _take(form, event.campaign, missions, event, signed_in())


@blueprint.route("/<public_id:public_id>/duplicate", methods=["GET", "POST"])
@requires(May.ORGANISE)
def duplicate(public_id: str) -> ResponseReturnValue:
    """Open the form for a new protest with what this one says, but its day and its people."""
    session = db.session()
    event = own_event(session, signed_in(), public_id)
    if request.method == "POST":  # a button on some page; nothing is written before the form is sent
        return redirect(url_for(".duplicate", public_id=public_id), code=303)
    if event.campaign.status is not CampaignStatus.OPEN:
        raise NotOpenError
    form = EventForm()
    open_copy(form, event)
    missions = missions_for(session, event.campaign, event.mission)
    return page(form, event.campaign, missions, None, action=url_for(".new", campaign=event.campaign.slug))


@blueprint.route("/<public_id:public_id>/submit", methods=["GET", "POST"])
@requires(May.ORGANISE)
@limited("events.submit", per_client="60 per hour")
def submit(public_id: str) -> ResponseReturnValue:
    """Show what will be sent and who else plans for that day; send it."""
    event = own_event(db.session(), signed_in(), public_id)
    if not may(Act.SUBMIT, event.status):
        raise WrongStateError
    form = SubmitForm()
    others = others_then(event.campaign, offered_details(event), event)
    were_shown = form.others_seen.data == mark_of(others)
    form.others_seen.data = mark_of(others)
    if form.validate_on_submit() and (were_shown or not others):
        return _submit(event, form.note.data or "")
    locale = current_language()
    body = render_template(
        "events/submit.html",
        form=form,
        event=event,
        is_public_at_once=publishes_without_review(db.session(), event) and details_of(event).is_well_located,
        facts=facts_of(offered_details(event), event.mission, locale),
        others=[card_of(other, locale=locale) for other in others],
    )
    return body, 422 if request.method == "POST" else 200


@blueprint.post("/<public_id:public_id>/withdraw")
@requires(May.ORGANISE)
def withdraw(public_id: str) -> ResponseReturnValue:
    """Take back what waits for review."""
    event = own_event(db.session(), signed_in(), public_id)
    was_published = event.status in ANNOUNCED
    with unit_of_work() as session:
        withdraw_event(session, event, now=now(), seal=seal())
    if was_published:
        flash(_("Your change was taken back. The published version stays as it is."), "success")
    else:
        flash(_("It is a draft again. Only you can see it."), "success")
    return _to_event(event)


@blueprint.route("/<public_id:public_id>/postpone", methods=["GET", "POST"])
@requires(May.ORGANISE)
def postpone(public_id: str) -> ResponseReturnValue:
    """Ask whether it is meant, and say that the event will not happen at its time."""
    event = own_event(db.session(), signed_in(), public_id)
    if not may(Act.POSTPONE, event.status):
        raise WrongStateError
    form = CancelForm()
    if not form.validate_on_submit():
        return form_page("events/postpone.html", form, event=event)
    with unit_of_work() as session:
        postpone_event(session, event, seal=seal(), now=now(), because=form.because.data or "")
    flash(_("It is postponed. Its page says so, and those who gave an address get a mail."), "success")
    return _to_event(event)


@blueprint.post("/<public_id:public_id>/resume")
@requires(May.ORGANISE)
def resume(public_id: str) -> ResponseReturnValue:
    """Say that a postponed event happens after all, as it was announced."""
    event = own_event(db.session(), signed_in(), public_id)
    with unit_of_work() as session:
        resume_event(session, event, seal=seal(), now=now())
    flash(_("It takes place as announced. Those who gave an address get a mail."), "success")
    return _to_event(event)


@blueprint.route("/<public_id:public_id>/cancel", methods=["GET", "POST"])
@requires(May.ORGANISE)
def cancel(public_id: str) -> ResponseReturnValue:
    """Ask whether it is meant, and say that the event will not happen."""
    event = own_event(db.session(), signed_in(), public_id)
    if not may(Act.CANCEL, event.status):
        raise WrongStateError
    form = CancelForm()
    if not form.validate_on_submit():
        return form_page("events/cancel.html", form, event=event)
    with unit_of_work() as session:
        cancel_event(session, event, by=signed_in(), seal=seal(), now=now(), because=form.because.data or "")
    flash(_("It is cancelled. Its page says so, and those who gave an address get a mail."), "success")
    return _to_event(event)


def _take(
    form: EventForm,
    campaign: Campaign,
    missions: Sequence[Mission],
    event: Event | None,
    account: Account | None,
) -> ResponseReturnValue:
    """Do what the form's button says; whatever is wrong or in doubt comes back as a question."""
    offer(form, campaign, missions, event)
    if not form.validate_on_submit():
        return page(form, campaign, missions, event)
    if account is None:
        return _keep(form)
    details = details_from(form, chosen(form, missions), event)
    if details is None or not is_possible(form, campaign, details, event):
        return page(form, campaign, missions, event)
    others = others_then(campaign, details, event)
    if others and _wants_review() and form.others_seen.data != mark_of(others):
        form.others_seen.data = mark_of(others)
        return page(form, campaign, missions, event, others=others)
    return _save(form, campaign, event, account, details)


def _save(
    form: EventForm, campaign: Campaign, event: Event | None, account: Account, details: EventDetails
) -> ResponseReturnValue:
    """Write it down, and send it for review where that was the button."""
    if event is None:
        saved = _registered(form, campaign, account, details)
        if saved.status is not EventStatus.DRAFT:
            return _to_event(saved)
        said = _("Saved as a draft. Only you can see it.")
    else:
        saved = event
        with unit_of_work() as session:
            outcome = change_event(session, event, details, seal=seal(), now=now(), note=form.note.data or "")
        said = outcome_text(outcome)
    if not details.is_well_located:
        flash(place_warning(details), "warning")
    if _wants_review():
        return _submit(saved, form.note.data or "")
    flash(said, "success")
    return _to_event(saved)


def _registered(form: EventForm, campaign: Campaign, account: Account, details: EventDetails) -> Event:
    """Return the event that this form became. The second click of two finds that of the first."""
    public_id = once(form)
    try:
        with unit_of_work() as session:
            saved = own_event_or_none(session, account, public_id)
            if saved is None:
                saved = register_event(session, campaign, account, details, now=now(), public_id=public_id)
            drop_kept_form(session, path=KEPT_AS, token=cookie.get(KEPT_TOKEN), account=account)
    except IntegrityError:  # in another process
        saved = own_event(db.session(), account, public_id)
    cookie.pop(KEPT_TOKEN, None)
    return saved


def _submit(event: Event, note: str) -> ResponseReturnValue:
    try:
        with unit_of_work() as session:
            submit_event(session, event, seal=seal(), now=now(), note=note)
    except UnverifiedError:
        said = _("Saved as a draft. Open the link in the mail that we sent you, then send it for review.")
        flash(said, "warning")
        return _to_event(event)
    if event.status is EventStatus.PUBLISHED:
        flash(_("It is published: on the map, in the list and in the feeds."), "success")
    else:
        flash(
            _("Sent. A coordinator looks at it, and you get a mail. Whoever has the link can see it."),
            "success",
        )
    return _to_event(event)


def _keep(form: EventForm) -> ResponseReturnValue:
    """Keep what was typed by somebody without an account, and ask them to make one."""
    fields = {name: values for name, values in request.form.lists() if name in form and name != "csrf_token"}
    with unit_of_work() as session:
        token = keep_form(session, path=KEPT_AS, fields=fields, seal=seal(), now=now())
    cookie[KEPT_TOKEN] = token
    flash(
        _("Nothing is lost: what you typed is kept for three days, and is there again after this step."),
        "info",
    )
    here = url_for(".new", campaign=form.campaign.data)
    return redirect(url_for("accounts.sign_up", next=here), code=303)


def _wants_review() -> bool:
    return request.form.get("act") == SUBMIT


def _who() -> Account | None:
    """Return whoever is signed in, if somebody is."""
    if not current_user.is_authenticated:
        return None
    return signed_in()


def _to_event(event: Event) -> ResponseReturnValue:
    return redirect(url_for("dashboard.event", public_id=event.public_id), code=303)
