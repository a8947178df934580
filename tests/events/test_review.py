from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.campaigns.queries import is_trusted
from coordinator.events.models import ReviewNote
from coordinator.events.rules import EventStatus
from coordinator.outbox.models import Message
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory, ReviewNoteFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal

EARLIER = datetime(2030, 8, 1, tzinfo=UTC)


@pytest.fixture
def coordinator(campaign: Campaign, sign_in: Callable[[Any], FlaskClient]) -> FlaskClient:
    """The browser of a coordinator of the campaign."""
    return sign_in(CampaignRoleFactory(campaign=campaign).account)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return CampaignFactory(title="Free them")


def url_of(event: Event) -> str:
    return f"/en/coordinate/{event.campaign.slug}/review/{event.public_id}"


def decide(client: FlaskClient, event: Event, act: str, **fields: str) -> Any:
    """Open the page as a coordinator does, and press a button on it."""
    page = client.get(url_of(event)).text
    seen = re.search(r'<input id="seen"[^>]*value="([^"]*)"', page)
    return client.post(url_of(event), data={"seen": seen[1] if seen else "", "act": act} | fields)


def test_the_queue_shows_what_waits_and_why(coordinator: FlaskClient, campaign: Campaign) -> None:
    first = EventFactory(campaign=campaign, submitted=True, title="Waits", rough=True)
    EventFactory(
        campaign=campaign, submitted=True, mission=first.mission, title="Waits too", asked_at=EARLIER
    )
    EventFactory(submitted=True, title="Not ours")

    page = unescape(coordinator.get(f"/en/coordinate/{campaign.slug}/review").text)

    for words in (
        "Waits too",
        "Another one there that day",
        "Place not exact",
        "New organiser",
        "organiser's answer",
    ):
        assert words in page
    assert "Not ours" not in page


def test_one_page_has_everything_to_decide_on_and_no_address_of_the_organiser(
    coordinator: FlaskClient, campaign: Campaign, seal: Seal
) -> None:
    event = EventFactory(
        campaign=campaign, submitted=True, organiser__display_name="Ada of Berlin",
        organiser__email="ada@secret.example", description="Bring **candles**.",
    )  # fmt: skip
    near = EventFactory(
        campaign=campaign, mission=None, title="Around the corner", latitude=52.52, longitude=13.4
    )
    same = EventFactory(campaign=campaign, mission=event.mission, title="At the same door")
    EventFactory(organiser=event.organiser)
    ReviewNoteFactory(event=event, author_id=event.organiser_id, text_sealed=seal.encrypt("We are six."))

    page = unescape(coordinator.get(url_of(event)).text)

    for words in (
        "Ada of Berlin",
        near.title,
        same.title,
        "We are six.",
        "Bring **candles**.",
        "Published before: 1",
    ):
        assert words in page
    assert "<strong>candles</strong>" in page
    assert 'data-behaviour="spot"' in page
    assert "secret.example" not in page


def test_what_changed_is_shown_field_by_field(coordinator: FlaskClient, campaign: Campaign) -> None:
    event = EventFactory(
        campaign=campaign, title="Old title", proposed={"title": "New title"}, proposed_at=EARLIER
    )

    page = coordinator.get(url_of(event)).text

    assert "What would change" in page
    assert re.search(r"Old title</td>\s*<td[^>]*>New title", page)


@pytest.mark.parametrize(
    ("act", "reason", "status", "template"),
    [
        ("publish", "", EventStatus.PUBLISHED, "events/published"),
        ("ask", "Who speaks?", EventStatus.SUBMITTED, "events/asked"),
        ("reject", "Wrong day.", EventStatus.REJECTED, "events/rejected"),
    ],
)
def test_deciding(
    coordinator: FlaskClient, campaign: Campaign, session: Session, act: str, reason: str,
    status: EventStatus, template: str,
) -> None:  # fmt: skip
    event = EventFactory(campaign=campaign, submitted=True)

    answer = decide(coordinator, event, act, reason=reason)

    assert (answer.status_code, answer.location) == (303, f"/en/coordinate/{campaign.slug}/review")
    assert event.status is status
    assert session.scalars(select(Message.template)).all() == [template]


@pytest.mark.parametrize("act", ["ask", "reject"])
def test_a_reason_that_is_missing_is_asked_for(
    coordinator: FlaskClient, campaign: Campaign, act: str
) -> None:
    event = EventFactory(campaign=campaign, submitted=True)

    answer = decide(coordinator, event, act, reason="  ")

    assert (answer.status_code, event.status) == (422, EventStatus.SUBMITTED)
    assert "Say why" in answer.text


