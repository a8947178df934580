"""Looking up cities in the index. Reads one file and nothing else."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from coordinator.places.gazetteer.names import COUNTRY_CODE_LENGTH, country_code, country_label, fold
from coordinator.places.rules import Candidate, GazetteerMissingError, Point, Precision

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ATTRIBUTION = "GeoNames, CC BY 4.0"
ATTRIBUTION_URL = "https://www.geonames.org/"
FORMATS = frozenset({4})  # what `building.FORMAT` may be for the queries below
LONGEST_NAME = 100  # characters; beyond this it is not a city
SHORTEST_PREFIX = 2  # letters; one would read half the index
MOST_CITIES = 50
SHORTEST_ALIKE = 4  # letters; of three, one wrong one is another word
LONG_NAME = 7
LEAST_ALIKE = 15_000  # people: villages have every name that a slip can make
MOST_COUNTRY_WORDS = 4  # "United States of America"
MOST_PARTS = 4  # of a label: a city, what tells it from its namesakes, and one to spare

_COMMA = re.compile(r"[,،、，;]")
_COLUMNS = """
SELECT city.id, name, name_ru, country, state_name, latitude, longitude, population, timezone,
       spelling, folded = :folded AS is_exact
FROM spelling JOIN city ON city.id = spelling.city
"""
_WITHIN = """
AND (:country IS NULL OR country = :country OR (:state IS NOT NULL AND state = :state))
ORDER BY population DESC, city.id LIMIT :limit
"""
_EXACT = f"{_COLUMNS} WHERE folded = :folded {_WITHIN}"
_ALIKE = """
SELECT city.id, name, name_ru, country, state_name, latitude, longitude, population, timezone, spelling,
       folded, 0 AS is_exact
FROM spelling JOIN city ON city.id = spelling.city
WHERE folded > :folded AND folded < :beyond AND length(folded) BETWEEN :shortest AND :longest
      AND population >= :least
"""
_LARGEST = """
SELECT id, name, name_ru, country, state_name, latitude, longitude, population, timezone, name AS spelling,
       1 AS is_exact
FROM city ORDER BY population DESC, id LIMIT :limit
"""
_PREFIX = f"{_COLUMNS} WHERE folded > :folded AND folded < :beyond {_WITHIN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A populated place."""

    id: int
    """GeoNames' id."""
    name: str
    """As called in the language that was asked for, where the index knows it; else in English."""
    matched: str
    """The spelling that was found."""
    country: str
    """ISO 3166-1 alpha-2."""
    region: str
    """State of the USA; empty elsewhere."""
    point: Point
    population: int
    timezone: str
    is_exact: bool
    """The whole name was typed, not only its beginning."""

    def label(self, locale: str) -> str:
        """Return the name with what tells it from its namesakes: "Paris, Texas, United States"."""
        parts = (self.name, self.region, country_label(self.country, locale))
        return ", ".join(part for part in parts if part)

    def candidate(self, locale: str) -> Candidate:
        """Return this city as the answer to where something is: nobody may be sent to its point."""
        return Candidate(
            label=self.label(locale),
            point=self.point,
            precision=Precision.CITY,
            country=self.country,
            city=self.name,
            source="gazetteer",
        )


