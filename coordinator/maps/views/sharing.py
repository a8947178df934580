"""What other sites may show of the map: a snippet to copy, oEmbed for programs, and one picture."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, current_app, jsonify, render_template, request, url_for
from flask_babel import force_locale, ngettext
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from coordinator.campaigns.queries import campaign_by_slug
from coordinator.events.filtering import NAMES, parameters
from coordinator.events.rules import EventStatus
from coordinator.kit.access import public
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.errors import NotFoundError
from coordinator.kit.i18n import LANGUAGES, country_name, current_language, language_name, native_name
from coordinator.kit.web import absolute_url, pack, public_page
from coordinator.maps.picture import MIMETYPE, land_path, picture
from coordinator.maps.queries import atlas_of, facets_of, mask_of, wanted_from
from coordinator.settings import ROOT, current_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flask.typing import ResponseReturnValue

    from coordinator.campaigns.models import Campaign

LAND = ROOT / "static" / "vendor" / "basemap" / "110m.json"
PICTURE_DEPTH = 2
THEMES = ("", "light", "dark")
HEIGHTS = (320, 480, 640, 800)
USUAL_HEIGHT = 480
USUAL_WIDTH = 800
NARROWEST, LOWEST = 240, 240  # pixels
LARGEST = 4_000

blueprint = Blueprint("sharing", __name__)


@blueprint.get("/<lang:lang>/<slug>/embed")
@public(why="whoever has a site may show the map there")
def snippet(slug: str) -> ResponseReturnValue:
    """Show the lines that put the map on another site, and what they look like."""
    session, moment, lang = db.session(), now(), current_language()
    campaign = campaign_by_slug(session, slug)
    facets = facets_of(session, campaign, now=moment)
    chosen = parameters(wanted_from(session, campaign, request.args, now=moment))
    theme = request.args.get("theme", "")
    height = request.args.get("height", USUAL_HEIGHT, type=int)
    options: dict[str, Any] = chosen | ({"theme": theme} if theme in THEMES and theme else {})
    frame_lang = request.args.get("in", lang)
    frame_lang = frame_lang if frame_lang in LANGUAGES else lang
    height = height if height in HEIGHTS else USUAL_HEIGHT
    address = absolute_url("maps.embedded_map", slug=slug, lang=frame_lang, **options)
    body = render_template(
        "maps/embed.html",
        campaign=campaign,
        title=campaign.text_in(lang).title,
        code=frame(address, campaign.text_in(frame_lang).title, "100%", height),
        preview=url_for("maps.embedded_map", slug=slug, lang=frame_lang, **options),
        picture_url=absolute_url("sharing.map_picture", slug=slug, lang=frame_lang, **chosen),
        chosen=chosen | {"theme": theme, "height": str(height), "in": frame_lang},
        countries=sorted(
            ((code, country_name(code, lang)) for code in facets.countries), key=lambda one: one[1].casefold()
        ),
        spoken=sorted(
            ((code, language_name(code, lang)) for code in facets.languages),
            key=lambda one: one[1].casefold(),
        ),
        heights=HEIGHTS,
        page_languages=[(code, native_name(code)) for code in LANGUAGES],
        ancestors=current_settings().embed_ancestors,
    )
    return public_page(body, kept_with=campaign)


@blueprint.get("/<slug>/map.svg")
@public(why="a picture of the map shows no more than the map")
def map_picture(slug: str) -> ResponseReturnValue:
    """Return the map as one picture."""
    session, moment = db.session(), now()
    campaign = campaign_by_slug(session, slug)
    lang = request.args.get("lang", "")
    lang = lang if lang in LANGUAGES else campaign.default_locale
    atlas = atlas_of(session, campaign, now=moment)
    mask = mask_of(
        session, campaign, atlas, wanted_from(session, campaign, request.args, now=moment), now=moment
    )
    side = range(1 << PICTURE_DEPTH)
    marks = [mark for x in side for y in side for mark in atlas.tile(PICTURE_DEPTH, x, y, mask)]
    count = atlas.extent(mask).counts[EventStatus.PUBLISHED]
    title = campaign.text_in(lang).title
    with force_locale(lang):
        words = ngettext("%(num)s protest", "%(num)s protests", count)
    foot = f"{title} · {words} · {current_settings().site_url.partition('//')[2]}"
    body = picture(marks, land_path(LAND), title=f"{title}: {words}", foot=foot)
    response = public_page(pack(body, MIMETYPE), kept_with=campaign)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/oembed")
@public(why="programs ask it how to show a link to a map")
def oembed() -> ResponseReturnValue:
    """Answer as oEmbed 1.0 says: how a link to a campaign or its map is shown in a frame."""
    if request.args.get("format", "json") != "json":
        return jsonify(error="format"), 501
    lang, campaign, options = _meant(request.args.get("url", ""))
    width = _within(request.args.get("maxwidth", type=int), USUAL_WIDTH, NARROWEST)
    height = _within(request.args.get("maxheight", type=int), USUAL_HEIGHT, LOWEST)
    title = campaign.text_in(lang).title
    address = absolute_url("maps.embedded_map", slug=campaign.slug, lang=lang, **options)
    answer = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": current_settings().site_name,
        "provider_url": current_settings().site_url,
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": frame(address, title, str(width), height),
    }
    response = jsonify(answer)
    response.access_control_allow_origin = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.cache_control.public, response.cache_control.max_age = True, 300
    return response


def frame(address: str, title: str, width: str, height: int) -> str:
    """Return the HTML that shows the map on another site: it learns where its visitor is if they say so."""
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="{escape(width)}" height="{height}"'
        ' loading="lazy" referrerpolicy="no-referrer" allow="geolocation; fullscreen"'
        ' style="border:0"></iframe>'
    )


def _named(codes: Sequence[str], name: Callable[[str, str], str], lang: str) -> list[tuple[str, str]]:
    return sorted(((code, name(code, lang)) for code in codes), key=lambda one: one[1].casefold())


def _meant(url: str) -> tuple[str, Campaign, Mapping[str, list[str]]]:
    """Return language, campaign and filters of a link to one of our maps.

    Raises:
        NotFoundError: it is no link to a map of ours.
        BadRequest: it is no link at all.
    """
    try:
        parts = urlsplit(url)
    except ValueError as wrong:
        raise BadRequest from wrong
    if not parts.scheme or f"{parts.scheme}://{parts.netloc}" != current_settings().site_url.rstrip("/"):
        raise NotFoundError
    try:
        endpoint, values = current_app.url_map.bind("").match(parts.path)
    except (NotFound, MethodNotAllowed, RequestRedirect) as wrong:
        raise NotFoundError from wrong
    if endpoint not in {"site.campaign", "maps.campaign_map", "maps.embedded_map"}:
        raise NotFoundError
    asked = MultiDict(pair for pair in parse_qsl(parts.query) if pair[0] in {*NAMES, "theme"})
    return values["lang"], campaign_by_slug(db.session(), values["slug"]), asked.to_dict(flat=False)


def _within(most: int | None, usual: int, least: int) -> int:
    return usual if most is None else max(least, min(most, usual, LARGEST))


def oembed_url(address: str) -> str:
    """Return where programs ask how to show `address`, for a page's head."""
    return absolute_url("sharing.oembed") + "?" + urlencode({"url": address, "format": "json"})
