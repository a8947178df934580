"""Street tiles, from our own origin."""

from __future__ import annotations

import gzip
import math
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from coordinator.kit.access import public
from coordinator.kit.errors import AwayError, NotFoundError
from coordinator.kit.headers import confine_drawing
from coordinator.kit.kept import Kept
from coordinator.kit.limits import check_limit
from coordinator.places.geo import Nearest
from coordinator.places.geocoding import places
from coordinator.places.rules import GazetteerMissingError, Point
from coordinator.places.streets import streets
from coordinator.places.tiles import DRAWING, FARTHEST_OUT

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from coordinator.places.tiles import Tile

KEEP_SECONDS = 86_400
PER_CLIENT = "1200 per minute"  # somebody who drags a map about all the time asks for a few hundred
CLOSE = 12  # zoom, from which on only where people live is shown
TOWNS = 30_000  # the largest of the index: those of 15,000 people and more
NEAR_TOWN_KM = 60.0

blueprint = Blueprint("street_maps", __name__)

_towns: Kept[Nearest[int]] = Kept(most=1)


@blueprint.get("/tiles/<int:z>/<int:x>/<int:y>")
@public(why="a street map is for everybody who looks at one of ours")
def tile(z: int, x: int, y: int) -> ResponseReturnValue:
    """Return a tile of the streets. Where there is none, the page goes on with the world map below it."""
    source = streets()
    if source is None or not FARTHEST_OUT <= z <= source.nearest or x >> z or y >> z:
        raise NotFoundError
    if z >= CLOSE and not is_inhabited(middle_of(z, x, y)):
        raise NotFoundError
    check_limit("tiles", per_client=PER_CLIENT)
    try:
        found = source.tile(z, x, y)
    except AwayError:
        return Response(status=503, headers={"Cache-Control": "no-store", "Retry-After": "60"})
    if found is None:
        raise NotFoundError
    response = _answer(found)
    response.cache_control.public, response.cache_control.max_age = True, KEEP_SECONDS
    return response


def _answer(found: Tile) -> Response:
    response = Response(found.body, mimetype=found.mimetype)
    if found.mimetype == DRAWING:
        confine_drawing()
    if found.encoding:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality(found.encoding):
            response.content_encoding = found.encoding
        else:
            response.set_data(gzip.decompress(found.body))
    return response


def middle_of(z: int, x: int, y: int) -> Point:
    """Return the middle of a tile."""
    size = 1 << z
    north = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + 0.5) / size))))
    return Point(north, (x + 0.5) / size * 360 - 180)


def is_inhabited(point: Point) -> bool:
    """Tell whether a protest could be there: who fetches every sea and desert wants something else."""
    try:
        towns = _towns.get("towns", None, _read_towns)
    except GazetteerMissingError:
        return True
    return bool(towns.nearest(point, 1, NEAR_TOWN_KM))


def _read_towns() -> Nearest[int]:
    return Nearest((city.id, city.point) for city in places().gazetteer.largest(TOWNS))
