"""The map: a page whose cost does not grow with the number of events, and the script that folium draws."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _

from coordinator.campaigns.queries import campaign_by_slug
from coordinator.kit.access import public
from coordinator.kit.db import db
from coordinator.kit.headers import allow_framing, allow_images_from, tile_origin
from coordinator.kit.i18n import current_language
from coordinator.kit.kept import Kept
from coordinator.kit.web import public_page
from coordinator.maps.drawing import MAP, SCRIPTS, STYLES, Words, map_script as draw
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
    script = current_script()
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


def current_script() -> Script:
    """Return the script for the language being written, drawn once for each process and language."""
    settings = current_settings()
    streets = (settings.tiles_url, settings.tiles_attribution)

    def make() -> Script:
        words = Words(
            events=_("Protests"),
            missions=_("Embassies and consulates without a protest yet"),
            full_screen=_("Full screen"),
            leave_full_screen=_("Leave full screen"),
            locate=_("Show where I am"),
            here=_("You are here"),
        )
        body = draw(words, tiles_url=streets[0], attribution=streets[1]).encode()
        return Script(gzip.compress(body, mtime=0), hashlib.sha256(body).hexdigest()[:12])

    return scripts.get(current_language(), streets, make)


def map_page(
    *,
    title: str,
    events_url: str,
    missions_url: str,
    list_url: str,
    back: tuple[str, str],
    opens: str = "_top",
) -> str:
    """Return a page that is one map. Coordinators have another one than the public, from other GeoJSON.

    Args:
        title: what the map shows.
        events_url: GeoJSON as feeds.campaign_geojson writes it; `status` may be "submitted" too.
        missions_url: GeoJSON as feeds.campaign_missions writes it.
        list_url: the same events without a map.
        back: text and address of the page above.
        opens: where links open, "_top" or "_blank".
    """
    if tiles_url := current_settings().tiles_url:
        allow_images_from(tile_origin(tiles_url))
    return render_template(
        "maps/map.html",
        title=title,
        events_url=events_url,
        missions_url=missions_url,
        list_url=list_url,
        back=back,
        opens=opens,
        map_id=MAP,
        styles=STYLES,
        scripts=SCRIPTS,
        script_url=url_for("maps.map_script", version=current_script().version),
    )


def _public_map(campaign: Campaign, *, opens: str) -> str:
    lang = current_language()
    above = url_for("site.campaign", slug=campaign.slug)
    return map_page(
        title=_("Map of all protests"),
        events_url=url_for("feeds.campaign_geojson", slug=campaign.slug, lang=lang),
        missions_url=url_for("feeds.campaign_missions", slug=campaign.slug, lang=lang),
        list_url=f"{above}#list",
        back=(campaign.text_in(lang).title, above),
        opens=opens,
    )
