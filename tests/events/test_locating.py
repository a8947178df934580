from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from coordinator.events.locating import (
    Asked,
    CityWantedError,
    PinFarError,
    PlaceMissingError,
    PlaceUnclearError,
    PlaceUnknownError,
    Spot,
    locate,
)
from coordinator.places.rules import Candidate, Found, Point, Precision

BERLIN = Candidate(
    label="Berlin, Germany", point=Point(52.52, 13.405), precision=Precision.CITY, country="DE",
    city="Berlin", source="gazetteer",
)  # fmt: skip
ALEX = Candidate(
    label="Alexanderplatz", point=Point(52.5219, 13.4132), precision=Precision.STREET, country="DE",
    city="Berlin", source="nominatim",
)  # fmt: skip
PARIS_TEXAS = Candidate(
    label="Paris, Texas", point=Point(33.66, -95.55), precision=Precision.STREET, country="US", city="Paris",
    source="nominatim",
)  # fmt: skip
DOOR: Any = SimpleNamespace(
    code="ru-de-berlin",
    address="Unter den Linden 63-65, 10117 Berlin",
    receiving_state="DE",
    point=Point(52.5162, 13.3825),
    precision=Precision.BUILDING,
    name_in=lambda _: SimpleNamespace(name="Embassy", city="Berlin"),
)


@dataclass
class Answers:
    """A finder that was told what to answer, and remembers what it was asked."""

    found: Found = field(default_factory=Found)
    questions: list[str] = field(default_factory=list)

    def find_place(self, text: str, *, locale: str) -> Found:  # noqa: ARG002 the protocol's
        self.questions.append(text)
        return self.found

    def find_city(self, text: str, *, locale: str) -> Found:  # noqa: ARG002 the protocol's
        return Found(candidates=(BERLIN,), is_clear=True) if text in {"Berlin", "Берлин"} else Found()


def test_coordinates_are_taken_as_typed_and_only_the_city_is_asked_for() -> None:
    with pytest.raises(CityWantedError):
        locate(Asked(address="52.5219, 13.4132"), finder=Answers(), locale="en")

    spot = locate(
        Asked(address="52.5219, 13.4132", city="Berlin"),
        finder=Answers(Found(candidates=(BERLIN,), is_clear=True)),
        locale="en",
    )

    assert (spot.point, spot.precision, spot.located_by) == (
        Point(52.5219, 13.4132),
        Precision.EXACT,
        "organiser",
    )
    assert (spot.city, spot.country) == ("Berlin", "DE")


def test_a_city_that_no_index_knows_stands_and_the_zone_tells_the_state() -> None:
    spot = locate(Asked(address="52.6, 13.3", city="Kleinstadt"), finder=Answers(), locale="en")

    assert (spot.city, spot.country) == ("Kleinstadt", "DE")


def test_coordinates_beyond_the_earth_are_no_place() -> None:
    with pytest.raises(PlaceUnknownError):
        locate(Asked(address="95.1, 13.4"), finder=Answers(), locale="en")


def test_a_missions_own_point_needs_nobody_else() -> None:
    nobody = Answers()

    spot = locate(Asked(address="", mission=DOOR), finder=nobody, locale="en")

    assert nobody.questions == []
    assert (spot.address, spot.point, spot.precision) == (DOOR.address, DOOR.point, Precision.BUILDING)
    assert spot.located_by == "mission"


def test_choosing_another_mission_takes_its_address_even_when_the_old_one_is_left_in_the_field() -> None:
    asked = Asked(
        address="7 Old Street, Elsewhere", shown_address="7 Old Street, Elsewhere", shown_mission="ru-xx",
        pin=Point(1, 1), shown_pin=Point(1, 1), mission=DOOR,
    )  # fmt: skip

    spot = locate(asked, finder=Answers(), locale="en")

    assert (spot.address, spot.point) == (DOOR.address, DOOR.point)


def test_a_pin_that_a_human_moved_wins_over_mission_and_address() -> None:
    asked = Asked(
        address=DOOR.address, shown_address=DOOR.address, shown_mission=DOOR.code, mission=DOOR,
        shown_pin=DOOR.point, pin=Point(52.5168, 13.3811),
    )  # fmt: skip

    spot = locate(asked, finder=Answers(), locale="en")

    assert (spot.point, spot.precision, spot.city) == (Point(52.5168, 13.3811), Precision.EXACT, "Berlin")


