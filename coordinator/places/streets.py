"""Street maps from our own origin: a provider's tiles, fetched once and kept, or a file that somebody gave.

No visitor's browser talks to the provider; it sees this site, and not who looks at what. What the provider
asks for is done: our name and contact with every question, few questions at once, nothing asked again while
it may be kept, and the oldest forgotten when the disk's share is full. Off unless one is named.
"""

from __future__ import annotations

import mmap
import re
import sqlite3
import time
from contextlib import closing, nullcontext
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any, Protocol, cast

import requests
from flask import current_app
from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType
from xyzservices import TileProvider, providers

from coordinator.kit.errors import AwayError
from coordinator.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from coordinator.settings import Settings

ADDRESS = "/tiles/{z}/{x}/{y}"
CACHE_FILE = "tiles.sqlite"
FARTHEST_OUT, NEAREST = 0, 19  # zoom
SECONDS = (3, 8)  # to connect, to answer: somebody waits, and the world map is there in the meantime
AT_ONCE = 2  # questions: what OpenStreetMap's policy asks of every program
WAIT_SECONDS = 4
LEAST_KEPT_SECONDS = 7 * 24 * 3600  # the same policy, where a provider does not say
MOST_KEPT_SECONDS = 60 * 24 * 3600
LEAVE_ALONE_SECONDS = 60  # after it did not answer
LARGEST_TILE_BYTES = 512 * 1024
EVICTED_SHARE = 0.1  # of the bound: not one at a time
PICTURES = {"image/png", "image/jpeg", "image/webp", "image/avif", "image/gif"}
_KEYS = ("apikey", "accessToken", "key", "app_code", "subscriptionKey")
"""What providers call the key that they give out."""
_FILE_TYPES = {
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
    TileType.AVIF: "image/avif",
}
_READER: Callable[..., Any] = Reader  # written without types
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


class Source(Protocol):
    """Where tiles come from."""

    @property
    def attribution(self) -> str:
        """Return who has to be named, as plain text."""
        ...

    @property
    def host(self) -> str:
        """Return who else takes part; empty when nobody does."""
        ...

    @property
    def nearest(self) -> int:
        """Return the closest zoom that there is."""
        ...

    def tile(self, z: int, x: int, y: int) -> Tile | None:
        """Return a tile; None where there is none.

        Raises:
            AwayError: nobody could be asked.
        """
        ...


class TileFile:
    """A PMTiles file (version 3) of pictures, read where it lies."""

    host = ""

    def __init__(self, path: Path, attribution: str = "") -> None:
        """Open it.

        Raises:
            SettingsError: it is not there, not PMTiles, or holds no pictures.
        """
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._reader: Any = _READER(lambda offset, length: self._bytes[offset : offset + length])
            header: Mapping[str, Any] = self._reader.header()
        except Exception as wrong:  # the library raises whatever the bytes lead it to
            raise SettingsError("TILES_FILE", "is no PMTiles file that can be read") from wrong
        if header["tile_type"] not in _FILE_TYPES or header["tile_compression"] not in {
            Compression.NONE,
            Compression.UNKNOWN,
        }:
            raise SettingsError("TILES_FILE", "holds no pictures; PNG, JPEG, WebP and AVIF can be shown")
        self._mimetype = _FILE_TYPES[header["tile_type"]]
        self.nearest = min(NEAREST, int(header["max_zoom"]))
        self.attribution = attribution or plain(str(self._reader.metadata().get("attribution", "")))

    def tile(self, z: int, x: int, y: int) -> Tile | None:
        """Return a tile of the file."""
        body = self._reader.get(z, x, y)
        return None if body is None else Tile(bytes(body), self._mimetype)


