"""Street maps from our own origin: a provider's tiles, fetched once and kept, or a file that somebody gave.

No visitor's browser talks to the provider; it sees this site, and not who looks at what. What the provider
asks for is done: our name and contact with every question, few questions at once, nothing asked again while
it may be kept, and the oldest forgotten when the disk's share is full. Off unless one is named.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Protocol, cast

import requests
from flask import current_app
from xyzservices import TileProvider, providers

from coordinator.kit.errors import AwayError
from coordinator.places.tiles import CACHE_FILE, NEAREST, WAIT_SECONDS, Tile, TileCache, plain
from coordinator.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from coordinator.places.tiles import Kept
    from coordinator.settings import Settings

ADDRESS = "/tiles/{z}/{x}/{y}"
SECONDS = (3, 8)  # to connect, to answer: somebody waits, and the world map is there in the meantime
AT_ONCE = 2  # questions: what OpenStreetMap's policy asks of every program
LEAST_KEPT_SECONDS = 7 * 24 * 3600  # the same policy, where a provider does not say
MOST_KEPT_SECONDS = 60 * 24 * 3600
LEAVE_ALONE_SECONDS = 60  # after it did not answer
LARGEST_TILE_BYTES = 512 * 1024
PICTURES = {"image/png", "image/jpeg", "image/webp", "image/avif", "image/gif"}
_KEYS = ("apikey", "accessToken", "key", "app_code", "subscriptionKey")
"""What providers call the key that they give out."""


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


def set_up_streets(app: Flask, settings: Settings) -> None:
    """Give the app the street maps that the administrator named; none by default.

    Raises:
        SettingsError: they can't be shown.
    """
    app.extensions["streets"] = _source(settings)


def streets() -> Source | None:
    """Return where the street maps of the app that runs now come from; None when there are none."""
    return cast("Source | None", current_app.extensions["streets"])


@dataclass(frozen=True, slots=True)
class StreetTiles:
    """Our street tiles, as Leaflet wants them."""

    url: str = ""
    """Empty where there are none."""
    attribution: str = ""
    nearest: int = NEAREST
    """The closest zoom that there is; whoever looks closer sees that one, larger."""


NO_TILES = StreetTiles()


def street_tiles() -> StreetTiles:
    """Return what the app that runs now has."""
    source = streets()
    return StreetTiles(ADDRESS, source.attribution, source.nearest) if source else NO_TILES


def _source(settings: Settings) -> Source | None:
    def cache(source: str) -> TileCache:
        return TileCache(settings.instance / CACHE_FILE, source, settings.tiles_cache_mb * 1_000_000)

    if settings.tiles_file:
        from coordinator.places.tile_files import open_tile_file  # noqa: PLC0415 40 ms that few need

        return open_tile_file(Path(settings.tiles_file), settings.tiles_attribution, cache)
    if not settings.tiles_url:
        return None
    tiles = provider_of(settings.tiles_url, settings.tiles_attribution, settings.tiles_api_key)
    contact = settings.contact_email or "no contact given"
    agent = f"coordinator ({settings.site_url}; {contact})"
    return Provider(tiles, cache(tiles["url"]), agent)
