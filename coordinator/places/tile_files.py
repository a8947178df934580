"""Street maps from a PMTiles file (version 3) that the administrator gave: nobody else takes part.

Its tiles are pictures, which go out as they are, or vector tiles, which are drawn here (places/vectors).
"""

from __future__ import annotations

import gzip
import logging
import mmap
import zlib
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType, deserialize_directory, find_tile, zxy_to_tileid

from coordinator.kit.errors import AwayError
from coordinator.places.tiles import DRAWING, NEAREST, WAIT_SECONDS, Tile, plain
from coordinator.places.vectors import drawing, mvt, naming, schemas
from coordinator.places.vectors.drawing import Window, draw, nothing
from coordinator.places.vectors.mvt import BrokenTileError
from coordinator.places.vectors.schemas import schema_of
from coordinator.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pmtiles.tile import Entry

    from coordinator.places.tiles import TileCache
    from coordinator.places.vectors.schemas import Schema

DEEPEST_DIRECTORY = 4  # as the format says
KEPT_DIRECTORIES = 8  # to read one takes longer than to draw a small tile; each is about 700 KB
LARGEST_VECTOR_TILE_BYTES = 4_000_000  # unpacked; the fullest of real ones have one
DEEPER = 5  # zooms beyond the last of a file, drawn from a part of its tiles
GZIP_LEVEL = 6
_PICTURES = {
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
    TileType.AVIF: "image/avif",
}
_READER: Callable[..., Any] = Reader  # written without types
log = logging.getLogger(__name__)


class Archive:
    """A PMTiles file, read where it lies."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            SettingsError: it is not there, or not PMTiles.
        """
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            reader = _READER(self._slice)
            self.header: Mapping[str, Any] = reader.header()
            self.metadata: Mapping[str, Any] = reader.metadata()
        except Exception as wrong:  # the library raises whatever the bytes lead it to
            raise SettingsError("TILES_FILE", "is no PMTiles file that can be read") from wrong
        status = path.stat()
        self.identity = f"{path} {status.st_size} {status.st_mtime_ns}"
        self._directory = lru_cache(maxsize=KEPT_DIRECTORIES)(self._read_directory)

    def find(self, z: int, x: int, y: int) -> bytes | None:
        """Return a tile as it lies in the file; None where there is none, or the way to it is broken."""
        wanted = zxy_to_tileid(z, x, y)
        offset, length = self.header["root_offset"], self.header["root_length"]
        try:
            for _ in range(DEEPEST_DIRECTORY):
                entry = find_tile(self._directory(offset, length), wanted)
                if entry is None:
                    return None
                if entry.run_length:
                    return self._slice(self.header["tile_data_offset"] + entry.offset, entry.length)
                offset, length = self.header["leaf_directory_offset"] + entry.offset, entry.length
        except (OSError, EOFError, zlib.error, IndexError):
            log.warning("TILES_FILE is broken on the way to %s/%s/%s", z, x, y)
        return None

    def _slice(self, offset: int, length: int) -> bytes:
        return self._bytes[offset : offset + length]

    def _read_directory(self, offset: int, length: int) -> list[Entry]:
        return deserialize_directory(self._slice(offset, length))


class TileFile:
    """A file of pictures."""

    host = ""

    def __init__(self, archive: Archive, attribution: str = "") -> None:
        """Take the file.

        Raises:
            SettingsError: its pictures are compressed once more.
        """
        if archive.header["tile_compression"] not in {Compression.NONE, Compression.UNKNOWN}:
            raise SettingsError(
                "TILES_FILE", "holds pictures that are compressed once more, which nobody does"
            )
        self._archive = archive
        self._mimetype = _PICTURES[archive.header["tile_type"]]
        self.nearest = min(NEAREST, int(archive.header["max_zoom"]))
        self.attribution = attribution or plain(str(archive.metadata.get("attribution", "")))

    def tile(self, z: int, x: int, y: int) -> Tile | None:
        """Return a tile of the file."""
        body = self._archive.find(z, x, y)
        return None if body is None else Tile(body, self._mimetype)


