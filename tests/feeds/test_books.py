"""A feed that was revised is the feed that would be written anew, and little is read for it."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import icalendar
import pytest
from hypothesis import given, strategies as st
from sqlalchemy import event as database_event

from coordinator.campaigns.service import raise_revision
from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.feeds.books import CHAPTER, Book, Text
from coordinator.feeds.editions import calendar_edition, geojson_edition
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpTallyFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign

NOW = datetime(2030, 9, 1, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)


def text(known: int, word: str = "a") -> Text:
    return Text(known, f"{word}{known}".encode(), frozenset({known % 3}))


def whole(book: Book) -> bytes:
    return gzip.decompress(book.gzip(b"<", b">")[0])


ids = st.sets(st.integers(0, 5 * CHAPTER), max_size=60)


@given(ids, ids, ids, st.sampled_from([b"", b",", b"\r\n"]))
def test_a_revised_book_is_one_that_was_written_anew(
    first: set[int], changed: set[int], gone: set[int], separator: bytes
) -> None:
    book = Book.written((text(known) for known in sorted(first)), separator, read_at=BEFORE)
    after = {known: text(known) for known in first} | {known: text(known, "changed") for known in changed}
    expected = [after[known] for known in sorted(after) if known not in gone or known in changed]

    revised = book.revised([text(known, "changed") for known in changed], gone, read_at=NOW)

    assert whole(revised) == b"<" + separator.join(one.body for one in expected) + b">"
    assert len(revised) == len(expected)
    assert frozenset().union(*(one.marks for one in expected)) <= revised.marks()
    assert whole(book) == b"<" + separator.join(text(known).body for known in sorted(first)) + b">"


def url(row: Event) -> str:
    return f"http://localhost/en/events/{row.public_id}"


def features(session: Session, campaign: Campaign, now: datetime) -> dict[str, dict[str, object]]:
    packed = geojson_edition(session, campaign, "en", url, now=now)
    return {one["id"]: one["properties"] for one in json.loads(packed.body())["features"]}


@pytest.fixture
def events(session: Session) -> list[Event]:
    campaign = CampaignFactory(slug="world")
    return [EventFactory(campaign=campaign, updated_at=BEFORE, title=f"Vigil {n}") for n in range(100)]


def test_new_numbers_are_told_a_minute_later(session: Session, events: list[Event]) -> None:
    campaign, (first, second) = events[0].campaign, events[:2]
    tally = RsvpTallyFactory(event=first, event_id=first.id, confirmed=2, unconfirmed=0)
    session.flush()
    before = features(session, campaign, NOW)
    tally.confirmed = 5
    RsvpTallyFactory(event=second, event_id=second.id, confirmed=1, unconfirmed=0)
    session.flush()

    after = features(session, campaign, NOW + timedelta(minutes=1))

    assert (before[first.public_id]["count_confirmed"], after[first.public_id]["count_confirmed"]) == (2, 5)
    assert after[second.public_id]["count_confirmed"] == 1
    changed = {known for known, properties in after.items() if properties != before[known]}
    assert changed == {first.public_id, second.public_id}


def test_what_is_published_cancelled_or_taken_back_is_in_the_next_edition(
    session: Session, events: list[Event]
) -> None:
    campaign = events[0].campaign
    features(session, campaign, NOW)
    events[0].status, events[0].updated_at = EventStatus.CANCELLED, NOW
    events[1].status, events[1].updated_at = EventStatus.DRAFT, NOW
    new = EventFactory(campaign=campaign, updated_at=NOW)
    raise_revision(session, campaign)
    session.flush()

    found = features(session, campaign, NOW)
    calendar = icalendar.Calendar.from_ical(calendar_edition(session, campaign, "en", url, now=NOW).body())

    assert found[events[0].public_id]["status"] == "cancelled"
    assert events[1].public_id not in found
    assert new.public_id in found
    assert len(found) == len(calendar.walk("VEVENT")) == 100


def test_one_change_reads_one_event(session: Session, events: list[Event]) -> None:
    campaign = events[0].campaign
    calendar_edition(session, campaign, "en", url, now=NOW)
    events[3].title, events[3].updated_at = "Moved to the square", NOW
    raise_revision(session, campaign)
    session.flush()
    session.expire_all()
    read: list[object] = []
    database_event.listen(Event, "load", lambda one, _context: read.append(one))

    packed = calendar_edition(session, campaign, "en", url, now=NOW)

    assert packed.body().count(b"BEGIN:VEVENT") == 100
    assert b"Moved to the square" in packed.body()
    assert len(read) <= 1
