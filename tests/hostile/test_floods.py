"""Limits that count clients and targets, and can't be talked out of it by a header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from coordinator.app import create_app
from coordinator.kit.limits import this_client
from tests.conftest import Browser, settings_for
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session


@pytest.fixture
def limited_client(app: Flask, session: Session) -> Iterator[FlaskClient]:
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["LIMITS_ENABLED"] = True
    app.extensions["limiter"].reset()
    app.test_client_class = Browser
    yield app.test_client()
    app.config["LIMITS_ENABLED"] = False
    app.extensions["limiter"].reset()


def flood(client: FlaskClient, path: str, tries: int, form: dict[str, str], **per_try: Any) -> list[int]:
    """Post one form many times, each time as another client where `per_try` says how."""
    headers = per_try.get("headers", lambda _: {})
    address = per_try.get("address", lambda _: "192.0.2.1")
    return [
        client.post(
            path, data=form, headers=headers(n), environ_overrides={"REMOTE_ADDR": address(n)}
        ).status_code
        for n in range(tries)
    ]


@pytest.mark.parametrize(
    ("path", "form", "most"),
    [
        ("/en/account/sign-up", {}, 20),
        ("/en/account/sign-in", {}, 60),
        ("/en/account/reset", {}, 20),
        ("/en/organise/events/new", {}, 60),
    ],
)
def test_a_client_that_invents_forwarded_addresses_is_still_one(
    limited_client: FlaskClient, path: str, form: dict[str, str], most: int
) -> None:
    spoofed = {
        "headers": lambda n: {"X-Forwarded-For": f"198.51.100.{n}", "Forwarded": f"for=198.51.100.{n}"}
    }

    answers = flood(limited_client, path, most + 3, form, **spoofed)

    assert 429 not in answers[:most]
    assert set(answers[most:]) == {429}


@pytest.mark.parametrize(
    ("path", "form", "most"),
    [
        ("/en/account/sign-up", {"display_name": "A", "password": "a lantern in the bay"}, 5),
        ("/en/account/reset", {}, 5),
        ("/en/account/sign-in", {"password": "wrong all the time"}, 60),
    ],
)
@pytest.mark.parametrize("spelling", ["ada@example.org", "ADA@Example.org "])
def test_a_thousand_clients_have_one_go_at_one_address(
    limited_client: FlaskClient, path: str, form: dict[str, str], most: int, spelling: str
) -> None:
    many = {"address": lambda n: f"192.0.{n % 200}.{n}"}
    flood(limited_client, path, most, {**form, "email": "ada@example.org"}, **many)

    answers = flood(limited_client, path, 2, {**form, "email": spelling}, address=lambda n: f"203.0.113.{n}")

    assert answers == [429, 429]


def test_one_address_is_written_to_twenty_times_a_day_whatever_the_event(
    limited_client: FlaskClient,
) -> None:
    events = [EventFactory().public_id for _ in range(21)]
    form = {"status": "accepted", "party_size": "1", "email": "ada@example.org"}

    answers = [
        limited_client.post(
            f"/en/events/{event}/rsvp", data=form, environ_overrides={"REMOTE_ADDR": f"192.0.2.{n}"}
        ).status_code
        for n, event in enumerate(events)
    ]

    assert answers == [303] * 20 + [429]


def test_a_household_with_a_64_is_one_client(limited_client: FlaskClient) -> None:
    answers = flood(
        limited_client, "/en/account/reset", 22, {}, address=lambda n: f"2001:db8:1:2:{n:x}::{n:x}"
    )

    assert answers[-1] == 429


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted"),
    [
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (1, "", "192.0.2.1"),
        (2, "203.0.113.9, 198.51.100.7, 192.0.2.200", "198.51.100.7"),
    ],
)
def test_only_the_hops_that_the_settings_name_are_believed(
    tmp_path: Path, proxies: int, forwarded: str, counted: str
) -> None:
    app = create_app(settings_for(tmp_path, trusted_proxies=proxies))
    seen: list[str] = []

    @app.before_request
    def note() -> None:
        seen.append(this_client())

    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    app.test_client().get("/healthz", headers=headers, environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
    app.test_client().get("/healthz", environ_overrides={"REMOTE_ADDR": counted})

    assert seen[0] == seen[1]


def test_a_host_that_somebody_made_up_is_in_no_letter(client: FlaskClient, app: Flask) -> None:
    """Letters take the site's address from the settings, never from the request."""
    lying = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}

    answers = [
        client.post("/en/account/reset", data={"email": "ada@example.org"}, headers=lying),
        client.get("/en/account/sign-in?next=//evil.example", headers=lying),
        client.get("/e/0000000000", headers=lying),
        client.get("/about", headers=lying),
    ]

    assert all("evil.example" not in answer.headers.get("Location", "") for answer in answers)
    assert all("http://evil" not in answer.text for answer in answers)
