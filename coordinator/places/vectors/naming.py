"""Where names stand in a picture.

Each stands whole in its own tile, so that no edge cuts it and none meets a neighbour's; where there is no
room it is left out. Nothing of the reader's fonts is known here: widths are guessed generously.
"""

from __future__ import annotations

import math
import unicodedata
from html import escape
from typing import TYPE_CHECKING

from coordinator.places.vectors.schemas import Name, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from coordinator.places.vectors.mvt import Part

SIZE = 512
"""Of a picture, in its own units; a page shows two of them as one pixel."""
EDGE = 8
MOST_PLACES, MOST_STREETS = 14, 16  # names in one picture
MOST_TRIED = 200  # of each: the others are less important, or shorter
LONGEST_LINE = 210  # units; longer names of places are broken into two lines
STREET_SIZE = 21
LATIN_SHARE = 0.82  # of the local name's size
STRAIGHT = math.radians(18)  # a street may turn so much under its name
TRIED = (0.5, 0.3, 0.7, 0.15, 0.85)  # where along a street its name might stand
_NARROW = frozenset("ijlIftr.,:;'’|! ()[]-")

Box = tuple[float, float, float, float]


def size_of(place: Place, zoom: int) -> float:
    """Return how large the name of a place is written."""
    smallest, largest, first, last = {
        Place.COUNTRY: (24, 32, 3, 6),
        Place.CITY: (22, 38, 5, 11),
        Place.REGION: (20, 24, 5, 8),
        Place.TOWN: (21, 32, 8, 14),
        Place.VILLAGE: (20, 26, 11, 14),
        Place.QUARTER: (20, 24, 12, 15),
        Place.HAMLET: (19, 22, 13, 16),
    }[place]
    share = min(1.0, max(0.0, (zoom - first) / (last - first)))
    return round(smallest + share * (largest - smallest))


def width_of(text: str, size: float) -> float:
    """Return how wide a text will be at most, nearly."""
    width = 0.0
    for letter in text:
        if unicodedata.east_asian_width(letter) in {"W", "F"}:
            width += 1.05
        elif letter in _NARROW:
            width += 0.36
        elif unicodedata.combining(letter):
            continue
        else:
            width += 0.8 if letter.isupper() else 0.63
    return width * size


class Names:
    """The names of one picture."""

    def __init__(self) -> None:
        """Begin with none."""
        self.written: list[str] = []
        self._taken: list[Box] = []
        self._streets: set[str] = set()

    def add_places(self, places: Iterable[tuple[Place, float, Name, tuple[int, int]]], zoom: int) -> None:
        """Write names of places, the most important first, as long as there is room."""
        order = {place: number for number, place in enumerate(Place)}
        written = 0
        first = sorted(places, key=lambda one: (order[one[0]], -one[1], one[2].local))[:MOST_TRIED]
        for place, _, name, spot in first:
            if written == MOST_PLACES:
                return
            written += self._add_place(place, name, spot, size_of(place, zoom))

    def add_streets(self, streets: Iterable[tuple[Name, Sequence[Part]]]) -> None:
        """Write names of streets along them, each once."""
        runs = [(name.local, *_longest_run(parts)) for name, parts in streets]
        for text, length, run in sorted(runs, key=lambda one: (-one[1], one[0]))[:MOST_TRIED]:
            if len(self._streets) == MOST_STREETS:
                return
            if run and text not in self._streets and width_of(text, STREET_SIZE) <= length:
                self._add_street(text, run)

    def _add_place(self, place: Place, name: Name, spot: tuple[int, int], size: float) -> bool:
        lines = [(line, size) for line in _broken(name.local, size)]
        if name.latin:
            lines.append((name.latin, size * LATIN_SHARE))
        width = max(width_of(*line) for line in lines)
        height = sum(1.2 * tall for _, tall in lines)
        if width > SIZE - 2 * EDGE:
            return False
        x = min(max(spot[0], EDGE + width / 2), SIZE - EDGE - width / 2)
        y = min(max(spot[1], EDGE + height / 2), SIZE - EDGE - height / 2)
        if not self._take([(x - width / 2, y - height / 2, x + width / 2, y + height / 2)]):
            return False
        top, spans = y - height / 2, []
        for line, tall in lines:
            top += 1.2 * tall
            small = "" if tall == size else f' font-size="{tall:.0f}"'
            spans.append(f'<tspan x="{x:.0f}" y="{top - 0.3 * tall:.0f}"{small}>{escape(line)}</tspan>')
        self.written.append(f'<text class="name of-{place}" font-size="{size:.0f}">{"".join(spans)}</text>')
        return True

    def _add_street(self, text: str, run: tuple[float, float, float, float]) -> None:
        x0, y0, x1, y1 = run
        length, width = math.hypot(x1 - x0, y1 - y0), width_of(text, STREET_SIZE)
        right, down = (x1 - x0) / length, (y1 - y0) / length
        angle = math.degrees(math.atan2(down, right))
        for share in TRIED:
            along = min(max(share * length, width / 2), length - width / 2)
            x, y = x0 + right * along, y0 + down * along
            steps = max(1, math.ceil(width / STREET_SIZE))
            places = [width * (step / steps - 0.5) for step in range(steps + 1)]
            half = STREET_SIZE * 0.6
            boxes = [
                (x + right * far - half, y + down * far - half, x + right * far + half, y + down * far + half)
                for far in places
            ]
            if self._take(boxes):
                self._streets.add(text)
                where = f"translate({x:.0f} {y:.0f}) rotate({angle:.0f})"
                self.written.append(
                    f'<text class="name street" font-size="{STREET_SIZE}" y="{0.35 * STREET_SIZE:.0f}"'
                    f' transform="{where}">{escape(text)}</text>'
                )
                return

    def _take(self, boxes: list[Box]) -> bool:
        """Take the room, if it is in the picture and nobody has it."""
        for left, top, right, bottom in boxes:
            if min(left, top) < 0 or max(right, bottom) > SIZE:
                return False
            if any(left < r and right > l and top < b and bottom > t for l, t, r, b in self._taken):  # noqa: E741 the four sides
                return False
        self._taken += boxes
        return True


