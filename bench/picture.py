"""How pages grow, as a picture: cost against the number of events, both on logarithmic scales."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.report import Measured

WIDTH, HEIGHT = 860, 470
LEFT, RIGHT, TOP, BOTTOM = 60, 250, 30, 50
COLOURS = ("#c9350a", "#12649b", "#3c7a2a", "#7a3c8f", "#8a6d00", "#0b7a75", "#a01850", "#4b5563")
DASHES = ("", "6 3", "2 3")
NAME_PIXELS = 15


def picture(measured: Sequence[Measured]) -> str:
    """Return an SVG with one line for each page that was measured at two sizes or more."""
    pages = {
        page: sorted((one for one in measured if one.page == page and one.events), key=lambda one: one.events)
        for page in dict.fromkeys(one.page for one in measured if one.events)
    }
    points = {page: [(one.events, one.hellos) for one in found] for page, found in pages.items()}
    events = sorted({count for line in points.values() for count, _ in line})
    hellos = [cost for line in points.values() for _, cost in line]
    low, high = math.floor(math.log10(min(hellos))), math.ceil(math.log10(max(hellos)))

    def x(count: float) -> float:
        span = math.log10(events[-1] / events[0]) or 1
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(count / events[0]) / span

    def y(cost: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(cost) - low) / ((high - low) or 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"',
        ' font-size="12" role="img"><title>Cost of a request in hellos against the number of events</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for count in events:
        parts.append(_line(x(count), TOP, x(count), HEIGHT - BOTTOM))
        parts.append(
            f'<text x="{x(count):.0f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{count:,}</text>'
        )
    for power in range(low, high + 1):
        parts.append(_line(LEFT, y(10**power), WIDTH - RIGHT, y(10**power)))
        parts.append(
            f'<text x="{LEFT - 8}" y="{y(10**power) + 4:.0f}" text-anchor="end">{10.0**power:g}</text>'
        )
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 10}">published events</text>')
    parts.append(f'<text x="{LEFT - 50}" y="18">hellos</text>')
    at = sorted(points, key=lambda page: -points[page][-1][1])
    for number, page in enumerate(at):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        pen = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        drawn = " ".join(f"{x(count):.1f},{y(cost):.1f}" for count, cost in points[page])
        parts.append(f'<polyline points="{drawn}" fill="none" {pen}/>')
        height = TOP + NAME_PIXELS * (number + 0.5)
        parts.append(
            f'<path d="M{WIDTH - RIGHT + 20} {height}h24" {pen}/>'
            f'<text x="{WIDTH - RIGHT + 50}" y="{height + 4}">{escape(page)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _line(left: float, top: float, right: float, bottom: float) -> str:
    return f'<path d="M{left:.1f} {top:.1f}L{right:.1f} {bottom:.1f}" stroke="#d5d5d5"/>'
