"""Feeds: what other people's programs read. The same visibility rule as on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from flask_babel import force_locale

from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import campaign_by_slug, coordinated_campaign
from coordinator.events.filtering import EVERYTHING, EventFilters
from coordinator.events.models import Event
from coordinator.events.queries.public import reachable_event, visible_events
from coordinator.events.rules import EventStatus
from coordinator.feeds import geojson, ics
from coordinator.feeds.editions import calendar_edition, entry_of, geojson_edition
from coordinator.feeds.queries import coordinated_rows, mission_rows, rows_of
from coordinator.kit.access import May, public, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.errors import NotFoundError
from coordinator.kit.i18n import LANGUAGES
from coordinator.kit.ids import read_public_id
from coordinator.kit.kept import Kept
from coordinator.kit.web import absolute_url, pack, public_page
from coordinator.maps.queries import matching, wanted_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask.typing import ResponseReturnValue

    from coordinator.campaigns.models import Campaign
    from coordinator.kit.packed import Packed

KEEP_SECONDS = 30
ANY_ID = "0000000000"
LONGEST_IDS = 50 * (len(ANY_ID) + 1)
"""Of the events at one place; the map shows no more of them."""

blueprint = Blueprint("feeds", __name__)


parts: Kept[Packed] = Kept(most=60)
"""Campaigns through a filter: many, but nobody can fill the memory with them."""


@blueprint.get("/<slug>/events.geojson")
@public(why="the events of a campaign are on its map, and anybody's program may read them")
def campaign_geojson(slug: str) -> ResponseReturnValue:
    """Return the events of a campaign as GeoJSON; numbers of people are at most a minute old."""
    session = db.session()
    campaign = campaign_by_slug(session, slug)
    lang, ids = _language(campaign), _ids()
    wanted = EVERYTHING if ids else _wanted(campaign)
    url = _event_url("site.event", lang)
    if wanted == EVERYTHING and not ids:
        return _answer(geojson_edition(session, campaign, lang, url, now=now()), campaign)

    def make() -> Packed:
        return _packed(geojson.events_geojson(rows_of(session, campaign, wanted, ids), event_url=url))

    key = ("geojson", campaign.id, lang, wanted, ids)
    return _answer(parts.get(key, (campaign.revision, _minute(now())), make), campaign)


@blueprint.get("/<slug>/missions.geojson")
@public(why="which missions have no protest yet is on the map")
def campaign_missions(slug: str) -> ResponseReturnValue:
    """Return the campaign's target missions as GeoJSON, with where to register a protest there."""
    session = db.session()
    campaign = campaign_by_slug(session, slug)
    lang = _language(campaign)

    def register_url(code: str) -> str:
        return absolute_url("organising.new", lang=lang, campaign=slug, mission=code)

    def make() -> Packed:
        rows = mission_rows(session, campaign)
        return _packed(geojson.missions_geojson(rows, lang=lang, register_url=register_url))

    key = ("missions", campaign.id, lang)
    return _answer(parts.get(key, (campaign.revision, _minute(now())), make), campaign)


@blueprint.get("/<lang:lang>/coordinate/<slug>/events.geojson")
@requires(May.COORDINATE)
def coordinated_geojson(slug: str) -> ResponseReturnValue:
    """Return what a coordinator's map shows: also what waits for review, linked to where it is decided."""
    session = db.session()
    campaign = coordinated_campaign(session, signed_in(), slug)
    shown = _event_url("site.event")
    waiting = _event_url("review.event", slug=slug)

    def url(row: Any) -> str:
        return waiting(row) if row.status is EventStatus.SUBMITTED else shown(row)

    body = geojson.events_geojson(coordinated_rows(session, campaign, _ids()), event_url=url, is_exact=True)
    return Response(body, mimetype=geojson.MIMETYPE)


@blueprint.get("/<slug>/events.ics")
@public(why="people subscribe to a campaign in their own calendar")
def campaign_ics(slug: str) -> ResponseReturnValue:
    """Return the events of a campaign as a calendar."""
    session = db.session()
    campaign = campaign_by_slug(session, slug)
    lang, wanted = _language(campaign), _wanted(campaign)
    url = _event_url("site.event", lang)

    if wanted == EVERYTHING:
        return _answer(calendar_edition(session, campaign, lang, url, now=now()), campaign)

    def make() -> Packed:
        query = matching(campaign, wanted).order_by(Event.starts_at, Event.id)
        with force_locale(lang):
            rows = (entry_of(event, lang, url(event), is_long=False) for event in session.scalars(query))
            return _packed(ics.calendar(rows, name=campaign.text_in(lang).title), ics.MIMETYPE)

    key = ("ics", campaign.id, lang, wanted)
    return _answer(parts.get(key, _version(campaign, wanted), make), campaign)


@blueprint.get("/events/<public_id:public_id>.ics")
@public(why="people put one event into their own calendar")
def event_ics(public_id: str) -> ResponseReturnValue:
    """Return one event as a calendar file. One that waits for review has none, as it is in no feed."""
    session = db.session()
    event = reachable_event(session, public_id)
    if session.scalar(visible_events(event.campaign_id).where(Event.id == event.id)) is None:
        raise NotFoundError
    lang = _language(event.campaign)
    with force_locale(lang):
        entry = entry_of(event, lang, _event_url("site.event", lang)(event), is_long=True)
        calendar = pack(ics.calendar([entry], name=entry.summary), ics.MIMETYPE)
        response = _answer(calendar, event.campaign)
    response.headers["Content-Disposition"] = f'inline; filename="{event.public_id}.ics"'
    return response


def _language(campaign: Campaign) -> str:
    """Return the language of links and names: the one asked for, else the campaign's own."""
    asked = request.args.get("lang", "")
    wishes = (asked, campaign.default_locale, LANGUAGES[0])
    return next(lang for lang in wishes if lang in LANGUAGES)


def _wanted(campaign: Campaign) -> EventFilters:
    return wanted_from(db.session(), campaign, request.args, now=now())


def _version(campaign: Campaign, wanted: EventFilters) -> tuple[int, int]:
    """Return what a calendar is made of: who comes is not in it, unless only places that are left are."""
    return campaign.revision, _minute(now()) if wanted.has_places else 0


def _ids() -> tuple[str, ...]:
    """Return the public ids that were asked for, as the map does for one place; none means all events."""
    said = request.args.get("ids", "")[:LONGEST_IDS].split(",")
    return tuple(sorted({known for text in said if (known := read_public_id(text))}))


def _event_url(endpoint: str, lang: str | None = None, **values: Any) -> Callable[[Any], str]:
    """Return what builds the addresses of events: once by the router, then by putting the id in."""
    if lang is not None:
        values["lang"] = lang
    before, _id, after = absolute_url(endpoint, public_id=ANY_ID, **values).partition(ANY_ID)
    return lambda event: f"{before}{event.public_id}{after}"


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _packed(body: bytes, mimetype: str = geojson.MIMETYPE) -> Packed:
    """Return a whole feed as it is kept: compressed, since it may be large."""
    packed = pack(body, mimetype)
    packed.settle()
    return packed


def _answer(packed: Packed, campaign: Campaign) -> Response:
    """Answer with a public feed: for every site, kept half a minute, 304 for who has it."""
    response = public_page(packed, seconds=KEEP_SECONDS, kept_with=campaign)
    response.access_control_allow_origin = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
