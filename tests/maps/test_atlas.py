"""The atlas: nothing is lost between tiles, nearest is nearest, and one change renews it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from coordinator.events.accessibility import Feature
from coordinator.events.filtering import EVERYTHING, EventFilters
from coordinator.events.rules import EventStatus
from coordinator.maps.atlas import DEEPEST, SEPARATE_FROM, Atlas, Mark, Table
from coordinator.maps.tiles import first_tiles, positions, positions_from, tile_of
from coordinator.places.geo import distance_km
from coordinator.places.rules import Point, Precision

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2030, 9, 1, tzinfo=UTC)
DAY = date(2030, 9, 16)
BERLIN, PARIS, SUVA = (52.51619, 13.38353), (48.8716, 2.2675), (-18.1416, 178.4419)


class Row(NamedTuple):
    id: int
    status: EventStatus
    latitude: float | None
    longitude: float | None
    precision: Precision | None
    country: str
    day: date
    languages: str
    over_at: float
    features: str
    has_notes: bool
    people: int = 0


def atlas_of(rows: Iterable[Row], **changes: Any) -> Atlas:
    return Atlas([table_of(rows)], **changes)


def table_of(rows: Iterable[Row]) -> Table:
    columns = dict(zip(Row._fields, zip(*rows, strict=True), strict=False))
    columns = {name: columns.get(name, ()) for name in Row._fields}
    day = np.array(columns.pop("day"), dtype="datetime64[us]")
    return Table(day=day, over_at=np.array(columns.pop("over_at"), dtype=float), **columns)


def row(number: int, point: tuple[float, float] | None = BERLIN, **changes: Any) -> Row:
    values: dict[str, Any] = {
        "id": number, "status": EventStatus.PUBLISHED, "latitude": point[0] if point else None,
        "longitude": point[1] if point else None, "precision": Precision.EXACT, "country": "DE", "day": DAY,
        "languages": "de ru", "over_at": (NOW + timedelta(days=20)).timestamp(),
        "features": "", "has_notes": False,
    }  # fmt: skip
    return Row(**values | changes)


def every_tile(atlas: Atlas, depth: int, points: list[tuple[float, float]]) -> list[Mark]:
    tiles = {tile_of(*point, depth) for point in points}
    return [mark for x, y in tiles for mark in atlas.tile(depth, x, y)]


def within(degrees: float, most: float) -> float:
    return max(-most, min(most, degrees))


points = st.tuples(st.floats(-85, 85), st.floats(-180, 180))
clumped = st.tuples(
    st.sampled_from([BERLIN, PARIS, SUVA, (0.0, 0.0), (-0.0, 180.0), (85.0, -180.0)]),
    st.floats(-0.01, 0.01),
).map(
    lambda pair: (max(-85.0, min(85.0, pair[0][0] + pair[1])), max(-180.0, min(180.0, pair[0][1] + pair[1])))
)
worlds = st.lists(points | clumped, min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(worlds, st.integers(0, DEEPEST))
def test_every_event_is_in_one_tile_of_every_depth(world: list[tuple[float, float]], depth: int) -> None:
    atlas = atlas_of(row(number, point) for number, point in enumerate(world))

    marks = every_tile(atlas, depth, world)

    assert sum(mark.count for mark in marks) == len(world)
    known = [one for mark in marks for one in mark.ids]
    assert len(known) == len(set(known))
    if depth >= SEPARATE_FROM:
        assert sorted(known) == list(range(len(world)))


@settings(max_examples=100, deadline=None)
@given(worlds, points, st.integers(1, 12), st.sets(st.integers(0, 60)))
def test_the_nearest_ones_that_are_still_to_come_are_found(
    world: list[tuple[float, float]], here: tuple[float, float], k: int, over: set[int]
) -> None:
    rows = [
        row(number, point, over_at=NOW.timestamp() + (-3600 if number in over else 3600))
        for number, point in enumerate(world)
    ]
    expected = sorted(
        distance_km(Point(*here), Point(*point)) for number, point in enumerate(world) if number not in over
    )[:k]

    found = atlas_of(rows).nearest(Point(*here), k, NOW)

    assert [km for _, km in found] == pytest.approx(expected, abs=0.001)
    assert not over & {known for known, _ in found}


@settings(max_examples=100, deadline=None)
@given(worlds, st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)), points)
def test_one_that_was_renewed_is_as_one_that_was_made_anew(
    world: list[tuple[float, float]], moved: set[int], gone: set[int], to: tuple[float, float]
) -> None:
    rows = [row(number, point) for number, point in enumerate(world)]
    changed = [one._replace(latitude=to[0], longitude=to[1]) for one in rows if one.id in moved - gone]
    changed.append(row(1_000, to, country="FR"))
    after = [one for one in rows if one.id not in moved | gone] + changed

    renewed, anew = atlas_of(rows).renewed(table_of(changed), gone, read_at=NOW), atlas_of(after)

    assert renewed.read_at == NOW
    assert sorted(renewed.ids()) == sorted(anew.ids())
    assert renewed.extent() == anew.extent()
    assert renewed.facets() == anew.facets()
    for depth in (0, 3, 9):
        tiles = {tile_of(one.latitude or 0, one.longitude or 0, depth) for one in after}
        for x, y in tiles:
            assert [m.count for m in renewed.tile(depth, x, y)] == [m.count for m in anew.tile(depth, x, y)]


def test_several_at_one_place_are_one_mark_that_knows_them() -> None:
    atlas = atlas_of([row(1), row(2), row(3, PARIS, country="FR")])

    (berlin,) = atlas.tile(6, *tile_of(*BERLIN, 6))

    assert (berlin.count, set(berlin.ids)) == (2, {1, 2})
    assert (berlin.latitude, berlin.longitude) == pytest.approx(BERLIN)


def test_several_places_in_one_cell_are_a_crowd() -> None:
    atlas = atlas_of([row(1), row(2, (52.52, 13.40))])

    (crowd,) = atlas.tile(0, 0, 0)

    assert (crowd.count, crowd.ids) == (2, ())
    assert len(atlas.tile(SEPARATE_FROM, *tile_of(*BERLIN, SEPARATE_FROM))) == 1


def test_a_place_looks_as_its_best_event_does() -> None:
    states = [EventStatus.CANCELLED, EventStatus.POSTPONED, EventStatus.SUBMITTED, EventStatus.PUBLISHED]
    for number in range(len(states)):
        atlas = atlas_of(row(n, status=status) for n, status in enumerate(states[: number + 1]))

        assert atlas.tile(0, 0, 0)[0].state is states[number]


def test_a_place_is_rough_when_nothing_better_is_known_of_any() -> None:
    rough = [row(1, precision=Precision.CITY), row(2, precision=Precision.COUNTRY)]

    assert atlas_of(rough).tile(0, 0, 0)[0].is_rough
    assert not atlas_of([*rough, row(3)]).tile(0, 0, 0)[0].is_rough


def test_what_has_no_point_is_counted_and_drawn_nowhere() -> None:
    atlas = atlas_of([row(1), row(2, None, status=EventStatus.CANCELLED, precision=None)])

    extent = atlas.extent()

    assert (extent.without_point, extent.counts[EventStatus.CANCELLED]) == (1, 1)
    assert extent.box == pytest.approx((*BERLIN, *BERLIN))
    assert sum(mark.count for mark in atlas.tile(0, 0, 0)) == 1


def test_an_empty_world_has_nothing_anywhere() -> None:
    atlas = atlas_of(())

    assert (len(atlas), atlas.tile(0, 0, 0), atlas.nearest(Point(0, 0), 3, NOW)) == (0, [], [])
    assert atlas.extent().box is None
    assert first_tiles(atlas.extent()) == []
    assert positions(atlas) == b""


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (EventFilters(country="FR"), {3}),
        (EventFilters(day=date(2030, 9, 17)), {2}),
        (EventFilters(language="ru"), {1, 2, 4}),
        (EventFilters(language="r"), set()),
        (EventFilters(status=EventStatus.CANCELLED), {4}),
        (EventFilters(has_places=True), {1, 3}),
        (EventFilters(is_described=True), {2, 3, 4}),
        (EventFilters(features=frozenset({Feature.STEP_FREE})), {2, 4}),
        (EventFilters(features=frozenset({Feature.STEP_FREE, Feature.CAPTIONS})), {4}),
        (EventFilters(features=frozenset({Feature.TOILET})), set()),
        (EventFilters(country="DE", language="ru", has_places=True), {1}),
        (EVERYTHING, {1, 2, 3, 4}),
    ],
)
def test_filters(wanted: EventFilters, ids: set[int]) -> None:
    atlas = atlas_of(
        [
            row(1),
            row(2, day=date(2030, 9, 17), features="step-free"),
            row(3, PARIS, country="FR", languages="fr", has_notes=True),
            row(4, status=EventStatus.CANCELLED, features="step-free sign-language captions"),
        ]
    )

    assert set(atlas.ids(atlas.mask(wanted, frozenset({2})))) == ids


def test_a_first_view_needs_few_tiles_and_they_hold_everything() -> None:
    around = [BERLIN, PARIS, (50.85, 4.35), (48.2, 16.37)]
    for world in (around, [*around, SUVA, (40.7, -74.0)], [BERLIN]):
        atlas = atlas_of(row(number, point) for number, point in enumerate(world))

        tiles = first_tiles(atlas.extent())

        assert 1 <= len(tiles) <= 4
        assert sum(mark.count for tile in tiles for mark in atlas.tile(*tile)) == len(world)


@settings(max_examples=100, deadline=None)
@given(worlds)
def test_positions_come_back_as_they_were_to_eleven_metres(world: list[tuple[float, float]]) -> None:
    atlas = atlas_of(row(number, point) for number, point in enumerate(world))

    found = positions_from(positions(atlas))

    def steps(point: tuple[float, float]) -> tuple[int, int]:
        return round(point[0] * 10_000), round(point[1] * 10_000)

    assert sorted(map(steps, found)) == sorted(map(steps, world))


def test_facets_are_what_occurs() -> None:
    other = row(2, PARIS, country="FR", languages="fr", day=date(2030, 9, 17))
    facets = atlas_of([row(1), other, row(3, None, country="")]).facets()

    assert facets.countries == ["DE", "FR"]
    assert facets.days == [DAY, date(2030, 9, 17)]
    assert facets.languages == ["de", "fr", "ru"]
