"""What feeds and map say of events and missions: columns, not objects, so that ten thousand stay cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from coordinator.events.models import Event
from coordinator.events.queries.public import visible_events
from coordinator.events.rules import ANNOUNCED, REACHABLE
from coordinator.maps.queries import matching
from coordinator.missions.models import Mission
from coordinator.missions.rules import MissionStatus
from coordinator.rsvps.models import RsvpTally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row, Select
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.events.filtering import EventFilters

COLUMNS: tuple[Any, ...] = (
    Event.public_id,
    Event.title,
    Event.status,
    Event.starts_at,
    Event.timezone,
    Event.is_time_known,
    Event.city,
    Event.country,
    Event.languages,
    Event.latitude,
    Event.longitude,
    Event.precision,
    Event.count_shown,
    Mission.code.label("mission"),
    func.coalesce(RsvpTally.confirmed, 0).label("confirmed"),
    func.coalesce(RsvpTally.unconfirmed, 0).label("unconfirmed"),
)


def rows_of(
    session: Session, campaign: Campaign, wanted: EventFilters, ids: Sequence[str] = ()
) -> Sequence[Row[Any]]:
    """Return what everybody may know of a campaign's events; with public `ids`, of these."""
    return _rows(session, matching(campaign, wanted), ids)


def coordinated_rows(session: Session, campaign: Campaign, ids: Sequence[str] = ()) -> Sequence[Row[Any]]:
    """Return what a coordinator sees on the map: the public events, and those that wait for review."""
    reachable = select(Event).where(Event.campaign_id == campaign.id, Event.status.in_(REACHABLE))
    return _rows(session, reachable, ids)


def mission_rows(session: Session, campaign: Campaign) -> Sequence[tuple[Mission, int]]:
    """Return the open missions that are the campaign's targets, and how many events each has."""
    counts = (
        visible_events(campaign.id)
        .where(Event.status.in_(ANNOUNCED))
        .with_only_columns(Event.mission_id, func.count().label("events"))
        .order_by(None)
        .group_by(Event.mission_id)
        .subquery()
    )
    targets = (
        select(Mission, func.coalesce(counts.c.events, 0))
        .outerjoin(counts, counts.c.mission_id == Mission.id)
        .where(Mission.sending_state == campaign.sending_state, Mission.status == MissionStatus.OPEN)
        .order_by(Mission.receiving_state, Mission.code)
    )
    return [(mission, count) for mission, count in session.execute(targets).all()]


def _rows(session: Session, events: Select[Event], ids: Sequence[str]) -> Sequence[Row[Any]]:
    if ids:
        events = events.where(Event.public_id.in_(ids))
    query = (
        events.order_by(Event.starts_at, Event.id)
        .with_only_columns(*COLUMNS, maintain_column_froms=True)
        .outerjoin(Mission, Mission.id == Event.mission_id)
        .outerjoin(RsvpTally, RsvpTally.event_id == Event.id)
    )
    return session.execute(query).all()
