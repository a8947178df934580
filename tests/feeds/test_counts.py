"""Who rounds or hides how many come does so in every format; confirmed and said so stay apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.events.cards import card_of
from coordinator.events.counting import counts_text, number_text, people_facts, told
from coordinator.events.rules import CountShown, at_least
from coordinator.kit.kept import forget_everything
from coordinator.rsvps.models import RsvpTally
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event

CONFIRMED, UNCONFIRMED, TENTATIVE, WAITLISTED = 4_837, 2_649, 1_753, 3_911
"""Numbers that stand nowhere else; the sums, too."""
GIVEAWAYS = (CONFIRMED, UNCONFIRMED, TENTATIVE, WAITLISTED, CONFIRMED + UNCONFIRMED)
CAPACITY = 20_000


def event_with_people(session: Session, shown: CountShown) -> Event:
    event = EventFactory(campaign__slug="world", count_shown=shown, capacity=CAPACITY)
    session.add(
        RsvpTally(
            event_id=event.id,
            confirmed=CONFIRMED,
            unconfirmed=UNCONFIRMED,
            pending=0,
            tentative=TENTATIVE,
            waitlisted=WAITLISTED,
        )
    )
    session.flush()
    return event


def public_texts(client: FlaskClient, event: Event) -> dict[str, str]:
    """Return everything that a stranger can read of an event."""
    code = event.mission.code
    return {
        path: client.get(path).get_data(as_text=True)
        for path in (
            f"/en/events/{event.public_id}",
            f"/en/events/{event.public_id}/rsvp",
            f"/en/events/{event.public_id}/rsvp/thanks",
            f"/events/{event.public_id}.ics",
            "/en/",
            "/en/world",
            f"/en/world/near?lat={event.latitude}&lon={event.longitude}",
            "/en/world/missions",
            f"/en/world/missions/{code}",
            "/en/world/map",
            "/embed/en/world/map",
            "/world/events.geojson",
            "/world/events.ics",
            "/world/missions.geojson",
        )
    }


def numbers_in(text: str) -> set[int]:
    return {
        int(re.sub(r"\D", "", found)) for found in re.findall(r"\d{1,3}(?:[,\u00a0\u202f]\d{3})+|\d+", text)
    }


@pytest.mark.parametrize("shown", [CountShown.ROUNDED, CountShown.HIDDEN])
def test_no_format_gives_away_what_is_not_told(
    client: FlaskClient, session: Session, shown: CountShown
) -> None:
    forget_everything()
    event = event_with_people(session, shown)
    EventFactory(campaign=event.campaign, mission=event.mission)  # with a card of ours on its page

    for path, text in public_texts(client, event).items():
        left = CAPACITY - CONFIRMED - UNCONFIRMED
        assert numbers_in(text).isdisjoint({*GIVEAWAYS, left}), path


def test_the_numbers_stand_where_they_are_told(client: FlaskClient, session: Session) -> None:
    """So that the test before looks for something that would be there."""
    forget_everything()
    texts = public_texts(client, event_with_people(session, CountShown.EXACT))

    for path in ("/en/world", "/world/events.geojson"):
        assert numbers_in(texts[path]) & set(GIVEAWAYS), path


def test_a_feed_says_how_to_read_its_numbers(client: FlaskClient, session: Session) -> None:
    for shown, confirmed, unconfirmed in (
        (CountShown.EXACT, CONFIRMED, UNCONFIRMED),
        (CountShown.ROUNDED, 2_000, 2_000),
        (CountShown.HIDDEN, None, None),
    ):
        forget_everything()
        event = event_with_people(session, shown)
        (feature,) = client.get("/world/events.geojson").get_json(force=True)["features"]
        told_of = feature["properties"]
        assert (told_of["counts"], told_of["count_confirmed"], told_of["count_unconfirmed"]) == (
            shown.value, confirmed, unconfirmed,
        )  # fmt: skip
        event.campaign.slug = f"world-{shown.value}"
        session.flush()


def test_the_sum_of_a_campaign_says_no_more_than_its_parts(client: FlaskClient, session: Session) -> None:
    event = event_with_people(session, CountShown.HIDDEN)
    open_one = EventFactory(campaign=event.campaign)
    rounded = EventFactory(campaign=event.campaign, count_shown=CountShown.ROUNDED)
    for one, people in ((open_one, 7), (rounded, 57)):
        session.add(
            RsvpTally(event_id=one.id, confirmed=people, unconfirmed=0, pending=0, tentative=0, waitlisted=0)
        )
    session.commit()

    page = client.get("/en/world").text

    assert "at least 57" in page  # 7 and "at least 50"


def test_those_who_look_after_it_see_exact_numbers(
    sign_in: Callable[[Any], FlaskClient], session: Session
) -> None:
    event = event_with_people(session, CountShown.HIDDEN)
    coordinator = CampaignRoleFactory(campaign=event.campaign).account
    session.commit()

    room = sign_in(event.organiser).get(f"/en/organise/events/{event.public_id}").text
    browser = sign_in(coordinator)
    features = browser.get("/en/coordinate/world/events.geojson").get_json(force=True)["features"]

    assert CONFIRMED in numbers_in(room)
    assert features[0]["properties"]["count_confirmed"] == CONFIRMED


# Words


@pytest.mark.parametrize(
    ("people", "step"),
    [(0, 0), (9, 0), (10, 10), (19, 10), (20, 20), (99, 50), (10**6, 10**5)],
)
def test_steps(people: int, step: int) -> None:
    assert at_least(people) == step
    assert told(people, CountShown.ROUNDED) == step


@pytest.fixture
def nobody() -> RsvpTally:
    return RsvpTally(confirmed=0, unconfirmed=0, pending=0, tentative=0, waitlisted=0)


def test_rounded_words_are_true_and_hide_even_that_nobody_comes(app: Flask, nobody: RsvpTally) -> None:
    few = RsvpTally(confirmed=9, unconfirmed=23, pending=4, tentative=70, waitlisted=0)
    with app.test_request_context("/en/"):
        assert number_text(23, CountShown.ROUNDED) == "at least 20"
        assert people_facts(nobody, CountShown.ROUNDED) == [
            ("Confirmed", "fewer than 10"),
            ("Said they come", "fewer than 10"),
        ]
        assert people_facts(few, CountShown.ROUNDED)[1] == ("Said they come", "at least 20")
        assert counts_text(few, CountShown.ROUNDED) == "At least 20 people are coming"
        assert counts_text(nobody, CountShown.ROUNDED) == ""
        assert people_facts(few, CountShown.HIDDEN) == []


def test_a_card_of_a_hidden_count_says_nothing_of_it(app: Flask, session: Session) -> None:
    many = RsvpTally(confirmed=50, unconfirmed=0, pending=0, tentative=0, waitlisted=0)
    with app.test_request_context("/en/"):
        card = card_of(EventFactory(count_shown=CountShown.HIDDEN), locale="en", tally=many)
    assert card.counts_text == ""
