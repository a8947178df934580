"""Map, list, GeoJSON and calendar show the same events, whatever is asked for and became of them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.events.filtering import NAMES
from coordinator.events.models import Event
from coordinator.events.rules import PUBLIC, EventStatus
from coordinator.maps.atlas import SEPARATE_FROM
from coordinator.maps.tiles import tile_of
from coordinator.places.rules import Precision
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpTallyFactory

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign

PLACES = (
    ("DE", "Berlin", "Europe/Berlin", 52.5219, 13.4132),
    ("FR", "Paris", "Europe/Paris", 48.8716, 2.2675),
    ("FJ", "Suva", "Pacific/Fiji", -18.1416, 178.4419),
    ("AU", "Sydney", "Australia/Sydney", -33.8868, 151.2393),
)
STATES = ("draft", "submitted", "published", "published", "published", "postponed", "cancelled", "rejected")
CHOICES: dict[str, tuple[str | list[str], ...]] = {
    "country": ("", "DE", "FR", "FJ", "PE", "zz"),
    "date": ("", "2030-09-16", "2030-09-17", "1999-01-01"),
    "language": ("", "de", "ru", "fr", "xx"),
    "status": ("", "published", "postponed", "cancelled", "submitted", "draft"),
    "places": ("", "", "left"),
    "access": (
        "",
        "any",
        "described",
        "step-free",
        "nothing",
        ["step-free", "sign-language"],
        ["quiet-place", "any"],
    ),
}


def world(random: Random) -> Campaign:
    campaign, organiser = CampaignFactory(slug="world", window=True), AccountFactory()
    for _ in range(random.randint(0, 25)):
        country, city, zone, latitude, longitude = random.choice(PLACES)
        state = random.choice(STATES)
        values: dict[str, Any] = {
            "campaign": campaign, "organiser": organiser, "mission": None, "country": country, "city": city,
            "timezone": zone, "latitude": latitude + random.choice((0, 0, 0.3)), "longitude": longitude,
            "precision": random.choice((Precision.EXACT, Precision.CITY)), "located_by": "organiser",
            "starts_local": datetime(2030, 9, 16, 0, 30) + timedelta(hours=random.randint(0, 47)),  # noqa: DTZ001
            "ends_local": None, "languages": random.choice(("de ru", "fr", "en ru")),
            "accessibility": random.choice(("", "Ask us.")), "capacity": random.choice((None, 4, 9)),
            "accessibility_features": random.choice(("", "", "step-free", "step-free sign-language")),
        }  # fmt: skip
        if state == "cancelled" and random.random() < 0.3:
            values |= {"latitude": None, "longitude": None, "precision": None, "located_by": ""}
        if state == "cancelled" and random.random() < 0.2:
            values |= {"published_at": None}
        event = EventFactory(**values, **({} if state == "published" else {state: True}))
        if random.random() < 0.6:
            RsvpTallyFactory(event=event, event_id=event.id, confirmed=random.randint(0, 9), unconfirmed=1)
    return campaign


def question(random: Random) -> dict[str, Any]:
    asked = {name: random.choice(values) for name, values in CHOICES.items() if random.random() < 0.4}
    return {name: value for name, value in asked.items() if value}


def listed(client: FlaskClient, asked: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    query: dict[str, Any] = dict(asked)
    while True:
        page = client.get("/en/world", query_string=query).text
        found |= set(re.findall(r'event-card__title"><a href="/en/events/([0-9a-z]{10})"', page))
        following = re.search(r"[?&;]after=([0-9a-z]{10})", page)
        if not following:
            return found
        query["after"] = following[1]


def mapped(
    client: FlaskClient, session: Session, asked: dict[str, Any]
) -> tuple[set[str], dict[str, int], int]:
    summary = client.get("/world/map/summary.json", query_string=asked).json
    points = session.execute(select(Event.latitude, Event.longitude).where(Event.latitude.is_not(None))).all()
    tiles = {tile_of(float(north), float(east), SEPARATE_FROM) for north, east in points}
    found: list[str] = []
    for x, y in tiles:
        tile = client.get(f"/world/map/{SEPARATE_FROM}/{x}/{y}.json", query_string=asked).json
        found += [one for mark in tile["marks"] for one in mark[5].split()]
    assert len(found) == len(set(found))
    return set(found), summary["counts"], summary["without"]


@pytest.mark.parametrize("seed", range(12))
def test_they_agree(client: FlaskClient, session: Session, seed: int) -> None:
    random = Random(seed)
    world(random)
    session.flush()
    for asked in [{}, *(question(random) for _ in range(5))]:
        features = client.get("/world/events.geojson", query_string=asked).json["features"]
        ids = {feature["id"] for feature in features}
        calendar = client.get("/world/events.ics", query_string=asked).text.replace("\r\n ", "")
        on_map, counts, without = mapped(client, session, asked)

        assert listed(client, asked) == ids, asked
        assert set(re.findall(r"/en/events/([0-9a-z]{10})", calendar)) == ids, asked
        assert on_map == {feature["id"] for feature in features if feature["geometry"]}, asked
        assert without == len([one for one in features if not one["geometry"]]), asked
        by_status = [feature["properties"]["status"] for feature in features]
        assert counts == {status: by_status.count(status) for status in set(by_status)}, asked


def test_a_filter_has_one_name_everywhere(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="world")
    tomorrow = event.starts_local + timedelta(days=1)
    EventFactory(
        campaign=event.campaign, country="FR", languages="fr", starts_local=tomorrow, ends_local=None
    )

    page = client.get("/en/world").text
    on_map = client.get("/en/world/map").text

    for name in NAMES:
        assert f'name="{name}"' in page
        assert f'name="{name}"' in on_map


def test_what_is_waiting_is_on_the_coordinators_map_alone(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world", submitted=True)

    summary = client.get("/world/map/summary.json").json

    assert summary["counts"] == {}
    assert EventStatus.SUBMITTED not in PUBLIC