def test_a_reason_that_was_typed_is_kept_when_something_else_is_wrong(
    coordinator: FlaskClient, campaign: Campaign
) -> None:
    event = EventFactory(campaign=campaign, submitted=True, rough=True)

    answer = decide(coordinator, event, "publish", reason="Half a sentence that")
    ticked = decide(coordinator, event, "publish", accepts_rough_place="y")

    assert answer.status_code == 422
    assert "Half a sentence that" in answer.text
    assert (ticked.status_code, event.status) == (303, EventStatus.PUBLISHED)


def test_two_clicks_or_two_coordinators_are_one_decision_and_the_second_is_told(
    coordinator: FlaskClient, campaign: Campaign, session: Session
) -> None:
    event = EventFactory(campaign=campaign, submitted=True)
    page = coordinator.get(url_of(event)).text
    seen = re.search(r'<input id="seen"[^>]*value="([^"]*)"', page)
    assert seen

    first = coordinator.post(url_of(event), data={"seen": seen[1], "act": "publish"})
    second = coordinator.post(url_of(event), data={"seen": seen[1], "act": "reject", "reason": "No."})

    assert (first.status_code, second.status_code) == (303, 409)
    assert "Already decided" in second.text
    assert "published it" in second.text
    assert event.status is EventStatus.PUBLISHED
    assert session.scalar(select(func.count(Message.id))) == 1
    assert session.scalar(select(func.count(ReviewNote.id))) == 1


def test_what_the_organiser_changed_meanwhile_is_read_again_first(
    coordinator: FlaskClient, campaign: Campaign, session: Session
) -> None:
    event = EventFactory(campaign=campaign, submitted=True)
    page = coordinator.get(url_of(event)).text
    seen = re.search(r'<input id="seen"[^>]*value="([^"]*)"', page)
    assert seen
    event.title = "Something quite different"
    session.flush()

    answer = coordinator.post(url_of(event), data={"seen": seen[1], "act": "publish", "reason": "kept"})

    assert (answer.status_code, event.status) == (422, EventStatus.SUBMITTED)
    assert "Something quite different" in answer.text
    assert "kept" in answer.text


def test_a_decision_without_the_page_is_none(coordinator: FlaskClient, campaign: Campaign) -> None:
    event = EventFactory(campaign=campaign, submitted=True)

    answer = coordinator.post(url_of(event), data={"act": "publish"})

    assert (answer.status_code, event.status) == (422, EventStatus.SUBMITTED)


def test_accepting_and_refusing_a_change(coordinator: FlaskClient, campaign: Campaign) -> None:
    good, bad = (
        EventFactory(campaign=campaign, proposed={"title": "Better"}, proposed_at=EARLIER) for _ in range(2)
    )

    assert decide(coordinator, good, "accept").status_code == 303
    assert decide(coordinator, bad, "refuse", reason="Misleading.").status_code == 303

    assert (good.title, good.proposed) == ("Better", None)
    assert (bad.title != "Better", bad.proposed) == (True, None)


def test_taking_down_a_published_protest_needs_a_reason(coordinator: FlaskClient, campaign: Campaign) -> None:
    event = EventFactory(campaign=campaign)

    assert decide(coordinator, event, "cancel").status_code == 422
    assert decide(coordinator, event, "cancel", reason="Not theirs.").status_code == 303
    assert (event.status, event.cancelled_because) == (EventStatus.CANCELLED, "Not theirs.")


def test_trusting_an_organiser_and_no_longer(
    coordinator: FlaskClient, campaign: Campaign, session: Session
) -> None:
    event = EventFactory(campaign=campaign, submitted=True)

    coordinator.post(f"{url_of(event)}/trust", data={"act": "trust"})
    coordinator.post(f"{url_of(event)}/trust", data={"act": "trust"})
    assert is_trusted(session, event.organiser, campaign)
    coordinator.post(f"{url_of(event)}/trust", data={"act": "distrust"})
    assert not is_trusted(session, event.organiser, campaign)


def test_a_made_up_button_decides_nothing(coordinator: FlaskClient, campaign: Campaign) -> None:
    event = EventFactory(campaign=campaign, submitted=True)

    assert decide(coordinator, event, "destroy").status_code == 409
    assert event.status is EventStatus.SUBMITTED
