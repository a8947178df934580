"""What a campaign's pages count, kept until something changes: more protests make no page dearer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func

from coordinator.events.counting import told_column
from coordinator.events.coverage import coverage
from coordinator.events.models import Event
from coordinator.events.queries.public import visible_events
from coordinator.events.rules import CountShown, EventStatus
from coordinator.kit.kept import Kept
from coordinator.rsvps.models import RsvpTally

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.events.coverage import Covered

CAMPAIGNS_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How large a campaign is. People are counted twice over: confirmed, and merely announced."""

    events: int
    countries: int
    confirmed: int
    unconfirmed: int
    is_least: bool = False
    """Some events round or hide their numbers: these are what is told, and it is more."""


_numbers: Kept[Numbers] = Kept(most=CAMPAIGNS_KEPT)
_boards: Kept[list[Covered]] = Kept(most=CAMPAIGNS_KEPT)


def minute(now: datetime) -> int:
    """Return the number of this minute: what is kept for one is at most so old."""
    return int(now.timestamp() // 60)


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
