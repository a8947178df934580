from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from coordinator.places.gazetteer.building import build
from coordinator.places.gazetteer.searching import Gazetteer
from coordinator.places.postcodes import Postcodes, from_rows
from coordinator.places.rules import (
    Candidate,
    GazetteerMissingError,
    Point,
    Precision,
    ProviderAwayError,
    is_better,
)
from coordinator.places.service import find_city, find_place, locate_later
from tests.places.cities import SOURCE, city

if TYPE_CHECKING:
    from pathlib import Path

DOOR = Candidate(
    label="Unter den Linden 63, Berlin",
    point=Point(52.5163, 13.3836),
    precision=Precision.BUILDING,
    country="DE",
    source="fake",
)
NEXT_DOOR = Candidate(
    label="Gate", point=Point(52.5164, 13.3839), precision=Precision.BUILDING, source="fake"
)
ELSEWHERE = Candidate(label="Sydney", point=Point(-33.9, 151.2), precision=Precision.STREET, source="fake")


@dataclass
class FakeProvider:
    answer: list[Candidate] | Exception
    name: str = "fake"
    asked: list[str] = field(default_factory=list)

    def locate(self, question: str, *, locale: str) -> list[Candidate]:  # noqa: ARG002 the protocol's
        self.asked.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory: pytest.TempPathFactory) -> Gazetteer:
    path = tmp_path_factory.mktemp("places") / "gazetteer.sqlite"
    build(path, progress=False, source=SOURCE)
    return Gazetteer(path)


@pytest.fixture
def missing(tmp_path: Path) -> Gazetteer:
    return Gazetteer(tmp_path / "none.sqlite")


def test_typed_coordinates_are_taken_as_they_are(gazetteer: Gazetteer) -> None:
    provider = FakeProvider([ELSEWHERE])

    found = find_place("52.51630, 13.38360", gazetteer=gazetteer, geocoder=provider, locale="en")

    assert found.clear is not None
    assert (found.clear.point, found.clear.precision) == (DOOR.point, Precision.EXACT)
    assert (found.clear.label, found.clear.source) == ("52.51630, 13.38360", "typed")
    assert provider.asked == []


@pytest.mark.parametrize("text", ["Berlin", "Берлин", "Berlin, Germany", " Den  Haag "])
def test_the_name_of_a_city_never_reaches_the_provider(gazetteer: Gazetteer, text: str) -> None:
    provider = FakeProvider(ProviderAwayError())

    found = find_place(text, gazetteer=gazetteer, geocoder=provider, locale="en")

    assert provider.asked == []
    assert found.clear is not None
    assert found.clear.precision is Precision.CITY
    assert not found.is_provider_away


def test_a_small_towns_name_may_be_a_square_and_is_asked_about(gazetteer: Gazetteer) -> None:
    provider = FakeProvider([ELSEWHERE])

    assert find_place("Linden", gazetteer=gazetteer, geocoder=provider, locale="en").clear == ELSEWHERE
    assert (
        find_place("Linden, Germany", gazetteer=gazetteer, geocoder=provider, locale="en").clear != ELSEWHERE
    )
    assert provider.asked == ["Linden"]


def test_an_address_is_asked_about(gazetteer: Gazetteer) -> None:
    found = find_place(
        "Unter den Linden 63,\n Berlin", gazetteer=gazetteer, geocoder=FakeProvider([DOOR]), locale="en"
    )

    assert found.clear == DOOR


