"""Vector tiles become pictures: understood in both schemas, light and dark, bounded, and harmless."""

from __future__ import annotations

import random
import re
import struct
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from coordinator.places.vectors import drawing
from coordinator.places.vectors.drawing import COLOURS, WIDTHS, Window, draw, nothing, width_at
from coordinator.places.vectors.mvt import BrokenTileError, Shape, layers
from coordinator.places.vectors.naming import SIZE, Names, width_of
from coordinator.places.vectors.schemas import OPENMAPTILES, PROTOMAPS, Look, Name, Place, name_of, schema_of
from tests.house.test_contrast import colours, contrast
from tests.places.vector_tiles import (
    LAND,
    PLACE,
    RAIL,
    RIVER,
    TOWNS,
    areas,
    field,
    geometry,
    layer,
    line,
    packed,
    point,
    tile,
    value,
)

if TYPE_CHECKING:
    from coordinator.places.vectors.schemas import Schema

SVG = "{http://www.w3.org/2000/svg}"
SCHEMAS = {"protomaps": PROTOMAPS, "openmaptiles": OPENMAPTILES}
HERE = Window(*PLACE, last=14)
HOSTILE = '"/><script>alert(1)</script><image href="https://example.org/x"/>&'


def picture(body: bytes, schema: Schema = PROTOMAPS, window: Window = HERE) -> ET.Element:
    return ET.fromstring(draw(body, schema, window))  # noqa: S314 our own


def looks(drawn: ET.Element) -> set[str]:
    """Return what was drawn, and was not only defined."""
    return {one.get("class", "") for one in drawn if one.tag in {f"{SVG}path", f"{SVG}use"}}


def words(drawn: ET.Element) -> list[str]:
    return ["|".join(text.itertext()) for text in drawn.iter(f"{SVG}text")]


def earth(*parts: bytes) -> bytes:
    """Return a tile with one area, which has the last part; the others belong to its layer."""
    return field(3, b"".join((field(1, b"earth"), *parts[:-1], field(2, parts[-1] + field(3, 3)))))


# --- reading -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["Ufer", "Ёж", 0, 7, -3, 2.5, True, False])
def test_every_kind_of_value_is_read(said: Any) -> None:
    (read,) = layers(tile({"roads": [line([(0, 0), (5, 5)], what=said)]}))
    (feature,) = read.features({"what"})

    assert feature.tags["what"] == said
    assert type(feature.tags["what"]) is type(said)


def test_numbers_of_every_encoding_are_read() -> None:
    features = [field(2, packed([0, number])) + field(3, 1) for number in range(3)]
    values = [field(4, (1 << 64) - 5), field(6, 9), struct.pack("<Bf", 2 << 3 | 5, 0.5)]
    body = field(1, b"x") + b"".join(field(2, one) for one in features) + field(3, b"k")
    (read,) = layers(field(3, body + b"".join(field(4, one) for one in values)))

    assert [feature.tags["k"] for feature in read.features({"k"})] == [-5, -5, 0.5]


def test_geometries_are_what_was_written() -> None:
    parts = [LAND, RIVER, [(5, 5), (-9, 70_000), (0, 0)]]
    (read,) = layers(tile({"earth": [(Shape.AREA, {}, parts)]}))
    (feature,) = read.features(())

    assert (feature.shape, feature.parts()) == (Shape.AREA, parts)


def test_several_points_are_several_parts() -> None:
    numbers = packed([2 << 3 | 1, 2, 2, 4, 4])
    body = field(1, b"places") + field(2, field(3, 1) + field(4, numbers))
    (feature,) = layers(field(3, body))[0].features(())

    assert feature.parts() == [[(1, 1)], [(3, 3)]]


