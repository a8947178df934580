from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask_migrate import upgrade

from coordinator.accounts.models import Account
from coordinator.app import create_app
from coordinator.kit.access import WHO_MAY, May, may, public, requires
from coordinator.kit.roles import Role
from tests.conftest import settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

NOBODY: frozenset[Role] = frozenset()


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        pytest.param(NOBODY, set(), id="nobody"),
        pytest.param({Role.ORGANISER}, {May.ORGANISE}, id="organiser"),
        pytest.param({Role.COORDINATOR}, {May.ORGANISE, May.COORDINATE}, id="coordinator"),
        pytest.param({Role.ADMINISTRATOR}, set(May), id="administrator"),
        pytest.param({Role.ORGANISER, Role.COORDINATOR}, {May.ORGANISE, May.COORDINATE}, id="both"),
    ],
)
def test_who_may_what(roles: set[Role], allowed: set[May]) -> None:
    person = SimpleNamespace(roles=frozenset(roles))

    assert {permission for permission in May if may(person, permission)} == allowed


def test_every_permission_is_decided_and_the_table_cannot_be_changed() -> None:
    assert set(WHO_MAY) == set(May)
    with pytest.raises(TypeError):
        WHO_MAY[May.ADMINISTER] = frozenset(Role)  # type: ignore[index]


@pytest.fixture
def house(tmp_path: Path) -> Flask:
    """The app with a view of each kind, and people known by their roles alone."""
    app = create_app(settings_for(tmp_path))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        upgrade()

    @app.login_manager.user_loader  # type: ignore[attr-defined]
    def load(identity: str) -> Account:
        return Account(
            public_id="0000000000",
            display_name_sealed=app.extensions["seal"].encrypt("Ada"),
            is_coordinator=Role.COORDINATOR in identity.split(),
            is_administrator=Role.ADMINISTRATOR in identity.split(),
        )

    @app.get("/undeclared")
    def undeclared() -> str:
        return "secret"

    @app.get("/open")
    @public(why="a test")
    def for_all() -> str:
        return "open"

    @app.route("/coordinate/<thing>", methods=["GET", "POST"])
    @requires(May.COORDINATE)
    def coordinators_only(thing: str) -> str:
        return f"room {thing}"

    return app


def client_of(app: Flask, *roles: Role) -> FlaskClient:
    client = app.test_client()
    if roles:
        with client.session_transaction() as cookie:
            cookie.update({"_user_id": " ".join(roles), "_fresh": True})
    return client


@pytest.mark.parametrize("roles", [(), (Role.ADMINISTRATOR,)])
@pytest.mark.parametrize("method", ["get", "options"])
def test_a_view_that_says_nothing_answers_nobody(house: Flask, roles: tuple[Role, ...], method: str) -> None:
    house.testing = False

    answer = getattr(client_of(house, *roles), method)("/undeclared")

    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_an_open_view_answers_anybody(house: Flask) -> None:
    assert client_of(house).get("/open").text == "open"


def test_somebody_unknown_is_asked_to_sign_in_and_comes_back(house: Flask) -> None:
    answer = client_of(house).get("/coordinate/a?page=2&word=ю")

    target = urlsplit(answer.location)
    assert answer.status_code == 303
    assert target.netloc == ""
    assert target.path.endswith("/account/sign-in")
    assert unquote(parse_qs(target.query)["next"][0]) == "/coordinate/a?page=2&word=ю"


def test_after_signing_in_nobody_is_led_to_an_address_that_only_takes_forms(house: Flask) -> None:
    answer = client_of(house).post("/coordinate/a")

    assert answer.status_code == 303
    assert "next" not in parse_qs(urlsplit(answer.location).query)


def test_for_those_who_may_not_the_page_does_not_exist(house: Flask) -> None:
    client = client_of(house, Role.ORGANISER)

    forbidden, missing = client.get("/coordinate/a"), client.get("/no/such/page/at/all")

    assert forbidden.status_code == missing.status_code == 404
    assert forbidden.text == missing.text


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_those_who_may_come_in(house: Flask, role: Role) -> None:
    assert client_of(house, role).get("/coordinate/b").text == "room b"


def test_a_view_can_be_asked_what_it_asks_for(house: Flask) -> None:
    views: dict[str, Any] = house.view_functions

    assert views["coordinators_only"].access is May.COORDINATE
    assert views["for_all"].access == "public: a test"
    assert views["coordinators_only"].__name__ == "coordinators_only"
