"""Other people's events, hostile words, and two hands at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.events.models import Event
from coordinator.events.rules import EventStatus, WrongStateError
from coordinator.events.service.reviewing import publish_event, reject_event
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.places.rules import Precision
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

OWN = ("edit", "duplicate", "submit", "withdraw", "postpone", "resume", "cancel")
HOSTILE = "</script><script>alert(1)</script>${alert(2)}{{7*7}}\"'><img src=x onerror=alert(3)>"


@pytest.mark.parametrize("page", OWN)
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("state", ["draft", "submitted", "rejected", "published"])
def test_other_peoples_events_do_not_exist(
    session: Session, sign_in: Callable[[Any], FlaskClient], page: str, method: str, state: str
) -> None:
    event = EventFactory(**({} if state == "published" else {state: True}))
    before = (event.status, event.title, event.proposed)
    client = sign_in(AccountFactory())

    answer = getattr(client, method)(f"/en/organise/events/{event.public_id}/{page}")

    session.refresh(event)
    assert answer.status_code in ({404, 405} if page in {"withdraw", "resume"} else {404})
    assert (event.status, event.title, event.proposed) == before


@pytest.mark.parametrize("page", OWN)
def test_strangers_are_asked_to_sign_in(client: FlaskClient, page: str) -> None:
    event = EventFactory()

    answer = client.post(f"/en/organise/events/{event.public_id}/{page}")

    assert (answer.status_code, answer.location.split("?")[0]) == (303, "/en/account/sign-in")
    assert event.status is EventStatus.PUBLISHED


def test_coordinators_of_one_campaign_decide_nothing_in_another(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    theirs = EventFactory(submitted=True)
    role = CampaignRoleFactory()
    client = sign_in(role.account)
    slug, other = role.campaign.slug, theirs.campaign.slug

    for url in (
        f"/en/coordinate/{other}/review",
        f"/en/coordinate/{other}/review/{theirs.public_id}",
        f"/en/coordinate/{slug}/review/{theirs.public_id}",
    ):
        assert client.get(url).status_code == 404
    for url in (
        f"/en/coordinate/{slug}/review/{theirs.public_id}",
        f"/en/coordinate/{slug}/review/{theirs.public_id}/trust",
        f"/en/coordinate/{other}/review/{theirs.public_id}/trust",
    ):
        assert client.post(url, data={"act": "publish", "seen": "x"}).status_code == 404
    session.refresh(theirs)
    assert theirs.status is EventStatus.SUBMITTED


def test_an_organiser_is_no_coordinator_and_a_trusted_one_neither(
    sign_in: Callable[[Any], FlaskClient],
) -> None:
    event = EventFactory(submitted=True)
    CampaignRoleFactory(campaign=event.campaign, account=event.organiser, trusted=True)
    client = sign_in(event.organiser)

    assert client.get(f"/en/coordinate/{event.campaign.slug}/review").status_code == 404
    assert client.post(f"/en/coordinate/{event.campaign.slug}/review/{event.public_id}").status_code == 404


def test_a_coordinator_never_sees_a_draft(sign_in: Callable[[Any], FlaskClient]) -> None:
    draft = EventFactory(draft=True)
    client = sign_in(CampaignRoleFactory(campaign=draft.campaign).account)

    assert client.get(f"/en/coordinate/{draft.campaign.slug}/review/{draft.public_id}").status_code == 404


def test_words_of_strangers_stay_words(sign_in: Callable[[Any], FlaskClient]) -> None:
    event = EventFactory(
        submitted=True, title=HOSTILE[:120], description=HOSTILE, address=HOSTILE, how_to_get_there=HOSTILE,
        organiser__display_name=HOSTILE[:80], public_contact=HOSTILE, accessibility=HOSTILE,
    )  # fmt: skip
    other = EventFactory(campaign=event.campaign, mission=event.mission, submitted=True)
    client = sign_in(CampaignRoleFactory(campaign=event.campaign).account)
    slug = event.campaign.slug

    pages = [
        client.get(f"/en/coordinate/{slug}/review"),
        client.get(f"/en/coordinate/{slug}/review/{event.public_id}"),
    ]
    pages.append(client.get(f"/en/coordinate/{slug}/review/{other.public_id}"))
    sign_in(event.organiser)
    pages += [
        client.get(f"/en/organise/events/{event.public_id}/{page}") for page in ("edit", "submit", "cancel")
    ]

    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "49" not in page.text.split("${alert(2)}", 1)[-1][:3]


@pytest.mark.parametrize(
    "fields",
    [
        {"precision": "exact", "status": "published", "organiser_id": "1", "public_id": "0000000000"},
        {"once": "ImFhYWFhYWFhYWEi.forged", "shown_latitude": "x", "shown_longitude": "\0"},
        {"act": "publish"},
        {"starts_at": "9999-12-31T23:59", "ends_at": "0001-01-01T00:00"},
        {"languages": ["xx"] * 400},
        {"capacity": "9" * 400},
        {"latitude": "1e400", "longitude": "-inf"},
        {"title": "😀\0😀", "description": "\0\x07\x1b", "address": "\0"},
    ],
)
def test_no_field_makes_more_of_an_event_than_a_draft_or_a_fault(
    sign_in: Callable[[Any], FlaskClient], session: Session, fields: dict[str, Any]
) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    client = sign_in(AccountFactory())
    data = {
        "campaign": campaign.slug,
        "mission": mission.code,
        "title": "Vigil",
        "starts_at": "2030-09-16T18:00",
    }

    answer = client.post("/en/organise/events/new", data=data | fields)

    assert answer.status_code in {303, 400, 422}
    for event in session.query(Event):
        assert event.status is EventStatus.DRAFT
        assert event.public_id not in {"0000000000", "aaaaaaaaaa"}
        assert event.precision is Precision.BUILDING


def test_an_id_drawn_for_one_form_is_nobody_elses_event(
    sign_in: Callable[[Any], FlaskClient], session: Session
) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    page = sign_in(AccountFactory()).get(f"/en/organise/events/new?campaign={campaign.slug}").text
    once = page.split('name="once"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    data = {
        "campaign": campaign.slug,
        "mission": mission.code,
        "title": "Mine",
        "starts_at": "2030-09-16T18:00",
    }
    client = sign_in(AccountFactory())
    assert client.post("/en/organise/events/new", data=data | {"once": once}).status_code == 303
    thief = AccountFactory()

    answer = sign_in(thief).post("/en/organise/events/new", data=data | {"once": once, "title": "Stolen"})

    assert answer.status_code in {303, 404}
    assert {event.title for event in session.query(Event).filter(Event.organiser_id != thief.id)} == {"Mine"}


@pytest.mark.parametrize("path", ["postpone", "resume", "cancel", "submit", "withdraw", "duplicate", "edit"])
def test_a_get_changes_nothing(sign_in: Callable[[Any], FlaskClient], session: Session, path: str) -> None:
    event = EventFactory(submitted=True)
    before = event.updated_at

    sign_in(event.organiser).get(f"/en/organise/events/{event.public_id}/{path}?because=x&act=submit")

    session.refresh(event)
    assert (event.status, event.updated_at) == (EventStatus.SUBMITTED, before)
    assert session.query(Event).count() == 1


@pytest.mark.concurrent
def test_of_two_coordinators_at_once_one_decides(real_app: Flask) -> None:
    with real_app.app_context():
        event = EventFactory(submitted=True)
        public_id, by = event.public_id, CampaignRoleFactory(campaign=event.campaign).account_id
        db.session.commit()
        seal = real_app.extensions["seal"]

    def decide(number: int) -> str:
        with real_app.app_context():
            try:
                with unit_of_work() as session:
                    found = session.query(Event).filter_by(public_id=public_id).one()
                    account = session.get(type(found.organiser), by)
                    if number % 2:
                        publish_event(session, found, by=account, seal=seal, now=now())
                    else:
                        reject_event(session, found, by=account, reason="No.", seal=seal, now=now())
            except WrongStateError:
                return "refused"
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(decide, range(4)))

    assert outcomes == ["done", "refused", "refused", "refused"]
