"""Wikidata and Overpass: what they say is understood, and whatever goes wrong there is said and harmless."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from coordinator.missions.rules import MissionKind, SourceError, Trouble
from coordinator.missions.sources import asking, overpass, wikidata
from coordinator.missions.sources.asking import Service
from coordinator.places.rules import Point, Precision

ENTITY = "http://www.wikidata.org/entity/"


def literal(value: str, **more: str) -> dict[str, str]:
    return {"type": "literal", "value": value, **more}


def binding(item: str, **values: str) -> dict[str, dict[str, str]]:
    found = {name: literal(value) for name, value in values.items()}
    return {"m": {"type": "uri", "value": ENTITY + item}, **found}


EMBASSY = binding(
    "Q1", receiving="DE", coordinates="Point(13.3835 52.516194444)", nameen="Embassy of Russia in Berlin",
    namede="Russische Botschaft in Berlin", nameru="Посольство России", cityen="Berlin", cityru="Берлин",
    address="Unter den Linden 63–65", website="https://germany.mid.ru/",
) | {"class": {"type": "uri", "value": f"{ENTITY}Q3917681"}}  # fmt: skip
CLOSED = binding(
    "Q2", receiving="DE", coordinates="Point(11.5985 48.1405)", name="Consulate in Munich", city="Munich",
    closedOn="2023-12-31T00:00:00Z",
) | {"class": {"type": "uri", "value": f"{ENTITY}Q372690"}}  # fmt: skip


def sparql(*bindings: Any) -> dict[str, Any]:
    return {"head": {"vars": []}, "results": {"bindings": list(bindings)}}


NODE = {
    "type": "node", "id": 5, "lat": 60.16, "lon": 24.94,
    "tags": {
        "amenity": "embassy", "country": "RU", "addr:country": "FI", "name": "Venäjän suurlähetystö",
        "name:en": "Embassy of Russia", "addr:street": "Tehtaankatu", "addr:housenumber": "1 B",
        "addr:postcode": "00140", "addr:city": "Helsinki", "wikidata": "Q77",
        "website": "javascript:alert(1)",
    },
}  # fmt: skip
WAY = {
    "type": "way", "id": 6, "center": {"lat": 61.5, "lon": 23.76},
    "tags": {
        "office": "diplomatic", "diplomatic": "consulate", "consulate": "honorary_consul", "country": "ru",
        "target": "FI", "name": "Kunniakonsulaatti",
    },
}  # fmt: skip
GONE = {
    "type": "node", "id": 7, "lat": 60.2, "lon": 24.9,
    "tags": {
        "disused:office": "diplomatic", "disused:diplomatic": "consulate", "country": "RU", "target": "FI",
        "name": "Old consulate",
    },
}  # fmt: skip


def test_wikidata_is_understood() -> None:
    berlin, munich = wikidata.read(sparql(EMBASSY, CLOSED), "RU")

    assert (berlin.key, berlin.kind, berlin.point) == (
        "Q1",
        MissionKind.EMBASSY,
        Point(52.516194444, 13.3835),
    )
    assert berlin.names["ru"] == "Посольство России"
    assert (berlin.cities["ru"], berlin.city, berlin.is_closed) == ("Берлин", "Berlin", False)
    assert (munich.name, munich.kind) == ("Consulate in Munich", MissionKind.CONSULATE_GENERAL)
    assert (munich.is_closed, munich.closed_on) == (True, date(2023, 12, 31))


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(EMBASSY | {"m": literal("no item")}, id="no item"),
        pytest.param({k: v for k, v in EMBASSY.items() if k != "receiving"}, id="no receiving state"),
        pytest.param(binding("Q1", receiving="DE"), id="no name"),
    ],
)
def test_what_says_too_little_is_passed_over(odd: dict[str, Any]) -> None:
    assert list(wikidata.read(sparql(odd), "RU")) == []


@pytest.mark.parametrize(
    "coordinates",
    [
        "<http://www.wikidata.org/entity/Q405> Point(1 2)",
        "Point(13.4)",
        "Point(400 20)",
        "http://www.wikidata.org/.well-known/genid/8f2",
        "",
    ],
)
def test_a_point_off_the_earth_is_none(coordinates: str) -> None:
    (found,) = wikidata.read(sparql(EMBASSY | {"coordinates": literal(coordinates)}), "RU")

    assert found.point is None


def test_an_unknown_value_is_no_address() -> None:
    unknown = literal("http://www.wikidata.org/.well-known/genid/1f")
    (found,) = wikidata.read(sparql(EMBASSY | {"address": unknown, "website": unknown}), "RU")

    assert (found.address, found.website) == ("", "")


def test_overpass_is_understood_in_its_old_and_new_words() -> None:
    embassy, honorary, gone = overpass.read({"elements": [NODE, WAY, GONE]})

    assert (embassy.key, embassy.kind, embassy.receiving_state) == ("node/5", MissionKind.EMBASSY, "FI")
    assert (embassy.name, embassy.same_as) == ("Embassy of Russia", "Q77")
    assert (embassy.address, embassy.precision) == ("Tehtaankatu 1 B, 00140 Helsinki", Precision.BUILDING)
    assert embassy.website == ""
    assert (honorary.kind, honorary.point, honorary.sending_state) == (
        MissionKind.HONORARY_CONSULATE, Point(61.5, 23.76), "RU",
    )  # fmt: skip
    assert (gone.is_closed, gone.kind) == (True, MissionKind.CONSULATE)


@pytest.mark.parametrize("key", ["country", "amenity", "addr:country"])
def test_an_element_that_lacks_what_matters_is_passed_over(key: str) -> None:
    tags = {name: value for name, value in NODE["tags"].items() if name != key}  # type: ignore[union-attr, attr-defined]

    assert list(overpass.read({"elements": [NODE | {"tags": tags}]})) == []


def test_where_it_was_looked_for_stands_in_for_a_missing_state() -> None:
    tags = {name: value for name, value in NODE["tags"].items() if name != "addr:country"}  # type: ignore[union-attr, attr-defined]

    (found,) = overpass.read({"elements": [NODE | {"tags": tags}]}, "FI")

    assert found.receiving_state == "FI"


@pytest.mark.parametrize("text", ['RU"}', "russia", "", "R1"])
def test_nothing_but_a_state_gets_into_a_question(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        wikidata.query(text)
    with pytest.raises(ValueError, match=r".*"):
        overpass.query(text)


def test_questions_name_the_state_and_all_our_languages() -> None:
    assert "wd:Q159" in wikidata.query("RU")
    assert 'wdt:P297 "BY"' in wikidata.query("BY")
    assert all(f'"{lang}"' in wikidata.query("RU") for lang in wikidata.LANGUAGES)
    assert '["country"="RU"](area.there)' in overpass.query("RU", "FI")
    assert overpass.query("RU").endswith("out center;\n")


# --- a server that does everything wrong -------------------------------------------------------------------


@dataclass
class Stage:
    """A server on this machine that answers as it is told, one answer after another."""

    url: str = ""
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    asked: list[tuple[dict[str, list[str]], dict[str, str]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def service(self) -> Service:
        return Service(
            url=self.url, agent="coordinator (https://example.org; us@example.org)", pause_factor=0.01
        )


def says(body: Any, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def hangs(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1)


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"results"')


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    stage = Stage()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            stage.asked.append((parse_qs(self.rfile.read(length).decode()), dict(self.headers)))
            stage.times.append(time.monotonic())
            number = min(len(stage.asked), len(stage.answers)) - 1
            stage.answers[number](self)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stage.url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.3)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield stage
    server.shutdown()
    server.server_close()


def test_we_say_who_we_are_and_ask_by_post(stage: Stage) -> None:
    stage.answers = [says(sparql(EMBASSY))]

    (found,) = wikidata.fetch(stage.service(), "RU")

    ((form, headers),) = stage.asked
    assert found.key == "Q1"
    assert "wd:Q159" in form["query"][0]
    assert headers["User-Agent"] == "coordinator (https://example.org; us@example.org)"
    assert headers["Accept"] == wikidata.ACCEPT


def test_who_is_busy_is_asked_again_when_they_say(stage: Stage) -> None:
    stage.answers = [says(b"slow down", 429, Retry_After="1"), says(sparql(EMBASSY))]

    assert len(wikidata.fetch(stage.service(), "RU")) == 1
    assert stage.times[1] - stage.times[0] >= 1


@pytest.mark.parametrize("status", [429, 502, 504])
def test_who_stays_busy_is_left_alone(stage: Stage, status: int) -> None:
    stage.answers = [says(b"<html>busy</html>", status)]

    with pytest.raises(SourceError) as trouble:
        overpass.fetch(stage.service(), "RU")

    assert trouble.value.trouble is Trouble.BUSY
    assert len(stage.asked) == 1 + asking.TRIES


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        pytest.param(says(b"no", 400), Trouble.REFUSED, id="refused"),
        pytest.param(says(b"no", 403), Trouble.REFUSED, id="banned"),
        pytest.param(says(b"<html>"), Trouble.NOT_JSON, id="HTML with 200"),
        pytest.param(says(b'{"results": {"bindings": ['), Trouble.NOT_JSON, id="broken JSON"),
        pytest.param(says([1, 2]), Trouble.UNEXPECTED, id="a list"),
        pytest.param(says({"results": None}), Trouble.UNEXPECTED, id="nothing in it"),
        pytest.param(says({"results": {"bindings": [{"m": "x"}]}}), Trouble.UNEXPECTED, id="odd bindings"),
        pytest.param(hangs, Trouble.AWAY, id="never answers"),
        pytest.param(breaks_off, Trouble.AWAY, id="breaks off"),
    ],
)
def test_whatever_goes_wrong_is_said(
    stage: Stage, answer: Callable[[BaseHTTPRequestHandler], None], trouble: Trouble
) -> None:
    stage.answers = [answer]

    with pytest.raises(SourceError) as raised:
        wikidata.fetch(stage.service(), "RU")

    assert raised.value.trouble is trouble


def test_an_answer_that_gave_up_half_way_is_none(stage: Stage) -> None:
    stage.answers = [says({"elements": [NODE], "remark": 'runtime error: Query timed out in "query"'})]

    with pytest.raises(SourceError) as raised:
        overpass.fetch(stage.service(), "RU")

    assert raised.value.trouble is Trouble.GAVE_UP
    assert "timed out" in raised.value.details


def test_an_endless_answer_ends(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LARGEST_ANSWER_BYTES", 1_000)
    stage.answers = [says(b" " * 5_000)]

    with pytest.raises(SourceError) as raised:
        overpass.fetch(stage.service(), "RU")

    assert raised.value.trouble is Trouble.TOO_LARGE
