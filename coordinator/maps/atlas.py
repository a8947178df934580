"""All events of a campaign as columns of numbers, in the order of a curve over the map.

A map that shows a hundred thousand pins can't ask the database for them at every move. The columns take
some six megabytes for that many, and because they are sorted by the Morton code of their place, whatever
lies in one tile of the map stands side by side: two binary searches find it. Built once for a revision
and only read afterwards, so threads may share it; one change renews it without reading the others again.

No text of an event is here but its codes of country and languages. Titles are read for the few pins that
are shown alone.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from coordinator.events.accessibility import Feature, features_from
from coordinator.events.rules import EventStatus
from coordinator.places.geo import Nearest
from coordinator.places.rules import Point, Precision

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from coordinator.events.filtering import EventFilters

    Mask = NDArray[np.bool_]

BITS = 26  # of x and of y: about half a metre at the equator
NOWHERE = np.uint64(1 << 62)
"""Code of an event without a point: behind all tiles."""
CELL_BITS = 3
"""A tile has two to this power of cells along a side; each with something in it becomes one mark."""
DEEPEST = 17
"""Depth of the smallest tiles: at depth d there are 2^d by 2^d of them."""
SEPARATE_FROM = 16
"""From this depth on every place is a mark of its own, however near its neighbour."""
MERCATOR_NORTH = 85.0511287798066
SAME_PLACE = 10_000  # steps in a degree: eleven metres
MOST_IDS = 50  # of the events at one place
STATES = (EventStatus.PUBLISHED, EventStatus.SUBMITTED, EventStatus.POSTPONED, EventStatus.CANCELLED)
"""By how much a place matters to whoever looks for one: that of its best event is shown."""
_STATE_NUMBERS: dict[str, int] = {status.value: number for number, status in enumerate(STATES)}
ROUGH = [Precision.CITY.value, Precision.COUNTRY.value]
FIRST_DAY = date(1970, 1, 1).toordinal()
NEVER = math.inf
_FEATURE_BITS = {feature: 1 << number for number, feature in enumerate(Feature)}
_DESCRIBED = 1 << len(Feature)
"""Bits of the column `access`: one byte says all of an event's accessibility that can be looked for."""
_SPOKEN: dict[str, int] = {}


class Table(NamedTuple):
    """What is read of the events: columns of one length, in one order."""

    id: Sequence[int]
    status: Sequence[str]
    """Values of `EventStatus`."""
    latitude: Sequence[float | None]
    longitude: Sequence[float | None]
    precision: Sequence[str | None]
    """Values of `Precision`."""
    country: Sequence[str]
    day: NDArray[np.datetime64]
    """On the calendar of the place."""
    languages: Sequence[str]
    over_at: NDArray[np.float64]
    """When it will be over, in seconds since 1970; infinite for one whose time does not hold."""
    features: Sequence[str]
    """As `accessibility.kept_features` writes them."""
    has_notes: Sequence[bool]
    """Something is said about accessibility in words."""
    people: Sequence[int]


