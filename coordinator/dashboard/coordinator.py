"""What a coordinator's room shows: numbers of a campaign, never people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from coordinator.checkin.queries import people_at_doors
from coordinator.events.models import Event
from coordinator.events.queries.public import visible_events
from coordinator.events.rules import ANNOUNCED, EventStatus
from coordinator.kit.i18n import country_name
from coordinator.rsvps.models import RsvpTally

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryLine:
    """A country, its protests and its people."""

    code: str
    name: str
    events: int
    confirmed: int
    unconfirmed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A campaign in numbers."""

    by_status: Mapping[EventStatus, int]
    waiting: int
    """New events and changes of published ones that wait for a decision."""
    countries: Sequence[CountryLine]
    came: int
    """People who came through a door where somebody counted."""

    @property
    def published(self) -> int:
        """Return how many will take place."""
        return self.by_status.get(EventStatus.PUBLISHED, 0)

    @property
    def confirmed(self) -> int:
        """Return how many people confirmed that they come."""
        return sum(line.confirmed for line in self.countries)

    @property
    def unconfirmed(self) -> int:
        """Return how many more said so."""
        return sum(line.unconfirmed for line in self.countries)


def overview_of(session: Session, campaign: Campaign, *, locale: str) -> Overview:
    """Return the campaign in numbers, counted now."""
    statuses = (
        select(Event.status, func.count())
        .where(Event.campaign_id == campaign.id, Event.status != EventStatus.DRAFT)
        .group_by(Event.status)
    )
    return Overview(
        by_status=dict(session.execute(statuses).all()),
        waiting=waiting_counts(session, [campaign]).get(campaign.id, 0),
        countries=_countries(session, campaign, locale),
        came=people_at_doors(session, campaign.id),
    )


def waiting_counts(session: Session, campaigns: Iterable[Campaign]) -> dict[int, int]:
    """Return how much waits for a decision, by campaign id; nothing where nothing waits."""
    query = (
        select(Event.campaign_id, func.count())
        .where(
            Event.campaign_id.in_([campaign.id for campaign in campaigns]),
            or_(
                Event.status == EventStatus.SUBMITTED,
                and_(Event.status.in_(ANNOUNCED), Event.proposed_at.is_not(None)),
            ),
        )
        .group_by(Event.campaign_id)
    )
    return dict(session.execute(query).all())


def _countries(session: Session, campaign: Campaign, locale: str) -> list[CountryLine]:
    """Return the countries where something will take place, those with the most protests first."""
    columns = (
        Event.country,
        func.count(Event.id),
        func.coalesce(func.sum(RsvpTally.confirmed), 0),
        func.coalesce(func.sum(RsvpTally.unconfirmed), 0),
    )
    query = (
        visible_events(campaign.id)
        .where(Event.status == EventStatus.PUBLISHED)
        .with_only_columns(*columns, maintain_column_froms=True)
        .outerjoin(RsvpTally, RsvpTally.event_id == Event.id)
        .group_by(Event.country)
    )
    lines = [
        CountryLine(
            code=code,
            name=country_name(code, locale) if code else "",
            events=events,
            confirmed=int(confirmed),
            unconfirmed=int(unconfirmed),
        )
        for code, events, confirmed, unconfirmed in session.execute(query)
    ]
    return sorted(lines, key=lambda line: (-line.events, line.name.casefold()))
