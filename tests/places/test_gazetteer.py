from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.places.gazetteer.building import FORMAT, LEAST_POPULATION, Record, Source, build
from coordinator.places.gazetteer.names import country_code, fold, russian_name, state_called
from coordinator.places.gazetteer.searching import FORMATS, Gazetteer
from coordinator.places.rules import GazetteerMissingError, Precision
from tests.places.cities import SOURCE, city

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def gazetteer(tmp_path: Path) -> Gazetteer:
    build(tmp_path / "gazetteer.sqlite", progress=False, source=SOURCE)
    return Gazetteer(tmp_path / "gazetteer.sqlite")


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("München", "munchen"),
        ("  SANKT-Peterburg ", "sankt peterburg"),
        ("Łódź", "lodz"),
        ("Straße", "strasse"),
        ("København", "kobenhavn"),
        ("Đà Nẵng", "da nang"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "isparta"),
        ("Orël", "orel"),
        ("Кам'янець", "камянець"),
        ("Кам’янець", "камянець"),
        ("Ｔｏｋｙｏ", "tokyo"),
        ("St. John's", "st johns"),
        ("!?", ""),
    ],
)
def test_two_spellings_are_one_name(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("typed", "locale", "code"),
    [
        ("Germany", "en", "DE"),
        ("Германия", "en", "DE"),
        ("germany", "ru", "DE"),
        ("Deutschland", "de", "DE"),
        ("DE", "en", "DE"),
        ("USA", "en", "US"),
        ("США", "ru", "US"),
        ("Bosnia and Herzegovina", "en", "BA"),
        ("Bosnia & Herzegovina", "en", "BA"),
        ("Turkey", "en", "TR"),
        ("Myanmar", "en", "MM"),
        ("Germany", "no-such-language", "DE"),
        ("Atlantis", "en", None),
        ("", "en", None),
    ],
)
def test_states_are_known_by_name_and_code(typed: str, locale: str, code: str | None) -> None:
    assert country_code(typed, locale) == code


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("den haag", "The Hague"),
        ("DEN HAAG", "The Hague"),
        ("Гаага", "The Hague"),
        ("München", "Munich"),
        ("Munchen", "Munich"),
        ("Munich", "Munich"),
        ("мюнхен", "Munich"),
        ("Берлин", "Berlin"),
        ("Київ", "Kyiv"),
        ("東京", "Tokyo"),
        ("القاهرة", "Cairo"),
        ("Saint Petersburg", "Saint Petersburg"),
        ("санкт петербург", "Saint Petersburg"),
        ("lodz", "Łódź"),
        ("Berlin, Germany", "Berlin"),
        ("Берлин, Германия", "Berlin"),
        ("Berlin, DE", "Berlin"),
        ("Berlin Germany", "Berlin"),
        ("Берлин Германия", "Berlin"),
        ("Paris United States of America", "Paris"),
    ],
)
def test_a_city_is_found_in_any_script(gazetteer: Gazetteer, typed: str, name: str) -> None:
    found = gazetteer.search(typed)

    assert found[0].name == name
    assert found[0].is_exact


def test_the_whole_name_goes_before_a_beginning_and_the_larger_city_before_the_smaller(
    gazetteer: Gazetteer,
) -> None:
    found = gazetteer.search("Paris")

    assert [(one.label("en"), one.is_exact) for one in found] == [
        ("Paris, France", True),
        ("Paris, Texas, United States", True),
        ("Parish, France", False),
    ]


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        ("Paris, US", ["Paris, Texas, United States"]),
        ("Paris, USA", ["Paris, Texas, United States"]),
        ("Paris, TX", ["Paris, Texas, United States"]),
        ("Paris, texas", ["Paris, Texas, United States"]),
        ("Paris, France", ["Paris, France", "Parish, France"]),
        ("Paris USA", ["Paris, Texas, United States"]),
        ("Paris, Germany", []),
        ("Paris Germany", []),
        ("Paris, Atlantis", []),
        ("Paris,", ["Paris, France", "Paris, Texas, United States", "Parish, France"]),
    ],
)
def test_the_state_narrows_the_search(gazetteer: Gazetteer, typed: str, labels: list[str]) -> None:
    assert [one.label("en") for one in gazetteer.search(typed)] == labels


