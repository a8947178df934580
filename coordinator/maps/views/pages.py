"""The map: a page whose cost does not grow with the number of events, and the script that folium draws."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _

from coordinator.campaigns.queries import campaign_by_slug
from coordinator.events.filtering import filters_from, parameters
from coordinator.events.forms.choices import access_choices
from coordinator.kit.access import public
from coordinator.kit.db import db
from coordinator.kit.headers import allow_framing
from coordinator.kit.i18n import current_language
from coordinator.kit.kept import Kept
from coordinator.kit.web import public_page
from coordinator.maps.drawing import MAP, SCRIPTS, STYLES, Words, map_script as draw
from coordinator.places.streets import street_tiles
from coordinator.settings import current_settings

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from coordinator.campaigns.models import Campaign

KEEP_SCRIPT_SECONDS = 31_536_000
KEEP_OLD_SCRIPT_SECONDS = 60

blueprint = Blueprint("maps", __name__)


@dataclass(frozen=True, slots=True)
class Script:
    """What folium drew, as it is kept and sent."""

    packed: bytes
    version: str


scripts: Kept[Script] = Kept(most=20)
"""One for each language."""


@blueprint.get("/<lang:lang>/<slug>/map")
@public(why="the map of the protests is for everybody")
def campaign_map(slug: str) -> ResponseReturnValue:
    """Show the map: a page of its own, and what the campaign page frames."""
    campaign = campaign_by_slug(db.session(), slug)
    allow_framing("'self'")
    return public_page(_public_map(campaign, opens="_top"), kept_with=campaign)


@blueprint.get("/embed/<lang:lang>/<slug>/map")
@public(why="other sites may show the map")
def embedded_map(slug: str) -> ResponseReturnValue:
    """Show the map in a frame on somebody else's page; its links leave the frame alone."""
    campaign = campaign_by_slug(db.session(), slug)
    allow_framing(current_settings().embed_ancestors)
    response = public_page(_public_map(campaign, opens="_blank"), kept_with=campaign)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/maps/<lang:lang>/<version>.js")
@public(why="the map's script holds nothing but the map's own words")
def map_script(version: str) -> ResponseReturnValue:
    """Return the script that folium drew. Its address changes when it does, so it may be kept for a year."""
    drawn = (current_script(), current_script(has_people=True))
    script = next((one for one in drawn if one.version == version), drawn[0])
    takes_gzip = request.accept_encodings.quality("gzip") > 0
    response = make_response(script.packed if takes_gzip else gzip.decompress(script.packed))
    response.mimetype = "text/javascript"
    if takes_gzip:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.cache_control.public = True
    # While two versions of the site run side by side, a page may ask the other one for its script.
    is_current = version == script.version
    response.cache_control.max_age = KEEP_SCRIPT_SECONDS if is_current else KEEP_OLD_SCRIPT_SECONDS
    response.cache_control.immutable = is_current
    response.set_etag(script.version, weak=True)
    return response.make_conditional(request)


def current_script(*, has_people: bool = False) -> Script:
    """Return the script for the language being written, drawn once for each process and language.

    With `has_people` it has a layer for how many come, which coordinators see.
    """
    tiles = street_tiles()

    def make() -> Script:
        words = Words(
            events=_("Protests"),
            missions=_("Embassies and consulates without a protest yet"),
            full_screen=_("Full screen"),
            leave_full_screen=_("Leave full screen"),
            locate=_("Show where I am"),
            here=_("You are here"),
            people=_("How many people come") if has_people else "",
        )
        body = draw(words, tiles_url=tiles.url, attribution=tiles.attribution, nearest=tiles.nearest).encode()
        return Script(gzip.compress(body, mtime=0), hashlib.sha256(body).hexdigest()[:12])

    return scripts.get((current_language(), has_people), tiles, make)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a map shows, and where its page finds that."""

    title: str
    data_url: str
    """Folder of the map's data, ending with "/"."""
    events_url: str
    """GeoJSON as feeds.campaign_geojson writes it; `status` may be "submitted" too."""
    missions_url: str
    """GeoJSON as feeds.campaign_missions writes it."""
    list_url: str
    """The same events without a map, under the same filters."""
    back: tuple[str, str]
    """Text and address of the page above."""
    picture_url: str = ""
    """The same as a picture; empty for none."""


def map_page(shown: Shown, *, opens: str = "_top", has_people: bool = False) -> str:
    """Return a page that is one map. Coordinators have another one than the public, from other data.

    Args:
        shown: what it shows.
        opens: where links open, "_top" or "_blank".
        has_people: show how many come, for coordinators.
    """
    return render_template(
        "maps/map.html",
        **{one.name: getattr(shown, one.name) for one in fields(shown)},
        access=access_choices(),
        opens=opens,
        map_id=MAP,
        styles=STYLES,
        scripts=SCRIPTS,
        script_url=url_for("maps.map_script", version=current_script(has_people=has_people).version),
    )


def data_folder(summary: str, *, slug: str) -> str:
    """Return where a map's data is, by the endpoint of its summary."""
    return url_for(summary, slug=slug).rpartition("/")[0] + "/"


def _public_map(campaign: Campaign, *, opens: str) -> str:
    lang = current_language()
    above = url_for("site.campaign", slug=campaign.slug)
    chosen: dict[str, Any] = parameters(filters_from(request.args))
    shown = Shown(
        title=_("Map of all protests"),
        data_url=data_folder("map_data.summary", slug=campaign.slug),
        events_url=url_for("feeds.campaign_geojson", slug=campaign.slug, lang=lang),
        missions_url=url_for("feeds.campaign_missions", slug=campaign.slug, lang=lang),
        list_url=url_for("site.campaign", slug=campaign.slug, _anchor="list", **chosen),
        back=(campaign.text_in(lang).title, above),
        picture_url=url_for("sharing.map_picture", slug=campaign.slug, lang=lang),
    )
    return map_page(shown, opens=opens)
