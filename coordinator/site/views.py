"""What everybody sees: home, a campaign, what is near, missions, a protest. The same bytes for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, redirect, render_template, request, url_for

from coordinator.campaigns.cards import campaign_card, dates_text, opening_of
from coordinator.campaigns.queries import AllCampaigns, archived_campaigns, campaign_by_slug, open_campaigns
from coordinator.events.accessibility import features_from
from coordinator.events.cards import card_of, city_of, when_of, where_of
from coordinator.events.counting import people_facts
from coordinator.events.coverage import Cover, by_region
from coordinator.events.earlier import earlier_of
from coordinator.events.filtering import parameters
from coordinator.events.forms.choices import FEATURE_WORDS
from coordinator.events.queries.public import reachable_event, visible_at_mission
from coordinator.events.rules import PUBLIC, EventStatus
from coordinator.feeds.jsonld import event_jsonld
from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.i18n import (
    LANGUAGES,
    Language,
    country_name,
    current_language,
    date_text,
    native_name,
    preferred_language,
)
from coordinator.kit.kept import Kept
from coordinator.kit.web import pack, public_page
from coordinator.maps.queries import facets_of, wanted_from
from coordinator.missions.queries import target_mission
from coordinator.places.streets import StreetTiles, street_tiles
from coordinator.rsvps.forms import RsvpForm
from coordinator.rsvps.helping import help_choices, help_wanted
from coordinator.rsvps.queries import tallies_of, tally_of
from coordinator.rsvps.service.tallying import is_open
from coordinator.settings import current_settings
from coordinator.site.finding import Answer, Unit, asked_from, locate, near as find_near, suggestions
from coordinator.site.listing import choices_of, listing_of, place_in_list
from coordinator.site.numbers import board_of, minute, numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from flask import Response
    from flask.typing import ResponseReturnValue

    from coordinator.campaigns.models import Campaign
    from coordinator.events.models import Event
    from coordinator.kit.packed import Packed
    from coordinator.rsvps.models import RsvpTally

PAGES_KEPT = 300
EVENT_PAGES_KEPT = 500  # of 15 KB each
EVENT_SECONDS = 5  # in a browser: whoever follows the link of a change mail sees the change
OTHERS_SHOWN = 6
QUESTION = ("place", "lat", "lon", "within_km")

blueprint = Blueprint("site", __name__)

_pages: Kept[Packed] = Kept(most=PAGES_KEPT)
"""Whole pages of campaigns: they are the same for everyone until the campaign changes, or for a minute."""

_events: Kept[Packed] = Kept(most=EVENT_PAGES_KEPT)
"""Pages of events: the same until the event, its counts or its campaign change, or for a minute."""


@blueprint.get("/")
@public(why="the front door")
def root() -> ResponseReturnValue:
    """Send the visitor to their language."""
    return _to_language("site.home")


@blueprint.get("/<lang:lang>/")
@public(why="the list of campaigns")
def home() -> ResponseReturnValue:
    """Show the campaigns, or go to the campaign if there is only one."""
    opened = open_campaigns(db.session())
    archived = archived_campaigns(db.session())
    if len(opened) == 1 and not archived:
        return redirect(url_for(".campaign", slug=opened[0].slug), code=302)
    lang = current_language()
    body = render_template(
        "site/home.html",
        campaigns=[campaign_card(one, lang) for one in opened],
        archived=[campaign_card(one, lang) for one in archived],
        nav_current="home",
    )
    every = AllCampaigns.of(one.revision for one in [*opened, *archived])
    return public_page(body, kept_with=every)


@blueprint.get("/<lang:lang>/<slug>")
@public(why="a campaign is there to be seen")
def campaign(slug: str) -> ResponseReturnValue:
    """Show the call, the map, the way to what is near, and the list."""
    session = db.session()
    shown = campaign_by_slug(session, slug)
    lang, moment = current_language(), now()
    facets = facets_of(session, shown, now=moment)
    filters = wanted_from(session, shown, request.args, now=moment)
    after = place_in_list(session, shown, request.args.get("after", ""))
    chosen: dict[str, Any] = parameters(filters)

    def make() -> Packed:
        body = render_template(
            "site/campaign.html",
            **_about(shown),
            demands=shown.text_in(lang).demands,
            choices=choices_of(facets, lang),
            numbers=numbers_of(session, shown, now=moment),
            listing=listing_of(session, shown, filters, after, locale=lang),
            is_first=not after,
            board=board_of(session, shown, lang, now=moment),
            Cover=Cover,
            first_url=url_for(".campaign", slug=slug, **chosen),
            languages=_languages(".campaign", slug=slug, **chosen),
            chosen=chosen,
        )
        return pack(body)

    key = ("campaign", shown.id, lang, filters, after)
    return public_page(_pages.get(key, (shown.revision, minute(moment)), make), kept_with=shown)


@blueprint.get("/<lang:lang>/<slug>/near")
@public(why="anybody may look for a protest near them")
def near(slug: str) -> ResponseReturnValue:
    """Rank the protests by distance. No browser keeps it: the address says where somebody is.

    The front desk does, for a minute at most and without knowing who asked, when the address says no more
    than a city or a kilometre. An exact place stays in no memory.
    """
    session = db.session()
    shown = campaign_by_slug(session, slug)
    lang = current_language()
    asked = asked_from(request.args)
    located = locate(session, shown, asked, locale=lang, now=now())
    found = None
    if located.here is not None:
        found = find_near(session, shown, located.here, asked, locale=lang, now=now())
    body = render_template(
        "site/near.html",
        **_about(shown),
        asked=asked,
        located=located,
        found=found,
        Answer=Answer,
        other_unit=Unit.KM if asked.unit is Unit.MILES else Unit.MILES,
        question={name: request.args[name] for name in QUESTION if name in request.args},
    )
    is_kept = asked.is_coarse or (asked.point is None and located.is_city)
    response = public_page(body, kept_with=shown if is_kept else None)
    response.cache_control.clear()
    response.cache_control.no_store = True
    return response


@blueprint.get("/<lang:lang>/<slug>/places.json")
@public(why="whoever looks for a protest may be helped with the spelling")
def place_names(slug: str) -> ResponseReturnValue:
    """Return names of places that begin as typed. Kept by nobody: it is what somebody is typing."""
    session = db.session()
    shown = campaign_by_slug(session, slug)
    names = suggestions(session, shown, request.args.get("q", ""), locale=current_language(), now=now())
    return jsonify(names)


@blueprint.get("/<lang:lang>/<slug>/missions")
@public(why="where nobody stands yet is an invitation")
def missions(slug: str) -> ResponseReturnValue:
    """Show which missions have a protest, and which have none."""
    session = db.session()
    shown = campaign_by_slug(session, slug)
    lang, moment = current_language(), now()
    board = board_of(session, shown, lang, now=moment)
    countries = list(dict.fromkeys(one.country for one in board))
    country = request.args.get("country", "").upper()
    country = country if country in countries else ""
    only_empty = request.args.get("without") == "events"
    chosen: dict[str, Any] = {"country": country} if country else {}
    if only_empty:
        chosen["without"] = "events"

    def make() -> Packed:
        wanted = [
            one
            for one in board
            if (not country or one.country == country) and (not only_empty or one.published == 0)
        ]
        body = render_template(
            "site/missions.html",
            **_about(shown),
            regions=by_region(wanted, lang),
            countries=[(code, country_name(code, lang)) for code in countries],
            country=country,
            only_empty=only_empty,
            covered=sum(1 for one in board if one.published),
            waiting=sum(1 for one in board if one.cover is Cover.PROPOSED),
            total=len(board),
            languages=_languages(".missions", slug=slug, **chosen),
        )
        return pack(body)

    key = ("missions", shown.id, lang, country, only_empty)
    return public_page(_pages.get(key, (shown.revision, minute(moment)), make), kept_with=shown)


@blueprint.get("/<lang:lang>/<slug>/missions/<code>")
@public(why="a mission is a public place")
def mission(slug: str, code: str) -> ResponseReturnValue:
    """Show one mission and the protests at it."""
    session = db.session()
    shown = campaign_by_slug(session, slug)
    door = target_mission(session, shown, code)
    events = visible_at_mission(session, shown, door)
    body = render_template(
        "site/mission.html",
        **_about(shown),
        mission=door,
        words=door.name_in(current_language()),
        cards=_cards(events),
        tiles=street_tiles(),
    )
    return public_page(body, kept_with=shown)


@blueprint.get("/<lang:lang>/events/<public_id:public_id>")
@public(why="a protest is announced to everybody; one that waits opens only by its link")
def event(public_id: str) -> ResponseReturnValue:
    """Show one protest: truthfully whether, when and where, and how to say that one comes."""
    session = db.session()
    shown = reachable_event(session, public_id)
    lang, moment = current_language(), now()
    tally = tally_of(session, shown)

    tiles = street_tiles()

    def make() -> Packed:
        return pack(_event_page(shown, tally, moment, tiles))

    counts = (tally.coming, tally.confirmed, tally.tentative, tally.waitlisted)
    version = (shown.campaign.revision, shown.updated_at, shown.status, counts, minute(moment))
    page = _events.get((shown.id, lang), version, make)
    # What waits for review changes without the campaign: it is in no list.
    is_kept = shown.status in PUBLIC
    return public_page(page, seconds=EVENT_SECONDS, kept_with=shown.campaign if is_kept else None)


def _event_page(shown: Event, tally: RsvpTally, moment: datetime, tiles: StreetTiles) -> str:
    lang = current_language()
    is_waiting = shown.status is EventStatus.SUBMITTED
    is_rough = shown.precision is None or not shown.precision.is_good_enough_to_stand_at
    earlier = earlier_of(db.session(), shown)
    wanted, form = help_wanted(db.session(), shown), RsvpForm()
    form.offer_help(help_choices(wanted))
    where = where_of(shown, lang)
    if is_rough:
        where.precision_text = ""  # the page says it louder
    return render_template(
        "site/event.html",
        **_about(shown.campaign),
        event=shown,
        city=city_of(shown, lang),
        when=when_of(shown, lang),
        where=where,
        accessible=[(one.value, FEATURE_WORDS[one]) for one in features_from(shown.accessibility_features)],
        people=people_facts(tally, shown.count_shown),
        is_waiting=is_waiting,
        is_cancelled=shown.status is EventStatus.CANCELLED,
        is_postponed=shown.is_postponed,
        earlier=[(one, when_of(one, lang)) for one in earlier],
        moved_on=_moved_on(shown, lang),
        is_over=shown.is_over(moment),
        is_rough=is_rough,
        is_answerable=is_open(shown, moment),
        is_full=shown.capacity is not None and tally.coming >= shown.capacity,
        form=form,
        wanted=[role for role in wanted if role.missing],
        jsonld=None if is_waiting else event_jsonld(shown, tally, lang, earlier=earlier),
        others=_cards(_others(shown)[:OTHERS_SHOWN]),
        tiles=tiles,
    )


@blueprint.get("/e/<public_id:public_id>")
@public(why="the short link on posters")
def short(public_id: str) -> ResponseReturnValue:
    """Send the visitor to the protest, in their language."""
    reachable_event(db.session(), public_id)
    return _to_language("site.event", public_id=public_id)


@blueprint.get("/<lang:lang>/about")
@public(why="who we are")
def about() -> ResponseReturnValue:
    """Say what this is."""
    return public_page(render_template("site/about.html", contact=current_settings().contact_email))


@blueprint.get("/<lang:lang>/privacy")
@public(why="people decide with it whether to trust us")
def privacy() -> ResponseReturnValue:
    """Say what is kept, for how long, and who sees it."""
    return public_page(render_template("site/privacy.html", contact=current_settings().contact_email))


@blueprint.get("/<lang:lang>/source")
@public(why="the licence gives everybody a right to it")
def source() -> ResponseReturnValue:
    """Say where the source code is."""
    settings = current_settings()
    body = render_template("site/source.html", source_url=settings.source_url, contact=settings.contact_email)
    return public_page(body)


@blueprint.get("/robots.txt")
@public(why="search engines ask for it")
def robots() -> ResponseReturnValue:
    """Keep search engines out of rooms and private links; they forget what they never saw."""
    rooms = ("account", "coordinate", "organise", "rsvp")
    closed = [f"Disallow: /{lang}/{room}/" for lang in LANGUAGES for room in rooms]
    lines = ["User-agent: *", *closed, "Disallow: /*/near", f"Sitemap: {_absolute('.sitemap')}"]
    return public_page("\n".join(lines) + "\n", seconds=3600, mimetype="text/plain")


@blueprint.get("/sitemap.xml")
@public(why="search engines ask for it")
def sitemap() -> ResponseReturnValue:
    """List the pages of campaigns in every language."""
    campaigns = [*open_campaigns(db.session()), *archived_campaigns(db.session())]
    urls = [
        _absolute(endpoint, slug=one.slug, lang=lang)
        for one in campaigns
        for endpoint in (".campaign", ".missions")
        for lang in LANGUAGES
    ]
    body = render_template("site/sitemap.xml", urls=urls)
    return public_page(body, seconds=3600, mimetype="application/xml")


def _about(campaign: Campaign) -> dict[str, Any]:
    """Return what every page of a campaign says about it."""
    lang = current_language()
    lead, rest = opening_of(campaign, lang)
    return {
        "campaign": campaign,
        "title": campaign.text_in(lang).title,
        "dates": dates_text(campaign, lang),
        "lead": lead,
        "rest": rest,
        "find_url": url_for("site.campaign", slug=campaign.slug) + "#near",
    }


def _cards(events: Sequence[Event]) -> list[Any]:
    tallies = tallies_of(db.session(), [one.id for one in events])
    lang = current_language()
    return [card_of(one, locale=lang, tally=tallies[one.id]) for one in events]


def _moved_on(event: Event, lang: str) -> str:
    """Return the day on which it was last moved, by the clocks at its place; empty for never."""
    if event.moved_at is None:
        return ""
    return date_text(event.moved_at.astimezone(ZoneInfo(event.timezone)).date(), lang)


def _others(event: Event) -> list[Event]:
    """Return what else everybody may see at the same mission on the same day."""
    if event.mission is None:
        return []
    same_door = visible_at_mission(db.session(), event.campaign, event.mission)
    return [
        one
        for one in same_door
        if one.id != event.id and one.starts_local.date() == event.starts_local.date()
    ]


def _languages(endpoint: str, **values: Any) -> list[Language]:
    """Return this page in every language, without anything that somebody else put behind its address."""
    return [Language(code, native_name(code), url_for(endpoint, lang=code, **values)) for code in LANGUAGES]


def _to_language(endpoint: str, **values: Any) -> Response:
    response = redirect(url_for(endpoint, lang=preferred_language(), **values), code=302)
    response.vary.add("Accept-Language")
    return response  # type: ignore[return-value]


def _absolute(endpoint: str, **values: Any) -> str:
    path = url_for(endpoint, **values)
    return current_settings().site_url.rstrip("/") + path
