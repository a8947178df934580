from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from flask_babel import force_locale

from coordinator.kit.i18n import (
    LANGUAGES,
    country_name,
    current_language,
    date_text,
    direction,
    language_links,
    language_name,
    moment_text,
    native_name,
    page_language,
    preferred_language,
    time_text,
    zone_text,
)

if TYPE_CHECKING:
    from flask import Flask

SUMMER = datetime(2030, 9, 16, 16, 0, tzinfo=UTC)
WINTER = datetime(2030, 12, 16, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("RU-by", "ru"),
        ("en-GB", "en"),
        ("de,ru;q=0.5,en;q=0.3", "ru"),
        ("de", "en"),
        ("en;q=0.1,ru;q=0.9", "ru"),
        ("ru;q=0", "en"),
        ("*", "en"),
        ("", "en"),
        (";;;q=,,x" * 50, "en"),
    ],
)
def test_the_browser_is_answered_in_a_language_it_asked_for(app: Flask, asked: str, spoken: str) -> None:
    with app.test_request_context(headers={"Accept-Language": asked}):
        assert preferred_language() == spoken


def test_a_browser_that_asks_for_nothing_gets_english(app: Flask) -> None:
    with app.test_request_context():
        assert preferred_language() == "en"


@pytest.mark.parametrize("path", ["/ru/", "/ru/nowhere", "/ru"])
def test_the_address_decides_and_not_the_browser(app: Flask, path: str) -> None:
    with app.test_request_context(path, headers={"Accept-Language": "en"}):
        assert page_language() == "ru"


def test_outside_a_request_a_language_is_spoken_too(app: Flask) -> None:
    with app.app_context():
        assert page_language() == "en"
        assert current_language() == "en"
        with force_locale("ru"):
            assert current_language() == "ru"


@pytest.mark.parametrize(
    ("path", "english", "russian"),
    [
        ("/ru/day/near?place=Берлин&page=2", "/en/day/near?place=", "/ru/day/near?place="),
        ("/en/", "/en/", "/ru/"),
        ("/en", "/en/", "/ru/"),
        ("/", "/en/", "/ru/"),
        ("/healthz", "/en/", "/ru/"),
        ("/english/page", "/en/", "/ru/"),
        ("/en/day", "/en/day", "/ru/day"),
        ("/en//evil.example", "/en//evil.example", "/ru//evil.example"),
    ],
)
def test_a_page_links_to_itself_in_every_language(app: Flask, path: str, english: str, russian: str) -> None:
    with app.test_request_context(path):
        links = {link.code: link.url for link in language_links()}

    assert list(links) == list(LANGUAGES)
    assert links["en"].startswith(english)
    assert links["ru"].startswith(russian)
    assert all(url.startswith(f"/{code}/") for code, url in links.items())


def test_the_question_goes_with_the_page(app: Flask) -> None:
    with app.test_request_context("/ru/day?country=DE&date="):
        assert language_links()[0].url == "/en/day?country=DE&date="


def test_a_language_is_called_what_its_speakers_call_it() -> None:
    assert [native_name(code) for code in ("en", "ru", "de", "uk")] == [
        "English",
        "Русский",
        "Deutsch",
        "Українська",
    ]


@pytest.mark.parametrize(("code", "way"), [("en", "ltr"), ("ru", "ltr"), ("ar", "rtl")])
def test_which_way_a_language_is_written(code: str, way: str) -> None:
    assert direction(code) == way


@pytest.mark.parametrize(
    ("zone", "instant", "english", "russian"),
    [
        ("Europe/Berlin", SUMMER, "Berlin (UTC+02:00)", "Берлин (UTC+02:00)"),
        ("Europe/Berlin", WINTER, "Berlin (UTC+01:00)", "Берлин (UTC+01:00)"),
        ("America/New_York", SUMMER, "New York (UTC-04:00)", "Нью-Йорк (UTC-04:00)"),
        ("Asia/Kolkata", SUMMER, "Kolkata (UTC+05:30)", "Калькутта (UTC+05:30)"),
        ("Europe/Kyiv", SUMMER, "Kyiv (UTC+03:00)", "Киев (UTC+03:00)"),
        ("America/Argentina/Buenos_Aires", SUMMER, "Buenos Aires (UTC-03:00)", "Буэнос-Айрес (UTC-03:00)"),
        ("Australia/Lord_Howe", WINTER, "Lord Howe Island (UTC+11:00)", "Лорд-Хау (UTC+11:00)"),
        ("UTC", SUMMER, "UTC+00:00", "UTC+00:00"),
        ("Etc/GMT+3", SUMMER, "UTC-03:00", "UTC-03:00"),
    ],
)
def test_a_zone_reads_as_its_city_and_offset(
    zone: str, instant: datetime, english: str, russian: str
) -> None:
    assert zone_text(instant, zone, "en") == english
    assert zone_text(instant, zone, "ru") == russian


def test_times_are_those_of_the_place() -> None:
    assert time_text(SUMMER, "Europe/Berlin", "ru") == "18:00"
    assert time_text(SUMMER, "Europe/Berlin", "en") == "18:00"
    assert time_text(SUMMER, "Australia/Sydney", "ru") == "02:00"


def test_the_day_is_that_of_the_place() -> None:
    assert moment_text(SUMMER, "Australia/Sydney", "ru") == "вторник, 17 сентября 2030, 02:00"
    assert moment_text(SUMMER, "America/Los_Angeles", "en") == "Monday, 16 September 2030, 09:00"


def test_a_day_says_its_weekday() -> None:
    assert date_text(date(2030, 9, 16), "en") == "Monday, 16 September 2030"
    assert date_text(date(2030, 9, 16), "ru").startswith("понедельник, 16 сентября 2030")


def test_names_of_states_and_languages() -> None:
    assert (country_name("DE", "en"), country_name("de", "ru")) == ("Germany", "Германия")
    assert (language_name("uk", "en"), language_name("uk", "ru")) == ("Ukrainian", "украинский")


@pytest.mark.parametrize("code", ["XX", "", "zzz"])
def test_what_has_no_name_keeps_its_code(code: str) -> None:
    assert country_name(code, "en") == code
    assert language_name(f"x{code}", "en") == f"x{code}"
