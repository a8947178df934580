"""Every form and every query, filled with what nobody types: answered in time, and never with a fault."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from coordinator.kit.access import May
from tests.world import (
    COORDINATOR,
    NOBODY,
    ORGANISER,
    World,
    access_of,
    browser_of,
    make_world,
    rules,
    undone,
)

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

ODD = {
    "long": "x" * 10_000,
    "right to left": "\u202egnp.exe\u2066\u200b\u200d\ufeff",
    "markup": "\"'><script>alert(1)</script><img src=x onerror=alert(1)>${7*7}{{7*7}}",
    "lines": "one\r\nBcc: someone@example.org\r\n\r\nbody\u2028\u2029\x0b\x0c\x85",
    "formula": "=cmd|' /C calc'!A0",
    "like": "%_\\' OR 1=1 --",
    "huge number": "9" * 400,
    "not a number": "nan",
    "infinite": "-1e999",
    "negative": "-1",
    "first year": "0001-01-01T00:00",
    "last year": "9999-12-31T23:59",
    "other digits": "٣٣٣",
    "combining": "e" + "\u0301" * 3000,
    "emoji": "👩‍👩‍👧‍👦" * 200,
    "zone": "../../etc/passwd",
    "empty": "",
    "list": "a@example.org, b@example.org",
}
WORST = {kind: ODD[kind] for kind in ("long", "markup", "huge number", "infinite", "last year", "zone")}
"""Enough where a page takes long to write."""
QUESTIONS = (
    "page", "text", "tag", "event", "country", "date", "language", "after", "without", "place", "lat", "lng",
    "lon", "within_km", "unit", "next", "campaign", "mission", "done", "sort", "q", "state", "status", "day",
)  # fmt: skip


@pytest.fixture
def world(session: Session, app: Flask) -> World:
    app.config["WTF_CSRF_ENABLED"] = False
    return make_world(session, app)


def names_in(html: str) -> list[str]:
    """Return the names of all fields of a page."""
    return sorted({*re.findall(r'<(?:input|textarea|select|button)[^>]*\bname="([^"]+)"', html)})


@pytest.mark.parametrize("person", [NOBODY, ORGANISER, COORDINATOR])
def test_no_query_is_a_fault(app: Flask, world: World, person: str) -> None:
    faults, slow = [], []
    for rule in rules(app):
        if person != NOBODY and not isinstance(access_of(app, rule), May):
            continue  # nobody saw the same
        browser = browser_of(app, world, person)
        address = world.address(rule)
        for kind, text in WORST.items():
            started = time.perf_counter()
            answer = browser.get(address, query_string=dict.fromkeys(QUESTIONS, text[:1500]))
            if answer.status_code >= 500 and rule.endpoint != "ops.readyz":
                faults.append((rule.rule, kind, answer.status_code))
            if time.perf_counter() - started > 2:
                slow.append((rule.rule, kind, time.perf_counter() - started))
            answer.close()

    assert (faults, slow) == ([], [])


@pytest.mark.parametrize("person", [NOBODY, ORGANISER, COORDINATOR])
def test_no_form_is_a_fault(app: Flask, world: World, person: str) -> None:
    faults = []
    for rule in rules(app, "POST"):
        address = world.address(rule)
        page = browser_of(app, world, person).get(address)
        names = [*names_in(page.text), "status", "kind", "trust", "tag", "answer", "event", "act"]
        for kind, text in (ODD if person == NOBODY else WORST).items():
            data = dict.fromkeys(names, text)
            answer, _ = undone(
                lambda address=address, data=data: browser_of(app, world, person).post(address, data=data),
                is_compared=False,
            )
            if answer.status_code >= 500:
                faults.append((rule.rule, kind, answer.status_code))

    assert faults == []


@pytest.mark.parametrize(
    ("endpoint", "person", "filled"),
    [
        ("rsvps.submit", NOBODY, {"status": "accepted", "party_size": "1", "consent_contact": "y"}),
        ("rsvps.manage", NOBODY, {"status": "accepted", "party_size": "1", "consent_contact": "y"}),
        (
            "accounts.sign_up",
            NOBODY,
            {"email": "a@example.org", "display_name": "A", "password": "a lantern in the bay"},
        ),
        ("accounts.sign_in", NOBODY, {"email": "a@example.org", "password": "a lantern in the bay"}),
        ("accounts.reset", NOBODY, {"email": "a@example.org"}),
        ("accounts.account", ORGANISER, {"display_name": "A", "locale": "en"}),
        ("contacts.contact", ORGANISER, {"tags": "a, b", "note": "c"}),
        (
            "organising.new",
            ORGANISER,
            {"title": "Vigil", "starts_at": "2030-09-16T18:00", "latitude": "52.5", "longitude": "13.4",
             "campaign": "their-campaign"},
        ),
        (
            "organising.edit",
            ORGANISER,
            {"title": "Vigil", "starts_at": "2030-09-16T18:00", "latitude": "52.5", "longitude": "13.4"},
        ),
        ("campaigns.people", COORDINATOR, {"email": "a@example.org", "kind": "coordinator"}),
    ],
)  # fmt: skip
def test_one_odd_field_among_good_ones_is_no_fault(
    app: Flask, world: World, endpoint: str, person: str, filled: dict[str, str]
) -> None:
    rule = next(rule for rule in rules(app, "POST") if rule.endpoint == endpoint)
    address = world.address(rule)
    names = {*names_in(browser_of(app, world, person).get(address).text), *filled} - {"subject"}
    faults = []
    for name in sorted(names):
        for kind, text in (WORST if endpoint.startswith("organising") else ODD).items():
            answer, _ = undone(
                lambda name=name, text=text: browser_of(app, world, person).post(
                    address, data=filled | {name: text}
                ),
                is_compared=False,
            )
            is_right = answer.status_code in {303, 409, 422}
            if not is_right and name != "campaign":  # that one says which form it is
                faults.append((name, kind, answer.status_code))

    assert faults == []


@pytest.mark.parametrize(
    "raw",
    [
        b"status=accepted&party_size=1&name=%ED%A0%80%ED%B0%80&note=%ff%fe%00".replace(b"%00", b""),
        b"status=accepted&party_size=1&name=\xed\xa0\x80",
        b"status=accepted&party_size=1&" + b"&".join(b"f%d=1" % n for n in range(499)),
        b"&".join(b"help=medic" for _ in range(5000)) + b"&status=accepted&party_size=1",
        b"=&" * 20_000,
    ],
    ids=["surrogates", "raw surrogate", "500 fields", "5000 values", "no names"],
)
def test_broken_encodings_and_heaps_of_fields_are_answered(app: Flask, world: World, raw: bytes) -> None:
    rule = next(rule for rule in rules(app, "POST") if rule.endpoint == "rsvps.submit")

    started = time.perf_counter()
    answer = browser_of(app, world, NOBODY).post(
        world.address(rule), data=raw, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code in {303, 400, 413, 422}
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "path",
    [
        "/static/" + "a" * 5000 + ".css",
        "/static/%00.css",
        "/static/css/..%2f..%2f..%2fwsgi.py",
        "/static/..%5c..%5cwsgi.py",
        "/static//etc/passwd",
        "/static/css/",
        "/en/%ED%A0%80",
        "/%F0%28%8C%28/events.geojson",
        "/\\evil.example",
        "/en//evil.example/%2e%2e",
        "/about//evil.example",
    ],
)
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_no_path_leads_out_of_the_house(app: Flask, world: World, path: str, encoding: str) -> None:
    answer = browser_of(app, world, NOBODY).get(path, headers={"Accept-Encoding": encoding})

    assert answer.status_code in {302, 308, 400, 404}
    assert not re.match(r"(https?:)?//(?!localhost)|/[\\/]", answer.headers.get("Location", ""))


@pytest.mark.parametrize("path_info", ["//evil.example/en/", "///en/", "//evil.example", "/en//evil.example"])
def test_an_address_that_starts_like_another_house_leads_nowhere_else(
    app: Flask, world: World, path_info: str
) -> None:
    answer = browser_of(app, world, NOBODY).get("/", environ_overrides={"PATH_INFO": path_info})

    assert not re.match(r"(https?:)?//(?!localhost)|/[\\/]", answer.headers.get("Location", ""))
    assert 'href="//' not in answer.text
    assert "//evil.example" not in answer.headers.get("Location", "").partition("?")[0].replace("/en//", "")


@pytest.mark.parametrize("page", ["9" * 400, "99999999999999999999", "-5", "0", "x"])
@pytest.mark.parametrize("query", ["", "&text=a", "&tag=a"])
def test_no_page_number_is_a_fault(app: Flask, world: World, page: str, query: str) -> None:
    browser = browser_of(app, world, ORGANISER)
    attendees = next(rule for rule in rules(app) if rule.endpoint == "attendees.attendees")

    for path in ("/en/organise/contacts", world.address(attendees)):
        assert browser.get(f"{path}?page={page}{query}").status_code == 200
