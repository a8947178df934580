"""Answers that are the same for everyone: compressed once in each way that browsers read, and kept so."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from threading import Lock

import brotli
import zstandard
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

IDENTITY = ""
ENCODINGS = ("br", "zstd", "gzip")
"""Content codings we write, the smallest first."""
WORTH_COMPRESSING = 1_000  # bytes; less fits into one packet anyway
GZIP_LEVEL = 6
BROTLI_QUALITY = 5  # a fifth smaller than gzip in the same time; 11 takes fifty times as long
LARGE_BROTLI_QUALITY = 4
LARGE = 1_000_000  # bytes; from here on time counts more
ZSTD_LEVEL = 6
LONGEST_HEADER = 200  # characters of Accept-Encoding that are remembered


class Packed:
    """One answer: its bytes, what they are called, and every compressed form that was asked for so far."""

    __slots__ = (
        "_codings",
        "_forms",
        "_is_small",
        "_kept_as",
        "_lock",
        "etag",
        "is_only_form",
        "mimetype",
        "size",
    )

    def __init__(self, body: bytes, mimetype: str = "text/html") -> None:
        """Take the bytes and their media type."""
        self.mimetype = mimetype
        self.size = len(body)
        self.etag = hashlib.blake2b(body, digest_size=12).hexdigest()
        self._is_small = len(body) <= WORTH_COMPRESSING
        self._lock = Lock()
        self._forms = {IDENTITY: body}
        self.is_only_form = False
        """It will never take more memory than now."""
        self._codings: tuple[str, ...] = ENCODINGS
        self._kept_as = "zstd"

    @classmethod
    def of_gzip(cls, body: bytes, size: int, mimetype: str) -> Packed:
        """Take an answer that is compressed already, `size` bytes unpacked. It has no other form."""
        packed = cls(body, mimetype)
        packed.size, packed._is_small, packed.is_only_form = size, False, True
        packed._forms, packed._codings, packed._kept_as = {"gzip": body}, ("gzip",), "gzip"
        return packed

    @property
    def kept_bytes(self) -> int:
        """Return how much memory the forms take that there are now."""
        return sum(map(len, self._forms.values()))

    def settle(self) -> None:
        """Prepare to be kept: as zstd instead of as they are, the bytes take a fifth of the room.

        They are needed again only for a form that nobody has asked for yet, and for the few who read no
        compression.
        """
        if not self._is_small:
            self.body(self._kept_as)
            with self._lock:
                self._forms.pop(IDENTITY, None)

    def body(self, encoding: str = IDENTITY) -> bytes:
        """Return the bytes in one of `ENCODINGS`, or as they are."""
        form = self._forms.get(IDENTITY if self._is_small else encoding)
        if form is not None:
            return form
        with self._lock:  # a feed of ten megabytes is compressed by one thread, not by all at once
            form = self._forms.get(encoding)
            if form is None:
                plain = self._forms.get(IDENTITY)
                plain = _unpacked(self._forms[self._kept_as], self._kept_as) if plain is None else plain
                if encoding == IDENTITY:
                    return plain
                form = self._forms[encoding] = _compressed(plain, encoding)
            return form

    def encoding_for(self, accepted: str) -> str:
        """Return how this answer goes out to somebody who sent `accepted` as Accept-Encoding."""
        return IDENTITY if self._is_small else best_encoding(accepted[:LONGEST_HEADER], self._codings)

    def is_known(self, tags: str | None) -> bool:
        """Tell whether somebody has this answer already, in any form, who sent `tags` as If-None-Match."""
        return bool(tags) and (tags == "*" or f'"{self.etag}' in (tags or ""))

    def etag_in(self, encoding: str) -> str:
        """Return the tag of one form: a strong one names bytes, and these differ."""
        return f"{self.etag}-{encoding}" if encoding else self.etag


@lru_cache(maxsize=256)  # browsers have few ways to say it
def best_encoding(accepted: str, codings: tuple[str, ...] = ENCODINGS) -> str:
    """Return which of our encodings somebody reads who says so; `IDENTITY` when none."""
    wishes = parse_accept_header(accepted, Accept)
    readable = [encoding for encoding in codings if wishes.quality(encoding) > 0]
    return max(readable, key=wishes.quality, default=IDENTITY)


def _unpacked(form: bytes, encoding: str) -> bytes:
    return gzip.decompress(form) if encoding == "gzip" else zstandard.decompress(form)


def _compressed(body: bytes, encoding: str) -> bytes:
    if encoding == "br":
        quality = LARGE_BROTLI_QUALITY if len(body) > LARGE else BROTLI_QUALITY
        packed: bytes = brotli.compress(body, quality=quality)
        return packed
    if encoding == "zstd":
        return zstandard.compress(body, ZSTD_LEVEL)
    # No time in the header of the archive: every process packs the same bytes.
    return gzip.compress(body, GZIP_LEVEL, mtime=0)