def test_tags_that_nobody_wants_are_not_read() -> None:
    (read,) = layers(tile({"roads": [line(RAIL, kind="rail", opening_hours="always")]}))

    assert next(read.features({"kind"})).tags == {"kind": "rail"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xff", id="half a number"),
        pytest.param(b"\xff" * 20, id="an endless number"),
        pytest.param(b"\x1a\x7f", id="less than was promised"),
        pytest.param(b"\x1b", id="a wire type of old"),
        pytest.param(b"<svg/>", id="something else"),
        pytest.param(field(3, b"") * 101, id="too many layers"),
        pytest.param(field(1, 0) * 200_001, id="too many fields"),
        pytest.param(field(3, field(5, 0)), id="an extent of nothing"),
        pytest.param(field(3, field(5, 1 << 40)), id="an extent of everything"),
        pytest.param(earth(field(3, b"kind"), field(2, b"\0\5")), id="no such value"),
        pytest.param(earth(field(3, b"kind"), field(4, b"\x12\3abc"), field(2, b"\0\0")), id="no fraction"),
        pytest.param(earth(field(4, b"\x0f\0\0")), id="no command"),
        pytest.param(earth(field(4, b"\xff\xff\x01\0\0")), id="too few corners"),
    ],
)  # fmt: skip
def test_what_is_no_tile_is_called_broken(body: bytes) -> None:
    with pytest.raises(BrokenTileError):
        draw(body, PROTOMAPS, HERE)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_whatever_bytes_are_changed_the_answer_is_a_picture_or_a_refusal(schema: str) -> None:
    chance, whole = random.Random(schema), tile(TOWNS[schema]())
    for _ in range(300):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            drawn = draw(bytes(body[: chance.randint(len(body) // 2, len(body))]), SCHEMAS[schema], HERE)
        except BrokenTileError:
            continue
        ET.fromstring(drawn)  # noqa: S314 our own


# --- understanding -----------------------------------------------------------------------------------------


def test_schemas_are_known_by_their_layers() -> None:
    assert schema_of(["earth", "water", "roads", "pois"]) is PROTOMAPS
    assert schema_of(["water", "transportation", "poi"]) is OPENMAPTILES
    assert schema_of(["streets", "water_polygons"]) is None
    assert schema_of([]) is None


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_town_has_water_land_streets_buildings_and_names(schema: str) -> None:
    close = Window(15, PLACE[1] * 2, PLACE[2] * 2, last=14)
    drawn = picture(tile(TOWNS[schema]()), SCHEMAS[schema], close)

    ground = {"land"} if schema == "protomaps" else set()
    streets = {"minor", "major", "edge edge-minor", "edge edge-major"}
    assert looks(drawn) >= ground | streets | {"quiet", "paved", "building"}
    assert "Gartenweg" in words(drawn)
    assert "Somebody's café" not in words(drawn)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_both_schemas_draw_the_same_town(schema: str) -> None:
    drawn = picture(tile(TOWNS[schema]()), SCHEMAS[schema])

    assert looks(drawn) - {"land"} == {
        "green", "wood", "quiet", "paved", "water", "stream", "rail", "service", "minor", "medium", "major",
        "highway", "region", "edge edge-minor", "edge edge-medium", "edge edge-major", "edge edge-highway",
    }  # fmt: skip
    assert {"Москва|Moscow", "Uferschnellweg", "Brückenstraße"} <= set(words(drawn))


@pytest.mark.parametrize(
    ("schema", "named", "tags", "expected"),
    [
        ("protomaps", "roads", {"kind": "major_road", "kind_detail": "tertiary"}, "medium"),
        ("protomaps", "roads", {"kind": "highway", "is_link": True}, "medium"),
        ("protomaps", "roads", {"kind": "major_road", "is_tunnel": True}, "tunnel"),
        ("protomaps", "roads", {"kind": "rail", "is_tunnel": True}, None),
        ("protomaps", "roads", {"kind": "ferry"}, None),
        ("protomaps", "roads", {"pmap:kind": "medium_road"}, "medium"),
        ("protomaps", "transit", {"pmap:kind": "rail"}, "rail"),
        ("protomaps", "physical_line", {"pmap:kind": "river"}, "river"),
        ("protomaps", "boundaries", {"kind": "country"}, "country"),
        ("protomaps", "boundaries", {"kind": "country", "disputed": True}, None),
        ("openmaptiles", "transportation", {"class": "path", "subclass": "pedestrian"}, "minor"),
        ("openmaptiles", "transportation", {"class": "trunk", "ramp": 1}, "medium"),
        ("openmaptiles", "transportation", {"class": "transit", "brunnel": "tunnel"}, None),
        ("openmaptiles", "transportation", {"class": "motorway_construction"}, None),
        ("openmaptiles", "waterway", {"class": "canal"}, "river"),
        ("openmaptiles", "waterway", {"class": "river", "brunnel": "tunnel"}, None),
        ("openmaptiles", "aeroway", {"class": "runway"}, "runway"),
        ("openmaptiles", "boundary", {"admin_level": 2, "maritime": 1}, None),
        ("openmaptiles", "boundary", {"admin_level": 2, "disputed": 1}, None),
        ("openmaptiles", "boundary", {"admin_level": 4}, "region"),
    ],
)
def test_what_a_line_is(schema: str, named: str, tags: dict[str, Any], expected: str | None) -> None:
    drawn = picture(tile({named: [line(RAIL, **tags)]}), SCHEMAS[schema])

    assert {one for one in looks(drawn) if not one.startswith("edge")} == ({expected} if expected else set())


def test_far_out_no_borders_are_drawn() -> None:
    body = tile({"boundaries": [line(RAIL, kind="country")]})

    assert looks(picture(body, window=Window(5, 0, 0, 14))) == set()
    assert looks(picture(body, window=Window(6, 0, 0, 14))) == {"country"}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"name": "Berlin", "name:en": "Berlin"}, Name("Berlin")),
        ({"name": "Łódź"}, Name("Łódź")),
        ({"name": "Москва", "name:en": "Moscow"}, Name("Москва", "Moscow")),
        ({"name": "北京", "name_en": "Beijing"}, Name("北京", "Beijing")),
        ({"name": "القدس - ירושלים", "name:latin": "Jerusalem"}, Name("القدس - ירושלים", "Jerusalem")),
        ({"name": "Тверь"}, Name("Тверь")),
        ({"name": "a\0b\u202ec\n d"}, Name("abc d")),
        ({"name": " \u202e "}, None),
        ({"name": 7}, None),
        ({}, None),
    ],
)
def test_a_name_is_what_signs_say_and_one_in_latin_letters(
    tags: dict[str, Any], expected: Name | None
) -> None:
    assert name_of(tags) == expected


