from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from coordinator.app import create_app
from coordinator.kit.access import public
from coordinator.kit.crypto import Seal
from coordinator.kit.errors import TooManyError
from coordinator.kit.limits import Limiter, client_key, limited
from tests.conftest import settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

SEAL = Seal([Fernet.generate_key().decode()], "a digest key of some length")
DAY = "2030-09-16"


def key(address: str, day: str = DAY) -> str:
    return client_key(address, SEAL, day=day)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", id="one household"),
        pytest.param("2001:DB8:1:2:0::1", "2001:db8:1:2::1", id="one address written twice"),
        pytest.param("fe80::1%eth0", "fe80::2%eth1", id="interfaces do not count"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", id="IPv4 through a socket for both"),
    ],
)
def test_one_client(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("192.0.2.1", "192.0.2.2", id="IPv4"),
        pytest.param("2001:db8:1:2::1", "2001:db8:1:3::1", id="the next network"),
        pytest.param("::ffff:192.0.2.1", "::ffff:192.0.2.2", id="IPv4 through a socket for both"),
    ],
)
def test_two_clients(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_nobody_is_followed_from_day_to_day() -> None:
    assert key("192.0.2.1", "2030-09-16") != key("192.0.2.1", "2030-09-17")


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8:1:2::1"])
def test_a_key_does_not_say_the_address(address: str) -> None:
    assert address not in key(address)
    assert len(key(address)) == 64


@pytest.mark.parametrize("address", ["", "unknown", "192.0.2.1:4711", "localhost", "\x00"])
def test_what_is_not_an_address_is_a_client_too(address: str) -> None:
    assert len(key(address)) == 64


def test_the_window_is_full_after_as_many_as_were_allowed() -> None:
    limiter = Limiter("memory://")
    for _ in range(3):
        limiter.hit("3 per hour", "sign-in", "client", "a")

    with pytest.raises(TooManyError) as full:
        limiter.hit("3 per hour", "sign-in", "client", "a")

    assert 3500 < full.value.retry_after_seconds <= 3600


def test_windows_of_different_clients_and_things_are_apart() -> None:
    limiter = Limiter("memory://")

    for name, client in (("sign-in", "a"), ("sign-in", "b"), ("rsvp", "a")):
        limiter.hit("1 per hour", name, "client", client)

    with pytest.raises(TooManyError):
        limiter.hit("1 per hour", "rsvp", "client", "a")


def test_counts_can_be_forgotten() -> None:
    limiter = Limiter("memory://")
    limiter.hit("1 per hour", "a")

    limiter.reset()

    limiter.hit("1 per hour", "a")


# In a view


@pytest.fixture
def house(tmp_path: Path) -> Flask:
    """An app whose limits count, with one view behind them."""
    app = create_app(settings_for(tmp_path))
    app.config |= {"LIMITS_ENABLED": True, "WTF_CSRF_ENABLED": False}

    @app.route("/thing/<thing>", methods=["GET", "POST"])
    @public(why="a test")
    @limited("thing", per_client="2 per hour", per_target="3 per hour", target="thing")
    def view(thing: str) -> str:
        return thing

    return app


def post(client: FlaskClient, address: str, thing: str = "a") -> int:
    return client.post(f"/thing/{thing}", environ_base={"REMOTE_ADDR": address}).status_code


def test_a_client_may_so_often_and_another_one_still_may(house: Flask) -> None:
    client = house.test_client()

    assert [post(client, "192.0.2.1") for _ in range(3)] == [200, 200, 429]
    assert post(client, "192.0.2.2") == 200


def test_a_household_cannot_multiply_itself(house: Flask) -> None:
    client = house.test_client()

    assert [post(client, f"2001:db8:1:2::{n}") for n in range(3)] == [200, 200, 429]


def test_a_target_is_protected_from_many_clients(house: Flask) -> None:
    client = house.test_client()

    assert [post(client, f"192.0.2.{n}") for n in range(4)] == [200, 200, 200, 429]
    assert post(client, "192.0.2.9", "b") == 200


def test_looking_is_not_counted(house: Flask) -> None:
    client = house.test_client()

    assert {client.get("/thing/a").status_code for _ in range(10)} == {200}


def test_a_refusal_says_when_and_reads_the_same_for_everyone(house: Flask) -> None:
    client = house.test_client()
    answers = [client.post("/thing/a", environ_base={"REMOTE_ADDR": "192.0.2.1"}) for _ in range(3)]

    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600


def test_an_address_is_nowhere_in_what_is_counted(house: Flask) -> None:
    post(house.test_client(), "192.0.2.77")

    storage = house.extensions["limiter"]._window.storage
    kept = repr(vars(storage))

    assert "thing" in kept
    assert "192.0.2.77" not in kept


def test_a_header_that_nobody_vouches_for_is_not_believed(house: Flask) -> None:
    client = house.test_client()

    answers = [
        client.post("/thing/a", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(3)
    ]

    assert answers == [200, 200, 429]


def test_behind_a_proxy_clients_are_told_apart_by_what_the_proxy_says(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path, trusted_proxies=1))
    app.config |= {"LIMITS_ENABLED": True, "WTF_CSRF_ENABLED": False}
    app.add_url_rule("/thing", view_func=public(why="a test")(_said_once), methods=["POST"])
    client = app.test_client()

    def through(said: str) -> int:
        return client.post("/thing", headers={"X-Forwarded-For": said}).status_code

    assert [through("192.0.2.1"), through("192.0.2.2"), through("192.0.2.1")] == [200, 200, 429]
    assert through("203.0.113.5, 192.0.2.1") == 429  # the part the client made up is not the proxy's


@limited("said", per_client="1 per hour")
def _said_once() -> str:
    return "said"


def test_limits_are_off_in_tests_unless_a_test_wants_them(app: Flask) -> None:
    assert app.config["LIMITS_ENABLED"] is False
