"""Vector tiles, read as the Mapbox Vector Tile specification 2.1 says.

The libraries for it want shapely, pyclipper and protobuf, since they write them too (docs/decisions/022).
A tile is a few protobuf messages; this reads what a picture needs and leaves the rest packed. Whatever the
bytes are, the answer is layers or a `BrokenTileError`, after a time that grows with their number alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Value = str | int | float | bool | None
Tags = dict[str, Value]
Part = list[tuple[int, int]]
"""Corners of a line, or of a ring, whose last one is not said again."""

USUAL_EXTENT = 4096
LARGEST_EXTENT = 1 << 16
MOST_LAYERS = 100
MOST_FIELDS = 200_000  # of one message; the largest layers of real tiles have some thousands
LONGEST_VARINT_BITS = 64
_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5  # how protobuf writes a field
_LAYER = 3  # number of a field of a tile
_NAME, _FEATURE, _KEY, _VALUE, _EXTENT = 1, 2, 3, 4, 5  # of a layer
_TAGS, _SHAPE, _GEOMETRY = 2, 3, 4  # of a feature
_MOVE, _LINE, _CLOSE = 1, 2, 7  # commands of a geometry
_FLOATS = {4: "<f", 8: "<d"}  # by their bytes


class BrokenTileError(ValueError):
    """These bytes are no vector tile."""


class Shape(IntEnum):
    """What a feature is."""

    UNKNOWN = 0
    POINT = 1
    LINE = 2
    AREA = 3


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing of a layer. Its geometry is unpacked when somebody wants to draw it."""

    shape: Shape
    tags: Tags
    geometry: bytes

    def parts(self) -> list[Part]:
        """Return its points (each a part), lines or rings, in units of the layer's extent.

        Raises:
            BrokenTileError: the geometry is none.
        """
        numbers = _numbers(self.geometry)
        found: list[Part] = []
        part: Part = []
        x = y = at = 0
        while at < len(numbers):
            command, count = numbers[at] & 7, numbers[at] >> 3
            at += 1
            if command == _CLOSE:
                continue
            end = at + 2 * count
            if command not in {_MOVE, _LINE} or end > len(numbers):
                raise BrokenTileError
            while at < end:
                right, down = numbers[at], numbers[at + 1]
                x += (right >> 1) ^ -(right & 1)
                y += (down >> 1) ^ -(down & 1)
                if command == _MOVE:
                    part = []
                    found.append(part)
                part.append((x, y))
                at += 2
        return found


class Layer:
    """Things of one kind."""

    def __init__(self, data: bytes) -> None:
        """Find its parts."""
        self.name, self.extent = "", USUAL_EXTENT
        self._features: list[bytes] = []
        self._keys: list[str] = []
        self._values: list[bytes] = []
        self._known: dict[int, Value] = {}
        for number, value in _fields(data):
            if isinstance(value, bytes):
                self._take(number, value)
            elif number == _EXTENT:
                self.extent = value
        if not 0 < self.extent <= LARGEST_EXTENT:
            raise BrokenTileError

    def __len__(self) -> int:
        """Return how many things there are."""
        return len(self._features)

    def features(self, wanted: Collection[str]) -> Iterator[Feature]:
        """Return the things, with those of their tags that are `wanted`.

        Raises:
            BrokenTileError: one of them can't be read.
        """
        keys = {number: key for number, key in enumerate(self._keys) if key in wanted}
        for data in self._features:
            tags, geometry, shape = b"", b"", 0
            for number, value in _fields(data):
                if number == _SHAPE and isinstance(value, int):
                    shape = value
                elif number == _TAGS and isinstance(value, bytes):
                    tags = value
                elif number == _GEOMETRY and isinstance(value, bytes):
                    geometry = value
            if shape in {Shape.POINT, Shape.LINE, Shape.AREA}:
                pairs = iter(_numbers(tags))
                said = {keys[key]: self._value(value) for key, value in zip(pairs, pairs) if key in keys}  # noqa: B905 one iterator, by twos
                yield Feature(Shape(shape), said, geometry)

    def _take(self, number: int, value: bytes) -> None:
        if number == _FEATURE:
            self._features.append(value)
        elif number == _KEY:
            self._keys.append(_text(value))
        elif number == _VALUE:
            self._values.append(value)
        elif number == _NAME:
            self.name = _text(value)

    def _value(self, number: int) -> Value:
        """Return a value of the table. A name in forty languages stands there; few are ever read."""
        if number not in self._known:
            if number >= len(self._values):
                raise BrokenTileError
            self._known[number] = _value(self._values[number])
        return self._known[number]


def layers(tile: bytes) -> list[Layer]:
    """Return the layers of a tile that is not compressed any more.

    Raises:
        BrokenTileError: there are none that can be read.
    """
    found = [value for number, value in _fields(tile) if number == _LAYER and isinstance(value, bytes)]
    if len(found) > MOST_LAYERS:
        raise BrokenTileError
    return [Layer(data) for data in found]


def _fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """Return the fields of a message: number, and an integer or bytes."""
    found: list[tuple[int, int | bytes]] = []
    at, end = 0, len(data)
    while at < end:
        if len(found) == MOST_FIELDS:
            raise BrokenTileError
        key, at = _varint(data, at)
        wire = key & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            found.append((key >> 3, value))
            continue
        if wire == _BYTES:
            size, at = _varint(data, at)
        elif wire in {_DOUBLE, _FLOAT}:
            size = 8 if wire == _DOUBLE else 4
        else:
            raise BrokenTileError
        if at + size > end:
            raise BrokenTileError
        found.append((key >> 3, data[at : at + size]))
        at += size
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and where the next thing begins."""
    if at < len(data) and data[at] < 0x80:  # noqa: PLR2004 the highest bit says that more follows
        return data[at], at + 1
    value = shift = 0
    for place in range(at, len(data)):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 as above
            return value, place + 1
        shift += 7
        if shift >= LONGEST_VARINT_BITS:
            break
    raise BrokenTileError


def _numbers(data: bytes) -> list[int]:
    """Return numbers that stand one after the other."""
    found: list[int] = []
    value = shift = 0
    for byte in data:
        if byte < 0x80:  # noqa: PLR2004 as above
            found.append(value | byte << shift)
            value = shift = 0
        else:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift >= LONGEST_VARINT_BITS:
                raise BrokenTileError
    return found


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _value(data: bytes) -> Value:
    """Return what a value says: exactly one of its fields is there."""
    for number, value in _fields(data):
        if isinstance(value, bytes):
            if number == 1:
                return _text(value)
            if len(value) not in _FLOATS:
                raise BrokenTileError
            return float(struct.unpack(_FLOATS[len(value)], value)[0])
        if number == 6:  # noqa: PLR2004 sint64
            return (value >> 1) ^ -(value & 1)
        if number == 7:  # noqa: PLR2004 bool
            return bool(value)
        return value - (1 << 64) if number == 4 and value >> 63 else value  # noqa: PLR2004 int64
    return None
