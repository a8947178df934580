"""What everybody may see: THE visibility rule, and every list that is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, or_, select, tuple_, union_all
from sqlalchemy.orm import contains_eager, joinedload, lazyload, load_only

from coordinator.campaigns.models import Campaign
from coordinator.campaigns.rules import CampaignStatus
from coordinator.events.filtering import EventFilters
from coordinator.events.models import Event
from coordinator.events.rules import PUBLIC, REACHABLE, EventStatus, is_public
from coordinator.kit.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from coordinator.missions.models import Mission

CARDS_ON_A_PAGE = 50

_FRESH = {"populate_existing": True}  # what was read before is read again
_ANSWERABLE = (
    select(Event)
    .join(Event.campaign)
    .where(
        Event.public_id == bindparam("public_id"),
        Event.status.in_(REACHABLE),
        Campaign.status != CampaignStatus.DRAFT,
    )
    .options(
        load_only(
            Event.public_id, Event.status, Event.organiser_id, Event.capacity, Event.title,
            Event.starts_at, Event.ends_at, Event.starts_local, Event.timezone, Event.is_time_known,
            Event.address, Event.city, Event.mission_id,
        ),
        contains_eager(Event.campaign).options(
            load_only(Campaign.slug, Campaign.retention_days, Campaign.field_days), lazyload(Campaign.texts)
        ),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events of a long list, and where the next page starts."""

    events: Sequence[Event]
    next_after: str
    """Public id to ask with for what follows; empty on the last page."""


def visible_events(campaign_id: int, *, status: EventStatus | None = None) -> Select[Event]:
    """Select what everybody may see of a campaign: published, and postponed or cancelled after that.

    THE visibility rule (`rules.is_public`, in SQL): map, list, feeds and near all start from it. With one
    `status` of those in `PUBLIC`, the index gives the rows in the order of the list.
    """
    shown = Event.status.in_(PUBLIC) if status is None else Event.status == status
    return select(Event).where(Event.campaign_id == campaign_id, shown, Event.published_at.is_not(None))


def filtered(events: Select[Event], filters: EventFilters) -> Select[Event]:
    """Leave out what was not asked for, as far as the event itself knows; places left are counted above."""
    if filters.country:
        events = events.where(Event.country == filters.country)
    if filters.day:
        events = events.where(on_day(filters.day))
    if filters.language:
        spoken = " " + Event.languages + " "
        events = events.where(spoken.contains(f" {filters.language} ", autoescape=True))
    if filters.status:
        events = events.where(Event.status == filters.status)
    if filters.has_places:
        events = events.where(Event.status == EventStatus.PUBLISHED)
    if filters.is_described:
        events = events.where(or_(Event.accessibility != "", Event.accessibility_features != ""))
    for feature in filters.features:
        ticked = " " + Event.accessibility_features + " "
        events = events.where(ticked.contains(f" {feature} ", autoescape=True))
    return events


def list_page(
    session: Session,
    campaign: Campaign,
    filters: EventFilters | None = None,
    after: str = "",
    *,
    size: int = CARDS_ON_A_PAGE,
    also: ColumnElement[bool] | None = None,
) -> EventPage:
    """Return a page of the visible events by country, city and start, each with its mission.

    Every status is read along the index as far as the page needs, so a page costs the same
    in a campaign of ten and of ten thousand. `after` is the public id of the last event of the
    page before; with one that is not visible the list starts anew. `also` is one more condition.
    """
    wanted = filters or EventFilters()
    by_status = [filtered(visible_events(campaign.id, status=status), wanted) for status in sorted(PUBLIC)]
    if also is not None:
        by_status = [visible.where(also) for visible in by_status]
    start = session.scalar(visible_events(campaign.id).where(Event.public_id == after)) if after else None
    return page_of_each(session, by_status, start, size=size)


def page_of_each(
    session: Session, by_status: Iterable[Select[Event]], after: Event | None, *, size: int
) -> EventPage:
    """Return the events behind `after` by country, city and start, from questions with one status each."""
    order = (Event.country, Event.city, Event.starts_at, Event.id)
    parts = []
    for events in by_status:
        part = events.with_only_columns(Event.id).order_by(*order).limit(size + 1)
        if after is not None:
            part = part.where(tuple_(*order) > tuple_(after.country, after.city, after.starts_at, after.id))
        parts.append(part.subquery())
    ids = union_all(*(select(part.c.id) for part in parts))
    query = select(Event).where(Event.id.in_(ids)).options(joinedload(Event.mission)).order_by(*order)
    found = session.scalars(query.limit(size + 1)).all()
    return EventPage(found[:size], found[size - 1].public_id if len(found) > size else "")


def visible_by_ids(session: Session, campaign: Campaign, ids: Iterable[int]) -> dict[int, Event]:
    """Return those of the events that everybody may see, with their missions."""
    # By id alone: with the whole rule in the question SQLite reads the campaign's index instead, all of it.
    query = select(Event).where(Event.id.in_(list(ids))).options(joinedload(Event.mission))
    return {
        event.id: event
        for event in session.scalars(query)
        if event.campaign_id == campaign.id
        and is_public(event.status, was_published=event.published_at is not None)
    }


def visible_at_mission(session: Session, campaign: Campaign, mission: Mission) -> Sequence[Event]:
    """Return the visible events at a mission, by start."""
    query = visible_events(campaign.id).where(Event.mission_id == mission.id)
    return session.scalars(query.options(joinedload(Event.mission)).order_by(Event.starts_at, Event.id)).all()


def reachable_event(session: Session, public_id: str) -> Event:
    """Return the event that whoever has its link may open.

    Raises:
        NotFoundError: there is none, it is a draft or was sent back, or its campaign is a draft.
    """
    event = session.scalar(
        select(Event)
        .join(Event.campaign)
        .where(
            Event.public_id == public_id,
            Event.status.in_(REACHABLE),
            Campaign.status != CampaignStatus.DRAFT,
        )
        .options(joinedload(Event.campaign), joinedload(Event.mission))
    )
    if event is None:
        raise NotFoundError
    return event


def answerable_event(session: Session, public_id: str) -> Event:
    """Return the same event as `reachable_event`, with no more of it than an answer needs.

    Raises:
        NotFoundError: there is none, it is a draft or was sent back, or its campaign is a draft.
    """
    event = session.scalar(_ANSWERABLE, {"public_id": public_id}, execution_options=_FRESH)
    if event is None:
        raise NotFoundError
    return event


def on_day(day: date) -> ColumnElement[bool]:
    """Return the condition that an event starts on `day`, on the calendar of its place."""
    midnight = datetime.combine(day, time.min)
    return and_(Event.starts_local >= midnight, Event.starts_local < midnight + timedelta(days=1))
