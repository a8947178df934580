"""A vector tile as a picture (SVG): flat, quiet, in the house's colours, light and dark in one.

The picture carries its own style sheet, in which dark is other values for the same names, as in
static/css/tokens.css; browsers tell a picture what its page prefers. Everything of one look is one path in
whole units. What is smaller than a pixel is left out, and a tile with more corners than `MOST_CORNERS` loses
the last ones. Text from the file is escaped; there is no script, and nothing refers to anything outside.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from coordinator.places.vectors.mvt import Shape, layers
from coordinator.places.vectors.naming import SIZE, Names
from coordinator.places.vectors.schemas import AREAS, ROADS, WANTED, Look, Mark, Name, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator.places.vectors.mvt import Feature, Layer, Part
    from coordinator.places.vectors.schemas import Schema

    Named = tuple[Place, float, Name, tuple[int, int]]

PIXELS = 256  # a side, on a page
MOST_CORNERS = 100_000
MOST_FEATURES = 40_000
SMALLEST = 2  # units: one pixel
MARGIN = 40  # units around the picture, from where the widest road still reaches into it
COLOURS = {
    "water": ("#cfdee1", "#141d24"),
    "land": ("#f5f1e8", "#27323a"),
    "ice": ("#ffffff", "#38444c"),
    "built": ("#f0ebdf", "#2a353d"),
    "green": ("#e2ead2", "#26392f"),
    "wood": ("#d8e4c8", "#22362c"),
    "sand": ("#f7eed6", "#3a3a33"),
    "quiet": ("#ebe5da", "#2d3840"),
    "paved": ("#fffdf9", "#354149"),
    "building": ("#e3dbcb", "#323e46"),
    "wall": ("#d8cfbd", "#3d4a53"),
    "street": ("#fffdf9", "#3f4c55"),
    "major": ("#fffdf9", "#52606a"),
    "highway": ("#f4e2bd", "#6b6552"),
    "edge": ("#cdc4b1", "#1a2329"),
    "rail": ("#b9b1a1", "#5d6a73"),
    "path": ("#c5bdac", "#5d6a73"),
    "border": ("#8f887a", "#87898a"),
    "ink": ("#11191f", "#f3eee3"),
    "muted": ("#4d5357", "#c9c6bd"),
}
"""Light and dark. Land, ink and the others that tokens.css has are the same; a test holds them together."""
WIDTHS: dict[Look, dict[int, float]] = {
    Look.HIGHWAY: {5: 0.8, 8: 1.4, 12: 3, 14: 6.5, 16: 12, 19: 30},
    Look.MAJOR: {7: 0.5, 10: 1.4, 12: 3, 14: 6, 16: 11, 19: 28},
    Look.MEDIUM: {9: 0.5, 12: 1.8, 14: 5, 16: 10, 19: 26},
    Look.MINOR: {12: 0.7, 13: 1.2, 14: 2.6, 15: 4.5, 16: 7, 19: 22},
    Look.SERVICE: {14: 1, 15: 2, 16: 3.5, 19: 12},
    Look.PATH: {15: 1, 17: 1.5, 19: 2.5},
    Look.TUNNEL: {12: 2, 14: 5, 16: 9, 19: 24},
    Look.RUNWAY: {10: 1, 12: 3, 14: 8, 16: 20, 19: 60},
    Look.RAIL: {9: 0.5, 12: 0.8, 14: 1.2, 17: 2, 19: 3},
    Look.RIVER: {6: 0.6, 10: 1.2, 13: 2.5, 16: 6, 19: 16},
    Look.STREAM: {12: 0.6, 14: 1, 16: 2, 19: 5},
    Look.COUNTRY: {6: 1, 10: 1.6, 19: 2.5},
    Look.REGION: {6: 0.6, 10: 1, 19: 1.6},
}
"""Pixels by zoom; before the first one nothing is drawn, in between they grow evenly."""
EDGES_FROM = {Look.HIGHWAY: 9, Look.MAJOR: 11, Look.MEDIUM: 12, Look.MINOR: 14, Look.SERVICE: 15}
"""Zoom from which on roads have edges."""
EDGE_UNITS = 2.5  # both edges of a road together
BUILDINGS_FROM = 15
_RULES = {
    Look.BUILDING: "fill:var(--building);stroke:var(--wall)",
    Look.RIVER: "stroke:var(--water)",
    Look.STREAM: "stroke:var(--water)",
    Look.TUNNEL: "stroke:var(--edge);opacity:.45",
    Look.RUNWAY: "stroke:var(--edge)",
    Look.RAIL: "stroke:var(--rail)",
    Look.PATH: "stroke:var(--path);stroke-dasharray:5 4",
    Look.SERVICE: "stroke:var(--street)",
    Look.MINOR: "stroke:var(--street)",
    Look.MEDIUM: "stroke:var(--major)",
    Look.MAJOR: "stroke:var(--major)",
    Look.HIGHWAY: "stroke:var(--highway)",
    Look.REGION: "stroke:var(--border);stroke-dasharray:8 6;opacity:.7",
    Look.COUNTRY: "stroke:var(--border);stroke-dasharray:14 5 3 5",
}
_LINES = "path,use{fill:none;stroke-linejoin:round;stroke-linecap:round}.edge{stroke:var(--edge)}"
_TEXT = (
    ".name{fill:var(--ink);stroke:var(--land);stroke-width:5;paint-order:stroke;text-anchor:middle;"
    "font-family:system-ui,sans-serif;font-weight:600}"
    ".of-region,.of-quarter,.of-hamlet,.street{fill:var(--muted);font-weight:500}"
    ".of-country,.of-region{letter-spacing:.06em}"
)
_PALETTE = "".join(
    f"{query}:root{{{';'.join(f'--{name}:{both[number]}' for name, both in COLOURS.items())}}}{end}"
    for number, (query, end) in enumerate((("", ""), ("@media(prefers-color-scheme:dark){", "}")))
)


class Window:
    """Where a picture lies in its tile: beyond the file's last zoom it is a part of one."""

    def __init__(self, z: int, x: int, y: int, last: int) -> None:
        """Look at a tile of a file whose last zoom is `last`."""
        self.zoom = z
        self._depth = max(0, z - last)
        self.tile = (z - self._depth, x >> self._depth, y >> self._depth)
        self._x = x - (self.tile[1] << self._depth)
        self._y = y - (self.tile[2] << self._depth)

    def units(self, part: Part, extent: int) -> Part:
        """Return corners of a tile in units of the picture."""
        scale = SIZE << self._depth
        right, down = extent // 2 - self._x * SIZE * extent, extent // 2 - self._y * SIZE * extent
        return [((x * scale + right) // extent, (y * scale + down) // extent) for x, y in part]


class _Picture:
    """What is in a picture so far."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.paths: dict[Look, list[str]] = defaultdict(list)
        self.places: list[Named] = []
        self.streets: list[tuple[Name, list[Part]]] = []
        self._corners_left = MOST_CORNERS

    def add(self, layer: Layer, feature: Feature, mark: Mark) -> bool:
        """Draw a thing; tell whether there is room for more."""
        parts = feature.parts()
        self._corners_left -= sum(map(len, parts))
        if self._corners_left < 0:
            return False
        parts = [self.window.units(part, layer.extent) for part in parts]
        if mark.place and mark.name and parts:
            spot = parts[0][0]
            if 0 <= spot[0] < SIZE and 0 <= spot[1] < SIZE:  # the neighbour writes the others
                self.places.append((mark.place, mark.weight, mark.name, spot))
            return True
        seen = list(filter(None, map(_seen, parts)))
        if mark.look and (mark.look in AREAS) == (feature.shape is Shape.AREA):
            self.paths[mark.look] += (_path(part, is_area=feature.shape is Shape.AREA) for part in seen)
        if mark.name and feature.shape is Shape.LINE:
            self.streets.append((mark.name, seen))
        return True


def draw(tile: bytes, schema: Schema, window: Window) -> bytes:
    """Return the picture of a tile.

    Raises:
        BrokenTileError: the bytes are no vector tile.
    """
    picture = _Picture(window)
    for layer, feature, mark in _marks(tile, schema, window.zoom):
        if not picture.add(layer, feature, mark):
            break
    names = Names()
    names.add_places(picture.places, window.zoom)
    names.add_streets(picture.streets)
    return _svg(picture, names.written, "water" if schema.has_land else "land")


def nothing() -> bytes:
    """Return a picture through which the world map is seen."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{PIXELS}" height="{PIXELS}"/>'.encode()


def _marks(tile: bytes, schema: Schema, zoom: int) -> Iterator[tuple[Layer, Feature, Mark]]:
    order = {name: number for number, name in enumerate(schema.layers)}
    known = [layer for layer in layers(tile) if layer.name in order]
    left = MOST_FEATURES
    for layer in sorted(known, key=lambda layer: order[layer.name]):
        look_at = schema.layers[layer.name]
        for feature in layer.features(WANTED):
            left -= 1
            if left < 0:
                return
            mark = look_at(feature.tags, zoom, feature.shape)
            if mark and not (mark.look and _is_too_early(mark.look, zoom)):
                yield layer, feature, mark


def _is_too_early(look: Look, zoom: int) -> bool:
    return zoom < (BUILDINGS_FROM if look is Look.BUILDING else min(WIDTHS.get(look, (0,))))


def _seen(part: Part) -> Part:
    """Return what of a part is in the picture; nothing if it is elsewhere, or smaller than a pixel."""
    if len(part) < 2:  # noqa: PLR2004 a point
        return []
    across, down = [x for x, _ in part], [y for _, y in part]
    left, right, top, bottom = min(across), max(across), min(down), max(down)
    if right < -MARGIN or left > SIZE + MARGIN or bottom < -MARGIN or top > SIZE + MARGIN:
        return []
    if right - left < SMALLEST and bottom - top < SMALLEST:
        return []
    is_inside = left >= -MARGIN and right <= SIZE + MARGIN and top >= -MARGIN and bottom <= SIZE + MARGIN
    return part if is_inside else _trimmed(part)


def _trimmed(part: Part) -> Part:
    """Return a part without the corners that change nothing in the picture.

    They, the one that was kept before and the one after are all beyond the same side of it.
    """
    kept = part[:1]
    before, here = _sides(*part[0]), _sides(*part[1])
    for corner, following in pairwise(part[1:]):
        after = _sides(*following)
        if not before & here & after:
            kept.append(corner)
            before = here
        here = after
    return [*kept, part[-1]]


def _sides(x: int, y: int) -> int:
    """Return beyond which sides of the picture a corner is, as bits (Cohen and Sutherland)."""
    return (x < -MARGIN) | (x > SIZE + MARGIN) << 1 | (y < -MARGIN) << 2 | (y > SIZE + MARGIN) << 3


def _path(part: Part, *, is_area: bool) -> str:
    """Return a part as a piece of a path: corners as steps from the one before."""
    x, y = part[0]
    steps = []
    for right, down in part[1:]:
        if right != x or down != y:
            steps.append(f"{right - x} {down - y}")
            x, y = right, down
    return f"M{part[0][0]} {part[0][1]}l{' '.join(steps)}{'z' if is_area else ''}"


def width_at(look: Look, zoom: int) -> float:
    """Return how wide a line is, in units of a picture."""
    stops = sorted(WIDTHS[look].items())
    before = max((stop for stop in stops if stop[0] <= zoom), default=stops[0])
    after = min((stop for stop in stops if stop[0] >= zoom), default=stops[-1])
    share = (zoom - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
    return float(round(2 * before[1] * (after[1] / before[1]) ** share, 1))


def _svg(picture: _Picture, names: list[str], ground: str) -> bytes:
    zoom, paths = picture.window.zoom, {look: "".join(d) for look, d in picture.paths.items() if d}
    shown = [look for look in Look if look in paths]
    edged = [look for look in ROADS if look in paths and zoom >= EDGES_FROM[look]]
    drawn: list[str] = []
    for look in shown:
        if look in edged[:1]:  # all edges first, so that crossings are open
            drawn += (f'<use href="#{one}" class="edge edge-{one}"/>' for one in edged)
        is_defined = look in edged
        drawn.append(f'<use href="#{look}" class="{look}"/>' if is_defined else _element(look, paths[look]))
    defined = "".join(f'<path id="{look}" d="{paths[look]}"/>' for look in edged)
    return "".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{PIXELS}" height="{PIXELS}"',
        f' viewBox="0 0 {SIZE} {SIZE}"><style>{_PALETTE}{_LINES}',
        *(_rule(look, zoom) for look in shown),
        *(f".edge-{look}{{stroke-width:{width_at(look, zoom) + EDGE_UNITS:g}}}" for look in edged),
        _TEXT if names else "",
        f"</style><defs>{defined}</defs>",
        f'<rect width="{SIZE}" height="{SIZE}" style="fill:var(--{ground})"/>',
        *drawn,
        *names,
        "</svg>",
    )).encode()  # fmt: skip


def _rule(look: Look, zoom: int) -> str:
    width = "" if look in AREAS else f";stroke-width:{width_at(look, zoom):g}"
    return f".{look}{{{_RULES.get(look, f'fill:var(--{look})')}{width}}}"


def _element(look: Look, path: str) -> str:
    return f'<path class="{look}" d="{path}"/>'
