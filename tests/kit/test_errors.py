"""What people see when something goes wrong: a status, a page, and no word of theirs in a log."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from flask import request
from flask_migrate import upgrade
from sqlalchemy import select

from coordinator.app import create_app
from coordinator.kit import db as kit_db
from coordinator.kit.access import public
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import (
    AwayError,
    CoordinatorError,
    ForeignOriginError,
    NotFoundError,
    RefusedError,
    TooManyError,
)
from coordinator.outbox.models import Heartbeat
from tests.conftest import settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

FAMILIES = {
    "refused": (RefusedError(), 409),
    "not-found": (NotFoundError(), 404),
    "foreign": (ForeignOriginError(), 403),
    "too-many": (TooManyError(90), 429),
    "away": (AwayError(), 503),
    "nameless": (CoordinatorError(), 500),
    "fault": (LookupError("ada@example.org"), 500),
}


@pytest.fixture
def house(tmp_path: Path) -> Flask:
    """The app with a few views that go wrong, or use a database that they can't have."""
    app = create_app(settings_for(tmp_path))
    app.testing = False  # so that faults are answered and not raised
    app.config["WTF_CSRF_ENABLED"] = False

    @app.get("/raise/<name>")
    @public(why="a test")
    def fail(name: str) -> str:
        raise FAMILIES[name][0]

    @app.route("/row", methods=["GET", "POST"])
    @public(why="a test")
    def row() -> str:
        with unit_of_work() as session:
            return str(session.scalar(select(Heartbeat.name)))

    @app.post("/note")
    @public(why="a test")
    def note() -> str:
        return request.form["note"]

    return app


@pytest.mark.parametrize(("name", "status"), [(name, status) for name, (_, status) in FAMILIES.items()])
def test_each_family_has_its_status_and_a_page(house: Flask, name: str, status: int) -> None:
    answer = house.test_client().get(f"/raise/{name}")

    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert "<h1" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_too_many_says_when_to_come_back(house: Flask) -> None:
    assert house.test_client().get("/raise/too-many").headers["Retry-After"] == "90"


def test_what_somebody_typed_is_neither_logged_nor_shown(
    house: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    answer = house.test_client().get("/raise/fault")

    assert "ada@example.org" not in caplog.text + answer.text
    assert "LookupError" in caplog.text
    assert "test_errors.py" in caplog.text


@pytest.mark.parametrize("path", ["/no/such/page/at/all", "/en/no/such/page/at/all", "/static/nothing.css"])
def test_a_wrong_address_is_answered_with_a_page(house: Flask, path: str) -> None:
    answer = house.test_client().get(path)

    assert answer.status_code == 404
    assert "<h1" in answer.text


def test_an_error_reads_in_the_language_of_its_address(house: Flask) -> None:
    answer = house.test_client().get("/ru/no/such/page/at/all", headers={"Accept-Language": "en"})

    assert '<html lang="ru"' in answer.text


PARTS = {"content_type": "multipart/form-data"}


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"data": {"note": "x" * 300_000}}, id="long"),
        pytest.param({"data": {"note": "x" * 300_000}, **PARTS}, id="long parts"),
        pytest.param({"data": {f"n{n}": "x" for n in range(501)}, **PARTS}, id="many parts"),
    ],
)
def test_a_form_that_is_too_large_is_refused(house: Flask, sent: dict[str, Any]) -> None:
    assert house.test_client().post("/note", **sent).status_code == 413


def test_a_form_without_what_it_needs_is_a_wrong_request(house: Flask) -> None:
    assert house.test_client().post("/note", data={"other": "words"}).status_code == 400


def test_a_locked_database_is_a_page_that_says_try_again(
    house: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit_db, "LOCK_WAIT_SECONDS", 0)
    with house.app_context():
        upgrade()
        db.engine.dispose()
    locker = sqlite3.connect(tmp_path / "coordinator.sqlite", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    client = house.test_client()

    while_locked = [client.post("/row").status_code for _ in range(20)]
    locker.execute("COMMIT")
    locker.close()

    assert set(while_locked) == {503}
    assert client.post("/row").status_code == 200


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nothing"])
def test_a_database_that_is_away_is_a_page_that_says_try_again(tmp_path: Path, url: str) -> None:
    app = create_app(settings_for(tmp_path, url))

    @app.get("/row")
    @public(why="a test")
    def row() -> str:
        return str(db.session.scalar(select(Heartbeat.name)))

    answer = app.test_client().get("/row")

    assert answer.status_code == 503
    assert "<h1" in answer.text
    assert "nobody@" not in answer.text