def test_a_city_knows_what_was_typed_and_its_name_in_the_readers_language(gazetteer: Gazetteer) -> None:
    found = gazetteer.search("den haag", locale="ru")[0]

    assert (found.name, found.matched, found.label("ru")) == ("Гаага", "Den Haag", "Гаага, Нидерланды")
    assert (found.country, found.timezone, found.population) == ("NL", "Europe/Amsterdam", 474_292)
    candidate = found.candidate("ru")
    assert (candidate.precision, candidate.source, candidate.country) == (Precision.CITY, "gazetteer", "NL")
    assert not candidate.precision.is_good_enough_to_stand_at


@pytest.mark.parametrize(
    ("name", "country", "spellings", "expected"),
    [
        ("Moscow", "RU", ["Масква", "Москва", "Москох", "Мускав"], "Москва"),
        ("Berlin", "DE", ["Берлин", "Берлін"], "Берлин"),
        ("Paris", "FR", ["Париж", "Париз", "Парис", "Парыж"], "Париж"),
        ("London", "GB", ["Лондан", "Лондон"], "Лондон"),
        ("Vienna", "AT", ["Беч", "Вена", "Виена"], "Вена"),
        ("The Hague", "NL", ["Гаага", "Хаг", "Хага"], "Гаага"),
        ("Kyiv", "UA", ["Київ", "Киев"], "Киев"),
        ("Dortmund", "DE", ["Дортмунд", "Дортмундъ"], "Дортмунд"),
        ("Nowhere", "DE", ["Ніде", "غير"], ""),
    ],
)
def test_the_russian_name_of_a_city(name: str, country: str, spellings: list[str], expected: str) -> None:
    assert russian_name(name, country, spellings) == expected


@pytest.mark.parametrize(
    "typed", ["", " ", ",", ", , ,", "%", "_", "'", '"; DROP TABLE city; --', "\x00", "a" * 5000, "\ud800"]
)
def test_odd_words_find_nothing(gazetteer: Gazetteer, typed: str) -> None:
    assert gazetteer.search(typed) == []


def test_one_letter_is_no_beginning_but_may_be_a_name(gazetteer: Gazetteer) -> None:
    assert gazetteer.search("p") == []
    assert [one.name for one in gazetteer.search("津")] == ["Tsu"]


def test_a_limit_is_kept(gazetteer: Gazetteer) -> None:
    assert len(gazetteer.search("paris", limit=1)) == 1
    assert len(gazetteer.search("paris", limit=-5)) == 1


def test_without_the_index_the_search_says_so_and_sees_it_once_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "not yet" / "gazetteer.sqlite"
    gazetteer = Gazetteer(path)
    assert not gazetteer.is_ready()
    with pytest.raises(GazetteerMissingError):
        gazetteer.search("Berlin")

    build(path, progress=False, source=SOURCE)

    assert gazetteer.is_ready()
    assert gazetteer.search("Berlin")


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_a_broken_index_is_a_missing_one_and_is_built_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gazetteer.sqlite"
    path.write_bytes(content)
    assert not Gazetteer(path).is_ready()

    assert build(path, progress=False, source=SOURCE) == len(SOURCE.records)

    assert Gazetteer(path).is_ready()


def test_an_index_of_the_same_edition_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.sqlite"
    build(path, progress=False, source=SOURCE)
    before = path.stat().st_ino

    build(path, progress=False, source=SOURCE)
    assert path.stat().st_ino == before

    build(path, progress=False, source=SOURCE._replace(edition="the next"))
    assert path.stat().st_ino != before


def test_an_index_of_an_older_format_is_built_anew(tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.sqlite"
    build(path, progress=False, source=SOURCE)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")
    assert not Gazetteer(path).is_ready()

    build(path, progress=False, source=SOURCE)

    assert Gazetteer(path).is_ready()
    assert FORMAT in FORMATS


def test_a_build_that_breaks_leaves_the_old_index_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.sqlite"
    build(path, progress=False, source=SOURCE)
    broken: Any = {"name": "half a record"}

    with pytest.raises(KeyError):
        build(path, progress=False, source=Source("broken", [broken], {}))

    assert Gazetteer(path).search("Berlin")
    assert [file.name for file in tmp_path.iterdir()] == ["gazetteer.sqlite"]


def test_progress_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path / "gazetteer.sqlite", source=SOURCE)

    assert "cities" in capsys.readouterr().err


def test_threads_may_search_at_once(gazetteer: Gazetteer) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: gazetteer.search("Берлин")[0].name, range(200)))

    assert set(found) == {"Berlin"}


