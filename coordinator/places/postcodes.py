"""Postcodes, where an exact source was installed: one small file, read by web processes, written by commands.

No package has the world's postcodes with coordinates, and a postcode on the wrong side of a border sends
people to another country. So there is nothing unless an administrator installs it: German and US codes from
packages, any other state from a dump of GeoNames (docs/runbook.md).
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coordinator.places.gazetteer.names import country_code, country_label
from coordinator.places.rules import Candidate, Point, PointError, Precision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

POSTCODES_FILE = "postcodes.sqlite"
FORMAT = 1
LONGEST_POSTCODE = 12
MOST = 8
GEONAMES_COLUMNS = 11  # of a dump: state, code, place, three of regions with codes, latitude, longitude
_CODE = re.compile(r"[0-9A-Z][0-9A-Z \-]{1,10}[0-9A-Z]")
_PARTS = re.compile(r"[,،、，;]")
_TABLES = """
CREATE TABLE IF NOT EXISTS postcode (
    folded TEXT NOT NULL,
    country TEXT NOT NULL,
    code TEXT NOT NULL,
    place TEXT NOT NULL,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL,
    PRIMARY KEY (folded, country)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postcode:
    """One code and where it is."""

    country: str
    code: str
    place: str
    point: Point


class Postcodes:
    """The file at one path; it may be missing, and nothing is found."""

    def __init__(self, path: Path) -> None:
        """Remember where it is."""
        self._path = path

    def search(self, text: str, *, locale: str, preferred: frozenset[str] = frozenset()) -> list[Candidate]:
        """Return the places whose code is `text`, or "code, state"; states in `preferred` come first."""
        code, country = _read(text, locale)
        if not code or not self._path.exists():
            return []
        rows = self._rows(folded(code), country)
        rows.sort(key=lambda row: (row[0] not in preferred, row[0]))
        return [
            Candidate(
                label=f"{f'{code_shown} {place}'.strip()}, {country_label(state, locale)}",
                point=Point(latitude, longitude),
                precision=Precision.CITY,
                country=state,
                city=place,
                source="postcodes",
            )
            for state, code_shown, place, latitude, longitude in rows
        ]

    def countries(self) -> dict[str, int]:
        """Return how many codes there are of each state."""
        if not self._path.exists():
            return {}
        with closing(sqlite3.connect(self._path)) as database:
            return dict(database.execute("SELECT country, count(*) FROM postcode GROUP BY country"))

    def replace(self, codes: Iterable[Postcode]) -> dict[str, int]:
        """Put `codes` in place of all that there are of their states; return how many of each.

        All or nothing: a file that breaks off half way changes nothing.
        """
        counts: dict[str, int] = {}
        with closing(sqlite3.connect(self._path)) as database, database:
            database.executescript(f"{_TABLES} PRAGMA user_version = {FORMAT};")
            database.execute("BEGIN")
            for one in codes:
                if one.country not in counts:
                    database.execute("DELETE FROM postcode WHERE country = ?", (one.country,))
                where = (one.point.latitude, one.point.longitude)
                row = (folded(one.code), one.country, one.code, one.place, *where)
                done = database.execute("INSERT OR IGNORE INTO postcode VALUES (?, ?, ?, ?, ?, ?)", row)
                counts[one.country] = counts.get(one.country, 0) + done.rowcount
        return counts

    def _rows(self, code: str, country: str | None) -> list[tuple[str, str, str, float, float]]:
        query = "SELECT country, code, place, latitude, longitude FROM postcode WHERE folded = ?"
        if country:
            query += " AND country = ?"
        wanted = (code, country) if country else (code,)
        with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute(f"{query} LIMIT {MOST}", wanted).fetchall()


def folded(code: str) -> str:
    """Return a code as it is compared: "SW1A 1AA" and "sw1a1aa" are one."""
    return re.sub(r"[ \-]", "", code).upper()


def from_geonames(lines: Iterable[str]) -> Iterator[Postcode]:
    """Yield the codes of a dump of GeoNames (tab-separated, CC BY 4.0); what is none is passed over."""
    for line in lines:
        cells = line.rstrip("\n").split("\t")
        if len(cells) < GEONAMES_COLUMNS:
            continue
        made = _made(cells[0], cells[1], cells[2], cells[9], cells[10])
        if made is not None:
            yield made


def from_rows(country: str, rows: Iterable[Mapping[str, object]]) -> Iterator[Postcode]:
    """Yield the codes of a package: mappings with `code`, `place`, `latitude` and `longitude`."""
    for row in rows:
        made = _made(country, *(str(row[name]) for name in ("code", "place", "latitude", "longitude")))
        if made is not None:
            yield made


def _made(country: str, code: str, place: str, latitude: str, longitude: str) -> Postcode | None:
    code = " ".join(code.split())
    if len(country) != 2 or not 0 < len(code) <= LONGEST_POSTCODE:  # noqa: PLR2004 ISO 3166-1 alpha-2
        return None
    try:
        point = Point(float(latitude), float(longitude))
    except (ValueError, PointError):
        return None
    return Postcode(country=country.upper(), code=code, place=" ".join(place.split())[:100], point=point)


def _read(text: str, locale: str) -> tuple[str, str | None]:
    """Return the code and the state that `text` names; no code when it can't be one."""
    first, *rest = _PARTS.split(text.strip())
    country = country_code(rest[-1], locale) if rest else None
    words = first.split()
    if not rest and len(words) > 1 and (country := country_code(words[-1], locale)):
        words.pop()
    code = " ".join(words).upper()
    is_code = _CODE.fullmatch(code) and any(letter.isdigit() for letter in code)
    return (code, country) if is_code else ("", None)