class DrawnFile:
    """A file of vector tiles. Each is drawn when it is first asked for, and kept on our disk."""

    host = ""

    def __init__(self, archive: Archive, cache: TileCache, attribution: str = "") -> None:
        """Take the file, and where to keep its pictures.

        Raises:
            SettingsError: it can't be unpacked, or nobody knows what is in it.
        """
        if archive.header["tile_compression"] not in {Compression.NONE, Compression.GZIP}:
            raise SettingsError("TILES_FILE", "holds vector tiles that are compressed otherwise than by gzip")
        self._schema = _schema(archive.metadata)
        self._archive = archive
        self._cache = cache
        self._turn = BoundedSemaphore(1)  # two at once would take twice as long
        self._last = int(archive.header["max_zoom"])
        self._is_packed = archive.header["tile_compression"] is Compression.GZIP
        self.nearest = min(NEAREST, self._last + DEEPER)
        self.attribution = attribution or plain(str(archive.metadata.get("attribution", "")))

    def tile(self, z: int, x: int, y: int) -> Tile | None:
        """Return a tile, drawn now or earlier; an empty one where the file is broken.

        Raises:
            AwayError: too many others are being drawn.
        """
        place = f"{z}/{x}/{y}"
        if kept := self._kept(place):
            return kept
        window = Window(z, x, y, self._last)
        packed = self._archive.find(*window.tile)
        if packed is None:
            return None
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise AwayError
        try:
            return self._kept(place) or self._drawn(place, packed, window)  # somebody may have been faster
        finally:
            self._turn.release()

    def _kept(self, place: str) -> Tile | None:
        kept = self._cache.find(place)
        return replace(kept.tile, encoding="gzip") if kept else None

    def _drawn(self, place: str, packed: bytes, window: Window) -> Tile:
        try:
            picture = draw(_unpacked(packed) if self._is_packed else packed, self._schema, window)
        except BrokenTileError:
            log.warning("TILES_FILE has a broken tile: %s/%s/%s", *window.tile)
            return Tile(nothing(), DRAWING)
        tile = Tile(gzip.compress(picture, GZIP_LEVEL, mtime=0), DRAWING, "gzip")
        self._cache.keep(place, tile, "", float("inf"))
        return tile


def open_tile_file(path: Path, attribution: str, cache: Callable[[str], TileCache]) -> TileFile | DrawnFile:
    """Return the street maps of a file.

    Args:
        path: where it is.
        attribution: whom to name; what the file says, when empty.
        cache: returns a place for pictures of a source; another file, or another way to draw, is another one.

    Raises:
        SettingsError: it can't be shown; the text says why.
    """
    archive = Archive(path)
    kind = archive.header["tile_type"]
    if kind in _PICTURES:
        return TileFile(archive, attribution)
    if kind is TileType.MVT:
        return DrawnFile(archive, cache(f"{archive.identity} {_way_to_draw()}"), attribution)
    raise SettingsError(
        "TILES_FILE", "holds neither pictures (PNG, JPEG, WebP, AVIF) nor Mapbox vector tiles"
    )


def _schema(metadata: Mapping[str, Any]) -> Schema:
    said = metadata.get("vector_layers")
    names = [str(layer["id"]) for layer in said if "id" in layer] if isinstance(said, list) else []
    schema = schema_of(names)
    if schema is None:
        known = ", ".join(names[:20]) or "none"
        raise SettingsError(
            "TILES_FILE",
            f"has layers of neither Protomaps nor OpenMapTiles, so nobody can draw them: {known}",
        )
    return schema


def _unpacked(packed: bytes) -> bytes:
    """Return what gzip packed, and no more than is good.

    Raises:
        BrokenTileError: it is no gzip, or too much.
    """
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)  # with gzip's header
    try:
        tile = unpack.decompress(packed, LARGEST_VECTOR_TILE_BYTES)
    except zlib.error as wrong:
        raise BrokenTileError from wrong
    if unpack.unconsumed_tail or not unpack.eof:
        raise BrokenTileError
    return tile


def _way_to_draw() -> str:
    """Return what changes with every change of the drawing, so that pictures of an old way are not kept."""
    written = (Path(str(module.__file__)).read_bytes() for module in (drawing, mvt, naming, schemas))
    return blake2b(b"".join(written), digest_size=8).hexdigest()
