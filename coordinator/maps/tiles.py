"""The map's data: what it opens with, and what one of its tiles shows. See docs/map-data.md."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from coordinator.maps.atlas import SAME_PLACE, STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from coordinator.maps.atlas import Atlas, Extent, Facets, Mark, Mask
    from coordinator.maps.queries import Words

MIMETYPE = "application/json"
POSITIONS_MIMETYPE = "application/octet-stream"
PLACE_DECIMALS = 5  # of a degree: a metre
CROWD_DECIMALS = 2  # a crowd stands nowhere exactly; a kilometre is a pixel where it is shown
CLOSE_CROWD_DECIMALS = 4
CLOSE_DEPTH = 6
FIRST_TILES = 4
"""At most so many come with the summary: the deepest whole row of them that holds every event."""
DEEPEST_FIRST = 5
BYTES_EACH = 3  # no difference between two longitudes is larger


def tile_json(marks: Sequence[Mark], words: Mapping[int, Words], depth: int, *, has_people: bool) -> bytes:
    """Return one tile."""
    return written(_tile(marks, words, depth, has_people=has_people))


def summary_json(
    atlas: Atlas,
    mask: Mask | None,
    facets: Facets,
    words_of: Any,
    *,
    has_people: bool,
) -> bytes:
    """Return what the map opens with: numbers, what can be chosen, and the tiles of the first view.

    Args:
        atlas: where the events are.
        mask: which of them are wanted.
        facets: what the campaign has.
        words_of: returns the labels of the ids it is given.
        has_people: say how many people come, for coordinators.
    """
    extent = atlas.extent(mask)
    tiles = {place: atlas.tile(*place, mask) for place in first_tiles(extent)}
    words = words_of(known for marks in tiles.values() for mark in marks for known in mark.ids)
    return written(
        {
            "counts": {state.value: count for state, count in extent.counts.items() if count},
            "without": extent.without_point,
            "box": [round(edge, 3) for edge in extent.box] if extent.box else None,
            "middle": [round(axis, 3) for axis in extent.middle] if extent.middle else None,
            "countries": list(facets.countries),
            "dates": [day.isoformat() for day in facets.days],
            "languages": list(facets.languages),
            "tiles": {
                "/".join(map(str, place)): _tile(marks, words, place[0], has_people=has_people)
                for place, marks in tiles.items()
            },
        }
    )


def first_tiles(extent: Extent) -> list[tuple[int, int, int]]:
    """Return depth, x and y of the tiles that a first view needs: the closest that are few enough."""
    if extent.box is None:
        return []
    south, west, north, east = extent.box
    found: list[tuple[int, int, int]] = []
    for depth in range(DEEPEST_FIRST + 1):
        (left, top), (right, bottom) = tile_of(north, west, depth), tile_of(south, east, depth)
        tiles = [(depth, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
        if len(tiles) > FIRST_TILES:
            break
        found = tiles
    return found


def tile_of(latitude: float, longitude: float, depth: int) -> tuple[int, int]:
    """Return x and y of the tile at `depth` that a point lies in."""
    size, radians = 1 << depth, math.radians(max(-85.05, min(85.05, latitude)))
    x = int((longitude + 180) / 360 * size)
    y = int((1 - math.asinh(math.tan(radians)) / math.pi) / 2 * size)
    return min(x, size - 1), min(max(y, 0), size - 1)


def missions_json(missions: Iterable[Any]) -> bytes:
    """Return the missions without an event: code, state, latitude, longitude of each."""
    return written(
        [
            [
                one.code,
                one.receiving_state,
                round(one.latitude, PLACE_DECIMALS),
                round(one.longitude, PLACE_DECIMALS),
            ]
            for one in missions
        ]
    )


def positions(atlas: Atlas) -> bytes:
    """Return where all events are, as small as it gets: for programs that draw all of them at once.

    Latitudes and longitudes in steps of a ten-thousandth of a degree, in the order of a Hilbert curve, each
    as the difference to the one before, zigzag (0, -1, 1, -2 …), in three bytes: the lowest bytes of all
    latitudes first, then the middle, then the highest; then the same of all longitudes. They begin at 0, 0.
    So arranged, general compression comes within four per cent of what the numbers hold.
    """
    return b"".join(_planes(_zigzag(np.diff(axis.astype(np.int64), prepend=0))) for axis in atlas.positions())


def positions_from(data: bytes) -> list[tuple[float, float]]:
    """Return latitude and longitude of each event in what `positions` wrote."""
    planes = np.frombuffer(data, dtype=np.uint8).reshape(2, BYTES_EACH, -1).astype(np.int64)
    numbers = sum(planes[:, byte] << 8 * byte for byte in range(BYTES_EACH))
    axes = np.cumsum((numbers >> 1) ^ -(numbers & 1), axis=1) / SAME_PLACE
    return list(zip(axes[0].tolist(), axes[1].tolist(), strict=True))


def written(value: Any) -> bytes:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _tile(
    marks: Sequence[Mark], words: Mapping[int, Words], depth: int, *, has_people: bool
) -> dict[str, Any]:
    tile: dict[str, Any] = {"marks": [_mark(mark, words, depth) for mark in marks]}
    if has_people:
        tile["people"] = [mark.people for mark in marks]
    return tile


def _mark(mark: Mark, words: Mapping[int, Words], depth: int) -> list[Any]:
    state = STATES.index(mark.state)
    known = [words[one] for one in mark.ids if one in words]
    if not known:
        decimals = CLOSE_CROWD_DECIMALS if depth >= CLOSE_DEPTH else CROWD_DECIMALS
        return [round(mark.latitude, decimals), round(mark.longitude, decimals), mark.count, state]
    point = [round(mark.latitude, PLACE_DECIMALS), round(mark.longitude, PLACE_DECIMALS)]
    ids = " ".join(label.public_id for label in known)
    return [*point, mark.count, state, int(mark.is_rough), ids, known[0].city, known[0].title]


def _zigzag(numbers: NDArray[Any]) -> NDArray[np.uint64]:
    return ((numbers << 1) ^ (numbers >> 63)).astype(np.uint64)


def _planes(numbers: NDArray[np.uint64]) -> bytes:
    """Return the lowest byte of every number, then the next one of each, and so on."""
    return b"".join(
        ((numbers >> np.uint64(8 * byte)) & np.uint64(0xFF)).astype(np.uint8).tobytes()
        for byte in range(BYTES_EACH)
    )
