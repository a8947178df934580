# ruff: noqa: DTZ001 wall times have no zone; that is what is tested here
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from coordinator.places.rules import (
    AmbiguousTimeError,
    NonexistentTimeError,
    Point,
    TimeRangeError,
    UnknownZoneError,
)
from coordinator.places.timezones import is_zone, resolve, zone_at, zone_choices, zones


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        pytest.param(52.52, 13.405, "Europe/Berlin", id="latitude comes first"),
        pytest.param(50.45, 30.52, "Europe/Kyiv", id="by its present name"),
        pytest.param(27.7, 85.3, "Asia/Kathmandu", id="three quarters of an hour"),
        pytest.param(-31.55, 159.08, "Australia/Lord_Howe", id="half an hour of summer time"),
        pytest.param(-13.83, -171.77, "Pacific/Apia", id="west of the date line by longitude, east by date"),
        pytest.param(1.87, -157.43, "Pacific/Kiritimati", id="fourteen hours ahead"),
        pytest.param(0, -150, "Etc/GMT+10", id="at sea"),
        pytest.param(0, 180, "Etc/GMT-12", id="on the antimeridian"),
        pytest.param(90, 0, "Etc/GMT", id="at the pole"),
    ],
)
def test_zone_at(latitude: float, longitude: float, zone: str) -> None:
    assert zone_at(Point(latitude, longitude)) == zone


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_point_has_a_zone_that_clocks_know(latitude: float, longitude: float) -> None:
    ZoneInfo(zone_at(Point(latitude, longitude)))


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2030-09-16T18:00", "Europe/Berlin", "2030-09-16T16:00"),
        ("2030-01-16T18:00", "Europe/Berlin", "2030-01-16T17:00"),
        ("2030-09-16T18:00", "Asia/Kathmandu", "2030-09-16T12:15"),
        ("2030-09-16T18:00", "Pacific/Kiritimati", "2030-09-16T04:00"),
        ("2030-09-16T18:00", "Pacific/Pago_Pago", "2030-09-17T05:00"),
        ("2030-09-16T18:00", "Europe/Kiev", "2030-09-16T15:00"),
        ("2030-09-16T18:00", "UTC", "2030-09-16T18:00"),
    ],
)
def test_a_wall_time_becomes_a_moment(local: str, zone: str, expected: str) -> None:
    moment = resolve(datetime.fromisoformat(local), zone)

    assert moment == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("local", "zone", "earlier", "later"),
    [
        pytest.param("2030-03-31T02:30", "Europe/Berlin", "01:30", "03:30", id="an hour"),
        pytest.param("2030-03-31T02:00", "Europe/Berlin", "01:00", "03:00", id="its first minute"),
        pytest.param("2030-10-06T02:15", "Australia/Lord_Howe", "01:45", "02:45", id="half an hour"),
        pytest.param("2030-03-10T02:30", "America/New_York", "01:30", "03:30", id="another continent"),
    ],
)
@pytest.mark.parametrize("fold", [None, 0, 1])
def test_a_time_that_clocks_skip_is_asked_about(
    local: str, zone: str, earlier: str, later: str, fold: int | None
) -> None:
    with pytest.raises(NonexistentTimeError) as refused:
        resolve(datetime.fromisoformat(local), zone, fold)

    assert f"{refused.value.earlier:%H:%M}" == earlier
    assert f"{refused.value.later:%H:%M}" == later
    assert refused.value.earlier.tzinfo is None
    assert refused.value.code == "time.nonexistent"


def test_a_whole_day_that_an_island_skipped_is_asked_about() -> None:
    with pytest.raises(NonexistentTimeError) as refused:
        resolve(datetime(2011, 12, 30, 12), "Pacific/Apia")

    assert (refused.value.earlier.day, refused.value.later.day) == (29, 31)


@pytest.mark.parametrize(
    ("local", "zone", "minutes"),
    [
        pytest.param("2030-10-27T02:30", "Europe/Berlin", 60, id="an hour"),
        pytest.param("2030-04-07T01:45", "Australia/Lord_Howe", 30, id="half an hour"),
        pytest.param("2023-03-19T02:30", "Africa/Casablanca", 60, id="Ramadan sets clocks back"),
    ],
)
def test_a_time_that_clocks_show_twice_is_asked_about(local: str, zone: str, minutes: int) -> None:
    wall = datetime.fromisoformat(local)

    with pytest.raises(AmbiguousTimeError) as refused:
        resolve(wall, zone)

    first, second = refused.value.first, refused.value.second
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(minutes=minutes)
    assert first.utcoffset() != second.utcoffset()
    assert resolve(wall, zone, 0) == first
    assert resolve(wall, zone, 1) == second


def test_no_zone_and_no_sane_year_are_refused_by_name() -> None:
    with pytest.raises(UnknownZoneError):
        resolve(datetime(2030, 1, 1), "Mars/Olympus_Mons")
    for year in (1, 1969, 2200, 9999):
        with pytest.raises(TimeRangeError):
            resolve(datetime(year, 1, 1), "Europe/Berlin")


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)),
    st.sampled_from(zones()),
    st.sampled_from([0, 1]),
)
def test_what_is_resolved_shows_the_typed_time_again(wall: datetime, zone: str, fold: int) -> None:
    try:
        moment = resolve(wall, zone, fold)
    except NonexistentTimeError as skipped:
        moment, wall = resolve(skipped.later, zone, 0), skipped.later

    assert moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == wall


@pytest.mark.parametrize("name", ["Europe/Kyiv", "Europe/Kiev", "US/Pacific", "UTC", "Etc/GMT+10"])
def test_known_zones_include_old_names(name: str) -> None:
    assert is_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Factory", "localtime", "../etc/passwd", "Europe", "europe/berlin", "posix/UTC"]
)
def test_other_names_are_no_zones(name: str) -> None:
    assert not is_zone(name)


def test_choices_are_grouped_and_in_the_readers_language() -> None:
    russian = zone_choices("ru")

    assert ("Europe/Kyiv", "Киев, Украина") in russian["Европа"]
    assert ("Asia/Kathmandu", "Катманду, Непал") in russian["Азия"]
    assert sorted(zone for choices in russian.values() for zone, _ in choices) == zones()
    assert ("Europe/Berlin", "Berlin, Germany") in zone_choices("en")["Europe"]


def test_a_zone_that_an_event_has_already_can_be_chosen_again() -> None:
    choices = zone_choices("en", including="Etc/GMT+10")

    assert choices["UTC"] == [("Etc/GMT+10", "Etc/GMT+10")]
    assert zone_choices("en", including="Europe/Berlin") == zone_choices("en")
    assert "UTC" not in zone_choices("en")
