"""The rooms of organisers and coordinators, and the frame around every page of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    current_app,
    get_flashed_messages,
    has_request_context,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user

from coordinator.accounts.sign_in import signed_in
from coordinator.audit.queries import entries_of
from coordinator.campaigns.cards import campaign_card, dates_text
from coordinator.campaigns.queries import coordinated_campaign, coordinated_campaigns, invitations_for
from coordinator.campaigns.rules import STATUS_STEPS
from coordinator.checkin.queries import door_numbers
from coordinator.dashboard.audit import KINDS, lines_of
from coordinator.dashboard.coordinator import overview_of, waiting_counts
from coordinator.dashboard.organiser import my_events, needs_of, possible_acts
from coordinator.dashboard.personal import PersonalData, personal_data_of
from coordinator.events.cards import conversation, when_of, where_of
from coordinator.events.coverage import Cover, by_region, coverage
from coordinator.events.filtering import filters_from, parameters
from coordinator.events.queries.organising import own_event
from coordinator.events.queries.reviewing import notes_of
from coordinator.events.rules import REACHABLE, EventStatus, over_at
from coordinator.events.service.publishing import publishes_without_review
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.errors import NotFoundError
from coordinator.kit.i18n import country_name, current_language
from coordinator.kit.kept import Kept, five_minutes
from coordinator.kit.paging import page_of
from coordinator.kit.web import seal
from coordinator.maps.views.pages import Shown, data_folder, map_page
from coordinator.messaging.queries import waiting_announcements
from coordinator.rsvps.queries import tally_of

if TYPE_CHECKING:
    from datetime import datetime

    from flask.typing import ResponseReturnValue

    from coordinator.accounts.models import Account

blueprint = Blueprint("dashboard", __name__, url_prefix="/<lang:lang>")

OPEN_ROOMS = frozenset({"accounts", "organising"})
"""Rooms with doors for strangers: signing in, and the form one may fill in first. They have a session."""

ROOMS_OF_AN_EVENT = frozenset({"attendees", "helping", "checkin", "messages"})
"""Rooms whose pages stand in components/event_nav.html, beside the event's own."""

ROOMS_OF_CONTACTS = frozenset({"contacts", "imports", "merging", "history"})

CAMPAIGNS_KEPT = 64
_counted: Kept[tuple[datetime, PersonalData]] = Kept(most=CAMPAIGNS_KEPT)

Room = tuple[str, str, bool]
"""Its name, its address, and whether this page is in it."""


@blueprint.get("/organise/")
@requires(May.ORGANISE)
def organise() -> ResponseReturnValue:
    """Show my protests and what needs me."""
    session, lang, moment = db.session(), current_language(), now()
    mine = my_events(session, signed_in(), locale=lang, now=moment)
    return render_template(
        "dashboard/organise.html",
        ahead=[one for one in mine if not one.is_over],
        over=[one for one in reversed(mine) if one.is_over],
        invitations=invitations_for(session, signed_in(), now=moment),
        is_verified=signed_in().is_verified,
    )


@blueprint.get("/organise/events/<public_id:public_id>")
@requires(May.ORGANISE)
def event(public_id: str) -> ResponseReturnValue:
    """Show one of my protests: where it stands, what to do next, how many come."""
    session, lang, moment = db.session(), current_language(), now()
    mine = own_event(session, signed_in(), public_id)
    notes = notes_of(session, mine)
    opened = {note.id: seal().decrypt(note.text_sealed) or "" for note in notes}
    return render_template(
        "dashboard/event.html",
        event=mine,
        when=when_of(mine, lang),
        where=where_of(mine, lang),
        tally=tally_of(session, mine),
        door=door_numbers(session, mine, now=moment),
        needs=needs_of(mine, moment),
        acts=possible_acts(mine),
        is_trusted=publishes_without_review(session, mine),
        is_over=mine.is_over(moment),
        is_past=over_at(mine.starts_at, mine.ends_at, is_time_known=mine.is_time_known) <= moment,
        is_reachable=mine.status in REACHABLE,
        log=conversation(notes, opened, mine.organiser_id, lang),
    )


