"""The rooms of organisers and coordinators."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.audit.service import record
from coordinator.dashboard.organiser import Need, needs_of
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory
from tests.factories.rsvps import RsvpFactory, RsvpTallyFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    SignIn = Callable[[Any], FlaskClient]

BEFORE = datetime(2030, 9, 1, 12, 0, tzinfo=UTC)
AFTER = datetime(2030, 10, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordinator.dashboard.views.now", lambda: BEFORE)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize(
    ("traits", "needs"),
    [
        pytest.param({}, [], id="published"),
        pytest.param({"draft": True}, [Need.SUBMIT], id="draft"),
        pytest.param({"rejected": True}, [Need.MEND], id="rejected"),
        pytest.param({"submitted": True, "asked_at": BEFORE}, [Need.ANSWER], id="asked"),
        pytest.param({"rough": True}, [Need.PLACE], id="rough"),
        pytest.param({"unlocated": True, "draft": True}, [Need.SUBMIT, Need.PLACE], id="nowhere yet"),
        pytest.param({"is_time_known": False}, [Need.TIME], id="no time"),
        pytest.param({"cancelled": True, "rough": True}, [], id="cancelled"),
    ],
)
def test_needs_of(session: Session, traits: dict[str, Any], needs: list[Need]) -> None:
    assert needs_of(EventFactory(**traits), BEFORE) == needs


def test_nothing_is_needed_of_what_is_over(session: Session) -> None:
    assert needs_of(EventFactory(rough=True), AFTER) == []


def test_an_organiser_sees_their_own_protests_and_nobody_else_s(session: Session, sign_in: SignIn) -> None:
    mine = EventFactory(title="Mine", draft=True)
    EventFactory(title="Somebody's", campaign=mine.campaign)

    page = sign_in(mine.organiser).get("/en/organise/").text

    assert "Mine" in page
    assert "Somebody&#39;s" not in page
    assert "Send it for review: nobody else sees it yet." in page


def test_an_unverified_organiser_is_told(session: Session, sign_in: SignIn) -> None:
    page = sign_in(AccountFactory(unverified=True)).get("/en/organise/").text

    assert "Confirm your e-mail address" in page


@pytest.mark.parametrize("trait", ["draft", "submitted", "rejected", "cancelled", "rough", "unlocated"])
def test_an_organiser_opens_a_protest_in_every_state(session: Session, sign_in: SignIn, trait: str) -> None:
    traits = {trait: True} | ({"draft": True} if trait == "unlocated" else {})
    event = EventFactory(**traits)

    answer = sign_in(event.organiser).get(f"/en/organise/events/{event.public_id}")

    assert answer.status_code == 200
    assert event.title in answer.text


def test_an_organiser_sees_how_many_come_and_the_way_to_the_list(session: Session, sign_in: SignIn) -> None:
    event = EventFactory(capacity=20)
    RsvpTallyFactory(event=event, confirmed=3, unconfirmed=2, tentative=4)

    page = sign_in(event.organiser).get(f"/en/organise/events/{event.public_id}").text

    assert "3 confirmed 2 more said they come 4 maybe" in words(page)
    assert "5 of 20" in words(page)
    assert f"/en/organise/events/{event.public_id}/attendees" in page
    assert f"http://localhost/e/{event.public_id}" in page


def test_somebody_else_s_protest_does_not_exist(session: Session, sign_in: SignIn) -> None:
    event = EventFactory()
    role = CampaignRoleFactory(campaign=event.campaign)

    for stranger in (AccountFactory(), role.account):
        answer = sign_in(stranger).get(f"/en/organise/events/{event.public_id}")
        assert answer.status_code == 404


def test_a_coordinator_sees_numbers_and_what_waits(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day")
    event = EventFactory(campaign=role.campaign)
    EventFactory(campaign=role.campaign, submitted=True, mission__paris=True)
    EventFactory(campaign=role.campaign, proposed={"title": "New"}, proposed_at=BEFORE, mission__sydney=True)
    EventFactory(campaign=role.campaign, draft=True, mission=event.mission)
    RsvpTallyFactory(event=event, confirmed=3, unconfirmed=2)

    client = sign_in(role.account)
    page = words(client.get("/en/coordinate/one-day/").text)
    listed = words(client.get("/en/coordinate/").text)

    assert "2 protests wait for review" in page
    assert "2 published 2 countries 5 people said they come" in page
    assert "2 of 3" in page
    assert "2 protests wait for review" in listed


def test_a_coordinator_sees_no_people(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day")
    event = EventFactory(
        campaign=role.campaign,
        organiser=AccountFactory(email="organiser@example.org", display_name="Org Name"),
    )
    RsvpFactory(event=event)

    client = sign_in(role.account)
    rooms = ("", "coverage", "map", "events")
    pages = "".join(client.get(f"/en/coordinate/one-day/{page}").text for page in rooms)

    assert "organiser@example.org" not in pages
    assert "Org Name" not in pages
    assert "attendees" not in pages


@pytest.mark.parametrize("page", ["", "map", "coverage"])
def test_a_coordinator_of_another_campaign_finds_nothing(
    session: Session, sign_in: SignIn, page: str
) -> None:
    CampaignFactory(slug="theirs")
    client = sign_in(CampaignRoleFactory().account)

    assert client.get(f"/en/coordinate/theirs/{page}").status_code == 404


def test_a_draft_has_rooms_for_its_coordinator(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="not-yet", campaign__draft=True)
    client = sign_in(role.account)

    for page in ("", "map", "coverage", "edit", "people"):
        assert client.get(f"/en/coordinate/not-yet/{page}").status_code == 200
    assert "Open the campaign" in client.get("/en/coordinate/not-yet/").text


def test_coverage_shows_what_waits_and_can_be_narrowed(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day")
    EventFactory(campaign=role.campaign, submitted=True)
    paris = MissionFactory(paris=True)
    client = sign_in(role.account)

    waiting = client.get("/en/coordinate/one-day/coverage?cover=proposed").text
    empty = client.get("/en/coordinate/one-day/coverage?cover=none").text

    assert "Embassy of Russia in Berlin" in waiting
    assert paris.code not in waiting
    assert paris.code in empty
    assert client.get("/en/coordinate/one-day/coverage?country=%27&cover=x").status_code == 200


def test_the_frame_names_who_is_signed_in_and_their_rooms(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(account=AccountFactory(display_name="Ada"))

    page = sign_in(role.account).get("/en/organise/").text

    assert "Ada" in page
    assert 'action="/en/account/sign-out"' in page
    assert 'href="/en/coordinate/"' in page


def test_an_organiser_is_not_shown_rooms_they_may_not_enter(session: Session, sign_in: SignIn) -> None:
    assert 'href="/en/coordinate/"' not in sign_in(AccountFactory()).get("/en/organise/").text


def test_what_strangers_wrote_stays_text(session: Session, sign_in: SignIn) -> None:
    hostile = "<script>alert(1)</script>"
    role = CampaignRoleFactory(campaign__slug="one-day", campaign__title=hostile)
    event = EventFactory(
        campaign=role.campaign, title=hostile, address=hostile, organiser=role.account, mission__name=hostile
    )
    client = sign_in(role.account)

    for path in ("/en/organise/", f"/en/organise/events/{event.public_id}", "/en/coordinate/",
                 "/en/coordinate/one-day/", "/en/coordinate/one-day/coverage", "/en/coordinate/one-day/edit",
                 "/en/coordinate/one-day/people"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200
        assert hostile not in answer.text


def test_a_coordinator_reads_the_log_of_their_campaign_in_sentences(
    session: Session, sign_in: SignIn
) -> None:
    role = CampaignRoleFactory(campaign=CampaignFactory(slug="one-day"))
    for campaign, tag in (
        ("one-day", "event:published"),
        ("one-day", "campaign:changed"),
        ("other", "event:rejected"),
    ):
        record(session, tag, "event:0123456789", by=role.account.public_id, at=BEFORE, campaign=campaign)
    browser = sign_in(role.account)

    page = words(browser.get("/en/coordinate/one-day/audit").text)
    alone = words(browser.get("/en/coordinate/one-day/audit?kind=campaign").text)

    assert "published a protest" in page
    assert "changed the campaign" in page
    assert "sent a protest back" not in page
    assert "Everything The campaign Protests" in page
    assert "published a protest" not in alone
    assert "changed the campaign" in alone
