"""The map as one picture (SVG): for pages without JavaScript, for print, and for whoever wants to show it.

Colours are attributes and not a style sheet: the content policy of an answer holds for a picture, too.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from coordinator.events.rules import EventStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from coordinator.maps.atlas import Mark

MIMETYPE = "image/svg+xml"
WIDTH = 1200  # pixels, of the whole world
SOUTH, NORTH = -57.0, 76.0  # what is drawn: no pole has a consulate
SMALLEST, LARGEST = 4.5, 24.0  # radius of a disc
ROOM_FOR_NUMBER = 8.0  # radius from which on a number fits in
FOOT = 34
SEA, LAND, INK, SIGNAL, OFF = "#e4eae8", "#faf7f0", "#11191f", "#f2400f", "#96103a"


def picture(marks: Iterable[Mark], land: str, *, title: str, foot: str) -> bytes:
    """Return the picture.

    Args:
        marks: what stands on the map; the largest are drawn first, so that none hides another whole.
        land: a path as `land_path` makes it.
        title: what it shows, also for whoever can't see it.
        foot: a line of words below.
    """
    top, bottom = _y(NORTH), _y(SOUTH)
    height = round(bottom - top)
    drawn = sorted(marks, key=lambda mark: -mark.count)
    most = drawn[0].count if drawn else 1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + FOOT}" role="img"',
        f' font-family="system-ui, sans-serif"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="{SEA}"/>',
        f'<svg width="{WIDTH}" height="{height}" viewBox="0 {top:.0f} {WIDTH} {height}">',
        f'<path d="{land}" fill="{LAND}" fill-rule="evenodd"/>',
        *(_disc(mark, most) for mark in drawn),
        "</svg>",
        f'<rect y="{height}" width="{WIDTH}" height="{FOOT}" fill="{INK}"/>',
        f'<text x="14" y="{height + 22}" fill="{LAND}" font-size="15">{escape(foot)}</text>',
        "</svg>",
    ]
    return "\n".join(parts).encode()


@lru_cache(maxsize=2)
def land_path(file: Path) -> str:
    """Return the land of a GeoJSON file as one SVG path, in whole pixels; empty without such a file."""
    try:
        features = json.loads(file.read_text(encoding="utf-8"))["features"]
    except OSError:
        return ""
    rings = (
        ring for feature in features for polygon in feature["geometry"]["coordinates"] for ring in polygon
    )
    return "".join(filter(None, map(_ring, rings)))


def _ring(points: Sequence[Sequence[float]]) -> str:
    """Return a ring whose corners are a pixel apart at least."""
    corners: list[tuple[int, int]] = []
    for longitude, latitude, *_ in points:
        corner = (round(_x(longitude)), round(_y(latitude)))
        if not corners or corners[-1] != corner:
            corners.append(corner)
    if len(corners) < 4:  # noqa: PLR2004 first and last are the same
        return ""
    steps = ((x - before[0], y - before[1]) for before, (x, y) in pairwise(corners[:-1]))
    return f"M{corners[0][0]} {corners[0][1]}l" + " ".join(f"{x} {y}" for x, y in steps) + "z"


def _disc(mark: Mark, most: int) -> str:
    x, y = _x(mark.longitude), _y(mark.latitude)
    radius = SMALLEST if mark.count == 1 else max(SMALLEST, LARGEST * math.sqrt(mark.count / most))
    is_off = mark.state in {EventStatus.CANCELLED, EventStatus.POSTPONED}
    fill = OFF if is_off else SIGNAL
    disc = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" stroke="{INK}" stroke-width="1"/>'
    )
    if radius < ROOM_FOR_NUMBER or mark.count == 1:
        return disc
    size = min(15.0, radius)
    return (
        f'{disc}<text x="{x:.1f}" y="{y + size / 3:.1f}" text-anchor="middle" font-size="{size:.0f}"'
        f' font-weight="700" fill="{INK}">{mark.count}</text>'
    )


def _x(longitude: float) -> float:
    return (longitude + 180) / 360 * WIDTH


def _y(latitude: float) -> float:
    radians = math.radians(max(-85.05, min(85.05, latitude)))
    return (1 - math.asinh(math.tan(radians)) / math.pi) / 2 * WIDTH
