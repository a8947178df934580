"""What a campaign's pages count, kept until something changes: more protests make no page dearer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func

from coordinator.events.counting import told_column
from coordinator.events.coverage import coverage
from coordinator.events.models import Event
from coordinator.events.queries.public import (
    country_counts,
    day_counts,
    languages_spoken,
    visible_events,
    visible_points,
)
from coordinator.events.rules import CountShown, EventStatus
from coordinator.kit.kept import Kept
from coordinator.places.geo import Nearest
from coordinator.rsvps.models import RsvpTally

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.events.coverage import Covered

CAMPAIGNS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Facets:
    """What a campaign's list can be narrowed to."""

    countries: Sequence[str]
    days: Sequence[date]
    languages: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How large a campaign is. People are counted twice over: confirmed, and merely announced."""

    events: int
    countries: int
    confirmed: int
    unconfirmed: int
    is_least: bool = False
    """Some events round or hide their numbers: these are what is told, and it is more."""


_facets: Kept[Facets] = Kept(most=CAMPAIGNS_KEPT)
_numbers: Kept[Numbers] = Kept(most=CAMPAIGNS_KEPT)
_boards: Kept[list[Covered]] = Kept(most=CAMPAIGNS_KEPT)
_nearest: Kept[Nearest[int]] = Kept(most=CAMPAIGNS_KEPT)


def minute(now: datetime) -> int:
    """Return the number of this minute: what is kept for one is at most so old."""
    return int(now.timestamp() // 60)


def facets_of(session: Session, campaign: Campaign) -> Facets:
    """Return the countries, days and languages of a campaign's visible events."""

    def count() -> Facets:
        return Facets(
            countries=[code for code, _count in country_counts(session, campaign) if code],
            days=[day for day, _count in day_counts(session, campaign)],
            languages=languages_spoken(session, campaign),
        )

    return _facets.get(campaign.id, campaign.revision, count)


def numbers_of(session: Session, campaign: Campaign, *, now: datetime) -> Numbers:
    """Return how many protests will take place in how many states, and how many people said they come."""

    def count() -> Numbers:
        planned = visible_events(campaign.id).where(Event.status == EventStatus.PUBLISHED)
        columns = (
            func.count(Event.id),
            func.count(Event.country.distinct()),
            func.coalesce(func.sum(told_column(RsvpTally.confirmed)), 0),
            func.coalesce(func.sum(told_column(RsvpTally.unconfirmed)), 0),
            func.count().filter(Event.count_shown != CountShown.EXACT),
        )
        query = planned.with_only_columns(*columns, maintain_column_froms=True)
        row = session.execute(query.outerjoin(RsvpTally, RsvpTally.event_id == Event.id)).one()
        return Numbers(
            events=row[0],
            countries=row[1],
            confirmed=int(row[2]),
            unconfirmed=int(row[3]),
            is_least=row[4] > 0,
        )

    return _numbers.get(campaign.id, (campaign.revision, minute(now)), count)


def board_of(session: Session, campaign: Campaign, locale: str, *, now: datetime) -> list[Covered]:
    """Return the campaign's coverage in the words of `locale`, at most a minute old."""
    return _boards.get(
        (campaign.id, locale), (campaign.revision, minute(now)), lambda: coverage(session, campaign, locale)
    )


def nearest_events(session: Session, campaign: Campaign) -> Nearest[int]:
    """Return what finds the ids of the campaign's planned events by distance."""
    return _nearest.get(campaign.id, campaign.revision, lambda: Nearest(visible_points(session, campaign)))
