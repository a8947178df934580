"""What feeds and map say of events and missions: columns, not objects, so that ten thousand stay cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from coordinator.events.models import Event
from coordinator.events.queries.public import visible_events
from coordinator.events.rules import ANNOUNCED, PUBLIC, REACHABLE
from coordinator.maps.queries import LATEST_COMMIT, matching
from coordinator.missions.models import Mission
from coordinator.missions.rules import MissionStatus
from coordinator.rsvps.models import RsvpTally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Row, Select
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.events.filtering import EventFilters

ROWS_AT_ONCE = 1_000

COLUMNS: tuple[Any, ...] = (
    Event.id,
    Event.public_id,
    Event.title,
    Event.status,
    Event.starts_at,
    Event.timezone,
    Event.is_time_known,
    Event.city,
    Event.country,
    Event.languages,
    Event.accessibility_features,
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


def rows_by_id(session: Session, campaign: Campaign, ids: Sequence[int] | None = None) -> Iterable[Row[Any]]:
    """Return the same by id, so many at a time that memory stays small; or only those of some ids."""
    events = visible_events(campaign.id).order_by(Event.id)
    query = _with_columns(events if ids is None else events.where(Event.id.in_(ids)))
    return session.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})


def changed_since(session: Session, campaign: Campaign, since: datetime) -> list[tuple[int, bool]]:
    """Return the ids of events that may have changed since then, each with whether everybody may see it."""
    query = select(Event.id, Event.status, Event.published_at).where(
        Event.campaign_id == campaign.id, Event.updated_at >= since - LATEST_COMMIT
    )
    return [(row.id, row.status in PUBLIC and row.published_at is not None) for row in session.execute(query)]


def tallies(session: Session, campaign: Campaign) -> Iterable[tuple[int, int, int]]:
    """Return how many people come to each visible event: its id, with and without confirmation."""
    query = (
        visible_events(campaign.id)
        .join(RsvpTally, RsvpTally.event_id == Event.id)
        .with_only_columns(Event.id, RsvpTally.confirmed, RsvpTally.unconfirmed)
    )
    return ((known, sure, unsure) for known, sure, unsure in session.execute(query))


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
    return session.execute(_with_columns(events.order_by(Event.starts_at, Event.id))).all()


def _with_columns(events: Select[Event]) -> Select[Any]:
    return (
        events.with_only_columns(*COLUMNS, maintain_column_froms=True)
        .outerjoin(Mission, Mission.id == Event.mission_id)
        .outerjoin(RsvpTally, RsvpTally.event_id == Event.id)
    )
