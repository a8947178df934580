"""One gzip made of pieces that were compressed apart, so that a change compresses one piece anew and not all.

A deflate stream that ends with a full flush refers to nothing before it, and the next one may follow
(RFC 1951). What is left is the checksum of the whole, which follows from those of the pieces: a CRC is a
remainder of polynomials, so appending n bytes multiplies it by x^8n. The method is Mark Adler's, of zlib's
`crc32_combine`, which Python does not offer.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LEVEL = 6
HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # RFC 1952: deflate, no time, no name, unknown system
END = b"\x03\x00"  # an empty last block
POLYNOMIAL = 0xEDB88320  # CRC-32, bits reversed
ONE = 1 << 31
BITS_IN_A_BYTE = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes, compressed so that others may stand before and after them."""

    deflated: bytes
    crc: int
    size: int
    """Before compression."""

    @classmethod
    def of(cls, text: bytes) -> Piece:
        """Compress `text`."""
        machine = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        deflated = machine.compress(text) + machine.flush(zlib.Z_FULL_FLUSH)
        return cls(deflated, zlib.crc32(text), len(text))

    def text(self) -> bytes:
        """Return what was compressed."""
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.deflated)


def gzip_of(pieces: Iterable[Piece]) -> tuple[bytes, int]:
    """Return a gzip of all pieces in their order, and how long it is unpacked."""
    parts, crc, size = [HEAD], 0, 0
    for piece in pieces:
        parts.append(piece.deflated)
        crc = _times(_shift(piece.size), crc) ^ piece.crc
        size += piece.size
    return b"".join([*parts, END, struct.pack("<II", crc, size & 0xFFFFFFFF)]), size


@lru_cache(maxsize=8192)
def _shift(size: int) -> int:
    """Return x^(8·size) modulo the polynomial: what appending `size` bytes multiplies a checksum by."""
    power, square, exponent = ONE, ONE >> 1, size * BITS_IN_A_BYTE
    while exponent:
        if exponent & 1:
            power = _times(square, power)
        square = _times(square, square)
        exponent >>= 1
    return power


def _times(a: int, b: int) -> int:
    """Multiply two polynomials modulo that of CRC-32. The highest bit is x^0."""
    product, bit = 0, ONE
    while a:
        if a & bit:
            product ^= b
            a ^= bit
        bit >>= 1
        b = (b >> 1) ^ POLYNOMIAL if b & 1 else b >> 1
    return product
