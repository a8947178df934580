"""The form of an event: opening it, reading it, and putting questions into it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, request, session as cookie, url_for
from flask_babel import gettext as _
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer

from coordinator.accounts.service import kept_form
from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import open_campaigns
from coordinator.events.cards import campaign_days, card_of, distance_text
from coordinator.events.forms.choices import FEATURE_HINTS
from coordinator.events.forms.times import wall_text
from coordinator.events.locating import (
    ORGANISER,
    Asked,
    CityWantedError,
    PinFarError,
    PlaceMissingError,
    PlaceUnclearError,
    PlaceUnknownError,
    Spot,
    locate,
)
from coordinator.events.queries.others import events_at_mission
from coordinator.events.rules import (
    ANNOUNCED,
    DayError,
    EventDetails,
    EventStatus,
    PastError,
    TimesError,
    TooLongError,
)
from coordinator.events.service.describing import check_possible, offered_details
from coordinator.events.service.publishing import is_word_enough
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.errors import NotFoundError
from coordinator.kit.i18n import current_language
from coordinator.kit.ids import new_public_id, read_public_id
from coordinator.kit.limits import check_limit
from coordinator.kit.web import form_page, seal
from coordinator.missions.models import Mission
from coordinator.missions.queries import target_mission, target_missions
from coordinator.missions.rules import MissionStatus
from coordinator.places.geocoding import places
from coordinator.places.rules import Candidate, Point, Precision
from coordinator.places.streets import street_tiles
from coordinator.places.timezones import zone_at, zone_choices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.events.forms.event import EventForm
    from coordinator.events.models import Event

KEPT_AS = "organise/events/new"
KEPT_TOKEN = "kept_form"  # noqa: S105 the name of a key in the session cookie
LONGEST_MARK = 400
EVENING, EVENING_ENDS = "18:00", "19:30"  # when most people can come; only a proposal
SUBMIT, DRAFT, SAVE = "submit", "draft", "save"
"""What the buttons of the form say in `act`."""


def typed_before(session: Session, account: Account | None) -> dict[str, list[str]] | None:
    """Return what this person typed before they had an account, unless they ask for something else now."""
    if "mission" in request.args or "fresh" in request.args:
        return None
    return kept_form(
        session, path=KEPT_AS, token=cookie.get(KEPT_TOKEN), account=account, seal=seal(), now=now()
    )


def campaign_for(session: Session, typed: dict[str, list[str]] | None) -> Campaign | None:
    """Return the open campaign that is meant; None when there are several and nobody said which.

    Raises:
        NotFoundError: it is none that takes events, or there is none at all.
    """
    campaigns = open_campaigns(session)
    slug = (typed or {}).get("campaign", [""])[0] if typed else ""
    slug = request.form.get("campaign") or slug or request.args.get("campaign", "")
    if slug:
        chosen = next((one for one in campaigns if one.slug == slug), None)
        if chosen is None:
            raise NotFoundError
        return chosen
    return campaigns[0] if len(campaigns) == 1 else None


def missions_for(session: Session, campaign: Campaign, besides: Mission | None = None) -> list[Mission]:
    """Return the missions that may be chosen: the campaign's targets, and the one an event has already."""
    found = [one for one in target_missions(session, campaign) if one.status is not MissionStatus.CLOSED]
    return found if besides is None or besides in found else [*found, besides]


def open_new(form: EventForm, campaign: Campaign, missions: Sequence[Mission]) -> None:
    """Fill in what can be known: the mission's place and the campaign's day."""
    form.once.data = signer().dumps(new_public_id())
    code = request.args.get("mission", "")
    if code:
        target_mission(db.session(), campaign, code)  # a mission that is none of the campaign's is no page
    mission = next((one for one in missions if one.code == code), None)
    if mission is not None:
        form.show_mission(mission)
    if campaign.starts_on is not None:
        form.starts_at.data = f"{campaign.starts_on.isoformat()}T{EVENING}"
        form.ends_at.data = f"{campaign.starts_on.isoformat()}T{EVENING_ENDS}"


