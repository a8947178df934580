from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from coordinator.events.cards import card_of, differences, facts_of, waiting_text, when_of, where_of
from coordinator.events.queries.details import details_of
from coordinator.events.rules import kept
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy.orm import Session


@pytest.fixture(autouse=True)
def _page(app: Flask, session: Session) -> Iterator[None]:
    with app.test_request_context("/en/"):
        yield


def wall(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 a wall time


def test_a_time_is_never_shown_without_its_clocks() -> None:
    when = when_of(EventFactory(mission__sydney=True), "en")

    assert when.iso == "2030-09-16T18:00+10:00"
    assert when.text.startswith("Monday, 16 September 2030, 18:00")
    assert "UTC+10:00" in when.zone_text


def test_a_day_without_a_time_says_no_time() -> None:
    when = when_of(
        EventFactory(is_time_known=False, starts_local=wall(2030, 9, 16, 12, 0), ends_local=None), "en"
    )

    assert (when.iso, when.is_time_known) == ("2030-09-16", False)
    assert "12" not in when.text


def test_an_end_on_another_day_says_which() -> None:
    when = when_of(EventFactory(ends_local=wall(2030, 9, 17, 1, 0)), "en")

    assert "17 September" in when.text


def test_nobody_is_sent_to_the_middle_of_a_city() -> None:
    assert where_of(EventFactory(), "en").precision_text == ""
    assert "Only the city is known" in where_of(EventFactory(rough=True), "en").precision_text
    assert "Only the city is known" in card_of(EventFactory(rough=True, mission=None), locale="en").place


def test_a_card_speaks_the_readers_language_where_the_directory_does() -> None:
    card = card_of(
        EventFactory(), locale="ru", tally=SimpleNamespace(confirmed=2, unconfirmed=1), distance_km=2.345
    )

    assert (card.city, card.country) == ("Берлин", "Германия")
    assert "2.3" in card.distance_text
    assert "3" in card.counts_text


def test_a_cancelled_card_says_so() -> None:
    assert card_of(EventFactory(cancelled=True), locale="en").is_cancelled


def test_only_what_reads_differently_is_a_difference() -> None:
    event = EventFactory()
    before = details_of(event)
    wanted = replace(before, starts_local=wall(2030, 9, 16, 17, 0), description="", located_by="organiser")

    rows = differences(before, kept(before, wanted), (event.mission, event.mission), "en")

    assert [row["label"] for row in rows] == ["When", "What will happen"]
    assert "18:00" in rows[0]["before"]
    assert "17:00" in rows[0]["after"]
    assert rows[1]["after"] == "–"


def test_facts_name_languages_and_states() -> None:
    event = EventFactory(languages="de ru")

    facts = dict(facts_of(details_of(event), event.mission, "en"))

    assert (facts["Languages spoken there"], facts["City"]) == ("German, Russian", "Berlin, Germany")


def test_a_card_and_the_facts_name_what_was_ticked() -> None:
    event = EventFactory(accessibility_features="step-free sign-language", accessibility="Ask Ada.")

    facts = dict(facts_of(details_of(event), event.mission, "en"))

    assert card_of(event, locale="en").access_text == "Step-free way · Sign language"
    assert card_of(EventFactory(), locale="en").access_text == ""
    assert facts["Accessibility"] == "Step-free way; Sign language"
    assert facts["More about accessibility"] == "Ask Ada."


def test_another_tick_is_a_difference() -> None:
    event = EventFactory(accessibility_features="step-free sign-language")
    before = details_of(event)
    wanted = replace(before, accessibility_features="step-free seating")

    (row,) = differences(before, kept(before, wanted), (event.mission, event.mission), "en")

    assert row == {
        "label": "Accessibility",
        "before": "Step-free way; Sign language",
        "after": "Step-free way; Seating",
    }


@pytest.mark.parametrize(
    ("hours", "words"), [(0, "less than an hour"), (1, "1 hour"), (47, "47 hours"), (49, "2 days")]
)
def test_waiting(hours: int, words: str) -> None:
    now = datetime(2030, 8, 20, tzinfo=UTC)

    assert waiting_text(now - timedelta(hours=hours), now) == words