def test_a_pin_far_from_the_chosen_mission_is_a_slip_of_the_hand() -> None:
    asked = Asked(address=DOOR.address, mission=DOOR, shown_pin=DOOR.point, pin=Point(52.6, 13.3))

    with pytest.raises(PinFarError):
        locate(asked, finder=Answers(), locale="en")
    rough: Any = SimpleNamespace(**{**vars(DOOR), "precision": Precision.CITY})
    assert locate(replace(asked, mission=rough), finder=Answers(), locale="en").point == asked.pin


def test_an_address_near_the_mission_is_looked_for_and_taken() -> None:
    asked = Asked(address="Alexanderplatz", mission=DOOR)

    spot = locate(asked, finder=Answers(Found(candidates=(PARIS_TEXAS, ALEX))), locale="en")

    assert (spot.address, spot.point, spot.located_by) == ("Alexanderplatz", ALEX.point, "nominatim")


def test_an_address_far_from_the_mission_is_asked_about() -> None:
    with pytest.raises(PlaceUnclearError) as unclear:
        locate(
            Asked(address="Paris", mission=DOOR),
            finder=Answers(Found(candidates=(PARIS_TEXAS,), is_clear=True)),
            locale="en",
        )

    assert [one.source for one in unclear.value.candidates] == ["mission", "nominatim"]


def test_while_nobody_answers_the_missions_door_will_do() -> None:
    spot = locate(
        Asked(address="The square opposite", mission=DOOR),
        finder=Answers(Found(is_provider_away=True)),
        locale="en",
    )

    assert (spot.address, spot.point, spot.is_location_due) == ("The square opposite", DOOR.point, False)


def test_a_mission_of_which_only_the_city_is_known_is_looked_for_later() -> None:
    rough: Any = SimpleNamespace(**{**vars(DOOR), "precision": Precision.CITY})

    spot = locate(Asked(address="", mission=rough), finder=Answers(Found(is_provider_away=True)), locale="en")

    assert (spot.precision, spot.is_location_due) == (Precision.CITY, True)


def test_no_such_place_and_nobody_answered_are_different_things() -> None:
    with pytest.raises(PlaceUnknownError):
        locate(Asked(address="Qwertz 5"), finder=Answers(Found()), locale="en")

    spot = locate(Asked(address="Qwertz 5"), finder=Answers(Found(is_provider_away=True)), locale="en")

    assert (spot.address, spot.point, spot.is_location_due) == ("Qwertz 5", None, True)


def test_nobody_answered_but_the_city_is_known() -> None:
    away = Found(candidates=(BERLIN,), is_clear=True, is_provider_away=True)

    spot = locate(Asked(address="Nowhere 5, Berlin"), finder=Answers(away), locale="en")

    assert (spot.city, spot.precision, spot.is_location_due) == ("Berlin", Precision.CITY, True)


def test_several_places_are_a_question_and_the_answer_is_taken() -> None:
    several = Answers(Found(candidates=(ALEX, PARIS_TEXAS)))
    with pytest.raises(PlaceUnclearError):
        locate(Asked(address="Alexanderplatz"), finder=several, locale="en")

    spot = locate(Asked(address="Alexanderplatz", choice=ALEX), finder=several, locale="en")

    assert spot.point == ALEX.point


def test_nobody_said_where() -> None:
    with pytest.raises(PlaceMissingError):
        locate(Asked(address=""), finder=Answers(), locale="en")


def test_what_is_not_touched_is_not_looked_for_again() -> None:
    known = Spot(
        address="Alexanderplatz", city="Berlin", country="DE", point=ALEX.point, precision=Precision.STREET,
        located_by="nominatim",
    )  # fmt: skip
    nobody = Answers()
    asked = Asked(
        address="Alexanderplatz",
        shown_address="Alexanderplatz",
        pin=ALEX.point,
        shown_pin=ALEX.point,
        known=known,
    )

    assert locate(asked, finder=nobody, locale="en") == known
    assert nobody.questions == []
    with pytest.raises(PlaceUnknownError):
        locate(replace(asked, address="Another street"), finder=nobody, locale="en")


def test_a_city_is_kept_in_english_whatever_it_was_found_in() -> None:
    russian = replace(ALEX, city="Берлин")

    spot = locate(
        Asked(address="Александерплац"),
        finder=Answers(Found(candidates=(russian,), is_clear=True)),
        locale="ru",
    )

    assert spot.city == "Berlin"
