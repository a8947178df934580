"""What others plan for the same mission and day, or near by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from coordinator.events.models import Event
from coordinator.events.queries.public import on_day
from coordinator.events.rules import CLAIMING
from coordinator.places.geo import bounding_box, distance_km

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign

NEARBY_KM = 20.0
MOST_NEARBY = 10


def events_at_mission(
    session: Session, campaign: Campaign, mission_id: int | None, day: date, *, but: Event | None = None
) -> Sequence[Event]:
    """Return what others plan for the same mission and day: submitted or published, by start."""
    if mission_id is None:
        return []
    query = select(Event).where(
        Event.campaign_id == campaign.id,
        Event.mission_id == mission_id,
        Event.status.in_(CLAIMING),
        on_day(day),
    )
    if but is not None and but.id is not None:
        query = query.where(Event.id != but.id)
    return session.scalars(query.options(joinedload(Event.mission)).order_by(Event.starts_at, Event.id)).all()


def others_near(session: Session, event: Event, *, within_km: float = NEARBY_KM) -> list[tuple[Event, float]]:
    """Return at most `MOST_NEARBY` other plans around an event with their km, the nearest first."""
    point = event.point
    if point is None:
        return []
    box = bounding_box(point, within_km)
    query = select(Event).where(
        Event.campaign_id == event.campaign_id,
        Event.status.in_(CLAIMING),
        Event.id != event.id,
        Event.latitude.between(box.south, box.north),
        or_(*(Event.longitude.between(west, east) for west, east in box.longitudes)),
    )
    found = [
        (other, distance_km(point, other.point))
        for other in session.scalars(query.options(joinedload(Event.mission)))
        if other.point is not None
    ]
    near = sorted((pair for pair in found if pair[1] <= within_km), key=lambda pair: (pair[1], pair[0].id))
    return near[:MOST_NEARBY]
