"""Coordinators decide what sources say of missions, a campaign's own missions only."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.kit.clock import now
from coordinator.missions.findings import say_same, take_findings
from coordinator.missions.models import Mission, MissionFinding
from coordinator.missions.rules import MissionKind, MissionStatus
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.missions import MissionFactory
from tests.missions.test_findings import finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.missions.rules import Finding

    SignIn = Callable[[Any], FlaskClient]

HOSTILE = "a`${alert(1)}</script><img src=x onerror=alert(2)>"


@pytest.fixture
def coordinator(session: Session, sign_in: SignIn, app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return sign_in(CampaignRoleFactory(campaign__slug="world").account)


def take(session: Session, *found: Finding) -> None:
    take_findings(session, found, now=now(), by="somebody")
    session.flush()


def decide(client: FlaskClient, **said: str) -> int:
    return client.post(
        "/en/coordinate/world/missions", data={"source": "wikidata", "key": "Q1"} | said
    ).status_code


def row_of(session: Session) -> MissionFinding:
    return session.scalars(select(MissionFinding)).one()


def test_what_a_source_says_stands_beside_what_we_have(session: Session, coordinator: FlaskClient) -> None:
    MissionFactory()
    take(session, finding(names={"en": HOSTILE}))

    page = coordinator.get("/en/coordinate/world/missions").text

    assert "To look at: 1" in page
    assert "Embassy of Russia in Berlin" in page
    assert "https://www.wikidata.org/wiki/Q1" in page
    assert "<img src=x" not in page


def test_one_click_says_that_it_is_ours(session: Session, coordinator: FlaskClient) -> None:
    ours = MissionFactory()
    take(session, finding())

    assert decide(coordinator, act="same", mission=ours.code) == 303

    assert row_of(session).mission is ours
    assert "Nothing to look at." in coordinator.get("/en/coordinate/world/missions").text
    assert "said which mission a source means" in coordinator.get("/en/coordinate/world/audit").text


def test_all_that_are_beyond_doubt_are_linked_at_once(session: Session, coordinator: FlaskClient) -> None:
    MissionFactory()
    paris = MissionFactory(paris=True)
    take(
        session, finding(), finding(key="Q2", receiving_state="FR", cities={"en": "Lyon"}, point=paris.point)
    )

    assert decide(coordinator, act="obvious") == 303

    linked = session.scalars(select(MissionFinding).where(MissionFinding.mission_id.is_not(None))).all()
    assert [one.key for one in linked] == ["Q1"]


def test_a_double_click_adds_a_mission_once(session: Session, coordinator: FlaskClient) -> None:
    ours = MissionFactory()
    take(session, finding(kind=MissionKind.CONSULATE))

    assert [decide(coordinator, act="another"), decide(coordinator, act="another")] == [303, 303]

    assert set(session.scalars(select(Mission))) == {ours, row_of(session).mission}
    assert coordinator.get("/en/coordinate/world/audit").text.count("added a mission") == 1


def test_a_closing_is_taken_over_and_the_public_page_says_so(
    session: Session, coordinator: FlaskClient
) -> None:
    ours = MissionFactory()
    take(session, finding())
    say_same(session, row_of(session), ours, by="somebody", now=now(), campaign="world")
    take(session, finding(is_closed=True, closed_on=date(2029, 5, 1)))

    assert "It has closed: Tuesday, 1 May 2029." in coordinator.get("/en/coordinate/world/missions").text
    assert decide(coordinator, act="take-over") == 303

    assert ours.status is MissionStatus.CLOSED


def test_somebody_who_was_there_says_so(session: Session, coordinator: FlaskClient) -> None:
    ours = MissionFactory()
    session.flush()

    answer = coordinator.post(f"/en/coordinate/world/missions/{ours.code}/verify")

    assert answer.status_code == 303
    assert "country=DE" in answer.location
    assert ours.verified_at is not None


@pytest.mark.parametrize("act", ["", "delete", "same"])
def test_what_can_t_be_done_is_not_found(session: Session, coordinator: FlaskClient, act: str) -> None:
    MissionFactory()
    MissionFactory(code="by-de-berlin", sending_state="BY")
    take(session, finding())

    assert decide(coordinator, act=act, mission="by-de-berlin") == 404
    assert row_of(session).mission is None


def test_missions_of_another_state_are_nobody_s_here(session: Session, coordinator: FlaskClient) -> None:
    theirs = MissionFactory(code="by-de-berlin", sending_state="BY")
    take(session, finding(sending_state="BY"))

    assert decide(coordinator, act="not-ours") == 404
    assert coordinator.post(f"/en/coordinate/world/missions/{theirs.code}/verify").status_code == 404
    assert session.scalars(select(Mission.verified_at)).all() == [None]
