"""Keep the directory of missions. Nothing here commits."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from coordinator.audit.service import COMMAND, record
from coordinator.missions.models import Mission, MissionName
from coordinator.missions.rules import MissionDetails, MissionStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

MISSIONS_AT_ONCE = 200  # fewer queries, and still little memory


def import_missions(
    session: Session,
    missions: Iterable[MissionDetails],
    *,
    now: datetime,
    by: str = COMMAND,
    is_dry_run: bool = False,
    report: Callable[[str, Outcome, tuple[str, ...]], None] = lambda _code, _outcome, _fields: None,
) -> Counter[Outcome]:
    """Bring the directory in line with a list, and return how many missions were what.

    Idempotent by id: the same list again changes nothing. A mission that the list does not
    name is left as it is; one that is gone is listed as closed, never left out.

    Args:
        session: where it is written.
        missions: the list; read a few at a time, so it may be long.
        now: for the log.
        by: public id of an account, or who else does this.
        is_dry_run: only look what would change.
        report: called for each with its id, what became of it, and the names of changed fields.
    """
    tally: Counter[Outcome] = Counter()
    for some in _in_portions(missions):
        codes = [details.code for details in some]
        known = {
            mission.code: mission
            for mission in session.scalars(select(Mission).where(Mission.code.in_(codes)))
        }
        written: list[Mission] = []
        for details in some:
            mission = known.get(details.code)
            changed = () if mission is None else changes(mission, details)
            outcome = _outcome(mission, changed, details)
            if not is_dry_run and outcome is not Outcome.UNCHANGED:
                mission = _write(session, mission, details)
            if mission is not None:
                written.append(mission)
            tally[outcome] += 1
            report(details.code, outcome, changed)
        session.flush()
        for mission in written:
            session.expunge(mission)  # a long list would fill the memory
    if not is_dry_run:
        counts: dict[str, Any] = {outcome.value: tally[outcome] for outcome in Outcome}
        record(session, "missions:imported", "missions:directory", by=by, at=now, **counts)
    return tally


def changes(mission: Mission, details: MissionDetails) -> tuple[str, ...]:
    """Return the names of what `details` say otherwise than the row."""
    changed = [name for name, value in _columns(details).items() if getattr(mission, name) != value]
    for locale, words in details.words.items():
        kept = mission.names.get(locale)
        if kept is None or kept.name != words.name:
            changed.append(f"name_{locale}")
        if kept is None or kept.city != words.city:
            changed.append(f"city_{locale}")
    return tuple(changed)


def _in_portions(missions: Iterable[MissionDetails]) -> Iterator[list[MissionDetails]]:
    source = iter(missions)
    while some := list(islice(source, MISSIONS_AT_ONCE)):
        yield some


def _outcome(mission: Mission | None, changed: tuple[str, ...], details: MissionDetails) -> Outcome:
    if mission is None:
        return Outcome.ADDED
    if not changed:
        return Outcome.UNCHANGED
    closes = "status" in changed and details.status is MissionStatus.CLOSED
    return Outcome.CLOSED if closes else Outcome.CHANGED


def _columns(details: MissionDetails) -> dict[str, object]:
    return {
        "sending_state": details.sending_state,
        "receiving_state": details.receiving_state,
        "kind": details.kind,
        "address": details.address,
        "latitude": details.point.latitude,
        "longitude": details.point.longitude,
        "precision": details.precision,
        "timezone": details.timezone,
        "status": details.status,
        "status_on": details.status_on,
        "website": details.website,
        "source": details.source,
        "verified_at": details.verified_at,
    }


def _write(session: Session, mission: Mission | None, details: MissionDetails) -> Mission:
    """Write a line of the list. Names in languages that the list does not have are kept."""
    if mission is None:
        mission = Mission(code=details.code)
        session.add(mission)
    for name, value in _columns(details).items():
        setattr(mission, name, value)
    for locale, words in details.words.items():
        text = mission.names.get(locale)
        if text is None:
            text = mission.names[locale] = MissionName(locale=locale)
        text.name, text.city = words.name, words.city
    return mission
