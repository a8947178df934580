"""The GeoJSON says what is true, longitude first, and nothing of people."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.events.rules import EventStatus
from coordinator.places.rules import Precision
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory
from tests.factories.rsvps import RsvpTallyFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session


def features(client: FlaskClient, url: str) -> list[dict[str, Any]]:
    response = client.get(url)
    assert response.status_code == 200
    assert response.mimetype == "application/geo+json"
    collection: dict[str, Any] = response.get_json(force=True)
    assert collection["type"] == "FeatureCollection"
    return list(collection["features"])


def test_an_event_is_told_as_the_contract_says(client: FlaskClient, session: Session) -> None:
    event = EventFactory(
        campaign__slug="world", mission__code="ru-de-berlin-embassy", title="Vigil", city="Berlin",
        accessibility_features="step-free sign-language",
    )  # fmt: skip
    RsvpTallyFactory(event=event, event_id=event.id, confirmed=12, unconfirmed=3, pending=40)

    (feature,) = features(client, "/world/events.geojson")

    assert feature == {
        "type": "Feature",
        "id": event.public_id,
        "geometry": {"type": "Point", "coordinates": [13.3825, 52.5162]},
        "properties": {
            "id": event.public_id,
            "title": "Vigil",
            "url": f"http://localhost/en/events/{event.public_id}",
            "starts_at": "2030-09-16T18:00:00+02:00",
            "timezone": "Europe/Berlin",
            "is_time_known": True,
            "status": "published",
            "mission": "ru-de-berlin-embassy",
            "city": "Berlin",
            "country": "DE",
            "languages": ["de", "ru"],
            "accessibility": ["step-free", "sign-language"],
            "precision": "building",
            "counts": "exact",
            "count_confirmed": 12,
            "count_unconfirmed": 3,
        },
    }


def test_cancelled_events_stay_and_say_so(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world", cancelled=True)

    (feature,) = features(client, "/world/events.geojson")

    assert feature["properties"]["status"] == "cancelled"


def test_an_event_without_a_place_is_in_the_feed_without_a_point(
    client: FlaskClient, session: Session
) -> None:
    EventFactory(campaign__slug="world", cancelled=True, unlocated=True)

    (feature,) = features(client, "/world/events.geojson")

    assert feature["geometry"] is None
    assert feature["properties"]["precision"] is None


@pytest.mark.parametrize(
    ("query", "cities"),
    [
        pytest.param("", ["Berlin", "Paris", "Sydney"], id="everything"),
        pytest.param("?country=fr", ["Paris"], id="a state, in any case of letters"),
        pytest.param("?date=2030-09-17", ["Sydney"], id="a day where it happens"),
        pytest.param("?language=fr", ["Paris"], id="a language that is spoken there"),
        pytest.param("?language=e", ["Berlin", "Paris", "Sydney"], id="half a language is none"),
        pytest.param("?country=FR&language=ru", [], id="both"),
        pytest.param("?country=%25&date=yesterday&language=_", ["Berlin", "Paris", "Sydney"], id="nonsense"),
    ],
)
def test_the_filters_are_those_of_the_list(
    client: FlaskClient, session: Session, query: str, cities: list[str]
) -> None:
    campaign = CampaignFactory(slug="world")
    EventFactory(campaign=campaign, city="Berlin", starts_local=datetime(2030, 9, 16, 12, 0), ends_local=None)  # noqa: DTZ001
    EventFactory(
        campaign=campaign,
        city="Paris",
        country="FR",
        languages="fr",
        starts_local=datetime(2030, 9, 16, 18, 0),  # noqa: DTZ001
    )
    EventFactory(
        campaign=campaign, city="Sydney", country="AU", languages="en", timezone="Australia/Sydney",
        starts_local=datetime(2030, 9, 17, 9, 0), ends_local=None,  # noqa: DTZ001 in UTC it is still the 16th
    )  # fmt: skip

    found = features(client, f"/world/events.geojson{query}")

    assert sorted(feature["properties"]["city"] for feature in found) == cities


def test_links_lead_to_the_language_that_was_asked_for(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world", campaign__default_locale="ru")

    def url(query: str) -> str:
        return str(features(client, f"/world/events.geojson{query}")[0]["properties"]["url"])

    assert "/ru/events/" in url("")
    assert "/en/events/" in url("?lang=en")
    assert "/ru/events/" in url("?lang=xx")


def test_who_has_it_already_is_told_so_and_a_change_is_seen_at_once(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory(campaign__slug="world", title="Candles " * 15)
    EventFactory.create_batch(2, campaign=event.campaign)
    first = client.get("/world/events.geojson", headers={"Accept-Encoding": "gzip"})

    again = client.get("/world/events.geojson", headers={"If-None-Match": first.headers["ETag"]})
    event.title = "Moved"
    event.campaign.revision += 1
    session.flush()
    changed = client.get("/world/events.geojson", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Content-Encoding"] == "gzip"
    assert first.headers["Vary"] == "Accept-Encoding"
    assert (again.status_code, again.data) == (304, b"")
    assert changed.status_code == 200
    assert b"Moved" in changed.data
    assert b"Moved" not in gzip.decompress(first.data)


def test_any_site_may_read_it_and_nobody_gets_a_cookie(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world")

    response = client.get("/world/events.geojson")

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Cache-Control"] == "public, max-age=30"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("feed", ["events.geojson", "missions.geojson", "events.ics"])
def test_a_campaign_that_is_not_open_has_no_feed(client: FlaskClient, session: Session, feed: str) -> None:
    CampaignFactory(slug="later", draft=True)

    assert client.get(f"/later/{feed}").status_code == 404
    assert client.get(f"/never/{feed}").status_code == 404


def test_missions_say_whether_anybody_stands_there_and_where_to_be_the_first(
    client: FlaskClient, session: Session
) -> None:
    campaign = CampaignFactory(slug="world")
    berlin, paris = MissionFactory(code="berlin"), MissionFactory(code="paris", paris=True)
    MissionFactory(code="closed", closed=True)
    MissionFactory(code="other", sending_state="BY")
    EventFactory(campaign=campaign, mission=berlin)
    EventFactory(campaign=campaign, mission=paris, cancelled=True)
    EventFactory(campaign=campaign, mission=paris, submitted=True)
    EventFactory(mission=paris)

    found = {feature["id"]: feature for feature in features(client, "/world/missions.geojson?lang=ru")}

    assert {code: feature["properties"]["events"] for code, feature in found.items()} == {
        "berlin": 1,
        "paris": 0,
    }
    assert found["paris"]["properties"]["city"] == "Париж"
    assert found["paris"]["geometry"]["coordinates"] == [2.2715, 48.8666]
    address = found["paris"]["properties"]["register_url"]
    assert address.startswith("http://localhost/ru/organise/events/new?")
    assert "campaign=world" in address
    assert "mission=paris" in address


def test_coordinators_also_see_what_waits(
    session: Session, client: FlaskClient, sign_in: Callable[[Any], FlaskClient]
) -> None:
    campaign = CampaignFactory(slug="world")
    coordinator = CampaignRoleFactory(campaign=campaign).account
    waiting = EventFactory(campaign=campaign, submitted=True, precision=Precision.CITY)
    EventFactory(campaign=campaign)
    EventFactory(campaign=campaign, draft=True)
    EventFactory(campaign=campaign, rejected=True)

    found = features(sign_in(coordinator), "/en/coordinate/world/events.geojson")
    response = client.get("/en/coordinate/world/events.geojson")

    urls = {feature["properties"]["status"]: feature["properties"]["url"] for feature in found}
    assert set(urls) == {EventStatus.SUBMITTED, EventStatus.PUBLISHED}
    assert urls["submitted"].endswith(f"/en/coordinate/world/review/{waiting.public_id}")
    assert response.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_stranger_is_asked_to_sign_in_to_see_what_waits(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world", submitted=True)

    assert client.get("/en/coordinate/world/events.geojson").status_code == 303


@pytest.mark.parametrize("coordinates_another", [True, False])
def test_nobody_else_sees_what_waits(
    session: Session, sign_in: Callable[[Any], FlaskClient], *, coordinates_another: bool
) -> None:
    EventFactory(campaign__slug="world", submitted=True)
    account = CampaignRoleFactory(campaign__slug="other").account if coordinates_another else AccountFactory()

    assert sign_in(account).get("/en/coordinate/world/events.geojson").status_code == 404
