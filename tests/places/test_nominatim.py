from __future__ import annotations

import logging
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.places.nominatim import LARGEST_ANSWER_BYTES, LONGEST_PAUSE, precision_of, provider_from
from coordinator.places.rules import Point, Precision, ProviderAwayError, ProviderBusyError
from coordinator.settings import SettingsError
from tests.places.nominatim_server import Script, geocoder_at, nominatim_server, place, settings_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from coordinator.places.nominatim import GeopyGeocoder

QUESTION = "Unter den Linden 63, Berlin"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[tuple[str, Script]]:
    with nominatim_server() as running:
        yield running


@pytest.fixture
def script(server: tuple[str, Script]) -> Script:
    return server[1]


@pytest.fixture
def geocoder(server: tuple[str, Script], tmp_path: Path) -> GeopyGeocoder:
    return geocoder_at(server[0], tmp_path)


def test_a_building_is_found_with_its_city_state_and_precision(
    geocoder: GeopyGeocoder, script: Script
) -> None:
    script.says([place()])

    found = geocoder.locate(QUESTION, locale="ru")

    assert len(found) == 1
    assert found[0].point == Point(52.5163, 13.3836)
    assert (found[0].precision, found[0].country, found[0].city) == (Precision.BUILDING, "DE", "Berlin")
    assert found[0].label.startswith("Embassy, 63, Unter den Linden")
    assert found[0].source == "nominatim"


def test_the_question_is_all_that_is_sent_with_an_honest_name(
    geocoder: GeopyGeocoder, script: Script
) -> None:
    script.says([place()])

    geocoder.locate(QUESTION, locale="ru")

    assert script.questions == [
        {"q": QUESTION, "format": "json", "limit": "8", "addressdetails": "1", "accept-language": "ru"}
    ]
    assert script.user_agents == ["coordinator (https://action.example.org; administrator@example.org)"]


def test_several_places_are_offered_in_their_order(geocoder: GeopyGeocoder, script: Script) -> None:
    script.says([place(), place(lat="-33.9", lon="151.2", display_name="Elsewhere")])

    found = geocoder.locate(QUESTION, locale="en")

    assert [one.point.latitude for one in found] == [52.5163, -33.9]


def test_no_such_place_is_an_answer(geocoder: GeopyGeocoder, script: Script) -> None:
    script.says([])

    assert geocoder.locate("Nowhere", locale="en") == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[{", id="half an answer"),
        pytest.param(b"<html><body>Welcome to the hotel's network</body></html>", id="a page"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"17", id="a number"),
        pytest.param(b'{"error": "Bandwidth limit exceeded"}', id="an error"),
        pytest.param(b"[1, 2]", id="numbers"),
        pytest.param(b"[[]]", id="lists"),
        pytest.param(b"[null]", id="null"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="deeper than anybody can read"),
    ],
)
def test_what_is_no_answer_is_not_taken_for_no_such_place(
    geocoder: GeopyGeocoder, script: Script, body: bytes
) -> None:
    script.says(body)

    with pytest.raises(ProviderAwayError):
        geocoder.locate(QUESTION, locale="en")


@pytest.mark.parametrize(
    "changes",
    [
        {"lat": None},
        {"lat": "north"},
        {"lat": "91"},
        {"lon": "-180.5"},
        {"lat": "NaN"},
        {"lat": "Infinity"},
        {"lat": {}},
        {"lon": ["13"]},
        {"display_name": None},
        {"display_name": 5},
    ],
)
@pytest.mark.filterwarnings("ignore:Latitude normalization")  # geopy warns, and then raises
def test_one_impossible_place_makes_the_whole_answer_unbelievable(
    geocoder: GeopyGeocoder, script: Script, changes: dict[str, Any]
) -> None:
    script.says([place(), place(**changes)])

    with pytest.raises(ProviderAwayError):
        geocoder.locate(QUESTION, locale="en")


@pytest.mark.parametrize("missing", ["lat", "lon", "display_name"])
def test_missing_coordinates_are_not_zero(geocoder: GeopyGeocoder, script: Script, missing: str) -> None:
    lacking = place()
    del lacking[missing]
    script.says([lacking])

    with pytest.raises(ProviderAwayError):
        geocoder.locate(QUESTION, locale="en")


@pytest.mark.parametrize(
    "odd", [{"address": None}, {"address": "Berlin"}, {"address": {}}, {"class": None}, {"type": 5}]
)
def test_a_point_with_an_odd_address_is_still_a_point(
    geocoder: GeopyGeocoder, script: Script, odd: dict[str, Any]
) -> None:
    script.says([place(**odd)])

    assert geocoder.locate(QUESTION, locale="en")[0].point == Point(52.5163, 13.3836)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 410, 500, 502, 503, 504])
def test_errors_mean_that_nobody_answered(geocoder: GeopyGeocoder, script: Script, status: int) -> None:
    script.says(b"<h1>no</h1>", status=status)

    with pytest.raises(ProviderAwayError) as away:
        geocoder.locate(QUESTION, locale="en")

    assert not isinstance(away.value, ProviderBusyError)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "120"}, timedelta(minutes=2)),
        ({}, timedelta(minutes=1)),
        ({"Retry-After": "soon"}, timedelta(minutes=1)),
        ({"Retry-After": "-5"}, timedelta(minutes=1)),
        ({"Retry-After": "999999999"}, LONGEST_PAUSE),
    ],
)
def test_too_many_requests_says_how_long_to_stay_away(
    geocoder: GeopyGeocoder, script: Script, headers: dict[str, str], pause: timedelta
) -> None:
    script.says(b"", status=429, headers=headers)

    with pytest.raises(ProviderBusyError) as busy:
        geocoder.locate(QUESTION, locale="en")

    assert busy.value.retry_after == pause