# --- drawing -----------------------------------------------------------------------------------------------


def test_text_from_the_file_stays_text() -> None:
    drawn = picture(tile({
        "earth": areas(LAND, kind=HOSTILE),
        "places": [point(2000, 2000, kind="locality", kind_detail="city", name=HOSTILE, name_en=HOSTILE)],
        "roads": [line([(0, 100), (4000, 100)], kind="highway", name=HOSTILE[:20])],
    }))  # fmt: skip

    assert {one.tag.removeprefix(SVG) for one in drawn.iter()} <= {
        "svg", "style", "defs", "rect", "path", "use", "text", "tspan"
    }  # fmt: skip
    assert any("<script>" in text for text in words(drawn))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_picture_runs_nothing_and_refers_to_nothing_outside(schema: str) -> None:
    drawn = picture(tile(TOWNS[schema]()), SCHEMAS[schema])

    names = {name for one in drawn.iter() for name in one.attrib}
    assert not any(name.startswith("on") for name in names)
    assert all(one.attrib.get("href", "#").startswith("#") for one in drawn.iter())
    style = drawn.findtext(f"{SVG}style", "")
    assert not re.search(r"url|import|@font-face|//", style)


def test_a_picture_is_light_and_dark() -> None:
    style = picture(tile({"earth": areas(LAND)})).findtext(f"{SVG}style", "")

    light, _, dark = style.partition("@media(prefers-color-scheme:dark)")
    assert f"--land:{COLOURS['land'][0]}" in light
    assert f"--land:{COLOURS['land'][1]}" in dark