def _broken(text: str, size: float) -> list[str]:
    """Return a name in one line, or in two that are about as long."""
    gaps = [at for at, letter in enumerate(text) if letter == " "]
    if not gaps or width_of(text, size) <= LONGEST_LINE:
        return [text]
    middle = min(gaps, key=lambda at: abs(at - len(text) / 2))
    return [text[:middle], text[middle + 1 :]]


def _longest_run(parts: Sequence[Part]) -> tuple[float, tuple[float, float, float, float] | None]:
    """Return the longest nearly straight piece within the picture, from left to right, and its length."""
    longest: tuple[float, tuple[float, float, float, float] | None] = (0.0, None)
    for part in parts:
        start = 0
        while start < len(part) - 1:
            end = _straight_until(part, start)
            piece = _within(part[start], part[end])
            length = math.hypot(piece[2] - piece[0], piece[3] - piece[1]) if piece else 0.0
            if piece and length > longest[0]:
                x0, y0, x1, y1 = piece
                is_backwards = x1 < x0 or (x1 == x0 and y1 > y0)
                longest = (length, (x1, y1, x0, y0) if is_backwards else piece)
            start = end
    return longest


def _straight_until(part: Part, start: int) -> int:
    """Return up to which corner a line goes on nearly as it began."""
    (x0, y0), (x1, y1) = part[start], part[start + 1]
    first = math.atan2(y1 - y0, x1 - x0)
    for at in range(start + 1, len(part) - 1):
        (x0, y0), (x1, y1) = part[at], part[at + 1]
        turn = math.atan2(y1 - y0, x1 - x0) - first
        if abs((turn + math.pi) % math.tau - math.pi) > STRAIGHT:
            return at
    return len(part) - 1


def _within(a: tuple[int, int], b: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """Return the piece of a line that lies in the picture (Liang and Barsky)."""
    (x0, y0), (x1, y1) = a, b
    begin, end = 0.0, 1.0
    for step, low, high in ((x1 - x0, EDGE - x0, SIZE - EDGE - x0), (y1 - y0, EDGE - y0, SIZE - EDGE - y0)):
        if step == 0:
            if low > 0 or high < 0:
                return None
            continue
        enters, leaves = sorted((low / step, high / step))
        begin, end = max(begin, enters), min(end, leaves)
    if begin >= end:
        return None
    return (x0 + begin * (x1 - x0), y0 + begin * (y1 - y0), x0 + end * (x1 - x0), y0 + end * (y1 - y0))
