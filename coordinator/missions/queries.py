"""What missions there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlalchemy import case, select

from coordinator.kit.errors import NotFoundError
from coordinator.kit.kept import Kept
from coordinator.missions.models import Mission, MissionName
from coordinator.missions.rules import MissionStatus
from coordinator.places.gazetteer.names import fold
from coordinator.places.geo import Nearest
from coordinator.places.rules import Point

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


STATES_KEPT = 200
ENOUGH_WORDS, MOST_WORDS = 2, 12
MOST_CALLED = 8
MINUTE = 60

_doors: Kept[Nearest[int]] = Kept(most=STATES_KEPT)


class HasTargets(Protocol):
    """A campaign, as far as missions need to know one."""

    @property
    def sending_state(self) -> str:
        """Return the state whose missions are meant."""
        ...


def mission_by_code(session: Session, code: str) -> Mission:
    """Return the mission with this id in the directory.

    Raises:
        NotFoundError: there is none.
    """
    mission = session.scalar(select(Mission).where(Mission.code == code))
    if mission is None:
        raise NotFoundError
    return mission


def target_missions(session: Session, campaign: HasTargets) -> Sequence[Mission]:
    """Return every mission of the campaign's sending state: open ones first, then by state and id."""
    is_closed = case((Mission.status == MissionStatus.CLOSED, 1), else_=0)
    query = select(Mission).where(Mission.sending_state == campaign.sending_state)
    return session.scalars(query.order_by(is_closed, Mission.receiving_state, Mission.code)).all()


def target_mission(session: Session, campaign: HasTargets, code: str) -> Mission:
    """Return a mission of the campaign's sending state.

    Raises:
        NotFoundError: there is none of that id, or it is another state's.
    """
    mission = mission_by_code(session, code)
    if mission.sending_state != campaign.sending_state:
        raise NotFoundError
    return mission


def missions_of_state(session: Session, sending_state: str, receiving_state: str) -> Sequence[Mission]:
    """Return where `sending_state` may be met in `receiving_state`: what is not closed, by id."""
    query = select(Mission).where(
        Mission.sending_state == sending_state,
        Mission.receiving_state == receiving_state,
        Mission.status != MissionStatus.CLOSED,
    )
    return session.scalars(query.order_by(Mission.code)).all()


def missions_called(session: Session, campaign: HasTargets, text: str) -> list[Mission]:
    """Return the targets whose name or city, in any one language, holds every word of `text`; few at most.

    One word is not enough: it names a city, and cities are looked for elsewhere.
    """
    wanted = set(fold(text).split())
    if not ENOUGH_WORDS <= len(wanted) <= MOST_WORDS:
        return []
    names = (
        select(MissionName.mission_id, MissionName.name, MissionName.city)
        .join(Mission)
        .where(Mission.sending_state == campaign.sending_state)
    )
    found = {
        row.mission_id
        for row in session.execute(names)
        if wanted <= set(fold(f"{row.name} {row.city}").split())
    }
    if not 0 < len(found) <= MOST_CALLED:
        return []
    query = select(Mission).where(Mission.id.in_(found))
    return list(session.scalars(query.order_by(Mission.status != MissionStatus.OPEN, Mission.code)))


def nearest_missions(
    session: Session, campaign: HasTargets, point: Point, k: int = 3, *, now: datetime
) -> list[tuple[Mission, float]]:
    """Return at most `k` targets that are not closed with their distance in km, the nearest first.

    The directory is at most a minute old.
    """

    def make() -> Nearest[int]:
        query = select(Mission.id, Mission.latitude, Mission.longitude).where(
            Mission.sending_state == campaign.sending_state, Mission.status != MissionStatus.CLOSED
        )
        return Nearest((row.id, Point(row.latitude, row.longitude)) for row in session.execute(query))

    doors = _doors.get(campaign.sending_state, int(now.timestamp()) // MINUTE, make)
    found = doors.nearest(point, k)
    query_found = select(Mission).where(Mission.id.in_([known for known, _ in found]))
    missions = {mission.id: mission for mission in session.scalars(query_found)}
    return [(missions[known], km) for known, km in found if known in missions]