class Gazetteer:
    """The index at one path.

    Opens it anew for each question (0.1 ms): threads share nothing, and a new edition is seen at once.
    """

    def __init__(self, path: Path) -> None:
        """Remember where the index is. It may still be missing: the site runs without it."""
        self._path = path
        self._address = f"{path.absolute().as_uri()}?immutable=1"

    def search(
        self, text: str, *, limit: int = 8, country: str | None = None, locale: str = "en"
    ) -> list[City]:
        """Return cities that are called `text`, then those whose name begins so, each group by population.

        Args:
            text: a name in any script, "name, state", or a label as `City` writes it.
            limit: how many at most.
            country: ISO 3166-1 alpha-2; only cities of this state.
            locale: language to name them in.

        Raises:
            GazetteerMissingError: there is no index to look into.
        """
        if len(text) > LONGEST_NAME:
            return []
        name, within, state = self._read(text, country, locale)
        folded = fold(name)
        if not folded:
            return []
        limit = max(1, min(limit, MOST_CITIES))
        wanted = {"folded": folded, "beyond": f"{folded}\U0010ffff", "country": within, "state": state}
        rows = self._rows(_EXACT, wanted | {"limit": limit})
        if len(rows) < limit and len(folded) >= SHORTEST_PREFIX:
            # a city may have several spellings that begin so: ask for more than are shown
            rows += self._rows(_PREFIX, wanted | {"limit": 4 * limit})
        cities: dict[int, City] = {}
        for row in rows:
            cities.setdefault(row["id"], _city(row, locale))
        if not cities and country is None:
            return self._otherwise(text, limit, locale)
        return list(cities.values())[:limit]

    def alike(self, text: str, *, limit: int = 5, locale: str = "en") -> list[City]:
        """Return cities whose name is nearly `text`: for when nothing is called so. The larger, the likelier.

        One letter may be wrong, missing, added or have changed places with its neighbour; two from seven
        letters on. The first two count as typed, in either order: without them the whole index would be read.

        Raises:
            GazetteerMissingError: there is no index to look into.
        """
        folded = fold(text)
        if not SHORTEST_ALIKE <= len(folded) <= LONGEST_NAME:
            return []
        most = 1 if len(folded) < LONG_NAME else 2
        beginnings = {folded[:2], folded[1] + folded[0], folded[0] + folded[2], folded[0] + folded[1] * 2}
        found: dict[int, tuple[int, int, sqlite3.Row]] = {}
        for beginning in sorted(beginnings):
            wanted = {
                "folded": beginning, "beyond": f"{beginning}\U0010ffff", "least": LEAST_ALIKE,
                "shortest": len(folded) - most, "longest": len(folded) + most,
            }  # fmt: skip
            for row in self._rows(_ALIKE, wanted):
                distance = OSA.distance(folded, row["folded"], score_cutoff=most)
                known = found.get(row["id"])
                if distance <= most and (known is None or distance < known[0]):
                    found[row["id"]] = (distance, -row["population"], row)
        nearest = sorted(found.values(), key=lambda one: one[:2])[:limit]
        return [_city(row, locale) for _distance, _people, row in nearest]

    def largest(self, count: int) -> list[City]:
        """Return the most populous cities, each by its English name.

        Raises:
            GazetteerMissingError: there is no index to look into.
        """
        return [_city(row, "en") for row in self._rows(_LARGEST, {"limit": count})]

    def candidates(self, text: str, *, limit: int = 8, locale: str = "en") -> list[Candidate]:
        """Return what `search` finds, as places."""
        return [city.candidate(locale) for city in self.search(text, limit=limit, locale=locale)]

    def is_ready(self) -> bool:
        """Tell whether there is an index to look into; for the health page."""
        try:
            self._rows("SELECT cities FROM about", {})
        except GazetteerMissingError:
            return False
        return True

    def _otherwise(self, text: str, limit: int, locale: str) -> list[City]:
        """Return what is found when the state stands behind no comma, or behind a region."""
        *city, last = _COMMA.split(text)
        if not city:
            divided = _divided(text, locale)
            return self.search(divided, limit=limit, locale=locale) if divided else []
        if not fold(last) or len(city) >= MOST_PARTS:
            return []
        named = self.search(", ".join(city), limit=MOST_CITIES, locale=locale)
        code = country_code(last, locale)
        return [one for one in named if one.is_exact and _is_in(one, last, code, locale)][:limit]

    def _read(self, text: str, country: str | None, locale: str) -> tuple[str, str | None, str | None]:
        """Return the name, the state to look in, and the state of the USA that it might be instead."""
        *name, last = _COMMA.split(text)
        if country or not name or not fold(last):
            return text, country, None
        code = country_code(last, locale)
        us_state = self._us_state(last)
        if code is None and us_state is None:
            return text, None, None
        return ",".join(name), code or "", us_state

    def _us_state(self, text: str) -> str | None:
        wanted = {"code": text.strip().upper(), "folded": fold(text)}
        rows = self._rows("SELECT code FROM us_state WHERE code = :code OR folded = :folded", wanted)
        return rows[0]["code"] if rows else None

    def _rows(self, query: str, wanted: Mapping[str, object]) -> list[sqlite3.Row]:
        try:
            with closing(sqlite3.connect(self._address, uri=True)) as database:
                database.row_factory = sqlite3.Row
                if database.execute("PRAGMA user_version").fetchone()[0] not in FORMATS:
                    raise GazetteerMissingError
                return database.execute(query, wanted).fetchall()
        except sqlite3.DatabaseError as missing:
            raise GazetteerMissingError from missing


def _divided(text: str, locale: str) -> str:
    """Return "Berlin, Germany" for "Berlin Germany"; empty when the last words name no state.

    Codes are not looked for: too many short words are one.
    """
    words = text.split()
    for count in range(min(len(words) - 1, MOST_COUNTRY_WORDS), 0, -1):
        last = " ".join(words[-count:])
        if len(last) > COUNTRY_CODE_LENGTH and country_code(last, locale):
            return f"{' '.join(words[:-count])}, {last}"
    return ""


def _is_in(city: City, part: str, code: str | None, locale: str) -> bool:
    """Tell whether `part`, which may be the name of the state `code`, stands in the city's label."""
    labels = (fold(city.label(language)) for language in (locale, "en"))
    return city.country == code or any(f" {fold(part)}" in label for label in labels)


def _city(row: sqlite3.Row, locale: str) -> City:
    return City(
        id=row["id"],
        name=(row["name_ru"] if locale.startswith("ru") else "") or row["name"],
        matched=row["spelling"],
        country=row["country"],
        region=row["state_name"],
        point=Point(row["latitude"], row["longitude"]),
        population=row["population"],
        timezone=row["timezone"],
        is_exact=bool(row["is_exact"]),
    )
