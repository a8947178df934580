"""The map's page: the same bytes for everyone, no event in it, framed by whom we say."""

from __future__ import annotations

import gzip
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event as database_event

from coordinator.kit.db import db
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

HOSTILE = "a`${alert(1)}</script><img src=x onerror=alert(2)>"


def script_url(page: str) -> str:
    found = re.search(r'src="(/maps/[^"]+\.js)"', page)
    assert found
    return found[1]


def test_the_page_holds_no_event_and_costs_the_same_with_many(client: FlaskClient, session: Session) -> None:
    campaign = CampaignFactory(slug="world")
    asked: list[str] = []
    database_event.listen(db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    empty = client.get("/en/world/map")
    few = len(asked)
    for number in range(30):
        EventFactory(campaign=campaign, title=f"Secret title {number}")
    session.flush()
    session.expire_all()
    asked.clear()
    full = client.get("/en/world/map")

    assert empty.data == full.data
    assert len(asked) <= few
    assert b"Secret title" not in full.data


def test_the_script_is_kept_for_a_year_under_an_address_of_its_own(
    client: FlaskClient, session: Session
) -> None:
    CampaignFactory(slug="world")
    english, russian = (script_url(client.get(f"/{lang}/world/map").text) for lang in ("en", "ru"))

    script = client.get(english, headers={"Accept-Encoding": "gzip"})
    again = client.get(english, headers={"If-None-Match": script.headers["ETag"]})
    old = client.get("/maps/en/000000000000.js")

    assert english.startswith("/maps/en/")
    assert russian.startswith("/maps/ru/")
    assert script.mimetype == "text/javascript"
    assert "max-age=31536000" in script.headers["Cache-Control"]
    assert b"L.map(" in gzip.decompress(script.data)
    assert again.status_code == 304
    assert "max-age=60" in old.headers["Cache-Control"]


def test_no_word_of_an_event_is_in_page_or_script(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world", title=HOSTILE, city=HOSTILE, description=HOSTILE, address=HOSTILE)

    page = client.get("/en/world/map").text
    script = client.get(script_url(page)).text

    for text in (page, script):
        assert "alert" not in text


def test_a_hostile_campaign_title_is_text(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="world", title=HOSTILE)

    page = client.get("/en/world/map").text

    assert "<img src=x" not in page
    assert "&lt;/script&gt;&lt;img src=x" in page


@pytest.mark.parametrize(
    ("url", "ancestors", "target"),
    [
        pytest.param("/en/world/map", "frame-ancestors 'self'", 'target="_top"', id="our own pages"),
        pytest.param("/embed/en/world/map", "frame-ancestors *", 'target="_blank"', id="other people's"),
    ],
)
def test_who_may_frame_the_map_and_where_its_links_open(
    client: FlaskClient, session: Session, url: str, ancestors: str, target: str
) -> None:
    CampaignFactory(slug="world")

    response = client.get(url)

    policy = response.headers["Content-Security-Policy"]
    assert ancestors in policy
    assert "unsafe" not in policy
    assert "img-src 'self' data:;" in policy
    assert target in response.text
    assert 'rel="noopener"' in response.text
    assert "Set-Cookie" not in response.headers
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", response.text)


def test_a_draft_has_no_map(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="later", draft=True)

    assert client.get("/en/later/map").status_code == 404
    assert client.get("/embed/en/later/map").status_code == 404


def test_a_language_is_put_into_an_address_without_one(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="world")

    response = client.get("/world/map?country=DE", headers={"Accept-Language": "ru"})

    assert response.location == "/ru/world/map?country=DE"


def test_street_tiles_come_from_our_own_origin(
    app: Flask, client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    CampaignFactory(slug="world")
    source = SimpleNamespace(attribution="© somebody", host="tiles.example.org", nearest=18)
    monkeypatch.setitem(app.extensions, "streets", source)

    page = client.get("/en/world/map")

    assert "img-src 'self' data:;" in page.headers["Content-Security-Policy"]
    assert '"/tiles/{z}/{x}/{y}"' in client.get(script_url(page.text)).text
    assert "tiles.example.org" not in page.text


@pytest.mark.parametrize("where", ["/en/world/map", "/embed/en/world/map"])
def test_the_list_is_filtered_as_the_map_is(client: FlaskClient, session: Session, where: str) -> None:
    EventFactory(campaign__slug="world")

    page = client.get(f"{where}?country=de&places=left&access=seating&access=nonsense&theme=dark").text
    plain = client.get(where).text

    href = "/en/world?country=DE&amp;places=left&amp;access=seating#list"
    assert page.count(f'href="{href}"') == 3
    assert f'data-list="{href}"' in page
    assert plain.count('href="/en/world#list"') == 3
