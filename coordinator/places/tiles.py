"""What all street maps share: a square of the world as a picture, its place on our disk, whom to name."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing, nullcontext
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CACHE_FILE = "tiles.sqlite"
DRAWING = "image/svg+xml"
FARTHEST_OUT, NEAREST = 0, 19  # zoom
WAIT_SECONDS = 4  # for a turn: the world map is there in the meantime
EVICTED_SHARE = 0.1  # of the bound: not one at a time
_TABLES = """
CREATE TABLE IF NOT EXISTS tile (
    place TEXT PRIMARY KEY,
    body BLOB NOT NULL,
    mimetype TEXT NOT NULL,
    etag TEXT NOT NULL,
    fresh_until REAL NOT NULL,
    used_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tile_used ON tile (used_at);
"""


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture of a square of the world."""

    body: bytes
    mimetype: str
    encoding: str = ""
    """"gzip" where the body is compressed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A tile in the cache."""

    tile: Tile
    etag: str
    fresh_until: float


class TileCache:
    """Tiles on our disk, `most_bytes` of them: what was not looked at for longest goes first."""

    def __init__(self, path: Path, source: str, most_bytes: int) -> None:
        """Keep tiles of `source` in the file `path`; another source begins with nothing."""
        self._path = path
        self._prefix = blake2b(source.encode(), digest_size=6).hexdigest()
        self._most = most_bytes
        self._lock = Lock()
        with closing(self._open()) as database:
            database.executescript(_TABLES)
            database.execute("DELETE FROM tile WHERE place NOT LIKE ?", (f"{self._prefix}/%",))

    def find(self, place: str) -> Kept | None:
        """Return what is kept for a place, fresh or not."""
        with closing(self._open()) as database:
            row = database.execute(
                "SELECT body, mimetype, etag, fresh_until FROM tile WHERE place = ?", (self._key(place),)
            ).fetchone()
            if row is None:
                return None
            database.execute("UPDATE tile SET used_at = ? WHERE place = ?", (time.time(), self._key(place)))
        return Kept(Tile(row[0], row[1]), row[2], row[3])

    def keep(self, place: str, tile: Tile, etag: str, fresh_until: float) -> None:
        """Keep a tile, and forget the oldest when there are too many. On a full disk nothing is kept."""
        try:
            with self._lock, closing(self._open()) as database:
                row = (self._key(place), tile.body, tile.mimetype, etag[:200], fresh_until, time.time())
                database.execute("INSERT OR REPLACE INTO tile VALUES (?, ?, ?, ?, ?, ?)", row)
                if self.size(database) > self._most:
                    self._evict(database)
        except sqlite3.OperationalError:
            return

    def size(self, database: sqlite3.Connection | None = None) -> int:
        """Return how many bytes the file takes that are in use."""
        with closing(self._open()) if database is None else nullcontext(database) as known:
            pages, free, page = (
                int(known.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (pages - free) * page

    def _evict(self, database: sqlite3.Connection) -> None:
        wanted = self._most * (1 - EVICTED_SHARE)
        while self.size(database) > wanted:
            gone = database.execute(
                "DELETE FROM tile WHERE place IN (SELECT place FROM tile ORDER BY used_at LIMIT 50)"
            )
            if gone.rowcount < 1:
                return

    def _key(self, place: str) -> str:
        return f"{self._prefix}/{place}"

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None, timeout=2)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is fetched again
        return database


def plain(html: str) -> str:
    """Return words without their markup: attributions are links, and ours are shown as text."""
    words = re.sub(r"<[^>]*>", "", html)
    return " ".join(words.replace("&copy;", "©").replace("(C)", "©").replace("&amp;", "&").split())[:200]
