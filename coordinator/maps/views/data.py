"""What the map's script asks for: small answers, the same for everyone, kept at the front desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import campaign_by_slug, coordinated_campaign
from coordinator.events.filtering import filters_from
from coordinator.kit.access import May, public, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.kit.errors import NotFoundError
from coordinator.kit.web import pack, public_page
from coordinator.maps.atlas import DEEPEST
from coordinator.maps.queries import (
    atlas_of,
    coordinated_atlas,
    facets_of,
    full_of,
    labels,
    lonely_missions,
    mask_of,
    wanted_from,
)
from coordinator.maps.tiles import (
    MIMETYPE,
    POSITIONS_MIMETYPE,
    missions_json,
    positions,
    summary_json,
    tile_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask.typing import ResponseReturnValue

    from coordinator.campaigns.models import Campaign
    from coordinator.maps.atlas import Atlas, Mask
    from coordinator.maps.queries import Words

KEEP_SECONDS = 30

blueprint = Blueprint("map_data", __name__)


@blueprint.get("/<slug>/map/summary.json")
@public(why="the map opens with it")
def summary(slug: str) -> ResponseReturnValue:
    """Return how many events are wanted, what can be chosen, and what the first view shows."""
    session, moment = db.session(), now()
    campaign = campaign_by_slug(session, slug)
    atlas = atlas_of(session, campaign, now=moment)
    wanted = wanted_from(session, campaign, request.args, now=moment)
    mask = mask_of(session, campaign, atlas, wanted, now=moment)
    body = summary_json(atlas, mask, facets_of(session, campaign, now=moment), _labels, has_people=False)
    return _open(body, campaign)


@blueprint.get("/<slug>/map/<int:depth>/<int:x>/<int:y>.json")
@public(why="where the events are is what the map is for")
def tile(slug: str, depth: int, x: int, y: int) -> ResponseReturnValue:
    """Return what one tile of the map shows."""
    _check_tile(depth, x, y)
    session, moment = db.session(), now()
    campaign = campaign_by_slug(session, slug)
    atlas = atlas_of(session, campaign, now=moment)
    wanted = wanted_from(session, campaign, request.args, now=moment)
    marks = atlas.tile(depth, x, y, mask_of(session, campaign, atlas, wanted, now=moment))
    words = _labels(known for mark in marks for known in mark.ids)
    return _open(tile_json(marks, words, depth, has_people=False), campaign)


@blueprint.get("/<slug>/map/missions.json")
@public(why="where nobody stands yet is an invitation")
def missions(slug: str) -> ResponseReturnValue:
    """Return where the campaign's missions without an event are."""
    campaign = campaign_by_slug(db.session(), slug)
    return _open(missions_json(lonely_missions(db.session(), campaign)), campaign)


@blueprint.get("/<slug>/map/positions.bin")
@public(why="other programs may draw all events at once")
def all_positions(slug: str) -> ResponseReturnValue:
    """Return where all events are, in three bytes each."""
    campaign = campaign_by_slug(db.session(), slug)
    body = positions(atlas_of(db.session(), campaign, now=now()))
    return _open(body, campaign, POSITIONS_MIMETYPE)


@blueprint.get("/<lang:lang>/coordinate/<slug>/map/summary.json")
@requires(May.COORDINATE)
def coordinated_summary(slug: str) -> ResponseReturnValue:
    """Return the same for coordinators: with what waits for review, and how many people come."""
    session, moment = db.session(), now()
    campaign = coordinated_campaign(session, signed_in(), slug)
    atlas = coordinated_atlas(session, campaign, now=moment)
    facets = atlas.facets()
    mask = _coordinated_mask(campaign, atlas)
    body = summary_json(atlas, mask, facets, _labels, has_people=True)
    return Response(body, mimetype=MIMETYPE)


@blueprint.get("/<lang:lang>/coordinate/<slug>/map/<int:depth>/<int:x>/<int:y>.json")
@requires(May.COORDINATE)
def coordinated_tile(slug: str, depth: int, x: int, y: int) -> ResponseReturnValue:
    """Return what one tile of the coordinators' map shows."""
    _check_tile(depth, x, y)
    session, moment = db.session(), now()
    campaign = coordinated_campaign(session, signed_in(), slug)
    atlas = coordinated_atlas(session, campaign, now=moment)
    marks = atlas.tile(depth, x, y, _coordinated_mask(campaign, atlas))
    words = _labels(known for mark in marks for known in mark.ids)
    return Response(tile_json(marks, words, depth, has_people=True), mimetype=MIMETYPE)


@blueprint.get("/<lang:lang>/coordinate/<slug>/map/missions.json")
@requires(May.COORDINATE)
def coordinated_missions(slug: str) -> ResponseReturnValue:
    """Return the missions without an event, of a campaign that may still be a draft."""
    campaign = coordinated_campaign(db.session(), signed_in(), slug)
    return Response(missions_json(lonely_missions(db.session(), campaign)), mimetype=MIMETYPE)


def _labels(ids: Iterable[int]) -> dict[int, Words]:
    return labels(db.session(), ids)


def _coordinated_mask(campaign: Campaign, atlas: Atlas) -> Mask | None:
    wanted = filters_from(request.args)
    return atlas.mask(
        wanted, full_of(db.session(), campaign, now=now()) if wanted.has_places else frozenset()
    )


def _check_tile(depth: int, x: int, y: int) -> None:
    if depth > DEEPEST or x >> depth or y >> depth:
        raise NotFoundError


def _open(body: bytes, campaign: Campaign, mimetype: str = MIMETYPE) -> Response:
    """Answer with something that any site may read."""
    response = public_page(pack(body, mimetype), seconds=KEEP_SECONDS, kept_with=campaign)
    response.access_control_allow_origin = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
