"""What is read for the map says the same as the rules do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import event as database_event

from coordinator.campaigns.service import raise_revision
from coordinator.events.rules import EventStatus
from coordinator.kit.db import db
from coordinator.maps.queries import atlas_of, coordinated_atlas, full_of
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpTallyFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOW = datetime(2030, 9, 1, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)


def test_an_event_is_near_until_it_is_over_as_the_rules_say(session: Session) -> None:
    campaign = CampaignFactory(slug="world")
    events = [
        EventFactory(campaign=campaign),
        EventFactory(campaign=campaign, ends_local=None),
        EventFactory(campaign=campaign, ends_local=None, is_time_known=False),
        EventFactory(campaign=campaign, postponed=True),
    ]
    session.flush()
    atlas = atlas_of(session, campaign, now=NOW)
    point = events[0].point

    start = events[0].starts_at
    for minutes in (0, 60, 89, 90, 91, 120, 180, 240, 600, 719, 720, 721):
        moment = start + timedelta(minutes=minutes)
        expected = {
            one.id for one in events if one.status is EventStatus.PUBLISHED and not one.is_over(moment)
        }

        assert {known for known, _ in atlas.nearest(point, 9, moment)} == expected, minutes


def test_one_change_reads_one_event(session: Session) -> None:
    campaign = CampaignFactory(slug="world")
    events = [EventFactory(campaign=campaign, updated_at=BEFORE) for _ in range(30)]
    session.flush()
    atlas_of(session, campaign, now=NOW)
    events[0].status, events[0].updated_at = EventStatus.CANCELLED, NOW
    raise_revision(session, campaign)
    session.flush()
    asked: list[str] = []

    def listen(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    database_event.listen(db.engine, "before_cursor_execute", listen)
    atlas = atlas_of(session, campaign, now=NOW)
    database_event.remove(db.engine, "before_cursor_execute", listen)

    assert atlas.extent().counts[EventStatus.CANCELLED] == 1
    assert len(atlas) == 30
    assert len([statement for statement in asked if "updated_at >=" in statement]) == 1
    assert not [s for s in asked if "FROM event" in s and "updated_at >=" not in s]


def test_what_is_full_is_known(session: Session) -> None:
    campaign = CampaignFactory(slug="world")
    full, half, free = (EventFactory(campaign=campaign, capacity=places) for places in (4, 4, None))
    for event, coming in ((full, 3), (half, 2), (free, 900)):
        RsvpTallyFactory(event=event, event_id=event.id, confirmed=coming, unconfirmed=0, offered=1)
    session.flush()

    assert full_of(session, campaign, now=NOW) == {full.id}


def test_coordinators_see_what_waits_and_who_comes(session: Session) -> None:
    campaign = CampaignFactory(slug="world")
    event = EventFactory(campaign=campaign)
    EventFactory(campaign=campaign, submitted=True)
    EventFactory(campaign=campaign, draft=True)
    RsvpTallyFactory(event=event, event_id=event.id, confirmed=3, unconfirmed=2)
    session.flush()

    (mark,) = coordinated_atlas(session, campaign, now=NOW).tile(0, 0, 0)

    assert (mark.count, mark.people) == (2, 5)
    assert len(atlas_of(session, campaign, now=NOW)) == 1