NOTHING = Table(
    (), (), (), (), (), (), np.array([], dtype="datetime64[us]"), (), np.array([], dtype=float), (), (), ()
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands at one point of the map: one event, several at one place, or a crowd of places."""

    latitude: float
    longitude: float
    count: int
    state: EventStatus
    """Of the best of them."""
    is_rough: bool = False
    """Of all of them no more than the city is known."""
    people: int = 0
    ids: tuple[int, ...] = ()
    """Of the events at one place, at most `MOST_IDS`; empty for a crowd."""


@dataclass(frozen=True, slots=True)
class Facets:
    """What a campaign's events can be narrowed to."""

    countries: Sequence[str]
    days: Sequence[date]
    languages: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How many events there are, and where."""

    counts: dict[EventStatus, int]
    without_point: int
    box: tuple[float, float, float, float] | None
    """South, west, north, east; None when nothing has a point."""
    middle: tuple[float, float] | None
    """Latitude and longitude of the middle one."""


class Atlas:
    """Where the events of a campaign are."""

    def __init__(self, tables: Iterable[Table], *, read_at: datetime | None = None) -> None:
        """Take the events, a part after another. `read_at` says when: what changed later is not here yet."""
        self.read_at = read_at
        self._fill(_together([_columns(NOTHING), *map(_columns, tables)]))

    def renewed(self, table: Table, gone: Iterable[int], *, read_at: datetime) -> Atlas:
        """Return an atlas with `table` in place of what was known of its events, and without those `gone`."""
        new = Atlas.__new__(Atlas)
        new.read_at = read_at
        ids = np.array([*table.id, *gone], dtype=np.int64)
        stays = ~np.isin(self._columns["id"], ids)
        changed = _columns(table)
        kept = {name: column[stays] for name, column in self._columns.items()}
        new._fill(_together([kept, changed]))  # noqa: SLF001 one of us
        return new

    def _fill(self, columns: dict[str, NDArray[Any]]) -> None:
        order = np.argsort(columns["code"], kind="stable")
        self._columns = {name: column[order] for name, column in columns.items()}
        self._codes: NDArray[np.uint64] = self._columns["code"]
        self._nearest: Nearest[int] | None = None

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self._codes)

    def facets(self) -> Facets:
        """Return the countries, days and languages that occur, each sorted."""
        days = [date.fromordinal(int(day)) for day in np.unique(self._columns["day"])]
        countries = [str(code) for code in np.unique(self._columns["country"]) if code]
        kinds = set(np.unique(self._columns["languages"]).tolist())
        spoken = {code for kind, number in list(_SPOKEN.items()) if number in kinds for code in kind.split()}
        return Facets(countries, days, sorted(spoken))

    def mask(self, wanted: EventFilters, full: frozenset[int] = frozenset()) -> Mask | None:
        """Return which events are wanted; None for all of them.

        Args:
            wanted: what was asked for.
            full: ids of the events without a place left.
        """
        columns, parts = self._columns, []
        if wanted.country:
            parts.append(columns["country"] == wanted.country)
        if wanted.day:
            parts.append(columns["day"] == wanted.day.toordinal())
        if wanted.language:
            spoken = [number for kind, number in list(_SPOKEN.items()) if wanted.language in kind.split()]
            parts.append(np.isin(columns["languages"], spoken))
        if wanted.status:
            parts.append(columns["state"] == _STATE_NUMBERS[wanted.status])
        if wanted.has_places:
            is_on = columns["state"] == _STATE_NUMBERS[EventStatus.PUBLISHED]
            parts.append(is_on & ~np.isin(columns["id"], list(full)))
        if access := _access_bits(wanted.features, is_described=wanted.is_described):
            parts.append((columns["access"] & access) == access)
        return np.logical_and.reduce(parts) if parts else None

    def ids(self, mask: Mask | None = None) -> list[int]:
        """Return the ids of what is wanted, in no order that means anything."""
        found: list[int] = self._select("id", mask).tolist()
        return found

    def extent(self, mask: Mask | None = None) -> Extent:
        """Return how many events are wanted, and where they are."""
        states = np.bincount(self._select("state", mask), minlength=len(STATES))
        has_point = self._select("code", mask) != NOWHERE
        latitude = self._select("latitude", mask)[has_point]
        longitude = self._select("longitude", mask)[has_point]
        counts = {state: int(states[number]) for number, state in enumerate(STATES)}
        without = int(len(has_point) - np.count_nonzero(has_point))
        if not len(latitude):
            return Extent(counts=counts, without_point=without, box=None, middle=None)
        corners = (latitude.min(), longitude.min(), latitude.max(), longitude.max())
        middle = (float(np.median(latitude)), float(np.median(longitude)))
        south, west, north, east = map(float, corners)
        return Extent(counts=counts, without_point=without, box=(south, west, north, east), middle=middle)

    def tile(self, depth: int, x: int, y: int, mask: Mask | None = None) -> list[Mark]:
        """Return the marks of one tile: at depth d the world is 2^d tiles wide and high, from the north-west.

        A cell with one place in it shows that place, one with several shows how many events they have.
        """
        first = np.uint64(_interleaved(x, y) << 2 * (BITS - depth))
        last = first + np.uint64(1 << 2 * (BITS - depth))
        rows = np.arange(*np.searchsorted(self._codes, (first, last)))
        if mask is not None:
            rows = rows[mask[rows]]
        if not len(rows):
            return []
        if depth >= SEPARATE_FROM:
            return self._places(rows)
        cells = self._codes[rows] >> np.uint64(2 * (BITS - depth - CELL_BITS))
        return self._marks(rows, np.flatnonzero(np.diff(cells, prepend=~cells[:1])))

    def positions(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return latitude and longitude of every event with a point, in steps of `SAME_PLACE`, by curve."""
        rows = self._codes != NOWHERE
        north, east = self._columns["north"][rows], self._columns["east"][rows]
        order = np.argsort(_hilbert(north, east), kind="stable")
        return north[order], east[order]

    def nearest(self, point: Point, k: int, now: datetime) -> list[tuple[int, float]]:
        """Return at most `k` events that are still to take place, each with its distance in km, exactly."""
        tree = self._tree()
        over_at, look = self._columns["over_at"], k
        while True:
            found = tree.nearest(point, look)
            moment = now.timestamp()
            ahead = [(row, km) for row, km in found if over_at[row] > moment]
            if len(ahead) >= k or look >= len(tree):
                return [(int(self._columns["id"][row]), km) for row, km in ahead[:k]]
            look *= 4

    def _tree(self) -> Nearest[int]:
        if self._nearest is None:
            is_on = self._columns["state"] == _STATE_NUMBERS[EventStatus.PUBLISHED]
            rows = np.flatnonzero(is_on & (self._codes != NOWHERE))
            self._nearest = Nearest.of_columns(
                array("q", rows.tolist()), self._columns["latitude"][rows], self._columns["longitude"][rows]
            )
        return self._nearest

    def _select(self, name: str, mask: Mask | None) -> NDArray[Any]:
        column = self._columns[name]
        return column if mask is None else column[mask]

    def _places(self, rows: NDArray[np.intp]) -> list[Mark]:
        """Return a mark for every place among `rows`."""
        north, east = self._columns["north"][rows], self._columns["east"][rows]
        order = np.lexsort((rows, east, north))
        north, east = north[order], east[order]
        is_first = np.ones(len(rows), dtype=bool)
        is_first[1:] = (np.diff(north) != 0) | (np.diff(east) != 0)
        return self._marks(rows[order], np.flatnonzero(is_first))

    def _marks(self, rows: NDArray[np.intp], starts: NDArray[np.intp]) -> list[Mark]:
        """Return a mark for each group of `rows`; group n begins at `starts[n]`."""
        columns = {name: self._columns[name][rows] for name in ("north", "east", "latitude", "longitude")}
        counts = np.diff(starts, append=len(rows))
        spread = np.zeros(len(starts), dtype=np.int64)
        for name in ("north", "east"):
            spread += np.maximum.reduceat(columns[name], starts) - np.minimum.reduceat(columns[name], starts)
        latitudes = np.add.reduceat(columns["latitude"], starts) / counts
        longitudes = np.add.reduceat(columns["longitude"], starts) / counts
        states = np.minimum.reduceat(self._columns["state"][rows], starts)
        are_rough = np.minimum.reduceat(self._columns["is_rough"][rows], starts)
        people = np.add.reduceat(self._columns["people"][rows], starts)
        ids = self._columns["id"][rows]
        return [
            Mark(
                latitude=float(latitudes[n]),
                longitude=float(longitudes[n]),
                count=int(counts[n]),
                state=STATES[states[n]],
                is_rough=bool(are_rough[n]),
                people=int(people[n]),
                ids=tuple(ids[start : start + min(counts[n], MOST_IDS)].tolist()) if spread[n] == 0 else (),
            )
            for n, start in enumerate(starts.tolist())
        ]


def _together(parts: Sequence[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _columns(table: Table) -> dict[str, NDArray[Any]]:
    latitude = np.array(table.latitude, dtype=float)
    longitude = np.array(table.longitude, dtype=float)
    is_somewhere = ~np.isnan(latitude)
    north = np.where(is_somewhere, np.nan_to_num(np.round(latitude * SAME_PLACE)), 0).astype(np.int32)
    east = np.where(is_somewhere, np.nan_to_num(np.round(longitude * SAME_PLACE)), 0).astype(np.int32)
    return {
        "id": np.array(table.id, dtype=np.int64),
        "code": _morton(latitude, longitude),
        "latitude": latitude,
        "longitude": longitude,
        "north": north,
        "east": east,
        "state": np.array([_STATE_NUMBERS[status] for status in table.status], dtype=np.uint8),
        "is_rough": np.isin(np.array(table.precision, dtype="U8"), ROUGH),
        "country": np.array(table.country, dtype="U2"),
        "day": table.day.astype("datetime64[D]").astype(np.int32) + FIRST_DAY,
        "languages": np.array([_spoken(languages) for languages in table.languages], dtype=np.int32),
        "over_at": table.over_at,
        "access": _access(table.features, table.has_notes),
        "people": np.array(table.people, dtype=np.int64),
    }


def _spoken(languages: str) -> int:
    """Return the number of a set of languages, the same in every atlas of this process."""
    return _SPOKEN.setdefault(languages, len(_SPOKEN))


def _access(features: Sequence[str], has_notes: Sequence[bool]) -> NDArray[np.uint8]:
    """Return the bits of each event."""
    bits = {codes: _access_bits(features_from(codes), is_described=bool(codes)) for codes in set(features)}
    ticked = np.array([bits[codes] for codes in features], dtype=np.uint8)
    return ticked | np.where(
        np.array(has_notes, dtype=bool), _access_bits((), is_described=True), np.uint8(0)
    )


def _access_bits(features: Iterable[Feature], *, is_described: bool) -> np.uint8:
    return np.uint8(sum(_FEATURE_BITS[feature] for feature in features) + _DESCRIBED * is_described)


def _morton(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return for each point its place on a Morton curve over the Mercator map, x in the lower bits."""
    size = 1 << BITS
    safe = np.radians(np.clip(np.nan_to_num(latitude), -MERCATOR_NORTH, MERCATOR_NORTH))
    x = (np.nan_to_num(longitude) + 180) / 360 * size
    y = (1 - np.log(np.tan(safe) + 1 / np.cos(safe)) / math.pi) / 2 * size
    columns, rows = (np.clip(axis, 0, size - 1).astype(np.uint64) for axis in (x, y))
    codes = _spread(columns) | (_spread(rows) << np.uint64(1))
    return np.where(np.isnan(latitude), NOWHERE, codes)


def _spread(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Put a zero between any two bits. The masks are the usual ones of Morton codes of 32 bits."""
    for shift, keep in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        numbers = (numbers | (numbers << np.uint64(shift))) & np.uint64(keep)
    return numbers


def _interleaved(x: int, y: int) -> int:
    """Return the Morton code of a tile."""
    return sum(((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1) for bit in range(DEEPEST + 1))


def _hilbert(north: NDArray[np.int32], east: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return for each point its place on a Hilbert curve over the globe: who is near there is near here.

    The method is Hamilton's, as Wikipedia's "Hilbert curve" has it (xy2d), for all points at once.
    """
    x = (east.astype(np.int64) + 180 * SAME_PLACE).astype(np.uint64)
    y = (north.astype(np.int64) + 90 * SAME_PLACE).astype(np.uint64)
    found = np.zeros(len(x), dtype=np.uint64)
    side = 1 << 22  # more than the steps around the globe
    half = side >> 1
    while half:
        step = np.uint64(half)
        is_east, is_north = (x & step) > 0, (y & step) > 0
        quarter = np.where(is_east, np.where(is_north, 2, 3), np.where(is_north, 1, 0)).astype(np.uint64)
        found += step * step * quarter
        is_turned, is_mirrored = ~is_north, ~is_north & is_east
        x, y = (
            np.where(is_mirrored, np.uint64(side - 1) - x, x),
            np.where(is_mirrored, np.uint64(side - 1) - y, y),
        )
        x, y = np.where(is_turned, y, x), np.where(is_turned, x, y)
        half >>= 1
    return found
