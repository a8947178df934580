from __future__ import annotations

import gzip
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest
from flask_babel import force_locale
from flask_wtf import FlaskForm
from hypothesis import given, strategies as st
from wtforms import StringField
from wtforms.validators import InputRequired

from coordinator.app import create_app
from coordinator.kit.access import public
from coordinator.kit.errors import ForeignOriginError
from coordinator.kit.web import (
    absolute_url,
    asset,
    form_page,
    public_page,
    refuse_foreign_form,
    safe_next,
    seal,
)
from tests.conftest import settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

SITE = "https://action.example"


# Where people are sent after signing in


@pytest.mark.parametrize("target", ["/", "/en/organise/", "/en/day?page=2&place=%D1%8E", "/a/b/../c", "/~x"])
def test_a_page_of_ours_is_a_safe_next(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None, "", "en/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/a\\b",
        "https://evil.example", "javascript:alert(1)", " //evil.example", "/\t/evil.example",
        "/\n/evil.example", "/\r\nSet-Cookie: a=b", "\t//evil.example", "/\x00", "data:text/html,x",
        "mailto:a@example.org", "?next=/", "#", ".", "@evil.example", "https:/evil.example",
        "https:evil.example",
    ],
)  # fmt: skip
def test_what_leads_elsewhere_is_no_next(target: str | None) -> None:
    assert safe_next(target) is None


def as_a_browser(target: str) -> str:
    """Do to an address what WHATWG's URL parser does before it reads it."""
    kept = "".join(letter for letter in target if letter not in "\t\r\n").strip("".join(map(chr, range(33))))
    return kept.replace("\\", "/")


@given(st.text(alphabet=st.sampled_from("/\\:@.#?ht evil\t\n\r\x00\x0b%2F;"), max_size=12) | st.text())
def test_nobody_is_ever_sent_to_another_host(target: str) -> None:
    kept = safe_next(target)

    if kept is not None:
        there = urlsplit(urljoin(f"{SITE}/en/account/sign-in", as_a_browser(kept)))
        assert (there.scheme, there.netloc) == ("https", "action.example")


# Forms of other people's pages


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, id="our page"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="typed by hand"),
        pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, id="our page tells no referrer"),
        pytest.param({"Origin": SITE}, id="our page, older browser"),
        pytest.param({"Origin": "null"}, id="our page, older browser, no referrer"),
        pytest.param({}, id="a program, or a browser without either"),
    ],
)
def test_forms_of_our_own_pages_are_taken(app: Flask, headers: dict[str, str]) -> None:
    with app.test_request_context("/", method="POST", base_url=SITE, headers=headers):
        refuse_foreign_form()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": SITE}, id="another site that lies"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour"),
        pytest.param({"Origin": "https://evil.example"}, id="another site, older browser"),
        pytest.param({"Origin": f"{SITE}.evil.example"}, id="our name in front of theirs"),
        pytest.param({"Origin": f"{SITE}:8443"}, id="another port"),
        pytest.param({"Origin": "https://evil.example#action.example"}, id="our name behind theirs"),
        pytest.param({"Origin": "nonsense"}, id="nonsense"),
        pytest.param({"Origin": ""}, id="empty"),
    ],
)
def test_forms_of_other_pages_are_refused(app: Flask, headers: dict[str, str]) -> None:
    with (
        app.test_request_context("/", method="POST", base_url=SITE, headers=headers),
        pytest.raises(ForeignOriginError),
    ):
        refuse_foreign_form()


# Static files


def test_an_asset_has_another_address_when_it_changes(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path))
    app.static_folder = str(tmp_path)
    file = tmp_path / "site.css"
    file.write_text("a {}", encoding="utf-8")

    with app.test_request_context():
        before, again = asset("site.css"), asset("site.css")
        file.write_text("b {}  /* longer */", encoding="utf-8")
        after = asset("site.css")

    assert before == again != after
    assert before.startswith("/static/site.css?v=")


def test_a_file_that_is_not_there_has_an_address_without_a_version(app: Flask) -> None:
    with app.test_request_context():
        assert asset("css/nothing.css") == "/static/css/nothing.css"


