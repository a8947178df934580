"""What other sites may show: a line to copy, oEmbed, a picture. Hostile words stay words in each of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from coordinator.maps.picture import land_path, picture
from coordinator.maps.views.sharing import LAND
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

HOSTILE = "a`${alert(1)}</script><img src=x onerror=alert(2)>\"'"
SVG = "{http://www.w3.org/2000/svg}"


def drawing(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 our own


def code_of(page: str) -> str:
    found = re.search(r'id="embed-code"[^>]*value="([^"]*)"', page)
    assert found
    return found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"').replace("&amp;", "&")


def test_the_line_shows_what_was_chosen(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world")

    line = code_of(client.get("/en/world/embed?country=DE&theme=dark&height=640&in=ru").text)

    assert 'src="http://localhost/embed/ru/world/map?country=DE&amp;theme=dark"' in line
    assert 'height="640"' in line
    assert 'referrerpolicy="no-referrer"' in line


@pytest.mark.parametrize("query", ["?theme=%22%3E&height=x&in=xx&country=ZZ", "?height=-1", "?theme=blue"])
def test_nonsense_is_passed_over(client: FlaskClient, session: Session, query: str) -> None:
    CampaignFactory(slug="world")

    line = code_of(client.get(f"/en/world/embed{query}").text)

    assert 'src="http://localhost/embed/en/world/map"' in line
    assert 'height="480"' in line


def test_a_hostile_title_is_a_title_in_every_form(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign=CampaignFactory(slug="world", title=HOSTILE))

    page = client.get("/en/world/embed").text
    drawn = client.get("/world/map.svg")
    answer = client.get("/oembed?url=http://localhost/en/world").get_json()

    assert "<img src=x" not in page
    assert HOSTILE in drawing(drawn.data).findtext(f"{SVG}title", "")
    assert answer["title"] == HOSTILE
    assert "<img" not in answer["html"]
    assert "</script>" not in answer["html"]


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/en/world",
        "http://localhost/en/world/map?country=DE#map=3/50/10",
        "http://localhost/embed/en/world/map?theme=dark",
    ],
)
def test_programs_learn_how_to_show_a_link(client: FlaskClient, session: Session, address: str) -> None:
    EventFactory(campaign__slug="world")

    response = client.get("/oembed", query_string={"url": address, "maxwidth": "600", "maxheight": "9999"})

    answer = response.get_json()
    assert (answer["version"], answer["type"], answer["width"], answer["height"]) == ("1.0", "rich", 600, 480)
    assert 'src="http://localhost/embed/en/world/map' in answer["html"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_a_shared_map_keeps_every_need_that_was_asked_for(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world")
    asked = "access=step-free&access=seating"

    answer = client.get("/oembed", query_string={"url": f"http://localhost/en/world/map?{asked}"}).get_json()
    snippet = client.get(f"/en/world/embed?{asked}").text

    assert f"/embed/en/world/map?{asked.replace('&', '&amp;')}" in answer["html"]
    assert f"/embed/en/world/map?{asked.replace('&', '&amp;')}" in snippet


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("url=http://elsewhere.example/en/world", 404),
        ("url=http://localhost/en/nothing", 404),
        ("url=http://localhost/en/account/sign-in", 404),
        ("url=javascript:alert(1)", 404),
        ("url=http://[", 400),
        ("", 404),
        ("url=http://localhost/en/world&format=xml", 501),
    ],
)
def test_links_to_anything_else_are_not_shown(
    client: FlaskClient, session: Session, query: str, status: int
) -> None:
    CampaignFactory(slug="world")

    assert client.get(f"/oembed?{query}").status_code == status


def test_the_campaign_s_page_says_where_to_ask(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world")

    page = client.get("/en/world").text

    found = re.search(
        r'<link rel="alternate" type="application/json\+oembed" href="http://localhost([^"]+)"', page
    )
    assert found
    assert client.get(found[1].replace("&amp;", "&")).status_code == 200


def test_the_picture_shows_what_the_map_shows(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="world", elsewhere=True)
    EventFactory(campaign=event.campaign, mission__paris=True, cancelled=True)

    every = client.get("/world/map.svg?lang=en")
    german = client.get("/world/map.svg?lang=en&country=DE")

    assert every.mimetype == "image/svg+xml"
    assert every.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    discs = [len(list(drawing(one.data).iter(f"{SVG}circle"))) for one in (every, german)]
    assert discs == [2, 1]
    assert "1 protest" in every.text
    assert "<style" not in every.text
    assert "<script" not in every.text


def test_without_javascript_the_map_s_page_has_the_picture(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world")

    assert (
        '<noscript><img class="map__picture" src="/world/map.svg?lang=en"' in client.get("/en/world/map").text
    )


def test_the_land_is_drawn_once_and_small() -> None:
    path = land_path(LAND)

    assert path.startswith("M")
    assert len(path) < 60_000
    assert land_path(LAND) is path
    assert land_path(LAND.with_name("missing.json")) == ""


def test_an_empty_map_is_a_picture_too() -> None:
    assert drawing(picture([], "", title="Nothing", foot="yet")).tag == f"{SVG}svg"
