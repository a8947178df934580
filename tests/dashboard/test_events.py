"""The coordinators' list of all protests says what their map shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory
from tests.factories.rsvps import RsvpTallyFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    SignIn = Callable[[Any], FlaskClient]

HERE = "/en/coordinate/world/events"


@pytest.fixture
def client(session: Session, sign_in: SignIn) -> FlaskClient:
    role = CampaignRoleFactory(campaign__slug="world")
    common: dict[str, Any] = {"campaign": role.campaign, "mission": MissionFactory(code="berlin")}
    running = EventFactory(**common, title="Vigil that runs", public_id="7m2k9x4q5t")
    RsvpTallyFactory(event=running, confirmed=3, unconfirmed=2, tentative=4)
    EventFactory(**common, title="Vigil that waits", submitted=True, country="AT", city="Vienna")
    EventFactory(**common, title="Vigil called off", cancelled=True, country="FR", city="Paris")
    EventFactory(**common, title="Vigil put off", postponed=True, accessibility_features="seating")
    EventFactory(**common, title="Vigil in a drawer", draft=True)
    EventFactory(**common, title="Vigil sent back", rejected=True)
    EventFactory(campaign__slug="other", mission=common["mission"], title="Vigil of others")
    return sign_in(role.account)


def titles(html: str) -> list[str]:
    return re.findall(r"<bdi>Vigil (.+?)</bdi>", html)


def test_everything_that_is_on_the_map_stands_in_the_list(client: FlaskClient) -> None:
    page = client.get(HERE).text

    assert titles(page) == ["that waits", "that runs", "put off", "called off"]
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Vigil that runs Published Berlin, Germany" in words
    assert "Vigil that waits Waiting for review Vienna, Austria" in words
    assert re.search(r"Vigil that runs .+? 18:00 – 19:30 5 Vigil put off", words)
    assert "/en/coordinate/world/review/7m2k9x4q5t" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=submitted", ["that waits"]),
        ("status=published&country=DE", ["that runs"]),
        ("status=draft", ["that waits", "that runs", "put off", "called off"]),
        ("country=de", ["that runs", "put off"]),
        ("access=seating", ["put off"]),
        ("places=left", ["that runs"]),
        ("date=2030-09-16&language=de&country=FR", ["called off"]),
        ("date=2030-09-17", []),
    ],
)
def test_the_list_is_filtered_as_the_map_is(client: FlaskClient, query: str, found: list[str]) -> None:
    assert titles(client.get(f"{HERE}?{query}").text) == found


def test_a_long_list_has_pages_that_keep_the_filters(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator.dashboard.events.ROWS_ON_A_PAGE", 1)

    first = client.get(f"{HERE}?country=DE").text
    follows = re.search(r'rel="next" href="([^"]+)"', first)
    assert follows is not None
    second = client.get(follows[1].replace("&amp;", "&")).text

    assert titles(first) == ["that runs"]
    assert titles(second) == ["put off"]
    assert 'rel="next"' not in second
    assert 'rel="prev" href="/en/coordinate/world/events?country=DE"' in second


def test_a_page_after_nothing_is_the_first(client: FlaskClient) -> None:
    assert len(titles(client.get(f"{HERE}?after=nonsense").text)) == 4


def test_the_map_leads_to_the_list_and_so_do_the_rooms(client: FlaskClient) -> None:
    shown = client.get("/en/coordinate/world/map?country=DE").text
    numbers = client.get("/en/coordinate/world/").text

    assert shown.count(f'href="{HERE}?country=DE"') == 3
    assert f'href="{HERE}"' in numbers


def test_nobody_else_reads_the_list(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    stranger = CampaignRoleFactory(campaign__slug="elsewhere")

    assert sign_in(stranger.account).get(HERE).status_code == 404
