"""Distances, boxes, the nearest of many points, and coordinates as people type them."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

# One question takes microseconds; asked of a team of threads that wait for one another, milliseconds. The
# library reads this when it is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from pykdtree.kdtree import KDTree

from coordinator.places.rules import EAST, NORTH, Point, PointError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

Id = TypeVar("Id", int, str)

MEAN_EARTH_RADIUS_KM = 6371.0088  # IUGG mean radius R1: (2a + b) / 3 of the GRS 80 ellipsoid
LONGEST_COORDINATES = 100  # characters; degrees, minutes and seconds with words fit twice

_NUMBER = r"\d{1,3}(?:[.,]\d{1,15})?"
_PLAIN = re.compile(rf"([+-]?)({_NUMBER})°?")
_HALF = re.compile(
    rf"(?P<before>[NSEW])?\s*(?P<degrees>{_NUMBER})\s*°?\s*"
    rf"(?:(?P<minutes>{_NUMBER})\s*'\s*)?(?:(?P<seconds>{_NUMBER})\s*\"\s*)?(?P<after>[NSEW])?"
)
_SEPARATORS = (r"\s*;\s*", r"\s*,\s+", r"\s*,\s*", r"\s+")
"""Tried in this order, so that both "52.5,13.4" and "52,5 13,4" are read as they are meant."""

_SPELLINGS = (
    (re.compile(r"С\.?\s*Ш\.?"), "N"),
    (re.compile(r"Ю\.?\s*Ш\.?"), "S"),
    (re.compile(r"В\.?\s*Д\.?"), "E"),
    (re.compile(r"З\.?\s*Д\.?"), "W"),
    (re.compile(r"''|[″”“]"), '"'),
    (re.compile(r"[′’‘ʹ`]"), "'"),
    (re.compile(r"[º˚]"), "°"),
    (re.compile(r"[−–]"), "-"),
    (re.compile("٫"), "."),
    (re.compile("،"), ","),
)


def distance_km(a: Point, b: Point) -> float:
    """Return the great-circle distance from `a` to `b` in kilometres.

    Haversine on a sphere: within 0.6 % of the ellipsoid, which is well under the
    width of a pin. Ask geopy's `geodesic` where metres count.
    """
    return _haversine_km(a.latitude, a.longitude, b.latitude, b.longitude)


def _haversine_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    lat_a, lat_b = math.radians(latitude_a), math.radians(latitude_b)
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(longitude_b - longitude_a) / 2
    squared = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * MEAN_EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, squared)))


@dataclass(frozen=True, slots=True)
class Box:
    """What lies between two parallels and two meridians; west is the greater one across the antimeridian."""

    south: float
    west: float
    north: float
    east: float

    @property
    def longitudes(self) -> tuple[tuple[float, float], ...]:
        """Return the ranges of longitude to look in: two of them across the antimeridian."""
        if self.west <= self.east:
            return ((self.west, self.east),)
        return ((self.west, EAST), (-EAST, self.east))

    def __contains__(self, point: Point) -> bool:
        """Tell whether `point` is inside or on the edge."""
        if not self.south <= point.latitude <= self.north:
            return False
        return any(west <= point.longitude <= east for west, east in self.longitudes)


def bounding_box(centre: Point, within_km: float) -> Box:
    """Return the smallest box that holds every point within `within_km` of `centre`.

    Where the circle reaches a pole, the box is the whole cap. The widest longitude of a
    circle is asin(sin r / cos latitude), not r / cos latitude: J. P. Matuschek,
    "Finding Points Within a Distance of a Latitude/Longitude".
    """
    reach = within_km / MEAN_EARTH_RADIUS_KM
    south = centre.latitude - math.degrees(reach)
    north = centre.latitude + math.degrees(reach)
    if south <= -NORTH or north >= NORTH:
        return Box(max(south, -NORTH), -EAST, min(north, NORTH), EAST)
    width = math.degrees(math.asin(min(1.0, math.sin(reach) / math.cos(math.radians(centre.latitude)))))
    return Box(south, _turned(centre.longitude - width), north, _turned(centre.longitude + width))


class Nearest(Generic[Id]):
    """Finds the nearest of many points, exactly, over the antimeridian and the poles as anywhere.

    Points are unit vectors in a k-d tree: the shortest chord through the globe is the shortest way around
    it. Built once for a revision of the data and only read afterwards, so threads may share it.
    """

    def __init__(self, points: Iterable[tuple[Id, Point]]) -> None:
        """Take what to find, each with the id to answer with."""
        pairs = list(points)
        degrees = np.array([(p.latitude, p.longitude) for _, p in pairs], dtype=np.float64).reshape(-1, 2)
        self._plant([known for known, _ in pairs], degrees[:, 0], degrees[:, 1])

    @classmethod
    def of_columns(
        cls, ids: Sequence[Id], latitude: NDArray[np.float64], longitude: NDArray[np.float64]
    ) -> Nearest[Id]:
        """Take what to find as columns, each of the length of `ids`; degrees."""
        made = cls.__new__(cls)
        made._plant(ids, latitude, longitude)  # noqa: SLF001 one of us
        return made

    def _plant(
        self, ids: Sequence[Id], latitude: NDArray[np.float64], longitude: NDArray[np.float64]
    ) -> None:
        self._ids: Sequence[Id] = ids
        self._latitude, self._longitude = latitude, longitude
        self._tree = KDTree(_unit_vectors(latitude, longitude)) if len(ids) else None

    def __len__(self) -> int:
        """Return how many points there are."""
        return len(self._ids)

    def nearest(self, point: Point, k: int, within_km: float | None = None) -> list[tuple[Id, float]]:
        """Return at most `k` ids with their distance in kilometres, the nearest first."""
        k = min(k, len(self._ids))
        if k < 1 or self._tree is None:
            return []
        _chords, nearest = self._tree.query(_unit_vector(point), k=k)
        rows = nearest.ravel()
        there = zip(rows.tolist(), self._latitude[rows].tolist(), self._longitude[rows].tolist(), strict=True)
        found = [
            (_haversine_km(point.latitude, point.longitude, latitude, longitude), self._ids[row])
            for row, latitude, longitude in there
        ]
        return [(known, km) for km, known in sorted(found) if within_km is None or km <= within_km]


def parse_coordinates(text: str) -> Point | None:
    """Return the point that was typed, or None when the text is something else or off the globe.

    Understands "52.5, 13.4", "52,5; 13,4", "-33.9 151.2", "geo:52.5,13.4", degrees with
    minutes and seconds ("52°31′12″N 13°24′E"), and с. ш. / в. д. Without letters, latitude
    comes first. geopy's own parser is not used: it makes a point of "12" or "1 2 3 4".
    """
    if len(text) > LONGEST_COORDINATES:
        return None
    tidy = _tidy(text)
    try:
        return _with_letters(tidy) or _plain(tidy)
    except PointError:
        return None


def _tidy(text: str) -> str:
    """Return `text` in ASCII digits, signs and letters, as far as it can be coordinates."""
    digits = "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text.strip().upper()
    )
    for pattern, meant in _SPELLINGS:
        digits = pattern.sub(meant, digits)
    return " ".join(digits.removeprefix("GEO:").partition("?")[0].split())


def _plain(text: str) -> Point | None:
    for separator in _SEPARATORS:
        halves = re.split(separator, text)
        if len(halves) != 2:  # noqa: PLR2004 latitude and longitude
            continue
        numbers = [_PLAIN.fullmatch(half) for half in halves]
        if numbers[0] and numbers[1]:
            latitude, longitude = (float(n[1] + n[2].replace(",", ".")) for n in numbers if n)
            return Point(latitude, longitude)
    return None


def _with_letters(text: str) -> Point | None:
    letters = [letter for letter in text if letter in "NSEW"]
    if len(letters) != 2:  # noqa: PLR2004 latitude and longitude
        return None
    middle = text.index(letters[0]) + 1 if text[0] not in "NSEW" else text.rindex(letters[1])
    halves = [_HALF.fullmatch(half.strip(" ,;")) for half in (text[:middle], text[middle:])]
    if not (halves[0] and halves[1]):
        return None
    degrees = dict(_signed(half) for half in halves if half)
    if set(degrees) != {"latitude", "longitude"}:
        return None
    return Point(**degrees)


def _signed(half: re.Match[str]) -> tuple[str, float]:
    """Return which half this is, and its degrees; south and west are negative."""
    letter = half["before"] or half["after"] or ""
    degrees, minutes, seconds = (
        float((half[name] or "0").replace(",", ".")) for name in ("degrees", "minutes", "seconds")
    )
    if minutes >= 60 or seconds >= 60 or (half["before"] and half["after"]):  # noqa: PLR2004 sixtieths
        raise PointError
    size = degrees + minutes / 60 + seconds / 3600
    return ("latitude" if letter in "NS" else "longitude"), (-size if letter in "SW" else size)


def _turned(longitude: float) -> float:
    """Return the same meridian between -180 and 180."""
    return (longitude + EAST) % (2 * EAST) - EAST


def _unit_vector(point: Point) -> NDArray[np.float64]:
    """Return one row (x, y, z) on a sphere of radius 1."""
    latitude, longitude = math.radians(point.latitude), math.radians(point.longitude)
    flat = math.cos(latitude)
    return np.array([[flat * math.cos(longitude), flat * math.sin(longitude), math.sin(latitude)]])


def _unit_vectors(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a row (x, y, z) for each point given in degrees, on a sphere of radius 1."""
    north, east = np.radians(latitude), np.radians(longitude)
    flat = np.cos(north)
    return np.column_stack((flat * np.cos(east), flat * np.sin(east), np.sin(north)))
