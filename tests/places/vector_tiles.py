"""Vector tiles to test with: a writer of the few messages that they are, and a town in both schemas."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING, Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from coordinator.places.vectors.mvt import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Corners = list[tuple[int, int]]
Thing = tuple[Shape, dict[str, Any], list[Corners]]
EXTENT = 4096
PLACE = (14, 8801, 5373)
"""The tile that the town fills: in Berlin, where the tests' protests are."""
NEAR = range(-4, 5)
"""Of the tiles around it."""


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def packed(numbers: Iterable[int]) -> bytes:
    return b"".join(map(varint, numbers))


def value(of: Any) -> bytes:
    if isinstance(of, bool):
        return field(7, int(of))
    if isinstance(of, int):
        return field(6, of << 1 if of >= 0 else (-of << 1) - 1) if of < 0 else field(5, of)
    if isinstance(of, float):
        return varint(3 << 3 | 1) + struct.pack("<d", of)
    return field(1, str(of).encode())


def geometry(shape: Shape, parts: list[Corners]) -> bytes:
    numbers: list[int] = []
    last = (0, 0)

    def step(to: tuple[int, int]) -> None:
        nonlocal last
        for now, before in zip(to, last, strict=True):
            far = now - before
            numbers.append(far << 1 if far >= 0 else (-far << 1) - 1)
        last = to

    for part in parts:
        numbers.append(1 << 3 | 1)
        step(part[0])
        if part[1:]:
            numbers.append(len(part[1:]) << 3 | 2)
            for corner in part[1:]:
                step(corner)
        if shape is Shape.AREA:
            numbers.append(1 << 3 | 7)
    return packed(numbers)


def layer(name: str, things: Iterable[Thing], extent: int = EXTENT) -> bytes:
    keys: dict[str, int] = {}
    values: dict[tuple[type, Any], int] = {}
    features = []
    for shape, tags, parts in things:
        pairs: list[int] = []
        for key, said in tags.items():
            pairs += keys.setdefault(key, len(keys)), values.setdefault((type(said), said), len(values))
        features.append(field(2, packed(pairs)) + field(3, int(shape)) + field(4, geometry(shape, parts)))
    return b"".join((
        field(15, 2),
        field(1, name.encode()),
        *(field(2, feature) for feature in features),
        *(field(3, key.encode()) for key in keys),
        *(field(4, value(said)) for _, said in values),
        field(5, extent),
    ))  # fmt: skip


def tile(layers: Mapping[str, Iterable[Thing]]) -> bytes:
    return b"".join(field(3, layer(name, things)) for name, things in layers.items())


def pmtiles(
    path: Path,
    tiles: Mapping[tuple[int, int, int], bytes],
    *,
    layers: Sequence[str] = (),
    compression: Compression = Compression.GZIP,
    is_packed: bool = False,
    kind: TileType = TileType.MVT,
) -> Path:
    """Write a file of tiles, of vectors unless something else is said, and pack what is not packed."""
    with path.open("wb") as file:
        writer = Writer(file)
        for place, body in sorted(tiles.items(), key=lambda one: zxy_to_tileid(*one[0])):
            packs = compression is Compression.GZIP and not is_packed
            writer.write_tile(zxy_to_tileid(*place), gzip.compress(body) if packs else body)
        header = {
            "tile_type": kind, "tile_compression": compression,
            "min_zoom": min(z for z, _, _ in tiles), "max_zoom": max(z for z, _, _ in tiles),
            "min_lon_e7": 0, "min_lat_e7": 0, "max_lon_e7": 0, "max_lat_e7": 0, "center_zoom": 0,
            "center_lon_e7": 0, "center_lat_e7": 0,
        }  # fmt: skip
        said = {"attribution": "© <a>OpenStreetMap</a>", "vector_layers": [{"id": name} for name in layers]}
        writer.finalize(header, said)
    return path


# --- a town at a river -------------------------------------------------------------------------------------

LAND: Corners = [(-80, -80), (4176, -80), (4176, 4176), (-80, 4176)]
RIVER: Corners = [(-80, 2950), (900, 2700), (1900, 2900), (2900, 2500), (4176, 2600), (4176, 3000),
                  (2900, 2900), (1900, 3320), (900, 3100), (-80, 3400)]  # fmt: skip
PARK: Corners = [(2500, 300), (3800, 300), (3800, 1300), (2900, 1500), (2500, 1200)]
POND: Corners = [(3000, 600), (3300, 560), (3400, 800), (3150, 900)]
WOOD: Corners = [(-80, 3550), (1500, 3500), (1900, 4176), (-80, 4176)]
SQUARE: Corners = [(1700, 1000), (2100, 1000), (2100, 1400), (1700, 1400)]
SCHOOL: Corners = [(300, 1700), (800, 1700), (800, 2200), (300, 2200)]
HOUSES: list[Corners] = [
    [(x, y), (x + 150, y), (x + 150, y + 110), (x + 60, y + 110), (x + 60, y + 170), (x, y + 170)]
    for x in range(60, 2350, 260)
    for y in range(80, 2400, 260)
    if not (1500 < x < 2150 and 850 < y < 1450)
]
STREETS: list[tuple[str, str, Corners]] = [
    ("motorway", "Uferschnellweg", [(-80, 2560), (1000, 2380), (2100, 2480), (3000, 2180), (4176, 2220)]),
    ("primary", "Невский проспект", [(-80, 1520), (1600, 1500), (2400, 1480), (4176, 1620)]),
    ("secondary", "Brückenstraße", [(2250, -80), (2230, 1500), (2300, 2600), (2500, 3400), (2600, 4176)]),
    ("residential", "Gartenweg", [(1450, -80), (1440, 800), (1450, 1500), (1400, 2400)]),
    ("residential", "شارع السلام", [(-80, 700), (1440, 800), (2240, 780)]),
    ("service", "", [(400, 800), (420, 1500)]),
    ("footway", "", [(2500, 700), (3000, 1000), (3800, 900)]),
]
RAIL: Corners = [(-80, 3700), (2000, 3600), (4176, 3900)]


