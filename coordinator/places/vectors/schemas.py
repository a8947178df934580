"""What the things in a vector tile are: a schema's layers and tags in, one of our `Look`s and a `Name` out.

Two schemas are known: the basemap of Protomaps (its versions 2 to 4) and OpenMapTiles. A file says which
layers it has. What no look fits (shops, bus stops, house numbers) is not drawn: the map shows the way, and
the rest of it belongs to the protests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from coordinator.places.vectors.mvt import Shape, Tags

BORDERS_FROM = 6
"""Zoom. Further out both schemas have the borders of Natural Earth, which give Crimea to Russia."""
STREET_NAMES_FROM = {"highway": 14, "major": 14, "medium": 14, "minor": 15}
LONGEST_NAME = 60  # characters; what is longer is cut


class Look(StrEnum):
    """How a thing is drawn, from the lowest to the highest; the value is its class in the picture."""

    LAND = "land"
    ICE = "ice"
    BUILT = "built"
    GREEN = "green"
    WOOD = "wood"
    SAND = "sand"
    QUIET = "quiet"
    """Schools, hospitals, factories, airports: ground that is not for everybody."""
    PAVED = "paved"
    """Squares and pedestrian areas, where people can meet."""
    WATER = "water"
    RIVER = "river"
    STREAM = "stream"
    BUILDING = "building"
    TUNNEL = "tunnel"
    RUNWAY = "runway"
    RAIL = "rail"
    PATH = "path"
    SERVICE = "service"
    MINOR = "minor"
    MEDIUM = "medium"
    MAJOR = "major"
    HIGHWAY = "highway"
    REGION = "region"
    COUNTRY = "country"


AREAS = frozenset({
    Look.LAND, Look.ICE, Look.BUILT, Look.GREEN, Look.WOOD, Look.SAND, Look.QUIET, Look.PAVED, Look.WATER,
    Look.BUILDING,
})  # fmt: skip
ROADS = (Look.SERVICE, Look.MINOR, Look.MEDIUM, Look.MAJOR, Look.HIGHWAY)


class Place(StrEnum):
    """What somebody's name for a place stands for, the most important first."""

    COUNTRY = "country"
    CITY = "city"
    REGION = "region"
    TOWN = "town"
    VILLAGE = "village"
    QUARTER = "quarter"
    HAMLET = "hamlet"


PLACE_ZOOMS = {
    Place.COUNTRY: (0, 7), Place.CITY: (4, 14), Place.REGION: (6, 8), Place.TOWN: (8, 15),
    Place.VILLAGE: (10, 16), Place.QUARTER: (12, 17), Place.HAMLET: (13, 17),
}  # fmt: skip
"""Between which zooms their names are shown."""


