"""Public pages at the front desk: given out twice, and never older than what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from coordinator.campaigns.queries import revisions
from coordinator.campaigns.rules import CampaignStatus
from coordinator.campaigns.service import raise_revision, set_status
from coordinator.events.rules import EventStatus
from coordinator.kit.clock import now
from coordinator.kit.front import LOOK_SECONDS, Front
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event


class Desk:
    """The front desk before the app, and a clock."""

    def __init__(self, app: Flask, session: Session) -> None:
        self.now = 60_000.0
        self.asked = 0
        self.app = app
        front = Front(self.house, lambda: revisions(session.connection()), clock=lambda: self.now)
        self.client = Client(front)

    def house(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        return self.app.wsgi_app(environ, start_response)


@pytest.fixture
def desk(app: Flask, session: Session) -> Desk:
    return Desk(app, session)


@pytest.fixture
def event(session: Session) -> Event:
    return EventFactory(campaign__slug="world", title="Candles for Ada", country="DE")


def pages_of(event: Event) -> list[str]:
    return [
        "/en/world",
        "/ru/world",
        "/en/world?country=DE",
        "/en/world/missions",
        "/en/world/map",
        "/embed/en/world/map",
        f"/en/events/{event.public_id}",
        "/world/events.geojson",
        "/world/missions.geojson",
        "/world/events.ics",
        f"/events/{event.public_id}.ics",
    ]


def test_every_public_page_is_made_once_for_all(desk: Desk, event: Event) -> None:
    for page in pages_of(event):
        first, second = desk.client.get(page), desk.client.get(page)

        assert first.status_code == second.status_code == 200, page
        assert first.data == second.data
        assert sorted(first.headers) == sorted(second.headers)
        assert "Set-Cookie" not in second.headers

    assert desk.asked == len(pages_of(event))


def test_a_change_is_on_all_of_them_a_second_later(desk: Desk, event: Event, session: Session) -> None:
    for page in pages_of(event):
        desk.client.get(page)
    event.title = "Candles for Lovelace"
    event.updated_at = now()
    raise_revision(session, event.campaign)
    session.flush()
    desk.now += LOOK_SECONDS

    shown = [desk.client.get(page).text for page in pages_of(event)]

    assert not [text for text in shown if "Candles for Ada" in text]
    assert len([text for text in shown if "Candles for Lovelace" in text]) == 7


def test_a_new_campaign_is_on_the_first_page_a_second_later(
    desk: Desk, event: Event, session: Session
) -> None:
    other = EventFactory(campaign__slug="other", campaign__draft=True).campaign
    EventFactory(campaign__slug="third")
    desk.client.get("/en/")
    before = desk.client.get("/en/").text
    set_status(session, other, CampaignStatus.OPEN, now=now())
    desk.now += LOOK_SECONDS

    assert "/en/other" not in before
    assert "/en/other" in desk.client.get("/en/").text


def test_what_waits_for_review_is_asked_for_each_time(desk: Desk, session: Session) -> None:
    waiting = EventFactory(status=EventStatus.SUBMITTED, published_at=None)
    for _ in range(3):
        desk.client.get(f"/en/events/{waiting.public_id}")

    assert desk.asked == 3


@pytest.mark.parametrize("where", ["lat=52.51234&lon=13.4", "place=52.51234,+13.4", "place=Torstra%C3%9Fe+1"])
def test_where_somebody_is_exactly_is_not_kept(desk: Desk, event: Event, where: str) -> None:
    for _ in range(3):
        response = desk.client.get(f"/en/world/near?{where}")

    assert desk.asked == 3
    assert response.headers["Cache-Control"] == "no-store"


def test_which_kilometre_somebody_is_in_is_kept_here_and_in_no_browser(desk: Desk, event: Event) -> None:
    for _ in range(3):
        response = desk.client.get("/en/world/near?lat=52.51&lon=13.40")

    assert desk.asked == 1
    assert response.headers["Cache-Control"] == "no-store"
    assert event.title in response.text
