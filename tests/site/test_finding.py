"""What people type is understood in the house: slips, postcodes, missions; suggestions are kept by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coordinator.places.gazetteer.building import build
from coordinator.places.gazetteer.searching import Gazetteer
from coordinator.places.geocoding import Places
from coordinator.places.postcodes import Postcodes, from_rows
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory
from tests.places.cities import SOURCE, city

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session


BERLINS = ["Berlin", "берлин", "10117", "Embassy Berlin", "посольство берлин", "52.52, 13.40"]
CODE = {"code": "10117", "place": "Berlin", "latitude": 52.5, "longitude": 13.4}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("places")
    build(folder / "cities.sqlite", progress=False, source=SOURCE)
    codes = Postcodes(folder / "codes.sqlite")
    codes.replace(from_rows("DE", [CODE]))
    return Places(Gazetteer(folder / "cities.sqlite"), None, codes)


@pytest.fixture(autouse=True)
def _world(app: Flask, session: Session, index: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "places", index)
    EventFactory(campaign__slug="world", title="Candles for Ada")
    MissionFactory(sydney=True, code="sydney")


def near(client: FlaskClient, place: str, lang: str = "en") -> str:
    return client.get(f"/{lang}/world/near", query_string={"place": place}).text


@pytest.mark.parametrize(
    "place", ["Berlin", "берлин", "10117", "Embassy Berlin", "посольство берлин", "52.52, 13.40"]
)
def test_a_place_is_found_by_whatever_people_call_it(client: FlaskClient, place: str) -> None:
    page = near(client, place)

    assert "Candles for Ada" in page
    assert "Which one do you mean?" not in page


def test_a_slip_is_asked_about(client: FlaskClient) -> None:
    page = near(client, "Berln")

    assert "Which one do you mean?" in page
    assert "Berlin, Germany" in page


def test_a_mission_is_found_by_its_name(client: FlaskClient) -> None:
    page = near(client, "consulate general sydney")

    assert "Protests near Consulate General of Russia in Sydney" in page


def test_one_word_of_a_mission_is_no_mission(client: FlaskClient) -> None:
    assert "a place called" in near(client, "Consulate")


def names(client: FlaskClient, typed: str, lang: str = "en") -> list[str]:
    answer = client.get(f"/{lang}/world/places.json", query_string={"q": typed})
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    found: list[str] = answer.get_json()
    return found


def test_names_are_suggested_in_the_reader_s_language(client: FlaskClient) -> None:
    assert names(client, "ber")[:1] == ["Berlin, Germany"]
    assert names(client, "мюн", "ru") == ["Мюнхен, Германия"]
    assert names(client, "consulate general")[-1:] == ["Consulate General of Russia in Sydney"]


@pytest.mark.parametrize("typed", ["", "b", " ", "x" * 500, "'\"<script>", "%"])
def test_nothing_is_suggested_for_nothing(client: FlaskClient, typed: str) -> None:
    assert names(client, typed) == []


def test_the_likelier_namesake_is_suggested_first(client: FlaskClient) -> None:
    assert names(client, "par")[0] == "Paris, France"


@pytest.mark.parametrize(
    ("place", "lang", "title"),
    [
        ("Germany", "en", "Germany is a country"),
        ("Германия", "en", "Germany is a country"),
        ("UK", "en", "United Kingdom is a country"),
        ("Holland", "en", "Netherlands is a country"),
    ],
)
def test_the_name_of_a_state_leads_to_its_list(
    client: FlaskClient, place: str, lang: str, title: str
) -> None:
    page = near(client, place, lang)

    assert title in page
    assert "Which one do you mean?" not in page


def test_a_state_says_how_many_protests_it_has(client: FlaskClient) -> None:
    found, nothing = near(client, "Germany"), near(client, "France")

    assert '<a href="/en/world?country=DE#list">Germany: 1 protest</a>' in found
    assert "/en/world/missions?country=DE" in found
    assert "No protest is announced there yet." in nothing
    assert "country=FR" not in nothing


def test_a_city_with_the_name_of_a_state_is_offered(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [
        city(92, "Luxembourg", "LU", 76_684),
        city(93, "Mexico", "PH", 173_403),
        city(94, "Poland", "US", 5_376, region="ME"),
        city(95, "Luxembourg Gare", "LU", 900),
    ]
    build(tmp_path / "more.sqlite", progress=False, source=SOURCE._replace(records=named))
    monkeypatch.setitem(app.extensions, "places", Places(Gazetteer(tmp_path / "more.sqlite"), None))

    luxembourg, mexico, poland = (near(client, name) for name in ("Luxembourg", "Mexico", "Poland"))

    assert "Luxembourg, Luxembourg</a>" in luxembourg
    assert "Gare" not in luxembourg
    assert "Mexico, Philippines</a>" in mexico
    assert "Poland is a country" in poland
    assert "Maine" not in poland


def test_a_state_is_known_without_an_index(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "places", Places(Gazetteer(tmp_path / "none.sqlite"), None))

    assert "Germany is a country" in near(client, "Germany")


def test_a_long_question_is_not_repeated_to_its_end(client: FlaskClient) -> None:
    page = near(client, "q" * 500)

    assert f"“{'q' * 99}…”" in page