def test_a_silent_server_is_away_in_time(server: tuple[str, Script], tmp_path: Path) -> None:
    server[1].says([place()], wait_seconds=5)

    with pytest.raises(ProviderAwayError):
        geocoder_at(server[0], tmp_path, timeout_seconds=0.2).locate(QUESTION, locale="en")


def test_a_dripping_server_is_away_in_time(server: tuple[str, Script], tmp_path: Path) -> None:
    server[1].says([place()], drip_seconds=0.05)  # about a minute for all of it

    with pytest.raises(ProviderAwayError):
        geocoder_at(server[0], tmp_path, timeout_seconds=0.3).locate(QUESTION, locale="en")

    assert len(server[1].asked_at) == 1


def test_a_huge_answer_is_not_read(geocoder: GeopyGeocoder, script: Script) -> None:
    script.says([place(display_name="x" * LARGEST_ANSWER_BYTES)])

    with pytest.raises(ProviderAwayError):
        geocoder.locate(QUESTION, locale="en")


def test_an_answer_that_breaks_off_is_none(geocoder: GeopyGeocoder, script: Script) -> None:
    script.says([place()])
    script.headers["Content-Length"] = str(len(script.body) + 100)

    # The JSON is whole, but the server had promised more: either reading is safe, silence is not.
    try:
        found = geocoder.locate(QUESTION, locale="en")
    except ProviderAwayError:
        return
    assert found[0].point == Point(52.5163, 13.3836)


def test_nobody_at_the_door_is_away(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        with pytest.raises(ProviderAwayError):
            geocoder_at(f"127.0.0.1:{port}", tmp_path).locate(QUESTION, locale="en")


@pytest.mark.parametrize("question", ["a\r\nHost: evil", "?&q=x#", "\x00", "Ж" * 300, "%%%"])
def test_odd_questions_travel_whole(geocoder: GeopyGeocoder, script: Script, question: str) -> None:
    script.says([])

    assert geocoder.locate(question, locale="en") == []

    assert script.questions[0]["q"] == question


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_the_question_is_in_no_log(
    geocoder: GeopyGeocoder, script: Script, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    script.says(body + b'"Unter den Linden"')

    with pytest.raises(ProviderAwayError) as away:
        geocoder.locate(QUESTION, locale="en")

    assert "Linden" not in caplog.text
    assert "is away" in caplog.text
    assert away.value.__suppress_context__


@pytest.mark.parametrize(
    ("raw", "precision"),
    [
        ({"class": "place", "type": "house", "addresstype": "place"}, Precision.BUILDING),
        ({"class": "building", "type": "yes"}, Precision.BUILDING),
        ({"class": "amenity", "type": "cafe"}, Precision.BUILDING),
        ({"class": "highway", "type": "residential", "addresstype": "road"}, Precision.STREET),
        ({"class": "place", "type": "square"}, Precision.STREET),
        ({"class": "highway", "type": "primary", "address": {"house_number": "5"}}, Precision.BUILDING),
        ({"class": "boundary", "type": "administrative", "addresstype": "city"}, Precision.CITY),
        ({"class": "place", "type": "town"}, Precision.CITY),
        ({"class": "boundary", "type": "administrative", "addresstype": "suburb"}, Precision.CITY),
        ({"class": "boundary", "type": "administrative", "addresstype": "state"}, Precision.COUNTRY),
        ({"class": "boundary", "type": "administrative", "addresstype": "country"}, Precision.COUNTRY),
        ({"class": "natural", "type": "peak"}, Precision.CITY),
        ({"properties": {"osm_key": "place", "osm_value": "house", "type": "house"}}, Precision.BUILDING),
        ({"properties": {"osm_key": "place", "type": "street"}}, Precision.STREET),
        ({"components": {"_type": "road"}}, Precision.STREET),
        ({"components": {"_type": "city"}}, Precision.CITY),
        ({}, Precision.CITY),
    ],
)
def test_precision_is_never_better_than_what_was_found(raw: dict[str, Any], precision: Precision) -> None:
    assert precision_of(raw) is precision


def test_photon_is_read_too(
    server: tuple[str, Script], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    geocoder = provider_from(settings_with(tmp_path, geocoder="photon", geocoder_domain=server[0]))
    assert geocoder is not None
    monkeypatch.setattr(geocoder._client, "api", f"http://{server[0]}/search")
    server[1].says({
        "type": "FeatureCollection",
        "features": [{
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [13.3836, 52.5163]},
            "properties": {"osm_key": "office", "type": "house", "countrycode": "DE", "city": "Berlin"},
        }],
    })  # fmt: skip

    found = geocoder.locate(QUESTION, locale="en")

    assert found[0].point == Point(52.5163, 13.3836)
    assert (found[0].precision, found[0].country, found[0].city) == (Precision.BUILDING, "DE", "Berlin")


def test_settings_choose_the_provider(tmp_path: Path) -> None:
    assert provider_from(settings_with(tmp_path, geocoder="none")) is None
    opencage = provider_from(settings_with(tmp_path, geocoder="OpenCage", geocoder_api_key="k"))
    assert opencage is not None
    assert opencage.name == "opencage"
    for wrong in ("nobody", "opencage"):
        with pytest.raises(SettingsError, match="GEOCODER"):
            provider_from(settings_with(tmp_path, geocoder=wrong))