class Provider:
    """Somebody else's server, behind a bounded cache on our disk."""

    def __init__(
        self, tiles: TileProvider, cache: TileCache, agent: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Take what to ask, where to keep it, and as whom to ask."""
        self._tiles = tiles
        self._cache = cache
        self._agent = agent
        self._clock = clock
        self._at_once = BoundedSemaphore(AT_ONCE)
        self._alone_until = 0.0
        self.attribution = plain(str(tiles.get("html_attribution") or tiles.get("attribution") or ""))
        self.nearest = min(NEAREST, int(tiles.get("max_zoom", NEAREST)))
        self.host = re.sub(r"^\{s\}\.", "", str(tiles["url"]).partition("//")[2].partition("/")[0])

    def tile(self, z: int, x: int, y: int) -> Tile | None:
        """Return a tile: from the disk while it may be kept, else from the provider, else an old one."""
        place = f"{z}/{x}/{y}"
        kept = self._cache.find(place)
        moment = self._clock()
        if kept is not None and kept.fresh_until > moment:
            return kept.tile
        if moment < self._alone_until or not self._at_once.acquire(timeout=WAIT_SECONDS):
            return self._old(kept)
        try:
            return self._asked(place, (z, x, y), kept)
        except requests.RequestException:
            self._alone_until = self._clock() + LEAVE_ALONE_SECONDS
            return self._old(kept)
        finally:
            self._at_once.release()

    def _asked(self, place: str, where: tuple[int, int, int], kept: Kept | None) -> Tile | None:
        z, x, y = where
        url = self._tiles.build_url(x=x, y=y, z=z, scale_factor="")
        headers = {"User-Agent": self._agent, "Accept": "image/*"}
        if kept is not None and kept.etag:
            headers["If-None-Match"] = kept.etag
        with requests.get(url, headers=headers, timeout=SECONDS, stream=True) as answer:
            fresh_until = self._clock() + keep_seconds(answer.headers, self._clock())
            if answer.status_code == requests.codes.not_modified and kept is not None:
                self._cache.keep(place, kept.tile, kept.etag, fresh_until)
                return kept.tile
            if answer.status_code in {404, 204}:
                return None
            if answer.status_code != requests.codes.ok:
                raise requests.RequestException
            mimetype = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            body = answer.raw.read(LARGEST_TILE_BYTES + 1, decode_content=True)
        if mimetype not in PICTURES or len(body) > LARGEST_TILE_BYTES:
            raise requests.RequestException
        tile = Tile(body, mimetype)
        self._cache.keep(place, tile, answer.headers.get("ETag", ""), fresh_until)
        return tile

    @staticmethod
    def _old(kept: Kept | None) -> Tile:
        if kept is None:
            raise AwayError
        return kept.tile


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


def provider_of(name_or_url: str, attribution: str, key: str) -> TileProvider:
    """Return a provider by its name in `xyzservices` ("OpenStreetMap.Mapnik"), or by its URL.

    Raises:
        SettingsError: there is none of that name, or it gives nobody anything without a key.
    """
    if name_or_url.startswith(("http://", "https://")):
        if not all(part in name_or_url for part in ("{z}", "{x}", "{y}")):
            raise SettingsError("TILES_URL", "needs {z}, {x} and {y}")
        tiles = TileProvider(name="own", url=name_or_url, attribution=attribution or name_or_url)
    else:
        try:
            tiles = providers.query_name(name_or_url).copy()
        except ValueError as unknown:
            raise SettingsError("TILES_URL", "is no address, and no provider of xyzservices") from unknown
    for name in _KEYS:
        if key and (name in tiles or f"{{{name}}}" in tiles["url"]):
            tiles[name] = key
    if tiles.requires_token():
        raise SettingsError("TILES_API_KEY", "is missing: this provider wants one")
    if attribution:
        tiles["html_attribution"] = tiles["attribution"] = attribution
    return tiles


def keep_seconds(headers: Mapping[str, str], now: float) -> float:
    """Return how long a tile may be kept: what the provider says, and never less than a week."""
    said = re.search(r"max-age=(\d{1,9})", headers.get("Cache-Control", ""))
    seconds = float(said[1]) if said else 0.0
    if not said and headers.get("Expires"):
        try:
            seconds = parsedate_to_datetime(headers["Expires"]).timestamp() - now
        except (TypeError, ValueError):
            seconds = 0.0
    return min(MOST_KEPT_SECONDS, max(LEAST_KEPT_SECONDS, seconds))


def plain(html: str) -> str:
    """Return words without their markup: attributions are links, and ours are shown as text."""
    words = re.sub(r"<[^>]*>", "", html)
    return " ".join(words.replace("&copy;", "©").replace("(C)", "©").replace("&amp;", "&").split())[:200]


def set_up_streets(app: Flask, settings: Settings) -> None:
    """Give the app the street maps that the administrator named; none by default.

    Raises:
        SettingsError: they can't be shown.
    """
    app.extensions["streets"] = _source(settings)


def streets() -> Source | None:
    """Return where the street maps of the app that runs now come from; None when there are none."""
    return cast("Source | None", current_app.extensions["streets"])


def street_tiles() -> dict[str, str]:
    """Return address and attribution of our street tiles, as Leaflet wants them; empty for none."""
    source = streets()
    return {"url": ADDRESS if source else "", "attribution": source.attribution if source else ""}


def _source(settings: Settings) -> Source | None:
    if settings.tiles_file:
        return TileFile(Path(settings.tiles_file), settings.tiles_attribution)
    if not settings.tiles_url:
        return None
    tiles = provider_of(settings.tiles_url, settings.tiles_attribution, settings.tiles_api_key)
    cache = TileCache(settings.instance / CACHE_FILE, tiles["url"], settings.tiles_cache_mb * 1_000_000)
    contact = settings.contact_email or "no contact given"
    return Provider(tiles, cache, f"coordinator ({settings.site_url}; {contact})")