@pytest.mark.parametrize(("scheme", "number"), [("light", 0), ("dark", 1)])
def test_its_colours_are_the_house_s(scheme: str, number: int) -> None:
    tokens = colours(scheme)

    assert COLOURS["land"][number] == tokens[("paper", "map-land")[number]]
    assert COLOURS["ink"][number] == tokens["ink"]
    for ground in ("land", "water", "green", "wood", "sand", "built", "quiet", "paved", "building"):
        assert contrast(COLOURS["ink"][number], COLOURS[ground][number]) >= 4.5, ground
        assert contrast(COLOURS["muted"][number], COLOURS[ground][number]) >= 4.5, ground


def test_every_look_has_a_colour_or_a_width() -> None:
    assert all(look in WIDTHS or look in COLOURS for look in Look)
    assert set(re.findall(r"var\(--(\w+)\)", " ".join(drawing._RULES.values()))) <= COLOURS.keys()


def test_roads_grow_with_every_zoom() -> None:
    widths = [width_at(Look.MAJOR, zoom) for zoom in range(7, 20)]

    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (1.0, 56.0)


def test_what_is_smaller_than_a_pixel_or_elsewhere_is_left_out() -> None:
    tiny, far = [(100, 100), (110, 100), (110, 110)], [(9000, 0), (9900, 0), (9900, 900)]

    assert looks(picture(tile({"water": areas(tiny, far)}))) == set()


def test_beyond_the_last_zoom_a_part_of_a_tile_is_drawn_larger() -> None:
    quarter = [(2048, 2048), (3072, 2048), (3072, 3072), (2048, 3072)]
    body = tile({"water": areas(quarter, kind="lake")})

    beside = picture(body, window=Window(15, 2, 2, 14))
    inside = picture(body, window=Window(15, 3, 3, 14))

    assert Window(15, 7, 5, 14).tile == (14, 3, 2)
    assert looks(beside) == {"water"}  # its corner, at the very edge
    assert inside.findall(f"{SVG}path")[0].get("d") == "M0 0l256 0 0 256 -256 0z"


def test_corners_far_outside_are_dropped_and_the_picture_stays_the_same() -> None:
    chance = random.Random(5)

    def crossing(ring: list[tuple[int, int]], x: float, y: float) -> bool:
        """Tell whether a spot is inside a ring (even and odd)."""
        found = False
        for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
                found = not found
        return found

    for _ in range(200):
        ring = [
            (chance.randint(-900, 1400), chance.randint(-900, 1400)) for _ in range(chance.randint(3, 30))
        ]
        trimmed = drawing._trimmed(ring)
        spots = [(chance.uniform(0, SIZE), chance.uniform(0, SIZE)) for _ in range(20)]

        assert set(trimmed) <= set(ring)
        assert [crossing(ring, *spot) for spot in spots] == [crossing(trimmed, *spot) for spot in spots]


def test_a_tile_with_more_than_is_good_loses_what_matters_least() -> None:
    chance = random.Random(1)
    houses = [[(x, y), (x + 40, y), (x + 40, y + 40)] for x, y in
              ((chance.randint(0, 4000), chance.randint(0, 4000)) for _ in range(45_000))]  # fmt: skip
    window = Window(15, 0, 0, 15)
    drawn = draw(
        tile({"buildings": areas(*houses, kind="building"), "earth": areas(LAND)}), PROTOMAPS, window
    )

    assert {"land", "building"} == looks(ET.fromstring(drawn))  # noqa: S314 our own
    assert drawn.count(b"z") < drawing.MOST_CORNERS / 3 + 10


def test_nothing_is_a_picture_too() -> None:
    assert list(ET.fromstring(nothing())) == []  # noqa: S314 our own


