"""Which missions have a protest, which have one that waits, and which have nobody yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from babel import Locale
from sqlalchemy import func, select

from coordinator.events.models import Event
from coordinator.events.rules import CLAIMING, EventStatus
from coordinator.missions.queries import target_missions
from coordinator.missions.rules import MissionKind, MissionStatus
from coordinator.places.timezones import REGIONS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.missions.models import Mission

ELSEWHERE = "001"
PLANNED = CLAIMING | {EventStatus.POSTPONED}


class Cover(StrEnum):
    """How well a mission is covered."""

    NONE = "none"
    PROPOSED = "proposed"
    """Somebody has registered, and a coordinator has not decided yet."""
    POSTPONED = "postponed"
    """Somebody organises there, and has no time yet."""
    CONFIRMED = "confirmed"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A mission in the words of one language, and how many protests there are at it."""

    code: str
    name: str
    city: str
    kind: MissionKind
    status: MissionStatus
    country: str
    """ISO 3166-1 alpha-2 of the receiving state."""
    region: str
    """CLDR code of the part of the world."""
    waiting: int
    published: int
    postponed: int = 0

    @property
    def cover(self) -> Cover:
        """Tell how well it is covered."""
        if self.published > 1:
            return Cover.SEVERAL
        if self.published:
            return Cover.CONFIRMED
        if self.waiting:
            return Cover.PROPOSED
        return Cover.POSTPONED if self.postponed else Cover.NONE


@dataclass(frozen=True, slots=True)
class Country:
    """The missions in one receiving state."""

    code: str
    name: str
    missions: Sequence[Covered]


@dataclass(frozen=True, slots=True)
class Region:
    """The receiving states in one part of the world."""

    code: str
    name: str
    countries: Sequence[Country]


def coverage(session: Session, campaign: Campaign, locale: str) -> list[Covered]:
    """Return every target that is not closed, and closed ones that have a protest all the same.

    Sorted by the name of the state and of the city in `locale`.
    """
    counts = _counts(session, campaign)
    names = Locale.parse(locale).territories
    board = []
    for mission in target_missions(session, campaign):
        waiting = counts.get((mission.id, EventStatus.SUBMITTED), 0)
        published = counts.get((mission.id, EventStatus.PUBLISHED), 0)
        postponed = counts.get((mission.id, EventStatus.POSTPONED), 0)
        if mission.status is not MissionStatus.CLOSED or waiting or published or postponed:
            board.append(_covered(mission, locale, waiting=waiting, published=published, postponed=postponed))
    return sorted(
        board, key=lambda one: (_folded(names.get(one.country, one.country)), _folded(one.city), one.code)
    )


def by_region(board: Iterable[Covered], locale: str) -> list[Region]:
    """Return the board by part of the world and state, both sorted by their names in `locale`."""
    names = Locale.parse(locale).territories
    tree: dict[str, dict[str, list[Covered]]] = {}
    for one in board:
        tree.setdefault(one.region, {}).setdefault(one.country, []).append(one)
    regions = [
        Region(
            code,
            str(names.get(code, code)),
            [
                Country(country, str(names.get(country, country)), missions)
                for country, missions in states.items()
            ],
        )
        for code, states in tree.items()
    ]
    return sorted(regions, key=lambda region: _folded(region.name))


def _counts(session: Session, campaign: Campaign) -> dict[tuple[int | None, EventStatus], int]:
    query = (
        select(Event.mission_id, Event.status, func.count())
        .where(Event.campaign_id == campaign.id, Event.mission_id.is_not(None), Event.status.in_(PLANNED))
        .group_by(Event.mission_id, Event.status)
    )
    return {(mission_id, status): count for mission_id, status, count in session.execute(query)}


def _covered(mission: Mission, locale: str, *, waiting: int, published: int, postponed: int) -> Covered:
    words = mission.name_in(locale)
    return Covered(
        code=mission.code,
        name=words.name,
        city=words.city,
        kind=mission.kind,
        status=mission.status,
        country=mission.receiving_state,
        region=REGIONS.get(mission.timezone.partition("/")[0], ELSEWHERE),
        waiting=waiting,
        published=published,
        postponed=postponed,
    )


def _folded(name: str) -> str:
    return str(name).casefold()
