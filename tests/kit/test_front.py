"""The front desk gives out again what was just given out, and nothing that is old or somebody's own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from flask import Flask, request, session
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from coordinator.kit import front
from coordinator.kit.front import LOOK_SECONDS, MINUTE, NOTE, Front, Note
from coordinator.kit.packed import Packed

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

TEXT = "Come to the consulate. " * 100


class House:
    """A site of one campaign, a clock, and a count of what the house itself was asked for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.looked = 0
        self.revisions: dict[int, int] | Exception = {1: 1}
        self.now = 10.0 * MINUTE
        self.text = TEXT
        flask = Flask("house")
        flask.secret_key = "secret"
        flask.add_url_rule("/page", view_func=self.page)
        flask.add_url_rule("/page/form", view_func=self.form, methods=["POST"])
        flask.add_url_rule("/own", view_func=self.own)
        flask.add_url_rule("/large", view_func=self.large)
        self.front = Front(flask.wsgi_app, self.look, clock=lambda: self.now)
        self.client = Client(self.front)

    def look(self) -> dict[int, int]:
        self.looked += 1
        if isinstance(self.revisions, Exception):
            raise self.revisions
        return dict(self.revisions)

    def page(self) -> ResponseReturnValue:
        return self.noted(self.text)

    def large(self) -> ResponseReturnValue:
        return self.noted(request.args.get("text", "x") * 2_000)

    def noted(self, text: str) -> ResponseReturnValue:
        self.asked[request.path] += 1
        packed = Packed(text.encode())
        revision = self.revisions[1] if isinstance(self.revisions, dict) else 0
        request.environ[NOTE] = Note(packed, 1, revision)
        encoding = packed.encoding_for(request.headers.get("Accept-Encoding", ""))
        headers = {"ETag": f'"{packed.etag_in(encoding)}"', "X-House": "yes", "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        return packed.body(encoding), headers

    def own(self) -> ResponseReturnValue:
        session["who"] = "Ada"
        return self.noted(self.text)

    def form(self) -> ResponseReturnValue:
        self.asked["form"] += 1
        return "done"


@pytest.fixture
def house() -> House:
    return House()


def test_the_second_visitor_is_answered_without_the_house(house: House) -> None:
    first, second = house.client.get("/page"), house.client.get("/page")

    assert house.asked["/page"] == 1
    assert (first.data, second.data) == (TEXT.encode(), TEXT.encode())
    assert sorted(first.headers) == sorted(second.headers)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip"])
def test_it_is_the_same_answer_in_every_coding(house: House, encoding: str) -> None:
    wish = {"Accept-Encoding": encoding}
    house.client.get("/page")
    kept = house.client.get("/page", headers=wish)
    house.front.forget()
    made = house.client.get("/page", headers=wish)

    assert house.asked["/page"] == 2
    assert kept.data == made.data
    assert sorted(kept.headers) == sorted(made.headers)


def test_a_query_is_another_page(house: House) -> None:
    house.client.get("/page")
    house.client.get("/page?country=DE")

    assert house.asked["/page"] == 2


def test_who_has_it_is_told_so(house: House) -> None:
    tag = house.client.get("/page", headers={"Accept-Encoding": "br"}).headers["ETag"]
    again = house.client.get("/page", headers={"Accept-Encoding": "br", "If-None-Match": tag})
    other = house.client.get("/page", headers={"If-None-Match": '"something else"'})

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert again.headers["X-House"] == "yes"
    assert "Content-Type" not in again.headers
    assert other.status_code == 200
    assert house.asked["/page"] == 1


def test_a_question_about_the_head_gets_no_body(house: House) -> None:
    house.client.get("/page")
    head = house.client.head("/page")

    assert house.asked["/page"] == 1
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(TEXT))


def test_a_change_is_seen_within_a_second(house: House) -> None:
    house.client.get("/page")
    house.client.get("/page")
    house.revisions, house.text = {1: 2}, "It has moved."
    house.now += LOOK_SECONDS

    assert house.client.get("/page").data == b"It has moved."


def test_revisions_are_not_read_for_every_visitor(house: House) -> None:
    for _ in range(20):
        house.client.get("/page")

    assert house.looked == 1


def test_a_campaign_that_was_closed_is_not_given_out(house: House) -> None:
    house.client.get("/page")
    house.revisions = {}
    house.now += LOOK_SECONDS

    assert house.client.get("/page").status_code == 500  # the house is asked, and here it knows no other


def test_numbers_are_made_anew_with_every_minute(house: House) -> None:
    house.client.get("/page")
    house.now += MINUTE - 1
    house.client.get("/page")
    house.now += 1
    house.client.get("/page")

    assert house.asked["/page"] == 2


def test_who_sent_a_form_sees_what_came_of_it(house: House) -> None:
    house.client.get("/page")
    house.client.post("/page/form")
    house.client.get("/page")

    assert house.asked["/page"] == 2


def test_who_is_signed_in_is_never_answered_from_here(house: House) -> None:
    house.client.get("/page")
    house.client.set_cookie("session", "something")
    house.client.get("/page")

    assert house.asked["/page"] == 2


def test_what_sets_a_cookie_is_kept_for_nobody(house: House) -> None:
    first = Client(house.front).get("/own")
    second = Client(house.front).get("/own")

    assert "Set-Cookie" in first.headers
    assert "Set-Cookie" in second.headers
    assert house.asked["/own"] == 2


def test_while_the_database_is_away_what_is_kept_still_goes_out(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.client.get("/page")
    house.client.get("/page")
    house.revisions = OperationalError("SELECT", {}, Exception("gone"))
    house.now += LOOK_SECONDS

    assert house.client.get("/page").status_code == 200
    assert house.asked["/page"] == 1
    assert "could not be read" in caplog.text


def test_memory_is_bounded_and_the_oldest_goes_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "MOST_BYTES", 20_000)
    monkeypatch.setattr(front, "MOST_BYTES_EACH", 10_000)
    for letter in "abcdefghij":
        house.client.get(f"/large?text={letter}")
    before = dict(house.asked)
    house.client.get("/large?text=j")

    assert dict(house.asked) == before
    assert house.front._bytes <= 20_000
    house.client.get("/large?text=a")
    assert house.asked["/large"] == 11


def test_forgetting_frees_everything(house: House) -> None:
    house.client.get("/page")
    house.front.forget()

    assert (house.front._bytes, len(house.front._ready)) == (0, 0)