# --- naming ------------------------------------------------------------------------------------------------


def boxes(names: Names) -> list[tuple[float, float, float, float]]:
    return names._taken


def test_every_name_stands_whole_in_its_picture_and_none_on_another() -> None:
    chance = random.Random(3)
    names = Names()
    spots = [(chance.randint(0, 511), chance.randint(0, 511)) for _ in range(60)]
    names.add_places([(Place.TOWN, x / 7, Name(f"Town {x}"), (x, y)) for x, y in spots], 12)

    taken = boxes(names)
    assert 5 < len(names.written) == len(taken) <= 14
    assert all(0 <= left < right <= SIZE and 0 <= top < bottom <= SIZE for left, top, right, bottom in taken)
    assert not any(
        one is not other
        and one[0] < other[2]
        and one[2] > other[0]
        and one[1] < other[3]
        and one[3] > other[1]
        for one in taken
        for other in taken
    )


def test_the_more_important_place_is_named_where_there_is_room_for_one() -> None:
    names = Names()
    names.add_places(
        [
            (Place.VILLAGE, 9e9, Name("Village"), (200, 200)),
            (Place.CITY, 10.0, Name("Small"), (200, 200)),
            (Place.CITY, 99.0, Name("Large"), (200, 200)),
        ],
        12,
    )

    assert len(names.written) == 1
    assert "Large" in names.written[0]


def test_a_neighbour_s_place_is_named_by_the_neighbour() -> None:
    body = tile({"places": [point(4100, 5, kind="locality", kind_detail="town", name="Over there")]})

    assert words(picture(body)) == []


def test_a_long_name_has_two_lines_and_one_that_never_fits_none() -> None:
    names = Names()
    names.add_places([(Place.TOWN, 1, Name("Petropawlowsk an der Kamtschatka"), (5, 5))], 14)
    names.add_places([(Place.CITY, 1, Name("W" * 60), (300, 400))], 11)

    (written,) = names.written
    assert written.count("<tspan") == 2


@pytest.mark.parametrize("corners", [[(10, 300), (500, 310)], [(500, 310), (10, 300)]])
def test_a_street_s_name_reads_from_left_to_right(corners: list[tuple[int, int]]) -> None:
    names = Names()
    names.add_streets([(Name("Gartenweg"), [corners])])

    (written,) = names.written
    assert "rotate(1)" in written


@pytest.mark.parametrize("corners", [[(300, 10), (300, 500)], [(300, 500), (300, 10)]])
def test_a_street_that_goes_up_is_read_from_below(corners: list[tuple[int, int]]) -> None:
    names = Names()
    names.add_streets([(Name("Gartenweg"), [corners])])

    assert "rotate(-90)" in names.written[0]


def test_a_street_is_named_once_and_only_where_it_is_long_and_straight_enough() -> None:
    zigzag = [(x, 100 + 60 * (x // 40 % 2)) for x in range(0, 500, 40)]
    names = Names()
    names.add_streets([
        (Name("Twice"), [[(10, 300), (500, 300)]]),
        (Name("Twice"), [[(10, 400), (500, 400)]]),
        (Name("Winding street"), [zigzag]),
        (Name("Far too short a street"), [[(10, 450), (90, 450)]]),
        (Name("Elsewhere"), [[(-400, 20), (-10, 20)]]),
    ])  # fmt: skip

    assert [re.sub("<[^>]*>", "", one) for one in names.written] == ["Twice"]


def test_letters_of_all_scripts_have_a_width() -> None:
    assert width_of("北京", 20) > width_of("ab", 20) > width_of("il", 20)
    assert width_of("e\u0301", 20) == width_of("e", 20)


def test_the_writer_of_these_tests_writes_tiles() -> None:
    assert layer("x", [])[:2] == b"\x78\x02"
    assert geometry(Shape.POINT, [[(25, 17)]]) == bytes([9, 50, 34])  # the example of the specification
    assert value(-1) == bytes([6 << 3, 1])