def test_a_spelling_said_twice_is_kept_once(tmp_path: Path) -> None:
    record: Record = city(7, "Same", "DE", 1, spellings=["same", "SAME", "Sáme"])
    build(tmp_path / "g", progress=False, source=Source("x", [record], {}))

    assert [one.matched for one in Gazetteer(tmp_path / "g").search("same")] == ["Same"]


@pytest.mark.slow
def test_the_whole_world(request: pytest.FixtureRequest) -> None:
    path = request.config.cache.mkdir("gazetteer") / "gazetteer.sqlite"  # type: ignore[union-attr]

    count = build(path, progress=False)

    world = Gazetteer(path)
    assert count > 200_000
    assert LEAST_POPULATION == 500
    for typed, label in {
        "den haag": "Гаага, Нидерланды",
        "Munchen": "Мюнхен, Германия",
        "Київ": "Киев, Украина",
        "東京": "Токио, Япония",
        "القاهرة": "Каир, Египет",
        "თბილისი": "Тбилиси, Грузия",
        "Saint Petersburg": "Санкт-Петербург, Россия",
        "Wien": "Вена, Австрия",
        "Lisboa": "Лиссабон, Португалия",
        "Berlin, Germany": "Берлин, Германия",
        "Tbilisi, Georgia": "Тбилиси, Грузия",
    }.items():
        assert world.search(typed, locale="ru")[0].label("ru") == label


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("Berln", "Berlin", id="a letter is missing"),
        pytest.param("Berrlin", "Berlin", id="a letter too many"),
        pytest.param("Berlim", "Berlin", id="a wrong letter"),
        pytest.param("Belrin", "Berlin", id="neighbours have changed places"),
        pytest.param("Ebrlin", "Berlin", id="the first two have"),
        pytest.param("Sant Peterburg", "Saint Petersburg", id="two slips in a long name"),
        pytest.param("Мюнхн", "Munich", id="Cyrillic"),
    ],
)
def test_a_slip_of_the_fingers_is_understood(gazetteer: Gazetteer, typed: str, meant: str) -> None:
    assert gazetteer.search(typed) == []
    assert [city.name for city in gazetteer.alike(typed)][:1] == [meant]


@pytest.mark.parametrize("typed", ["Tsx", "Xyzzy", "", "Brlninn", "a" * 200, "Lindn"])
def test_what_is_too_far_from_every_city_or_near_a_village_alone_is_nothing(
    gazetteer: Gazetteer, typed: str
) -> None:
    assert gazetteer.alike(typed) == []


def test_the_largest_come_first(gazetteer: Gazetteer) -> None:
    assert [city.name for city in gazetteer.largest(3)] == ["Tokyo", "Cairo", "Saint Petersburg"]


@pytest.mark.parametrize(
    ("typed", "locale", "region"),
    [
        ("Berlin, New Hampshire, United States", "en", "New Hampshire"),
        ("berlin, new hampshire, united states", "en", "New Hampshire"),
        ("Berlin, NH, USA", "en", "New Hampshire"),
        ("Berlin, New Hampshire, Соединенные Штаты", "ru", "New Hampshire"),
        ("Portland, Maine, United States", "ru", "Maine"),
    ],
)
def test_a_label_finds_its_own_city(gazetteer: Gazetteer, typed: str, locale: str, region: str) -> None:
    assert [found.region for found in gazetteer.search(typed, locale=locale)] == [region]


@pytest.mark.parametrize("typed", ["Berlin, Texas, United States", "Berlin, a, b, c, d, Germany"])
def test_what_stands_in_no_label_finds_nothing(gazetteer: Gazetteer, typed: str) -> None:
    assert gazetteer.search(typed) == []


@pytest.mark.parametrize(
    ("typed", "locale", "code"),
    [
        ("Germany", "en", "DE"),
        ("Германия", "en", "DE"),
        ("germany", "ru", "DE"),
        ("UK", "en", "GB"),
        ("USA", "ru", "US"),
        ("UAE", "en", "AE"),
        ("Holland", "en", "NL"),
        ("England", "en", "GB"),
        ("the Netherlands", "en", "NL"),
        ("LA", "en", None),
        ("Ås", "en", None),
        ("Hong Kong", "en", None),
        ("European Union", "en", None),
        ("Berlin", "en", None),
        ("", "en", None),
    ],
)
def test_a_state_is_called_by_its_name_and_not_by_its_code(typed: str, locale: str, code: str | None) -> None:
    assert state_called(typed, locale) == code
