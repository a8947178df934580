"""What other sources say is taken in, compared, and decided by people, without whom nothing changes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.kit.errors import NotFoundError
from coordinator.missions import findings
from coordinator.missions.models import Mission, MissionFinding
from coordinator.missions.rules import (
    Decision,
    Difference,
    Finding,
    MissionKind,
    MissionStatus,
    SourceName,
    Taken,
)
from coordinator.places.rules import Point, Precision
from tests.factories.campaigns import CampaignFactory
from tests.factories.missions import MissionFactory

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

NOW = datetime(2030, 1, 2, tzinfo=UTC)
SAID: dict[str, Any] = {"by": "somebody", "now": NOW, "campaign": "world"}


def finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "source": SourceName.WIKIDATA, "key": "Q1", "sending_state": "RU", "receiving_state": "DE",
        "kind": MissionKind.EMBASSY, "names": {"en": "Embassy of Russia", "de": "Russische Botschaft"},
        "cities": {"en": "Berlin", "de": "Berlin"}, "address": "Unter den Linden", "website": "",
        "point": Point(52.5163, 13.3826), "precision": Precision.STREET, "is_closed": False,
    }  # fmt: skip
    return Finding(**values | changes)


def take(session: Session, *found: Finding, **more: Any) -> dict[Taken, int]:
    return dict(findings.take_findings(session, found, now=NOW, by="somebody", **more))


def row_of(session: Session, key: str = "Q1") -> MissionFinding:
    return session.scalars(select(MissionFinding).where(MissionFinding.key == key)).one()


def test_what_looks_like_ours_is_only_proposed(session: Session) -> None:
    ours = MissionFactory()
    session.flush()

    assert take(session, finding()) == {Taken.PROPOSED: 1}

    (proposal,) = findings.proposals(session, "RU")
    assert proposal.candidates[0].mission is ours
    assert proposal.candidates[0].is_obvious
    assert session.scalar(select(func.count(Mission.id))) == 1
    assert set(ours.names) == {"en", "ru"}


def test_what_nobody_knew_is_added_unverified(session: Session) -> None:
    MissionFactory()
    osaka = finding(key="Q9", receiving_state="JP", cities={"en": "Osaka"}, point=Point(34.8, 135.5))

    assert take(session, osaka) == {Taken.ADDED: 1}

    added = row_of(session, "Q9").mission
    assert added is not None
    assert (added.code, added.timezone, added.verified_at) == ("ru-jp-osaka-embassy", "Asia/Tokyo", None)
    assert added.source == "Wikidata, CC0, Q9"
    assert (added.name_in("de").name, added.name_in("de").city) == ("Russische Botschaft", "Osaka")
    assert findings.proposals(session, "RU") == []


def test_two_new_ones_of_a_kind_in_a_city_have_ids_of_their_own(session: Session) -> None:
    one = finding(key="Q8", receiving_state="JP", cities={"en": "Osaka"}, point=Point(34.8, 135.5))
    other = replace(one, key="Q9", point=Point(35.2, 135.5))

    take(session, one, other)

    assert row_of(session, "Q8").mission is not row_of(session, "Q9").mission
    assert row_of(session, "Q9").mission.code == "ru-jp-osaka-embassy-q9"  # type: ignore[union-attr]


@pytest.mark.parametrize("odd", [{"is_closed": True}, {"point": None, "cities": {"en": "Osaka"}}])
def test_what_was_closed_before_or_is_nowhere_is_passed_over(session: Session, odd: dict[str, Any]) -> None:
    new = finding(receiving_state="JP", cities={"en": "Osaka"}, point=Point(34.8, 135.5))

    assert take(session, replace(new, **odd)) == {Taken.PASSED_OVER: 1}
    assert session.scalar(select(func.count(Mission.id))) == 0


def test_the_same_answer_again_changes_nothing(session: Session) -> None:
    MissionFactory()
    osaka = finding(key="Q9", receiving_state="JP", cities={"en": "Osaka"}, point=Point(34.8, 135.5))
    take(session, finding(), osaka)

    assert take(session, finding(), osaka) == {Taken.UNCHANGED: 2}
    assert session.scalar(select(func.count(MissionFinding.id))) == 2
    assert session.scalar(select(func.count(Mission.id))) == 2


def test_a_dry_run_says_what_would_be_and_writes_nothing(session: Session) -> None:
    MissionFactory()
    said: list[tuple[str, Taken]] = []

    take(session, finding(), is_dry_run=True, report=lambda one, taken: said.append((one.key, taken)))

    assert said == [("Q1", Taken.PROPOSED)]
    assert session.scalar(select(func.count(MissionFinding.id))) == 0


def test_saying_that_it_is_ours_takes_over_missing_names_alone(session: Session) -> None:
    ours = MissionFactory()
    take(session, finding(names={"en": "Another name", "de": "Russische Botschaft"}))
    before = (ours.names["en"].name, ours.latitude, ours.address)

    findings.say_same(session, row_of(session), ours, **SAID)

    assert (ours.names["en"].name, ours.latitude, ours.address) == before
    assert ours.names["de"].name == "Russische Botschaft"
    assert findings.proposals(session, "RU") == []


@pytest.mark.parametrize(
    ("changes", "noticed"),
    [
        ({"is_closed": True, "closed_on": date(2029, 5, 1)}, Difference.CLOSED),
        ({"point": Point(52.53, 13.3826)}, Difference.MOVED),
        ({"point": Point(52.5164, 13.3827)}, None),
    ],
)
def test_a_closing_and_a_move_wait_for_somebody(
    session: Session, changes: dict[str, Any], noticed: Difference | None
) -> None:
    ours = MissionFactory(precision=Precision.BUILDING)
    take(session, finding())
    findings.say_same(session, row_of(session), ours, **SAID)

    taken = take(session, finding(**changes))

    assert taken == {Taken.DIFFERENT if noticed else Taken.UNCHANGED: 1}
    assert [one.difference for one in findings.proposals(session, "RU")] == ([noticed] if noticed else [])
    assert (ours.status, ours.latitude) == (MissionStatus.OPEN, 52.5162)


def test_a_closing_that_is_taken_over_keeps_its_date_and_source(session: Session) -> None:
    ours = MissionFactory()
    take(session, finding())
    findings.say_same(session, row_of(session), ours, **SAID)
    take(session, finding(is_closed=True, closed_on=date(2029, 5, 1)))

    findings.take_over(session, row_of(session), **SAID)

    assert (ours.status, ours.status_on) == (MissionStatus.CLOSED, date(2029, 5, 1))
    assert (ours.source, ours.verified_at) == ("Wikidata, CC0, Q1", NOW)
    assert findings.proposals(session, "RU") == []


def test_a_move_that_is_taken_over_moves_point_and_address(session: Session) -> None:
    ours = MissionFactory(precision=Precision.BUILDING)
    take(session, finding())
    findings.say_same(session, row_of(session), ours, **SAID)
    take(session, finding(point=Point(52.53, 13.39), address="Elsewhere 1"))

    findings.take_over(session, row_of(session), **SAID)

    assert (ours.latitude, ours.longitude, ours.address) == (52.53, 13.39, "Elsewhere 1")
    assert ours.status is MissionStatus.OPEN


def test_what_was_left_as_it_is_is_asked_once_and_another_news_again(session: Session) -> None:
    ours = MissionFactory(precision=Precision.BUILDING)
    take(session, finding())
    findings.say_same(session, row_of(session), ours, **SAID)
    take(session, finding(point=Point(52.53, 13.3826)))
    findings.keep_ours(session, row_of(session), **SAID)

    assert findings.proposals(session, "RU") == []
    take(session, finding(point=Point(52.54, 13.3826)))
    assert [one.difference for one in findings.proposals(session, "RU")] == [Difference.MOVED]


def test_what_a_source_lists_no_more_is_noticed_for_the_state_that_was_asked_about(session: Session) -> None:
    berlin, paris = MissionFactory(), MissionFactory(paris=True)
    take(session, finding(), finding(key="Q2", receiving_state="FR", point=paris.point))
    findings.say_same(session, row_of(session), berlin, **SAID)
    findings.say_same(session, row_of(session, "Q2"), paris, **SAID)

    assert findings.miss_findings(session, SourceName.WIKIDATA, "RU", [], receiving_state="DE") == 1
    assert [(one.finding.key, one.difference) for one in findings.proposals(session, "RU")] == [
        ("Q1", Difference.GONE)
    ]
    take(session, finding())
    assert findings.proposals(session, "RU") == []


def test_openstreetmap_is_linked_by_the_item_that_it_names(session: Session) -> None:
    ours = MissionFactory()
    take(session, finding())
    findings.say_same(session, row_of(session), ours, **SAID)

    osm = finding(source=SourceName.OSM, key="node/5", same_as="Q1", point=Point(52.5164, 13.383))
    take(session, osm)

    assert row_of(session, "node/5").mission is ours
    assert findings.proposals(session, "RU") == []


def test_what_is_not_ours_is_never_asked_again(session: Session) -> None:
    MissionFactory()
    take(session, finding())
    findings.say_not_ours(session, row_of(session), **SAID)

    assert take(session, finding()) == {Taken.UNCHANGED: 1}
    assert (row_of(session).decision, findings.proposals(session, "RU")) == (Decision.NOT_OURS, [])


def test_another_mission_in_the_same_city_can_be_added(session: Session) -> None:
    MissionFactory()
    take(session, finding(kind=MissionKind.CONSULATE))

    findings.say_another(session, row_of(session), **SAID)

    assert row_of(session).mission.code == "ru-de-berlin-consulate"  # type: ignore[union-attr]


def test_a_finding_of_another_state_is_not_found(session: Session) -> None:
    MissionFactory()
    take(session, finding())

    with pytest.raises(NotFoundError):
        findings.finding_by_key(session, "BY", source="wikidata", key="Q1")


def test_the_command_reads_a_saved_answer(runner: FlaskCliRunner, session: Session, tmp_path: Path) -> None:
    MissionFactory()
    session.flush()
    answer = tmp_path / "answer.json"
    elements = [
        {"type": "node", "id": 5, "lat": 52.5163, "lon": 13.3826,
         "tags": {"diplomatic": "embassy", "country": "RU", "target": "DE", "name": "Botschaft"}},
        {"type": "node", "id": 6, "lat": 35.0, "lon": 135.0,
         "tags": {"diplomatic": "embassy", "country": "US", "target": "JP", "name": "Not asked for"}},
    ]  # fmt: skip
    answer.write_text(json.dumps({"elements": elements}), encoding="utf-8")

    ran = runner.invoke(args=["missions", "fetch", "osm", "--state", "ru", "--file", str(answer)])
    again = runner.invoke(
        args=["missions", "fetch", "osm", "--state", "RU", "--file", str(answer), "--dry-run"]
    )
    broken = tmp_path / "broken.json"
    broken.write_text("<html>", encoding="utf-8")
    failed = runner.invoke(args=["missions", "fetch", "osm", "--state", "RU", "--file", str(broken)])

    assert "1 proposed" in ran.output
    assert "would be" in again.output
    assert "1 unchanged" in again.output
    assert failed.exit_code == 1
    assert "can't be read; nothing was changed" in failed.output


def test_a_campaign_knows_nothing_of_other_states(session: Session) -> None:
    CampaignFactory(slug="world")
    MissionFactory(sending_state="BY")
    take(session, finding(sending_state="BY"))

    assert findings.proposals(session, "RU") == []
    assert len(findings.proposals(session, "BY")) == 1