@pytest.mark.parametrize("path", ["../wsgi.py", "/etc/passwd", "..%2fwsgi.py"])
def test_nothing_outside_the_folder_is_served(client: FlaskClient, path: str) -> None:
    with client.get(f"/static/{path}", follow_redirects=True) as answer:
        assert answer.status_code == 404


# Addresses for letters and posters


@pytest.fixture
def house(tmp_path: Path) -> Flask:
    """An app that is reached elsewhere than its requests say, with a page and a form."""
    app = create_app(settings_for(tmp_path, site_url=f"{SITE}/"))
    app.config["WTF_CSRF_ENABLED"] = False

    @app.get("/<lang:lang>/page/<public_id:public_id>")
    @public(why="a test")
    def page(public_id: str) -> object:
        return public_page(f"page {public_id}", seconds=60)

    @app.route("/form", methods=["GET", "POST"])
    @public(why="a test")
    def form() -> tuple[str, int]:
        one = OneField()
        one.validate_on_submit()
        return form_page("errors/400.html", one, code="none")

    return app


class OneField(FlaskForm):
    name = StringField(validators=[InputRequired()])


def test_a_letter_links_to_the_site_and_in_its_own_language(house: Flask) -> None:
    with house.app_context():
        assert absolute_url("page", public_id="7x2k9c4m1p") == f"{SITE}/en/page/7x2k9c4m1p"
        with force_locale("ru"):
            assert absolute_url("page", public_id="7x2k9c4m1p") == f"{SITE}/ru/page/7x2k9c4m1p"


def test_the_host_of_a_request_is_never_part_of_a_letter(house: Flask) -> None:
    with house.test_request_context("/ru/page/7x2k9c4m1p", base_url="https://evil.example"):
        assert absolute_url("page", public_id="7x2k9c4m1p", lang="en").startswith(f"{SITE}/")


def test_what_stands_in_an_address_is_quoted(house: Flask) -> None:
    with house.app_context():
        assert absolute_url("page", public_id="7x2k9c4m1p", place="a b&c") == (
            f"{SITE}/en/page/7x2k9c4m1p?place=a+b%26c"
        )


def test_an_id_is_read_from_an_address_as_it_was_meant(house: Flask) -> None:
    assert house.test_client().get("/en/page/7X2K9C4MIP").text == "page 7x2k9c4m1p"


# Answers


def test_a_public_page_may_be_kept_and_is_not_sent_twice(house: Flask) -> None:
    client = house.test_client()
    first = client.get("/en/page/7x2k9c4m1p")
    again = client.get("/en/page/7x2k9c4m1p", headers={"If-None-Match": first.headers["ETag"]})
    other = client.get("/en/page/7x2k9c4m1q", headers={"If-None-Match": first.headers["ETag"]})

    assert first.cache_control.public
    assert first.cache_control.max_age == 60
    assert not first.cache_control.no_store
    assert (again.status_code, again.data) == (304, b"")
    assert other.status_code == 200


def test_a_public_page_sets_and_minds_no_cookie(house: Flask) -> None:
    answer = house.test_client().get("/en/page/7x2k9c4m1p")

    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_form_that_was_not_right_is_a_422(house: Flask) -> None:
    client = house.test_client()

    assert client.get("/form").status_code == 200
    assert client.post("/form", data={}).status_code == 422
    assert client.post("/form", data={"name": "Ada"}).status_code == 200


def test_the_keys_are_the_apps(app: Flask) -> None:
    with app.app_context():
        assert seal() is app.extensions["seal"]


def test_a_public_page_is_compressed_for_those_who_can_read_it(app: Flask) -> None:
    body = "Ένα, два, three. " * 200
    with app.test_request_context(headers={"Accept-Encoding": "gzip"}):
        packed = public_page(body)
    with app.test_request_context():
        plain_one = public_page(body)

    assert gzip.decompress(packed.data).decode() == plain_one.get_data(as_text=True) == body
    assert packed.headers["Vary"] == plain_one.headers["Vary"] == "Accept-Encoding"
    assert packed.get_etag() != plain_one.get_etag()


def test_a_browser_that_has_the_page_is_told_so(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Encoding": "gzip"}):
        first = public_page("x" * 5_000)
    again = {"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    with app.test_request_context(headers=again):
        second = public_page("x" * 5_000)

    assert second.status_code == 304