def areas(*corners: Corners, **tags: Any) -> list[Thing]:
    return [(Shape.AREA, tags, [one]) for one in corners]


def line(corners: Corners, **tags: Any) -> Thing:
    return (Shape.LINE, {key: said for key, said in tags.items() if said != ""}, [corners])


def point(x: int, y: int, **tags: Any) -> Thing:
    return (Shape.POINT, {key.replace("name_", "name:"): said for key, said in tags.items()}, [[(x, y)]])


def protomaps_town() -> dict[str, list[Thing]]:
    kinds = {"motorway": "highway", "primary": "major_road", "secondary": "major_road", "footway": "path"}
    return {
        "earth": areas(LAND, kind="earth"),
        "landuse": [
            *areas(PARK, kind="park"), *areas(WOOD, kind="forest"), *areas(SQUARE, kind="pedestrian"),
            *areas(SCHOOL, kind="school"),
        ],
        "water": [
            *areas(RIVER, kind="water", kind_detail="river"), *areas(POND, kind="lake"),
            line([(3200, 900), (3300, 2500)], kind="stream"),
        ],
        "buildings": areas(*HOUSES, kind="building", height=12.5),
        "roads": [
            line(corners, kind=kinds.get(what, "minor_road"), kind_detail=what, name=name)
            for what, name, corners in STREETS
        ] + [line(RAIL, kind="rail", kind_detail="rail")],
        "boundaries": [
            line([(3900, -80), (3900, 4176)], kind="region", kind_detail=4),
            line([(3950, -80), (3950, 4176)], kind="country", kind_detail=2, disputed=True),
        ],
        "places": [
            point(
                1900, 1200, kind="locality", kind_detail="city", name="Москва", name_en="Moscow",
                population=12_000_000,
            ),
            point(4000, 3300, kind="neighbourhood", name="Jenseits des Flusses"),
            point(3200, 1100, kind="locality", kind_detail="village", name="Parkdorf", population=800),
            point(4100, 200, kind="locality", kind_detail="town", name="Nachbarstadt", population=20_000),
        ],
        "pois": [point(500, 500, kind="cafe", name="Somebody's café")],
    }  # fmt: skip


def openmaptiles_town() -> dict[str, list[Thing]]:
    classes = {"residential": "minor", "footway": "path"}
    return {
        "landcover": areas(WOOD, **{"class": "wood"}) + areas(PARK, **{"class": "grass"}),
        "landuse": areas(SCHOOL, **{"class": "school"}),
        "water": areas(RIVER, **{"class": "river"}) + areas(POND, **{"class": "lake"}),
        "waterway": [line([(3200, 900), (3300, 2500)], **{"class": "stream"})],
        "transportation": [
            *(line(corners, **{"class": classes.get(what, what)}) for what, _, corners in STREETS),
            line(RAIL, **{"class": "rail"}), *areas(SQUARE, **{"class": "path", "subclass": "pedestrian"}),
        ],
        "transportation_name": [
            line(corners, **{"class": classes.get(what, what), "name": name})
            for what, name, corners in STREETS if name
        ],
        "building": areas(*HOUSES, render_height=12),
        "boundary": [
            line([(3900, -80), (3900, 4176)], admin_level=4, maritime=0, disputed=0),
            line([(3950, -80), (3950, 4176)], admin_level=2, maritime=0, disputed=1),
        ],
        "place": [
            point(1900, 1200, **{"class": "city", "name": "Москва", "name_en": "Moscow", "rank": 1}),
            point(4000, 3300, **{"class": "suburb", "name": "Jenseits des Flusses", "rank": 9}),
            point(3200, 1100, **{"class": "village", "name": "Parkdorf", "rank": 10}),
        ],
    }  # fmt: skip


TOWNS = {"protomaps": protomaps_town, "openmaptiles": openmaptiles_town}


def town_file(path: Path, schema: str = "protomaps") -> Path:
    """Write the town, once for each zoom above its own, and as all its neighbours, so that a map is full."""
    town = TOWNS[schema]()
    z, x, y = PLACE
    tiles = {(z - up, x >> up, y >> up): tile(town) for up in range(z + 1)}
    tiles |= {(z, x + right, y + down): tile(town) for right in NEAR for down in NEAR}
    return pmtiles(path, tiles, layers=list(town))
