"""What other sources say of missions: taken in, compared with ours, decided by people. Nothing commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, select

from coordinator.audit.service import record
from coordinator.kit.errors import NotFoundError
from coordinator.missions.models import Mission, MissionFinding, MissionName
from coordinator.missions.rules import (
    LONGEST_SOURCE,
    Decision,
    Difference,
    MissionStatus,
    SourceName,
    Taken,
    difference,
    fresh_code,
    is_likely_same,
    is_obvious,
)
from coordinator.places.gazetteer.names import fold
from coordinator.places.geo import distance_km
from coordinator.places.rules import Precision
from coordinator.places.timezones import zone_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.missions.rules import Finding

ATTRIBUTION = {SourceName.WIKIDATA: "Wikidata, CC0", SourceName.OSM: "OpenStreetMap contributors, ODbL"}
MOST_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mission of ours that a finding may be."""

    mission: Mission
    km: float | None
    is_obvious: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A finding about which somebody has to say something."""

    finding: MissionFinding
    candidates: Sequence[Candidate]
    """Missions that it may be; empty when it is known which it is."""
    difference: Difference | None
    """What the source says otherwise of the mission that it is."""
    km: float | None = None
    """How far it moved."""


def take_findings(
    session: Session,
    findings: Iterable[Finding],
    *,
    now: datetime,
    by: str,
    is_dry_run: bool = False,
    report: Callable[[Finding, Taken], None] = lambda _finding, _taken: None,
) -> Counter[Taken]:
    """Take in what a source says. A mission that nobody knew is added; everything else is only proposed.

    Idempotent by the source's ids: the same answer again changes nothing.

    Args:
        session: where it is written.
        findings: of one source, in any order.
        now: when it was read.
        by: who did this, for the log.
        is_dry_run: only look what would happen.
        report: called for each with what becomes of it.
    """
    found = list(findings)
    states = {finding.sending_state for finding in found}
    missions = list(session.scalars(select(Mission).where(Mission.sending_state.in_(states))))
    codes = {mission.code for mission in missions}
    known = _known(session, found)
    tally: Counter[Taken] = Counter()
    for finding in found:
        row = known.get(finding.key)
        taken = _what_becomes_of(finding, row, missions)
        if not is_dry_run:
            row = _kept(session, row, finding, now)
            _link_by_wikidata(session, row)
            if taken is Taken.ADDED:
                row.mission = _added(session, finding, codes)
                row.decision = Decision.SAME
                missions.append(row.mission)
            elif row.mission is not None:
                _name(row.mission, finding)
        tally[taken] += 1
        report(finding, taken)
    if not is_dry_run:
        session.flush()
        counts: dict[str, Any] = {taken.value.replace(" ", "_"): tally[taken] for taken in Taken}
        record(session, "missions:read", "missions:directory", by=by, at=now, **counts)
    return tally


def miss_findings(
    session: Session,
    source: SourceName,
    sending_state: str,
    keys: Iterable[str],
    *,
    receiving_state: str = "",
) -> int:
    """Note which findings a source that was asked for all of a state lists no more; return how many."""
    query = select(MissionFinding).where(
        MissionFinding.source == source, MissionFinding.sending_state == sending_state
    )
    if receiving_state:
        query = query.where(MissionFinding.receiving_state == receiving_state)
    listed, gone = set(keys), 0
    for row in session.scalars(query):
        is_gone = row.key not in listed
        gone += is_gone and not row.is_gone
        row.is_gone = is_gone
    return gone


def proposals(session: Session, sending_state: str) -> list[Proposal]:
    """Return what needs a human eye among the missions of a state: closings and moves first."""
    missions = list(session.scalars(select(Mission).where(Mission.sending_state == sending_state)))
    rows = session.scalars(
        select(MissionFinding)
        .where(MissionFinding.sending_state == sending_state, MissionFinding.decision != Decision.NOT_OURS)
        .order_by(MissionFinding.receiving_state, MissionFinding.source, MissionFinding.key)
    )
    changed, new = [], []
    for row in rows:
        if row.mission is None:
            candidates = candidates_for(row.finding(), missions)
            if candidates:
                new.append(Proposal(row, candidates, None))
            continue
        km = _km(row.finding(), row.mission)
        noticed = difference(row.finding(), row.mission, km, is_gone=row.is_gone)
        if noticed is not None and row.settled != signature(row, noticed):
            changed.append(Proposal(row, (), noticed, km))
    return [*changed, *new]


def candidates_for(finding: Finding, missions: Iterable[Mission]) -> list[Candidate]:
    """Return the missions that a finding may be, the likeliest first."""
    found = []
    for mission in missions:
        if mission.receiving_state != finding.receiving_state and finding.point is None:
            continue
        km, is_same_city = _km(finding, mission), _is_same_city(finding, mission)
        if is_likely_same(finding, mission, km, is_same_city=is_same_city):
            obvious = is_obvious(finding, mission, km, is_same_city=is_same_city)
            found.append(Candidate(mission, km, obvious))
    found.sort(key=lambda one: (not one.is_obvious, one.km if one.km is not None else float("inf")))
    return found[:MOST_CANDIDATES]


def finding_by_key(session: Session, sending_state: str, *, source: str, key: str) -> MissionFinding:
    """Return a finding about the missions of a state, locked for a decision.

    Raises:
        NotFoundError: there is none.
    """
    row = session.scalar(
        select(MissionFinding)
        .where(
            cast(MissionFinding.source, String) == source,
            MissionFinding.key == key,
            MissionFinding.sending_state == sending_state,
        )
        .with_for_update()
    )
    if row is None:
        raise NotFoundError
    return row


def say_same(
    session: Session, row: MissionFinding, mission: Mission, *, by: str, now: datetime, campaign: str
) -> None:
    """Say that a finding is a mission of ours. Names in languages that we lack are taken over, no more."""
    row.mission, row.decision = mission, Decision.SAME
    _name(mission, row.finding())
    _record(session, "missions:same", row, by=by, now=now, campaign=campaign)


def say_another(session: Session, row: MissionFinding, *, by: str, now: datetime, campaign: str) -> None:
    """Say that a finding is a mission that we did not know, and add it; said twice, it is added once.

    Raises:
        NotFoundError: the source does not say where it is, so there is nothing to add.
    """
    if row.mission is not None:
        return
    finding = row.finding()
    if finding.point is None:
        raise NotFoundError
    codes = set(session.scalars(select(Mission.code).where(Mission.sending_state == row.sending_state)))
    row.mission, row.decision = _added(session, finding, codes), Decision.SAME
    _record(session, "missions:added", row, by=by, now=now, campaign=campaign)


def say_not_ours(session: Session, row: MissionFinding, *, by: str, now: datetime, campaign: str) -> None:
    """Say that a finding is nothing that belongs into the directory."""
    row.mission, row.decision = None, Decision.NOT_OURS
    _record(session, "missions:not-ours", row, by=by, now=now, campaign=campaign)


def take_over(session: Session, row: MissionFinding, *, by: str, now: datetime, campaign: str) -> None:
    """Believe the source: close the mission, or move it to where the source has it."""
    mission, finding = row.mission, row.finding()
    if mission is None:
        raise NotFoundError
    noticed = difference(finding, mission, _km(finding, mission), is_gone=row.is_gone)
    if noticed is Difference.MOVED and finding.point is not None:
        mission.latitude, mission.longitude = finding.point.latitude, finding.point.longitude
        mission.precision = finding.precision or Precision.STREET
        mission.timezone = zone_at(finding.point)
        mission.address = finding.address or mission.address
        mission.status_on = now.date()
    elif noticed is not None:
        mission.status = MissionStatus.CLOSED
        mission.status_on = finding.closed_on or now.date()
    mission.source, mission.verified_at = source_words(row), now
    _record(session, f"missions:{noticed or 'same'}", row, by=by, now=now, campaign=campaign)


def keep_ours(session: Session, row: MissionFinding, *, by: str, now: datetime, campaign: str) -> None:
    """Leave the mission as it is, and ask no more until the source says something else."""
    if row.mission is None:
        raise NotFoundError
    finding = row.finding()
    noticed = difference(finding, row.mission, _km(finding, row.mission), is_gone=row.is_gone)
    row.settled = signature(row, noticed) if noticed else ""
    _record(session, "missions:kept", row, by=by, now=now, campaign=campaign)


def verify(session: Session, mission: Mission, *, by: str, now: datetime, campaign: str) -> None:
    """Say that somebody has checked a mission: it is there, and open."""
    mission.verified_at = now
    record(session, "missions:verified", f"mission:{mission.code}", by=by, at=now, campaign=campaign)


def signature(row: MissionFinding, noticed: Difference) -> str:
    """Return what stands for one difference, so that it is shown once and another one again."""
    if noticed is Difference.MOVED and row.point is not None:
        return f"{noticed}:{row.point.latitude:.3f},{row.point.longitude:.3f}"
    return f"{noticed}:{row.closed_on or ''}"


def source_words(row: MissionFinding) -> str:
    """Return where something was learnt, as the directory says it."""
    return f"{ATTRIBUTION[row.source]}, {row.key}"[:LONGEST_SOURCE]


def _what_becomes_of(finding: Finding, row: MissionFinding | None, missions: Sequence[Mission]) -> Taken:
    if row is not None and row.decision is Decision.NOT_OURS:
        return Taken.UNCHANGED
    if row is not None and row.mission is not None:
        noticed = difference(finding, row.mission, _km(finding, row.mission), is_gone=False)
        return Taken.DIFFERENT if noticed else Taken.UNCHANGED
    if candidates_for(finding, missions):
        return Taken.UNCHANGED if row is not None else Taken.PROPOSED
    return Taken.PASSED_OVER if finding.is_closed or finding.point is None else Taken.ADDED


def _known(session: Session, findings: Sequence[Finding]) -> dict[str, MissionFinding]:
    if not findings:
        return {}
    states = {finding.sending_state for finding in findings}
    query = select(MissionFinding).where(
        MissionFinding.source == findings[0].source, MissionFinding.sending_state.in_(states)
    )
    return {row.key: row for row in session.scalars(query)}


def _kept(session: Session, row: MissionFinding | None, finding: Finding, now: datetime) -> MissionFinding:
    if row is None:
        row = MissionFinding(
            source=finding.source, key=finding.key, first_seen_at=now, decision=Decision.WAITING, settled=""
        )
        session.add(row)
    row.sending_state, row.receiving_state = finding.sending_state, finding.receiving_state
    row.kind, row.address, row.website = finding.kind, finding.address, finding.website
    row.names, row.cities = dict(finding.names), dict(finding.cities)
    row.latitude = finding.point.latitude if finding.point else None
    row.longitude = finding.point.longitude if finding.point else None
    row.precision, row.same_as = finding.precision, finding.same_as
    row.is_closed, row.closed_on = finding.is_closed, finding.closed_on
    row.last_seen_at, row.is_gone = now, False
    return row


def _link_by_wikidata(session: Session, row: MissionFinding) -> None:
    """Follow the id of Wikidata that OpenStreetMap names: that item is known to be a mission of ours."""
    if not row.same_as or row.mission is not None or row.decision is not Decision.WAITING:
        return
    other = session.scalar(
        select(MissionFinding).where(
            MissionFinding.source == SourceName.WIKIDATA,
            MissionFinding.key == row.same_as,
            MissionFinding.mission_id.is_not(None),
        )
    )
    if other is not None:
        row.mission, row.decision = other.mission, Decision.SAME


def _added(session: Session, finding: Finding, codes: set[str]) -> Mission:
    """Add a mission; nobody has verified it."""
    point = finding.point
    if point is None:
        raise NotFoundError
    code = fresh_code(finding, codes.__contains__)
    codes.add(code)
    mission = Mission(
        code=code,
        sending_state=finding.sending_state,
        receiving_state=finding.receiving_state,
        kind=finding.kind,
        address=finding.address,
        latitude=point.latitude,
        longitude=point.longitude,
        precision=finding.precision or Precision.STREET,
        timezone=zone_at(point),
        status=MissionStatus.OPEN,
        website=finding.website,
        source=f"{ATTRIBUTION[finding.source]}, {finding.key}"[:LONGEST_SOURCE],
    )
    mission.names["en"] = MissionName(locale="en", name=finding.name, city=finding.city)
    session.add(mission)
    _name(mission, finding)
    session.flush()
    return mission


def _name(mission: Mission, finding: Finding) -> None:
    """Give a mission its name in the languages that it lacks."""
    for locale, name in finding.names.items():
        if locale not in mission.names:
            city = finding.cities.get(locale) or mission.names["en"].city
            mission.names[locale] = MissionName(locale=locale, name=name, city=city)


def _km(finding: Finding, mission: Mission) -> float | None:
    return None if finding.point is None else distance_km(finding.point, mission.point)


def _is_same_city(finding: Finding, mission: Mission) -> bool:
    ours = {fold(words.city) for words in mission.names.values()}
    return any(fold(city) in ours for city in finding.cities.values() if city)


def _record(
    session: Session, tag: str, row: MissionFinding, *, by: str, now: datetime, campaign: str
) -> None:
    subject = f"mission:{row.mission.code}" if row.mission else f"finding:{row.source}"
    record(session, tag, subject, by=by, at=now, campaign=campaign, source=row.source.value, key=row.key)
