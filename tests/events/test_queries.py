from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from coordinator.events.accessibility import Feature
from coordinator.events.filtering import EventFilters
from coordinator.events.queries.organising import own_event, own_events
from coordinator.events.queries.others import events_at_mission, others_near
from coordinator.events.queries.public import (
    list_page,
    reachable_event,
    visible_by_ids,
    visible_events,
)
from coordinator.events.queries.reviewing import organiser_record, review_queue, reviewed_event
from coordinator.events.rules import EventStatus
from coordinator.kit.db import db
from coordinator.kit.errors import NotFoundError
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event


def wall(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 a wall time


def in_every_state(campaign: object) -> dict[str, Event]:
    return {
        "draft": EventFactory(campaign=campaign, draft=True),
        "submitted": EventFactory(campaign=campaign, submitted=True),
        "published": EventFactory(campaign=campaign),
        "rejected": EventFactory(campaign=campaign, rejected=True),
        "postponed": EventFactory(campaign=campaign, postponed=True),
        "cancelled": EventFactory(campaign=campaign, cancelled=True),
        "cancelled while waiting": EventFactory(campaign=campaign, cancelled=True, published_at=None),
    }


def test_one_rule_says_what_everybody_sees(session: Session) -> None:
    campaign = CampaignFactory()
    events = in_every_state(campaign)
    EventFactory()
    visible = {events["published"], events["postponed"], events["cancelled"]}

    assert set(session.scalars(visible_events(campaign.id))) == visible
    assert set(list_page(session, campaign).events) == visible
    assert set(visible_by_ids(session, campaign, [one.id for one in events.values()]).values()) == visible


def test_a_link_opens_what_waits_too_but_nothing_that_is_nobodys_business(session: Session) -> None:
    events = in_every_state(CampaignFactory())
    in_draft = EventFactory(campaign__draft=True)

    for name, event in events.items():
        if name in {"draft", "rejected"}:
            with pytest.raises(NotFoundError):
                reachable_event(session, event.public_id)
        else:
            assert reachable_event(session, event.public_id) is event
    with pytest.raises(NotFoundError):
        reachable_event(session, in_draft.public_id)


def test_an_organiser_finds_their_own_and_nobody_elses(session: Session) -> None:
    mine, theirs = EventFactory(draft=True), EventFactory()

    assert own_event(session, mine.organiser, mine.public_id) is mine
    assert own_events(session, mine.organiser) == [mine]
    with pytest.raises(NotFoundError):
        own_event(session, mine.organiser, theirs.public_id)


def test_coordinators_open_events_of_their_campaign_but_no_drafts(session: Session) -> None:
    campaign = CampaignFactory()
    events = in_every_state(campaign)

    assert reviewed_event(session, campaign, events["submitted"].public_id) is events["submitted"]
    for hidden in (events["draft"], EventFactory(submitted=True)):
        with pytest.raises(NotFoundError):
            reviewed_event(session, campaign, hidden.public_id)


def test_the_list_is_turned_page_by_page_without_a_gap_or_a_repeat(session: Session) -> None:
    campaign = CampaignFactory()
    for number in range(11):
        EventFactory(
            campaign=campaign, mission=None, country="DE" if number % 2 else "AT", city=f"City {number % 3}",
            cancelled=number % 4 == 0, starts_local=wall(2030, 9, 16, 10 + number % 3),
        )  # fmt: skip
    expected = sorted(
        session.scalars(visible_events(campaign.id)), key=lambda e: (e.country, e.city, e.starts_at, e.id)
    )

    turned, after = [], ""
    for _ in range(4):
        page = list_page(session, campaign, after=after, size=3)
        turned += page.events
        after = page.next_after

    assert turned == expected
    assert after == ""


def test_a_page_after_something_invisible_starts_anew(session: Session) -> None:
    campaign = CampaignFactory()
    shown, draft = EventFactory(campaign=campaign), EventFactory(campaign=campaign, draft=True)

    assert list_page(session, campaign, after=draft.public_id).events == [shown]


def test_filters_ask_the_calendar_of_the_place(session: Session) -> None:
    campaign = CampaignFactory(window=True)
    auckland = EventFactory(
        campaign=campaign, mission=None, country="NZ", timezone="Pacific/Auckland", languages="en",
        starts_local=wall(2030, 9, 17, 0, 30), ends_local=None,
    )  # fmt: skip
    berlin = EventFactory(campaign=campaign, starts_local=wall(2030, 9, 16, 23, 30), ends_local=None)

    assert auckland.starts_at < berlin.starts_at
    for filters, expected in (
        (EventFilters(day=date(2030, 9, 17)), [auckland]),
        (EventFilters(day=date(2030, 9, 16)), [berlin]),
        (EventFilters(country="NZ"), [auckland]),
        (EventFilters(language="ru"), [berlin]),
        (EventFilters(language="%"), []),
    ):
        assert list_page(session, campaign, filters).events == expected


def test_what_is_ticked_about_accessibility_is_looked_for_all_at_once(session: Session) -> None:
    campaign = CampaignFactory()
    silent = EventFactory(campaign=campaign)
    told = EventFactory(campaign=campaign, accessibility="Cobbles, ask us.")
    level = EventFactory(campaign=campaign, accessibility_features="step-free")
    signed = EventFactory(campaign=campaign, accessibility_features="step-free sign-language")

    def found(**wanted: Any) -> list[Event]:
        return list(list_page(session, campaign, EventFilters(**wanted)).events)

    assert found() == [silent, told, level, signed]
    assert found(is_described=True) == [told, level, signed]
    assert found(features=frozenset({Feature.STEP_FREE})) == [level, signed]
    assert found(features=frozenset({Feature.STEP_FREE, Feature.SIGN_LANGUAGE})) == [signed]
    assert found(features=frozenset({Feature.SEATING})) == []


def test_plans_for_one_mission_and_day_are_found_on_its_own_calendar(session: Session) -> None:
    campaign, mission = CampaignFactory(window=True), MissionFactory(sydney=True)
    common = {"campaign": campaign, "mission": mission}
    early = EventFactory(**common, starts_local=wall(2030, 9, 16, 0, 15), ends_local=None)
    waiting = EventFactory(**common, submitted=True)
    EventFactory(**common, draft=True)
    EventFactory(**common, cancelled=True)
    EventFactory(**common, starts_local=wall(2030, 9, 17, 0, 0), ends_local=None)
    EventFactory(mission=mission)

    found = events_at_mission(session, campaign, mission.id, date(2030, 9, 16))

    assert found == [early, waiting]
    assert events_at_mission(session, campaign, mission.id, date(2030, 9, 16), but=early) == [waiting]
    assert events_at_mission(session, campaign, None, date(2030, 9, 16)) == []


def test_others_near_are_within_twenty_kilometres_over_the_antimeridian_too(session: Session) -> None:
    campaign = CampaignFactory()
    here = EventFactory(campaign=campaign, mission=None, latitude=-17.0, longitude=179.95)
    across = EventFactory(campaign=campaign, mission=None, latitude=-17.0, longitude=-179.95)
    EventFactory(campaign=campaign, mission=None, latitude=-17.0, longitude=179.0)

    assert [event for event, _ in others_near(session, here)] == [across]


def test_the_queue_has_the_longest_waiting_first_and_says_what_to_look_at(session: Session) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    start = datetime(2030, 8, 1, tzinfo=UTC)
    known = AccountFactory()
    changed = EventFactory(
        campaign=campaign, organiser=known, mission=mission, proposed={"title": "X"},
        proposed_at=start + timedelta(hours=2),
    )  # fmt: skip
    rough = EventFactory(
        campaign=campaign, submitted=True, mission=None, rough=True, submitted_at=start + timedelta(hours=1)
    )
    second = EventFactory(
        campaign=campaign, submitted=True, organiser=known, mission=mission, asked_at=start,
        submitted_at=start + timedelta(hours=3),
    )  # fmt: skip
    in_every_state(CampaignFactory())

    items = review_queue(session, campaign)

    assert [item.event for item in items] == [rough, changed, second]
    assert [(item.is_rough, item.is_duplicate, item.is_new_organiser) for item in items] == [
        (True, False, True), (False, True, False), (False, True, False),
    ]  # fmt: skip
    assert [(item.is_change, item.is_asked) for item in items] == [
        (False, False),
        (True, False),
        (False, True),
    ]


def test_an_organisers_record_is_numbers_of_their_other_events(session: Session) -> None:
    account = AccountFactory()
    now = EventFactory(organiser=account, submitted=True)
    EventFactory(organiser=account)
    EventFactory(organiser=account, cancelled=True)
    EventFactory(organiser=account, rejected=True)

    record = organiser_record(session, now)

    assert (record.published, record.rejected, record.is_new) == (2, 1, False)


def test_a_page_of_the_list_reads_along_the_index(session: Session) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("plans read differently there, and depend on statistics")
    campaign = CampaignFactory()
    EventFactory(campaign=campaign)
    asked: list[str] = []

    def listen(_c: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if "LIMIT" in statement and "FROM event" in statement:
            asked.append((statement, parameters))  # type: ignore[arg-type]

    connection = session.connection()
    sqlalchemy_event.listen(connection, "before_cursor_execute", listen)
    list_page(session, campaign)
    sqlalchemy_event.remove(connection, "before_cursor_execute", listen)

    statement, parameters = asked[-1]
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    text = "\n".join(row[-1] for row in plan)
    assert "ix_event_campaign_id_status_country_city_starts_at_id" in text
    assert "SCAN event" not in text
    assert text.count("USE TEMP B-TREE FOR ORDER BY") == 1, "only what was found is sorted"


def test_statuses_are_those_of_the_rules(session: Session) -> None:
    assert {one.status for one in in_every_state(CampaignFactory()).values()} == set(EventStatus)