def open_copy(form: EventForm, event: Event) -> None:
    """Fill in what another event says: all but its day, and nothing of its people."""
    details = offered_details(event)
    form.show(details, mission_of(db.session(), details), zone_of_place=zone_of(details))
    if details.located_by == ORGANISER:  # somebody put the pin there, and the copy is of the same place
        form.shown_latitude.data = form.shown_longitude.data = ""
    form.once.data = signer().dumps(new_public_id())
    form.help_wanted.data = signer().dumps(details.help_wanted)
    first = event.campaign.starts_on
    if first is None:
        form.starts_at.data = form.ends_at.data = ""
        return
    moved = first - details.starts_local.date()
    form.starts_at.data = wall_text(details.starts_local + moved)
    form.ends_at.data = wall_text(details.ends_local + moved) if details.ends_local else ""


def offer(form: EventForm, campaign: Campaign, missions: Sequence[Mission], event: Event | None) -> None:
    """Fill what may be chosen in the form; what has been chosen stays."""
    mission = chosen(form, missions)
    at = event.point if event else (mission.point if mission else None)
    zones = zone_choices(current_language(), including=form.timezone.data or "")
    form.offer(campaign, missions, zones, zone_of_place=zone_at(at) if at else "")


def page(  # noqa: PLR0913 what the page shows
    form: EventForm,
    campaign: Campaign,
    missions: Sequence[Mission],
    event: Event | None,
    *,
    others: Sequence[Event] = (),
    is_kept: bool = False,
    action: str = "",
) -> ResponseReturnValue:
    """Show the form: 200 when it is opened, 422 when something in it is asked or wrong."""
    offer(form, campaign, missions, event)
    form.ask_again()
    if not form.place_choice.choices and (known := _read_choice(form.place_choice.data)):
        form.place_choice.choices = [(form.place_choice.data, known["candidate"]["label"])]
    status = event.status if event else EventStatus.DRAFT
    start = mission.point if (mission := chosen(form, missions)) else (event.point if event else None)
    body, code = form_page(
        "events/form.html",
        form,
        campaign=campaign,
        days=campaign_days(campaign, current_language()),
        event=event,
        others=[card_of(other, locale=current_language()) for other in others],
        is_kept=is_kept,
        fresh_url=url_for("organising.new", campaign=campaign.slug, fresh=1),
        action=action,
        is_signed_in=current_user.is_authenticated,
        is_submitted=status is EventStatus.SUBMITTED,
        is_published=status in ANNOUNCED,
        is_postponed=status is EventStatus.POSTPONED,
        is_trusted=current_user.is_authenticated and is_word_enough(db.session(), signed_in(), campaign),
        wants_note=event is not None and status is not EventStatus.DRAFT,
        wants_coordinates=bool(form.latitude.errors or form.longitude.errors),
        feature_hints=FEATURE_HINTS,
        pin_start=f"{start.latitude}, {start.longitude}" if start else "",
        tiles=street_tiles(),
    )
    return body, 422 if others else code


def chosen(form: EventForm, missions: Sequence[Mission]) -> Mission | None:
    """Return the mission that is chosen in the form."""
    return next((one for one in missions if one.code == form.mission.data), None)


def details_from(form: EventForm, mission: Mission | None, event: Event | None) -> EventDetails | None:
    """Return what was said, or None after putting questions into the form."""
    spot = _spot(form, mission, event)
    if spot is None:
        return None
    zone = form.timezone.data or (zone_at(spot.point) if spot.point else "")
    if not zone:
        form.timezone.errors = [
            _("Nobody could tell us yet where this is. Choose the time zone of the place, and save again.")
        ]
        return None
    schedule = form.schedule(zone)
    before = offered_details(event) if event else None
    if schedule is None:
        return None
    details = form.details(schedule, spot, mission, before)
    return details if before else replace(details, help_wanted=_copied_roles(form))


def is_possible(form: EventForm, campaign: Campaign, details: EventDetails, event: Event | None) -> bool:
    """Tell whether the event can be then; put what is wrong into the form."""
    try:
        check_possible(campaign, details, now=now(), event=event)
    except DayError:
        days = campaign_days(campaign, current_language())
        form.starts_at.errors = [_("This campaign is on another day: %(days)s.", days=days)]
    except TimesError:
        form.ends_at.errors = [_("It ends before it starts.")]
    except TooLongError:
        form.ends_at.errors = [_("That is very long. Look at the date again.")]
    except PastError:
        form.starts_at.errors = [_("That is over already. Look at the date again.")]
    else:
        return True
    return False


