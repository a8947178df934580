from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coordinator.app import create_app
from coordinator.kit.access import public
from coordinator.kit.headers import allow_framing
from tests.conftest import settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

EXPECTED = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


@pytest.fixture
def house(tmp_path: Path) -> Flask:
    """The app with a page that may be framed."""
    app = create_app(settings_for(tmp_path))

    @app.get("/plain")
    @public(why="a test")
    def plain_page() -> str:
        return "plain"

    @app.get("/framed")
    @public(why="a test")
    def framed() -> str:
        allow_framing("https://partner.example")
        return "framed"

    return app


def policy(app: Flask, path: str) -> dict[str, str]:
    with app.test_client().get(path) as answer:
        said = answer.headers.getlist("Content-Security-Policy")
    assert len(said) == 1
    return dict(part.strip().split(" ", 1) for part in said[0].split(";"))


@pytest.mark.parametrize(
    "path", ["/plain", "/no/such/page/at/all", "/static/css/site.css", "/static/nothing.css"]
)
def test_every_answer_carries_the_whole_policy_and_nothing_else(house: Flask, path: str) -> None:
    assert policy(house, path) == EXPECTED


def test_no_inline_code_and_no_other_host() -> None:
    words = " ".join(EXPECTED.values()).split()

    assert set(words) == {"'none'", "'self'", "data:"}


def test_one_page_may_be_framed_and_the_next_one_not(house: Flask) -> None:
    assert policy(house, "/framed") == EXPECTED | {"frame-ancestors": "https://partner.example"}
    assert policy(house, "/plain") == EXPECTED


def test_what_else_an_answer_says(house: Flask) -> None:
    headers = house.test_client().get("/plain").headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Set-Cookie" not in headers


def test_https_is_insisted_on_only_where_it_is_spoken(house: Flask) -> None:
    house.testing = False
    client = house.test_client()

    assert "Strict-Transport-Security" not in client.get("/plain").headers
    assert "Strict-Transport-Security" in client.get("/plain", base_url="https://localhost").headers