@blueprint.get("/coordinate/")
@requires(May.COORDINATE)
def coordinate() -> ResponseReturnValue:
    """Show the campaigns that I coordinate."""
    session, lang = db.session(), current_language()
    campaigns = coordinated_campaigns(session, signed_in())
    waiting = waiting_counts(session, campaigns)
    rows = [{"card": campaign_card(one, lang), "waiting": waiting.get(one.id, 0)} for one in campaigns]
    return render_template("dashboard/coordinate.html", rows=rows)


@blueprint.get("/coordinate/<slug>/")
@requires(May.COORDINATE)
def campaign(slug: str) -> ResponseReturnValue:
    """Show a campaign in numbers, and the ways to everything else."""
    session, lang = db.session(), current_language()
    mine = coordinated_campaign(session, signed_in(), slug)
    board = coverage(session, mine, lang)
    return render_template(
        "dashboard/campaign.html",
        campaign=mine,
        title=mine.text_in(lang).title,
        dates=dates_text(mine, lang),
        overview=overview_of(session, mine, locale=lang),
        messages=waiting_announcements(session, [mine]).get(mine.id, 0),
        EventStatus=EventStatus,
        covered=sum(1 for one in board if one.published),
        missions=len(board),
        next_steps=STATUS_STEPS[mine.status],
    )


@blueprint.get("/coordinate/<slug>/map")
@requires(May.COORDINATE)
def campaign_map(slug: str) -> ResponseReturnValue:
    """Show the map with everything on it, also what waits for review."""
    lang = current_language()
    mine = coordinated_campaign(db.session(), signed_in(), slug)
    chosen: dict[str, Any] = parameters(filters_from(request.args))
    shown = Shown(
        title=_("Map, with what waits for review"),
        data_url=data_folder("map_data.coordinated_summary", slug=slug),
        events_url=url_for("feeds.coordinated_geojson", slug=slug),
        missions_url=url_for("feeds.campaign_missions", slug=slug, lang=lang),
        list_url=url_for("everything.events", slug=slug, **chosen),
        back=(mine.text_in(lang).title, url_for(".campaign", slug=slug)),
    )
    return map_page(shown, has_people=True)


@blueprint.get("/coordinate/<slug>/coverage", endpoint="coverage")
@requires(May.COORDINATE)
def coverage_board(slug: str) -> ResponseReturnValue:
    """Show every mission with what is published and what waits."""
    session, lang = db.session(), current_language()
    mine = coordinated_campaign(session, signed_in(), slug)
    board = coverage(session, mine, lang)
    countries = {one.country: country_name(one.country, lang) for one in board}
    country = request.args.get("country", "").upper()
    cover = request.args.get("cover", "")
    wanted = [
        one
        for one in board
        if (country not in countries or one.country == country)
        and (cover not in set(Cover) or one.cover == cover)
    ]
    return render_template(
        "dashboard/coverage.html",
        campaign=mine,
        title=mine.text_in(lang).title,
        regions=by_region(wanted, lang),
        countries=list(countries.items()),
        country=country if country in countries else "",
        cover=cover if cover in set(Cover) else "",
        counts={kind: sum(1 for one in board if one.cover is kind) for kind in Cover},
        covered=sum(1 for one in board if one.published),
        missions=len(board),
    )


@blueprint.get("/coordinate/<slug>/audit")
@requires(May.COORDINATE)
def audit(slug: str) -> ResponseReturnValue:
    """Show what was done in a campaign, by whom and when: acts, never people who come."""
    session = db.session()
    mine = coordinated_campaign(session, signed_in(), slug)
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    page = page_of(session, entries_of(slug, kind), number=request.args.get("page", 1, type=int))

    def address(number: int) -> str:
        return url_for(".audit", slug=slug, kind=kind or None, page=number)

    return render_template(
        "dashboard/audit.html",
        campaign=mine,
        title=mine.text_in(current_language()).title,
        lines=lines_of(session, page.rows, seal()),
        nouns=KINDS,
        kind=kind,
        previous_url=address(page.number - 1) if page.number > 1 else "",
        next_url=address(page.number + 1) if page.has_more else "",
        page_number=page.number,
    )