@dataclass(frozen=True, slots=True)
class Name:
    """What is written: the name as signs on the spot have it, and in Latin letters where those are others."""

    local: str
    latin: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What becomes of one thing: it is drawn, or a place is named, or both happen to a street."""

    look: Look | None = None
    name: Name | None = None
    place: Place | None = None
    weight: float = 0.0
    """Among places of one kind: the larger is named first."""


@dataclass(frozen=True, slots=True)
class Schema:
    """How one family of files names its things."""

    title: str
    known_by: frozenset[str]
    """Layers that every file of the family has."""
    layers: Mapping[str, Callable[[Tags, int, Shape], Mark | None]]
    """Layer to what its things are, by tags, zoom and shape. The first are drawn when a tile has
    more than is good."""
    has_land: bool
    """The land is drawn on water; else water on land."""


def schema_of(names: Collection[str]) -> Schema | None:
    """Return the schema of a file with these layers; None when we know none."""
    return next((schema for schema in (PROTOMAPS, OPENMAPTILES) if schema.known_by <= set(names)), None)


WANTED = frozenset({
    "kind", "kind_detail", "pmap:kind", "pmap:kind_detail", "is_tunnel", "is_link", "pmap:level", "pmap:link",
    "population", "population_rank", "pmap:population_rank", "class", "subclass", "brunnel", "ramp", "rank",
    "admin_level", "maritime", "disputed", "name", "name:en", "name_en", "name:latin", "name_int",
})  # fmt: skip
"""Tags that any of the functions below reads."""


def _table(words: Mapping[Look, str]) -> dict[str, Look]:
    return {word: look for look, said in words.items() for word in said.split()}


_GROUND = _table(
    {
        Look.ICE: "glacier ice",
        Look.BUILT: "residential neighbourhood suburb quarter urban_area",
        Look.GREEN: "park garden grass grassland meadow village_green recreation_ground allotments cemetery"
        " golf_course pitch playground dog_park zoo theme_park stadium nature_reserve national_park"
        " protected_area scrub wetland orchard",
        Look.WOOD: "wood forest",
        Look.SAND: "beach sand",
        Look.QUIET: "school kindergarten university college hospital library industrial commercial retail"
        " railway military naval_base airfield aerodrome garages bus_station",
        Look.PAVED: "pedestrian footway pier platform",
    }
)
_ROADS = _table(
    {
        Look.HIGHWAY: "motorway trunk highway",
        Look.MAJOR: "primary major_road",
        Look.MEDIUM: "secondary tertiary medium_road",
        Look.MINOR: "minor minor_road residential unclassified living_street pedestrian road raceway busway",
        Look.SERVICE: "service track alley driveway parking_aisle",
        Look.PATH: "path footway cycleway steps bridleway corridor sidewalk crossing",
        Look.RAIL: "rail transit light_rail tram subway narrow_gauge funicular monorail",
        Look.RUNWAY: "aeroway runway taxiway",
    }
)
_LINKS = {Look.HIGHWAY: Look.MEDIUM, Look.MAJOR: Look.MEDIUM, Look.MEDIUM: Look.MINOR}
_PLACES = {
    **{place.value: place for place in Place},
    **dict.fromkeys(("state", "province"), Place.REGION),
    **dict.fromkeys(("suburb", "neighbourhood", "macrohood", "borough"), Place.QUARTER),
    **dict.fromkeys(("locality", "isolated_dwelling", "farm", "allotments"), Place.HAMLET),
}


def name_of(tags: Tags) -> Name | None:
    """Return a thing's name; None for none. It holds nothing that can't be written into a picture."""
    local = _clean(tags.get("name"))
    if not local:
        return None
    if any(letter.isalpha() and letter <= "\u024f" for letter in local):
        return Name(local)
    known = (tags.get(key) for key in ("name:en", "name_en", "name:latin", "name_int"))
    return Name(local, next(filter(None, map(_clean, known)), ""))


def _clean(text: object) -> str:
    """Return a name without what XML forbids, and without marks that turn the direction of others."""
    if not isinstance(text, str):
        return ""
    joiners = "\u200c\u200d"  # Persian and Hindi are not written without
    kept = "".join(letter for letter in text if letter.isprintable() or letter in joiners)
    return " ".join(kept.split())[:LONGEST_NAME].strip()


def _road(kind: str, tags: Tags, zoom: int, *, is_tunnel: bool, is_link: bool) -> Mark | None:
    look = _ROADS.get(kind)
    if look is None:
        return None
    if is_tunnel:
        return Mark(Look.TUNNEL) if look in _LINKS else None
    if is_link:
        return Mark(_LINKS.get(look, look))
    is_named = zoom >= STREET_NAMES_FROM.get(look, zoom + 1)
    return Mark(look, name_of(tags) if is_named else None)


def _place(kind: object, tags: Tags, zoom: int, weight: object) -> Mark | None:
    place = _PLACES.get(str(kind))
    if place is None:
        return None
    first, last = PLACE_ZOOMS[place]
    if not first <= zoom <= last:
        return None
    return Mark(None, name_of(tags), place, float(weight) if isinstance(weight, (int, float)) else 0.0)


def _border(level: object, zoom: int, *, is_left_out: bool) -> Mark | None:
    if zoom < BORDERS_FROM or is_left_out:
        return None
    looks = {
        "country": Look.COUNTRY,
        "region": Look.REGION,
        "2": Look.COUNTRY,
        "3": Look.REGION,
        "4": Look.REGION,
    }
    look = looks.get(str(level))
    return Mark(look) if look else None


def _flow(kind: object, shape: Shape, *, is_tunnel: bool = False) -> Mark | None:
    if shape is Shape.AREA:
        return Mark(Look.WATER)
    return None if is_tunnel else Mark(Look.RIVER if kind in {"river", "canal"} else Look.STREAM)


# --- Protomaps: https://docs.protomaps.com/basemaps/layers -----------------------------------------------


def _pm_kind(tags: Tags) -> str:
    return str(tags.get("kind") or tags.get("pmap:kind") or "")


def _pm_detail(tags: Tags) -> str:
    return str(tags.get("kind_detail") or tags.get("pmap:kind_detail") or "")


def _pm_earth(_: Tags, __: int, shape: Shape) -> Mark | None:
    return Mark(Look.LAND) if shape is Shape.AREA else None


def _pm_ground(tags: Tags, _: int, __: Shape) -> Mark | None:
    look = _GROUND.get(_pm_kind(tags))
    return Mark(look) if look else None


def _pm_water(tags: Tags, _: int, shape: Shape) -> Mark | None:
    return _flow(_pm_kind(tags), shape)


def _pm_road(tags: Tags, zoom: int, shape: Shape) -> Mark | None:
    if shape is Shape.AREA:
        return None
    kind, detail = _pm_kind(tags), _pm_detail(tags)
    is_tunnel = bool(tags.get("is_tunnel")) or tags.get("pmap:level") == -1
    is_link = bool(tags.get("is_link") or tags.get("pmap:link"))
    return _road(detail if detail in _ROADS else kind, tags, zoom, is_tunnel=is_tunnel, is_link=is_link)


def _pm_building(tags: Tags, _: int, shape: Shape) -> Mark | None:
    return Mark(Look.BUILDING) if shape is Shape.AREA and _pm_kind(tags) != "building_part" else None


def _pm_border(tags: Tags, zoom: int, _: Shape) -> Mark | None:
    return _border(_pm_kind(tags), zoom, is_left_out=bool(tags.get("disputed")))


def _pm_place(tags: Tags, zoom: int, _: Shape) -> Mark | None:
    detail = _pm_detail(tags)
    weight = tags.get("population") or tags.get("population_rank") or tags.get("pmap:population_rank")
    return _place(detail if detail in _PLACES else _pm_kind(tags), tags, zoom, weight)


PROTOMAPS = Schema(
    "Protomaps",
    frozenset({"earth", "roads", "water"}),
    {
        "earth": _pm_earth,
        "water": _pm_water,
        "roads": _pm_road,
        "places": _pm_place,
        "boundaries": _pm_border,
        "landcover": _pm_ground,
        "natural": _pm_ground,
        "landuse": _pm_ground,
        "physical_line": _pm_water,
        "transit": _pm_road,
        "buildings": _pm_building,
    },
    has_land=True,
)


# --- OpenMapTiles: https://openmaptiles.org/schema -------------------------------------------------------


def _omt_water(tags: Tags, _: int, shape: Shape) -> Mark | None:
    return _flow(tags.get("class"), shape, is_tunnel=tags.get("brunnel") == "tunnel")


def _omt_ground(tags: Tags, _: int, __: Shape) -> Mark | None:
    look = _GROUND.get(str(tags.get("class")))
    return Mark(look) if look else None


def _omt_park(_: Tags, __: int, shape: Shape) -> Mark | None:
    return Mark(Look.GREEN) if shape is Shape.AREA else None


def _omt_road(tags: Tags, zoom: int, shape: Shape) -> Mark | None:
    kind = str(tags.get("class"))
    if shape is Shape.AREA:
        return Mark(Look.PAVED) if kind in {"path", "pier", "pedestrian", "minor"} else None
    if kind == "path" and tags.get("subclass") == "pedestrian":
        kind = "pedestrian"
    return _road(kind, tags, zoom, is_tunnel=tags.get("brunnel") == "tunnel", is_link=bool(tags.get("ramp")))


def _omt_street_name(tags: Tags, zoom: int, shape: Shape) -> Mark | None:
    road = _omt_road(tags, zoom, shape)
    return Mark(None, road.name) if road and road.name else None


def _omt_air(_: Tags, __: int, shape: Shape) -> Mark | None:
    return Mark(Look.QUIET if shape is Shape.AREA else Look.RUNWAY)


def _omt_building(_: Tags, __: int, shape: Shape) -> Mark | None:
    return Mark(Look.BUILDING) if shape is Shape.AREA else None


def _omt_border(tags: Tags, zoom: int, _: Shape) -> Mark | None:
    is_left_out = bool(tags.get("disputed") or tags.get("maritime"))
    return _border(tags.get("admin_level"), zoom, is_left_out=is_left_out)


def _omt_place(tags: Tags, zoom: int, _: Shape) -> Mark | None:
    rank = tags.get("rank")
    return _place(tags.get("class"), tags, zoom, -rank if isinstance(rank, (int, float)) else None)


OPENMAPTILES = Schema(
    "OpenMapTiles",
    frozenset({"transportation", "water"}),
    {
        "water": _omt_water,
        "transportation": _omt_road,
        "place": _omt_place,
        "transportation_name": _omt_street_name,
        "boundary": _omt_border,
        "landcover": _omt_ground,
        "park": _omt_park,
        "landuse": _omt_ground,
        "waterway": _omt_water,
        "aeroway": _omt_air,
        "building": _omt_building,
    },
    has_land=False,
)
