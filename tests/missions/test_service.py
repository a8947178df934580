"""Importing a list: what is new, what changed, what is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from coordinator.kit.clock import now
from coordinator.kit.errors import NotFoundError
from coordinator.missions.directory import STARTER_LIST, read_missions
from coordinator.missions.models import Mission
from coordinator.missions.queries import (
    mission_by_code,
    missions_of_state,
    nearest_missions,
    target_mission,
    target_missions,
)
from coordinator.missions.rules import (
    MissionDetails,
    MissionKind,
    MissionStatus,
    MissionWords,
    Outcome,
)
from coordinator.missions.service import import_missions
from coordinator.places.rules import Point, Precision
from tests.factories.campaigns import CampaignFactory
from tests.factories.missions import MissionFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOON = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)
BERLIN = MissionDetails(
    code="ru-de-berlin-embassy",
    sending_state="RU",
    receiving_state="DE",
    kind=MissionKind.EMBASSY,
    words={"en": MissionWords(name="Embassy", city="Berlin"), "ru": MissionWords(name="П", city="Берлин")},
    address="Unter den Linden 63",
    point=Point(52.5162, 13.3825),
    precision=Precision.BUILDING,
    timezone="Europe/Berlin",
    status=MissionStatus.OPEN,
    status_on=None,
    website="",
    source="for a test",
    verified_at=None,
)


def test_the_same_list_twice_changes_nothing(session: Session) -> None:
    first = import_missions(session, [BERLIN], now=NOON)
    again = import_missions(session, [BERLIN], now=NOON)

    assert (first[Outcome.ADDED], again[Outcome.UNCHANGED], again.total()) == (1, 1, 1)


def test_the_starter_list_is_the_same_the_second_time(session: Session) -> None:
    for expected in (Outcome.ADDED, Outcome.UNCHANGED):
        lines = (line.details for line in read_missions(STARTER_LIST) if line.details)
        tally = import_missions(session, lines, now=NOON)

        assert set(tally) == {expected}


def test_what_changed_is_named(session: Session) -> None:
    import_missions(session, [BERLIN], now=NOON)
    said: list[tuple[str, Outcome, tuple[str, ...]]] = []
    words = {"en": BERLIN.words["en"], "ru": MissionWords(name="Посольство", city="Берлин")}

    import_missions(
        session,
        [replace(BERLIN, address="Behrenstraße 66", words=words)],
        now=NOON,
        report=lambda *line: said.append(line),
    )

    assert said == [("ru-de-berlin-embassy", Outcome.CHANGED, ("address", "name_ru"))]
    assert mission_by_code(session, BERLIN.code).address == "Behrenstraße 66"


def test_a_closed_mission_stays_as_closed(session: Session) -> None:
    import_missions(session, [BERLIN], now=NOON)

    tally = import_missions(session, [replace(BERLIN, status=MissionStatus.CLOSED)], now=NOON)

    assert tally[Outcome.CLOSED] == 1
    assert mission_by_code(session, BERLIN.code).status is MissionStatus.CLOSED


def test_a_mission_that_the_list_leaves_out_stays(session: Session) -> None:
    import_missions(session, [BERLIN], now=NOON)

    import_missions(session, [replace(BERLIN, code="ru-de-bonn")], now=NOON)

    assert session.scalar(select(func.count(Mission.id))) == 2


def test_names_in_languages_that_the_list_lacks_stay(session: Session) -> None:
    import_missions(session, [BERLIN], now=NOON)

    tally = import_missions(session, [replace(BERLIN, words={"en": BERLIN.words["en"]})], now=NOON)

    assert tally[Outcome.UNCHANGED] == 1
    assert mission_by_code(session, BERLIN.code).name_in("ru").city == "Берлин"


def test_a_dry_run_writes_nothing(session: Session) -> None:
    tally = import_missions(session, [BERLIN], now=NOON, is_dry_run=True)

    assert tally[Outcome.ADDED] == 1
    assert session.scalar(select(func.count(Mission.id))) == 0


def test_a_long_list_is_taken_a_few_at_a_time(session: Session) -> None:
    many = (replace(BERLIN, code=f"ru-de-{number}") for number in range(450))

    tally = import_missions(session, many, now=NOON)

    assert tally[Outcome.ADDED] == 450
    assert not any(isinstance(kept, Mission) for kept in session.identity_map.values())


def test_targets_are_the_sending_state_s_and_open_ones_come_first(session: Session) -> None:
    closed = MissionFactory(closed=True, receiving_state="AT")
    opened = MissionFactory()
    foreign = MissionFactory(sending_state="BY")
    campaign = CampaignFactory()

    assert list(target_missions(session, campaign)) == [opened, closed]
    assert list(missions_of_state(session, "RU", "AT")) == []
    with pytest.raises(NotFoundError):
        target_mission(session, campaign, foreign.code)


def test_the_nearest_missions_are_open_and_measured(session: Session) -> None:
    MissionFactory(closed=True)
    paris = MissionFactory(paris=True)
    sydney = MissionFactory(sydney=True)

    found = nearest_missions(session, CampaignFactory(), Point(52.52, 13.40), 2, now=now())

    assert [mission for mission, _km in found] == [paris, sydney]
    assert 870 < found[0][1] < 890
