from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st

from coordinator.places.geo import (
    MEAN_EARTH_RADIUS_KM,
    Nearest,
    bounding_box,
    distance_km,
    parse_coordinates,
)
from coordinator.places.rules import Point

BERLIN, PARIS = Point(52.52, 13.405), Point(48.8566, 2.3522)
HALF_ROUND = math.pi * MEAN_EARTH_RADIUS_KM

points = st.builds(
    Point,
    st.floats(-90, 90) | st.sampled_from([-90.0, 0.0, 90.0]),
    st.floats(-180, 180) | st.sampled_from([-180.0, -179.999, 0.0, 179.999, 180.0]),
)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param(BERLIN, BERLIN, 0, id="nowhere"),
        pytest.param(BERLIN, PARIS, 877.5, id="two cities"),
        pytest.param(Point(0, 179.5), Point(0, -179.5), 111.195, id="over the antimeridian"),
        pytest.param(Point(90, 0), Point(90, 137), 0, id="the pole has every longitude"),
        pytest.param(Point(89.5, 0), Point(89.5, 180), 111.195, id="over the pole"),
        pytest.param(Point(90, 0), Point(-90, 0), HALF_ROUND, id="pole to pole"),
        pytest.param(Point(12, 30), Point(-12, -150), HALF_ROUND, id="antipodes"),
    ],
)
def test_distance(a: Point, b: Point, expected: float) -> None:
    assert distance_km(a, b) == pytest.approx(expected, abs=0.5)
    assert distance_km(b, a) == pytest.approx(distance_km(a, b))


@pytest.mark.parametrize(
    ("text", "latitude", "longitude"),
    [
        ("52.5, 13.4", 52.5, 13.4),
        ("52.5 13.4", 52.5, 13.4),
        ("52.5,13.4", 52.5, 13.4),
        ("52,5; 13,4", 52.5, 13.4),
        ("52,5 13,4", 52.5, 13.4),
        ("52,5, 13,4", 52.5, 13.4),
        ("  -33.9   +151.2 ", -33.9, 151.2),
        ("−33.9, 151.2", -33.9, 151.2),
        ("52.5°, 13.4°", 52.5, 13.4),
        ("geo:52.5,13.4?z=19", 52.5, 13.4),
        ("52°30′N 13°24′E", 52.5, 13.4),
        ("52° 30' 0\" N, 13° 24' 0\" E", 52.5, 13.4),
        ("33°54′S 151°12′E", -33.9, 151.2),
        ("N52.5 W13.4", 52.5, -13.4),
        ("13.4E 52.5N", 52.5, 13.4),
        ("52°30′ с. ш. 13°24′ в. д.", 52.5, 13.4),
        ("33°54′ ю.ш. 13°24′ з.д.", -33.9, -13.4),
        ("٥٢٫٥، ١٣٫٤", 52.5, 13.4),
        ("0 0", 0, 0),
        ("90,180", 90, 180),
    ],
)
def test_coordinates_as_people_type_them(text: str, latitude: float, longitude: float) -> None:
    point = parse_coordinates(text)

    assert point is not None
    assert (point.latitude, point.longitude) == pytest.approx((latitude, longitude))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "12",
            "1 2 3 4",
            "Berlin",
            "10115 Berlin",
            "Strasse 5, 7",
            "N S",
            "5N 6N",
            "1e5 3",
            "nan nan",
        ),
        *("inf, inf", "52.5, 13.4, 9", "91, 0", "0, 181", "52°75′N 13°24′E", "N52N E13", "S", "²,³", "½ ½"),
        *("--5 5", "5 km", "52.5N", "1." * 60, "9" * 10_000, "\x00, \x00"),
    ],
)
def test_anything_else_is_not_coordinates(text: str) -> None:
    assert parse_coordinates(text) is None


@given(st.text(max_size=120))
def test_no_text_breaks_the_parser(text: str) -> None:
    point = parse_coordinates(text)

    assert point is None or isinstance(point, Point)


@given(points)
def test_a_point_written_down_is_read_back(point: Point) -> None:
    read = parse_coordinates(f"{point.latitude:.6f}, {point.longitude:.6f}")

    assert read is not None
    assert (read.latitude, read.longitude) == pytest.approx((point.latitude, point.longitude), abs=1e-6)


@settings(max_examples=300)
@given(points, points, st.floats(0.01, 12_000))
def test_a_box_holds_everything_within_its_distance(centre: Point, other: Point, within_km: float) -> None:
    if distance_km(centre, other) <= within_km * 0.999_999:
        box = bounding_box(centre, within_km)

        slack = 1e-9  # the other point may lie on the very edge, where the last bit decides
        inside = box.south - slack <= other.latitude <= box.north + slack and any(
            west - slack <= other.longitude <= east + slack for west, east in box.longitudes
        )
        # -180 and 180 are one meridian
        assert inside or abs(other.longitude) == 180


def test_a_box_may_cross_the_antimeridian() -> None:
    box = bounding_box(Point(-17, 179.9), 100)

    assert len(box.longitudes) == 2
    assert Point(-17, -179.9) in box
    assert Point(-17, 0) not in box


def test_nothing_is_nearest_among_nothing() -> None:
    index: Nearest[int] = Nearest([])

    assert index.nearest(BERLIN, 5) == []
    assert len(index) == 0


def test_nearest_gives_what_there_is() -> None:
    index = Nearest([("berlin", BERLIN), ("paris", PARIS)])

    assert [known for known, _ in index.nearest(PARIS, 10)] == ["paris", "berlin"]
    assert index.nearest(PARIS, 10, within_km=1) == [("paris", 0.0)]
    assert index.nearest(PARIS, 0) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(points, max_size=60), points, st.integers(1, 12), st.none() | st.floats(0, 20_100))
def test_nearest_agrees_with_looking_at_every_point(
    known: list[Point], here: Point, k: int, within_km: float | None
) -> None:
    every = sorted(distance_km(here, point) for point in known)[:k]
    expected = [km for km in every if within_km is None or km <= within_km]

    found = Nearest(list(enumerate(known))).nearest(here, k, within_km)

    # Two points within a metre of each other may change places: the sphere itself is coarser.
    if within_km is None:
        assert [km for _, km in found] == pytest.approx(expected, abs=0.001)
    else:
        assert all(km <= within_km for _, km in found)
        assert abs(len(found) - len(expected)) <= sum(abs(km - within_km) < 0.001 for km in every)
    assert all(km == distance_km(here, known[at]) for at, km in found)
    assert len({at for at, _ in found}) == len(found)
