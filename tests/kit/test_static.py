"""Static files: how long they are kept, and that nobody waits for the same compression twice."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from coordinator.kit.web import asset

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

SHEET = "vendor/site.css"


def fetch(client: FlaskClient, address: str, **headers: str) -> TestResponse:
    """Read the whole answer, so that its file is closed again."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(address, headers=said, buffered=True)


def test_what_is_named_by_its_content_is_kept_for_a_year(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = asset(SHEET)

    answer = fetch(client, address)

    assert "v=" in address
    assert answer.cache_control.max_age == 31_536_000


def test_what_is_not_is_asked_for_again(client: FlaskClient) -> None:
    first = fetch(client, "/static/js/site.js")
    again = fetch(client, "/static/js/site.js", If_None_Match=first.headers["ETag"])

    assert first.cache_control.no_cache
    assert again.status_code == 304


def test_a_browser_that_reads_gzip_gets_the_same_file_smaller(client: FlaskClient) -> None:
    plain = fetch(client, f"/static/{SHEET}", Accept_Encoding="identity")
    packed = fetch(client, f"/static/{SHEET}", Accept_Encoding="br, gzip")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.mimetype == plain.mimetype == "text/css"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3


@pytest.mark.parametrize("refusal", ["identity", "gzip;q=0", ""])
def test_a_browser_that_does_not_gets_it_plain(client: FlaskClient, refusal: str) -> None:
    answer = fetch(client, f"/static/{SHEET}", Accept_Encoding=refusal)

    assert "Content-Encoding" not in answer.headers


def test_a_request_with_nul_is_refused(client: FlaskClient) -> None:
    asked = client.get("/en/demo/near?place=%00")
    sent = client.post("/en/account/sign-in", data={"email": "a\0@example.org"})

    assert (asked.status_code, sent.status_code) == (400, 400)