def others_then(campaign: Campaign, details: EventDetails, event: Event | None) -> Sequence[Event]:
    """Return who else plans for that mission and day."""
    day: date = details.starts_local.date()
    return events_at_mission(db.session(), campaign, details.mission_id, day, but=event)


def mark_of(others: Sequence[Event]) -> str:
    """Return what tells whether the organiser was shown all of them."""
    return " ".join(other.public_id for other in others)[:LONGEST_MARK]


def once(form: EventForm) -> str:
    """Return the id that was drawn when the form was opened; a new one if somebody made it up."""
    try:
        drawn = signer().loads(form.once.data or "")
    except BadSignature:
        return new_public_id()
    return read_public_id(str(drawn)) or new_public_id()


def signer() -> URLSafeSerializer:
    """Return what signs values that a form carries for us."""
    return URLSafeSerializer(cast("str", current_app.secret_key), salt="event-form")


def zone_of(details: EventDetails) -> str:
    """Return the zone that follows from the place; empty while nobody knows where it is."""
    return zone_at(details.point) if details.point else ""


def mission_of(session: Session, details: EventDetails) -> Mission | None:
    """Return the mission that the details name."""
    return session.get(Mission, details.mission_id) if details.mission_id is not None else None


def _copied_roles(form: EventForm) -> list[dict[str, Any]]:
    """Return the help that the copied protest asks for, if this is a copy."""
    try:
        return cast("list[dict[str, Any]]", signer().loads(form.help_wanted.data or ""))
    except BadSignature:
        return []


def _spot(form: EventForm, mission: Mission | None, event: Event | None) -> Spot | None:
    asked = Asked(
        address=form.address.data or "",
        mission=mission,
        pin=form.pin,
        city=form.city.data or "",
        choice=_choice(form),
        shown_address=form.shown_address.data or "",
        shown_mission=form.shown_mission.data or "",
        shown_pin=form.shown_pin,
        known=_known(offered_details(event)) if event else None,
    )
    check_limit("events.locate", per_client="120 per hour")
    try:
        return locate(asked, finder=places(), locale=current_language())
    except PlaceUnclearError as unclear:
        form.place_choice.choices = [_offered(asked.address, one) for one in unclear.candidates]
        form.place_choice.errors = [_("More than one place is called that.")]
    except PlaceUnknownError:
        form.address.errors = [
            _("We can't find this address. Add the city, give coordinates, or put the pin on the map.")
        ]
    except PlaceMissingError:
        form.address.errors = [_("Say where: choose an embassy or consulate, or give an address.")]
    except PinFarError as far:
        form.latitude.errors = [
            _(
                "The pin is %(distance)s from the embassy or consulate. Zoom in and put it nearer, "
                "or choose “Another place”.",
                distance=distance_text(far.distance_km),
            )
        ]
    except CityWantedError:
        form.city.errors = [_("Which city is it in?")]
    return None


def _known(details: EventDetails) -> Spot:
    return Spot(
        address=details.address,
        city=details.city,
        country=details.country,
        point=details.point,
        precision=details.precision,
        located_by=details.located_by,
        is_location_due=details.is_location_due,
    )


def _offered(address: str, candidate: Candidate) -> tuple[str, str]:
    """Return a place to choose, signed together with the address that it may mean."""
    return signer().dumps({"address": address, "candidate": asdict(candidate)}), candidate.label


def _choice(form: EventForm) -> Candidate | None:
    """Return the chosen place, unless the address was changed since it was offered."""
    chosen = _read_choice(form.place_choice.data)
    if chosen is None or chosen["address"] != form.address.data:
        return None
    fields = chosen["candidate"]
    fields |= {"point": Point(**fields["point"]), "precision": Precision(fields["precision"])}
    return Candidate(**fields)


def _read_choice(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        return cast("dict[str, Any]", signer().loads(text))
    except BadSignature:
        return None