@blueprint.get("/coordinate/<slug>/personal-data")
@requires(May.COORDINATE)
def personal_data(slug: str) -> ResponseReturnValue:
    """Show how much is still kept of people in a campaign, and when it goes.

    Counting looks at every answer, a second and a half for a million: it is done every few minutes at most.
    """
    session, moment = db.session(), now()
    mine = coordinated_campaign(session, signed_in(), slug)

    def count() -> tuple[datetime, PersonalData]:
        return moment, personal_data_of(session, mine, now=moment)

    counted_at, kept = _counted.get(mine.id, five_minutes(moment), count)
    return render_template(
        "dashboard/personal.html",
        campaign=mine,
        title=mine.text_in(current_language()).title,
        kept=kept,
        counted_at=counted_at,
    )


@blueprint.app_context_processor
def frame() -> dict[str, Any]:
    """Give the pages of those who are signed in their rooms, their name and their news.

    Public pages get nothing: they are the same for everybody, so who looks is not even asked.
    """
    if not has_request_context() or not request.endpoint:
        return {}
    access = getattr(current_app.view_functions.get(request.endpoint), "access", None)
    if not isinstance(access, May) and request.blueprint not in OPEN_ROOMS:
        return {}
    flashes = {"flashes": get_flashed_messages(with_categories=True)}
    if not current_user.is_authenticated:
        return flashes
    title, rooms = _rooms(access)
    return flashes | {
        "rooms": rooms,
        "room_title": title,
        "account_name": seal().decrypt(signed_in().display_name_sealed),
        "account_url": url_for("accounts.account"),
        "sign_out_url": url_for("accounts.sign_out"),
    }


def _rooms(access: May | str | None) -> tuple[str, list[Room]]:
    """Return whose rooms these are, and the rooms: a campaign's where one is open, else one's own."""
    slug = (request.view_args or {}).get("slug")
    if access is May.COORDINATE and slug:
        try:
            mine = coordinated_campaign(db.session(), signed_in(), slug)
        except NotFoundError:
            return _("Coordinate"), _own_rooms(signed_in())
        return mine.text_in(current_language()).title, _campaign_rooms(slug)
    return _("Your rooms"), _own_rooms(signed_in())


def _own_rooms(account: Account) -> list[Room]:
    endpoint = request.endpoint or ""
    rooms = [
        (
            _("Your protests"),
            "dashboard.organise",
            endpoint in {"dashboard.organise", "dashboard.event"} or _room() in ROOMS_OF_AN_EVENT,
        ),
        (_("Register a protest"), "organising.new", endpoint == "organising.new"),
        (_("Contacts"), "contacts.contacts", _room() in ROOMS_OF_CONTACTS),
    ]
    if account.is_coordinator or account.is_administrator:
        rooms.append(
            (_("Campaigns"), "dashboard.coordinate", endpoint in {"dashboard.coordinate", "campaigns.new"})
        )
    if account.is_administrator:
        rooms.append((_("This installation"), "administering.health", _is_in("administering")))
    rooms.append((_("Your account"), "accounts.account", _is_in("accounts")))
    return [(name, url_for(there), is_here) for name, there, is_here in rooms]


def _campaign_rooms(slug: str) -> list[Room]:
    endpoint = request.endpoint or ""
    rooms = [
        (_("Numbers"), "dashboard.campaign", endpoint == "dashboard.campaign"),
        (_("Review"), "review.queue", _is_in("review")),
        (_("Messages"), "approvals.messages", _is_in("approvals")),
        (_("Broadcasts"), "broadcasts.messages", _is_in("broadcasts")),
        (_("Coverage"), "dashboard.coverage", endpoint == "dashboard.coverage"),
        (_("Missions"), "directory.missions", _is_in("directory")),
        (_("Map"), "dashboard.campaign_map", endpoint == "dashboard.campaign_map"),
        (_("All protests"), "everything.events", _is_in("everything")),
        (_("Team"), "campaigns.people", endpoint == "campaigns.people"),
        (_("Settings"), "campaigns.edit", endpoint == "campaigns.edit"),
        (_("Personal data"), "dashboard.personal_data", endpoint == "dashboard.personal_data"),
        (_("Log"), "dashboard.audit", endpoint == "dashboard.audit"),
    ]
    return [
        *((name, url_for(there, slug=slug), is_here) for name, there, is_here in rooms),
        (_("All campaigns"), url_for("dashboard.coordinate"), False),
        (_("Your protests"), url_for("dashboard.organise"), False),
    ]


def _is_in(room: str) -> bool:
    return _room() == room


def _room() -> str:
    return (request.endpoint or "").partition(".")[0]