def test_several_places_are_a_choice_but_doors_of_one_building_are_not(gazetteer: Gazetteer) -> None:
    def ask(*answer: Candidate) -> Candidate | None:
        found = find_place("Somewhere 5", gazetteer=gazetteer, geocoder=FakeProvider([*answer]), locale="en")
        assert found.candidates == answer
        return found.clear

    assert ask(DOOR, NEXT_DOOR) == DOOR
    assert ask(DOOR, ELSEWHERE) is None


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("Unter den Linden 63, 10117 Berlin, Germany", "Berlin"),
        ("Unter den Linden 63, 10117 Berlin", "Berlin"),
        ("Унтер-ден-Линден 63, Берлин, Германия", "Berlin"),
        ("Unter den Linden 63\n10117 Berlin\nGermany", "Berlin"),
        ("Andries Bickerweg 2, 2517 JP Den Haag, Netherlands", "The Hague"),
        ("Prospekt 1, Saint Petersburg 191011, Russia", "Saint Petersburg"),
        ("Unter den Linden 63 Berlin", "Berlin"),
        ("Unter den Linden 63/65 10117 Berlin", "Berlin"),
        ("Saint Petersburg 191011", "Saint Petersburg"),
        ("2517 JP Den Haag", "The Hague"),
        ("Alexanderplatz Berlin, Germany", "Berlin"),
        ("12 Main Street, Paris, US", "Paris"),
        ("Berlin, Mitte 5", "Berlin"),
        ("Linden 5, Mitte", None),
        ("Unter den Linden 63", None),
        ("Nowhere 5, Atlantis", None),
        ("5", None),
        ("12345, 678, 9", None),
    ],
)
def test_while_the_provider_is_away_the_city_of_the_address_is_kept_and_marked(
    gazetteer: Gazetteer, text: str, city: str | None
) -> None:
    found = find_place(text, gazetteer=gazetteer, geocoder=FakeProvider(ProviderAwayError()), locale="en")

    assert found.is_provider_away
    assert found.clear is None
    assert [one.city for one in found.candidates] == ([city] if city else [])
    assert all(one.precision is Precision.CITY for one in found.candidates)
    if "US" in text:
        assert found.candidates[0].country == "US"


def test_no_such_place_and_nobody_answered_are_different(gazetteer: Gazetteer) -> None:
    nobody = find_place(
        "Nowhere 5", gazetteer=gazetteer, geocoder=FakeProvider(ProviderAwayError()), locale="en"
    )
    nowhere = find_place("Nowhere 5", gazetteer=gazetteer, geocoder=FakeProvider([]), locale="en")

    assert (nobody.candidates, nobody.is_provider_away) == ((), True)
    assert (nowhere.candidates, nowhere.is_provider_away) == ((), False)


def test_without_a_provider_there_is_still_the_city(gazetteer: Gazetteer) -> None:
    found = find_place("Unter den Linden 63, Berlin", gazetteer=gazetteer, geocoder=None, locale="ru")

    assert [one.label for one in found.candidates] == ["Берлин, Германия"]
    assert not found.is_provider_away


def test_a_registration_goes_on_without_a_gazetteer(missing: Gazetteer) -> None:
    found = find_place("Berlin", gazetteer=missing, geocoder=FakeProvider(ProviderAwayError()), locale="en")

    assert (found.candidates, found.is_provider_away) == ((), True)


@pytest.mark.parametrize("text", ["", "   ", "\n", "x" * 5000, ",,,,", "\x00", "Ж" * 400 + ", Berlin"])
def test_odd_texts_do_not_break_the_search(gazetteer: Gazetteer, text: str) -> None:
    provider = FakeProvider([])

    found = find_place(text, gazetteer=gazetteer, geocoder=provider, locale="en")

    assert not found.is_provider_away
    assert all(len(question) <= 300 for question in provider.asked)


def test_a_visitor_finds_cities_and_coordinates(gazetteer: Gazetteer) -> None:
    assert find_city("52.5 13.4", gazetteer=gazetteer, locale="en").clear is not None
    berlin = find_city("Берлин", gazetteer=gazetteer, locale="ru")
    assert berlin.clear is not None
    assert berlin.clear.label == "Берлин, Германия"
    assert find_city("nowhere at all", gazetteer=gazetteer, locale="en").candidates == ()
    assert find_city("", gazetteer=gazetteer, locale="en").candidates == ()


def test_the_far_larger_namesake_is_meant_and_the_others_are_offered(gazetteer: Gazetteer) -> None:
    berlin = find_city("berlin", gazetteer=gazetteer, locale="en")
    portland = find_city("portland", gazetteer=gazetteer, locale="en")

    assert berlin.clear is not None
    assert len(berlin.candidates) == 2
    assert portland.clear is None
    assert [one.label for one in portland.candidates] == [
        "Portland, Oregon, United States",
        "Portland, Maine, United States",
    ]


def test_the_beginning_of_a_name_is_a_guess_to_choose_from(gazetteer: Gazetteer) -> None:
    found = find_city("ber", gazetteer=gazetteer, locale="en")

    assert found.clear is None
    assert found.candidates[0].city == "Berlin"


