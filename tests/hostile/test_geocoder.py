"""A geocoder that misbehaves, and a crowd that asks it at once: nothing is lost, confused or held up."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.places.gazetteer.building import build
from coordinator.places.gazetteer.searching import Gazetteer
from coordinator.places.geocoding import CachedGeocoder, Gate, Places, Store
from coordinator.places.models import GeocodeAnswer, ProviderGate
from coordinator.places.rules import Precision, ProviderAwayError
from tests.places.cities import SOURCE
from tests.places.nominatim_server import Script, geocoder_at, nominatim_server, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

CROWD = 20
ADDRESS = "Unter den Linden 63, 10117 Berlin, Germany"

pytestmark = pytest.mark.concurrent


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[tuple[str, Script]]:
    with nominatim_server() as running:
        yield running


def places_of(
    app: Flask, address: str, folder: Path, *, spacing: float = 0.0, patience: float = 3, timeout: float = 2
) -> Places:
    """Return the whole chain as the app has it, but with a provider on this machine and less time."""
    store = Store(db.session, unit_of_work)
    gate = Gate(store, spacing=timedelta(seconds=spacing), patience=timedelta(seconds=patience))
    provider = geocoder_at(address, folder, timeout_seconds=timeout)
    build(folder / "cities.sqlite", progress=False, source=SOURCE)
    cached = CachedGeocoder(provider, store=store, gate=gate, seal=app.extensions["seal"])
    return Places(Gazetteer(folder / "cities.sqlite"), cached)


def in_a_crowd(app: Flask, act: Any) -> list[Any]:
    """Do it in many threads at the same moment; return what each got, errors included."""
    start = Barrier(CROWD)

    def one(number: int) -> Any:
        with app.app_context():
            start.wait()
            try:
                return act(number)
            except ProviderAwayError as away:
                return away

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(one, range(CROWD)))


def test_a_crowd_asks_one_after_another(real_app: Flask, server: tuple[str, Script], tmp_path: Path) -> None:
    address, script = server
    script.says([place()])
    spacing = 0.06
    places = places_of(real_app, address, tmp_path, spacing=spacing, patience=30)
    began = time.monotonic()

    found = in_a_crowd(real_app, lambda number: places.find_place(f"House {number}, Berlin", locale="en"))

    assert all(one.clear is not None for one in found)
    assert len(script.asked_at) == CROWD
    # A thread may wake late, but nobody gets ahead of a turn; 10 ms, since two clocks are compared.
    assert all(at > began + spacing * turn - 0.01 for turn, at in enumerate(sorted(script.asked_at)))


def test_no_two_of_a_crowd_get_the_same_turn(real_app: Flask) -> None:
    spacing = timedelta(milliseconds=20)
    gate = Gate(Store(db.session, unit_of_work), spacing=spacing, patience=timedelta(minutes=1))

    turns: list[datetime] = sorted(in_a_crowd(real_app, lambda _: gate.wait_for_turn("fake")))

    assert len(turns) == CROWD
    assert all(later - earlier >= spacing for earlier, later in pairwise(turns))


def test_a_crowd_at_a_narrow_gate_is_sent_away_at_once(
    real_app: Flask, server: tuple[str, Script], tmp_path: Path
) -> None:
    address, script = server
    script.says([place()])
    places = places_of(real_app, address, tmp_path, spacing=60, patience=0.1)
    began = time.monotonic()

    found = in_a_crowd(real_app, lambda number: places.find_place(f"House {number}, Berlin", locale="en"))

    assert time.monotonic() - began < 20
    assert len(script.asked_at) == 1
    assert sum(one.is_provider_away for one in found) == CROWD - 1
    assert {one.candidates[0].precision for one in found if one.is_provider_away} == {Precision.CITY}


def test_a_crowd_with_one_question_leaves_one_answer(
    real_app: Flask, server: tuple[str, Script], tmp_path: Path
) -> None:
    address, script = server
    script.says([place()])
    places = places_of(real_app, address, tmp_path)

    found = in_a_crowd(real_app, lambda _: places.find_place(ADDRESS, locale="en"))

    assert {one.clear.point.latitude for one in found} == {52.5163}
    with real_app.app_context():
        assert db.session().scalar(select(func.count(GeocodeAnswer.id))) == 1
        assert places.find_place(ADDRESS, locale="en").clear == found[0].clear
    assert len(script.asked_at) <= CROWD


def test_a_sleeping_provider_holds_nobody_up(
    real_app: Flask, server: tuple[str, Script], tmp_path: Path
) -> None:
    address, script = server
    script.says([place()], wait_seconds=30)
    places = places_of(real_app, address, tmp_path, timeout=1.5)
    found = []

    def ask() -> None:
        with real_app.app_context():
            found.append(places.find_place(ADDRESS, locale="en"))

    asking = Thread(target=ask)
    asking.start()
    while not script.asked_at:
        time.sleep(0.01)
    began = time.monotonic()
    with real_app.app_context(), unit_of_work() as session:
        session.add(ProviderGate(provider="somebody else writes", next_at=now()))
    written_in = time.monotonic() - began
    assert asking.is_alive()
    asking.join()

    assert written_in < 1
    assert found[0].is_provider_away


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"body": b"<html>", "headers": {"Content-Type": "text/html"}}, id="a page"),
        pytest.param({"body": b'[{"lat": "52"'}, id="half an answer"),
        pytest.param({"body": b'[{"lat": "52", "display_name": "no longitude"}]'}, id="half a point"),
        pytest.param({"body": b'[{"lat": "52", "lon": "500", "display_name": "x"}]'}, id="off the globe"),
        pytest.param({"body": b"[" + b" " * 1_000_000 + b"]"}, id="a megabyte of nothing"),
        pytest.param({"body": b"", "status": 429, "headers": {"Retry-After": "60"}}, id="busy"),
        pytest.param({"body": b"[]", "status": 500}, id="broken"),
        pytest.param({"body": b"[]", "status": 503}, id="closed"),
        pytest.param({"body": b"[]", "wait_seconds": 30}, id="silent"),
        pytest.param({"body": b"[]" + b" " * 1000, "drip_seconds": 0.05}, id="dripping"),
    ],
)
def test_a_misbehaving_provider_is_away_and_its_words_are_not_kept(
    real_app: Flask, server: tuple[str, Script], tmp_path: Path, answer: dict[str, Any]
) -> None:
    address, script = server
    for name, value in answer.items():
        setattr(script, name, value)
    places = places_of(real_app, address, tmp_path, timeout=0.3)

    with real_app.app_context():
        found = places.find_place(ADDRESS, locale="en")
        kept = db.session().scalar(select(func.count(GeocodeAnswer.id)))

    assert found.is_provider_away
    assert [one.city for one in found.candidates] == ["Berlin"]
    assert kept == 0


def test_a_busy_provider_is_not_asked_again_before_its_time(
    real_app: Flask, server: tuple[str, Script], tmp_path: Path
) -> None:
    address, script = server
    script.says(b"", status=429, headers={"Retry-After": "60"})
    places = places_of(real_app, address, tmp_path)

    with real_app.app_context():
        for number in range(5):
            assert places.find_place(f"House {number}, Berlin", locale="en").is_provider_away

    assert len(script.asked_at) == 1
    with real_app.app_context():
        until = db.session().scalars(select(ProviderGate.next_at)).one()
    assert timedelta(seconds=50) < until - now() <= timedelta(seconds=60)


def test_what_a_visitor_types_is_sent_to_nobody(
    real_app: Flask, server: tuple[str, Script], tmp_path: Path
) -> None:
    address, script = server
    script.says([place()])
    places = places_of(real_app, address, tmp_path)

    with real_app.app_context():
        for text in ("Holunderweg 7, Berlin", "10115", "Berlin", "nowhere"):
            places.find_city(text, locale="en")
        kept = db.session().scalar(select(func.count(GeocodeAnswer.id)))

    assert script.asked_at == []
    assert kept == 0