def test_a_visitor_is_told_when_there_is_no_gazetteer(missing: Gazetteer) -> None:
    with pytest.raises(GazetteerMissingError):
        find_city("Berlin", gazetteer=missing, locale="en")


def test_a_kept_place_is_located_once_somebody_answers(gazetteer: Gazetteer) -> None:
    def later(provider: FakeProvider, known: Precision = Precision.CITY) -> Candidate | None:
        return locate_later(
            "Unter den Linden 63, Berlin", known=known, gazetteer=gazetteer, geocoder=provider, locale="en"
        )

    with pytest.raises(ProviderAwayError):
        later(FakeProvider(ProviderAwayError()))
    assert later(FakeProvider([DOOR])) == DOOR
    assert later(FakeProvider([DOOR, ELSEWHERE])) is None  # a human chooses
    assert later(FakeProvider([])) is None
    assert later(FakeProvider([DOOR]), Precision.EXACT) is None  # a pin that a human put stays


def test_better_is_more_exact() -> None:
    assert is_better(Precision.BUILDING, Precision.CITY)
    assert not is_better(Precision.CITY, Precision.CITY)
    assert not is_better(Precision.BUILDING, Precision.EXACT)


def test_a_slip_is_a_choice_and_never_taken_for_sure(gazetteer: Gazetteer) -> None:
    found = find_city("Berln", gazetteer=gazetteer, locale="en")

    assert [one.city for one in found.candidates] == ["Berlin"]
    assert found.clear is None


def test_a_namesake_where_something_is_planned_is_likelier_meant(gazetteer: Gazetteer) -> None:
    anywhere = find_city("Portland", gazetteer=gazetteer, locale="en")
    texas = find_city("Paris", gazetteer=gazetteer, locale="en", preferred=frozenset({"US"}))

    assert anywhere.candidates[0].label == "Portland, Oregon, United States"
    assert texas.clear is not None
    assert texas.clear.country == "FR"  # eighty times as large, and nobody means the other one


def test_where_most_readers_of_a_language_live_counts(gazetteer: Gazetteer) -> None:
    german = find_city("Paris", gazetteer=gazetteer, locale="fr")

    assert german.clear is not None
    assert german.clear.country == "FR"


def test_a_postcode_is_found_before_any_city(gazetteer: Gazetteer, tmp_path: Path) -> None:
    codes = Postcodes(tmp_path / "codes.sqlite")
    codes.replace(
        from_rows("DE", [{"code": "10117", "place": "Berlin", "latitude": 52.5, "longitude": 13.4}])
    )

    found = find_city("10117", gazetteer=gazetteer, locale="en", postcodes=codes)

    assert found.clear is not None
    assert found.clear.source == "postcodes"


@pytest.mark.parametrize(
    "text",
    [
        "Wilhelmstraße Ecke Unter den Linden",
        "Unter den Linden 63",
        "Linden 5",
        "Avenue de Paris",
        "Linden Platz, Nowhere",
        "Wilhelmstraße Ecke Unter den Linden, Germany",
    ],
)
def test_a_word_of_a_street_is_no_city(tmp_path: Path, text: str) -> None:
    guyana = city(91, "Linden", "GY", 44_690)
    build(tmp_path / "g.sqlite", progress=False, source=SOURCE._replace(records=[*SOURCE.records, guyana]))

    found = find_place(text, gazetteer=Gazetteer(tmp_path / "g.sqlite"), geocoder=None, locale="en")

    assert found.candidates == ()


@pytest.mark.parametrize("text", ["75016 Paris", "Paris 75016", "75016 Paris, France", "75016  париж"])
def test_a_number_that_no_postcode_explains_is_passed_over(gazetteer: Gazetteer, text: str) -> None:
    found = find_city(text, gazetteer=gazetteer, locale="en")

    assert found.clear is not None
    assert found.clear.label == "Paris, France"


def test_a_region_that_the_index_does_not_name_leaves_a_choice(gazetteer: Gazetteer) -> None:
    found = find_city("Portland, Ontario", gazetteer=gazetteer, locale="en")

    assert found.clear is None
    assert [one.city for one in found.candidates] == ["Portland", "Portland"]
    assert find_city("Nowhere, Ontario", gazetteer=gazetteer, locale="en").candidates == ()
