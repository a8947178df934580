"""What everybody may see: THE visibility rule, and every list that is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Date, and_, bindparam, func, select, tuple_, union_all
from sqlalchemy.orm import contains_eager, joinedload, lazyload, load_only

from coordinator.campaigns.models import Campaign
from coordinator.campaigns.rules import CampaignStatus
from coordinator.events.models import Event
from coordinator.events.rules import PUBLIC, REACHABLE, EventStatus
from coordinator.kit.errors import NotFoundError
from coordinator.places.rules import Point

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
            Event.address, Event.city,
        ),
        contains_eager(Event.campaign).options(
            load_only(Campaign.slug, Campaign.retention_days), lazyload(Campaign.texts)
        ),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilters:
    """What somebody looks for in a list. The defaults leave nothing out."""

    country: str = ""
    """ISO 3166-1 alpha-2 in capitals."""
    day: date | None = None
    """On the calendar of the place."""
    language: str = ""
    """Spoken there."""


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
    """Leave out what was not asked for."""
    if filters.country:
        events = events.where(Event.country == filters.country)
    if filters.day:
        events = events.where(on_day(filters.day))
    if filters.language:
        spoken = " " + Event.languages + " "
        events = events.where(spoken.contains(f" {filters.language} ", autoescape=True))
    return events


def list_page(
    session: Session,
    campaign: Campaign,
    filters: EventFilters | None = None,
    after: str = "",
    *,
    size: int = CARDS_ON_A_PAGE,
) -> EventPage:
    """Return a page of the visible events by country, city and start, each with its mission.

    Every status is read along the index as far as the page needs, so a page costs the same
    in a campaign of ten and of ten thousand. `after` is the public id of the last event of the
    page before; with one that is not visible the list starts anew.
    """
    order = (Event.country, Event.city, Event.starts_at, Event.id)
    start = _place_in_list(session, campaign, after)
    parts = []
    for status in sorted(PUBLIC):
        visible = filtered(visible_events(campaign.id, status=status), filters or EventFilters())
        if start is not None:
            visible = visible.where(tuple_(*order) > tuple_(*start))
        parts.append(visible.with_only_columns(Event.id).order_by(*order).limit(size + 1).subquery())
    ids = union_all(*(select(part.c.id) for part in parts))
    query = select(Event).where(Event.id.in_(ids)).options(joinedload(Event.mission)).order_by(*order)
    found = session.scalars(query.limit(size + 1)).all()
    return EventPage(found[:size], found[size - 1].public_id if len(found) > size else "")


def country_counts(session: Session, campaign: Campaign) -> list[tuple[str, int]]:
    """Return every country with visible events and how many, by its code."""
    query = visible_events(campaign.id).with_only_columns(Event.country, func.count()).group_by(Event.country)
    return [(country, count) for country, count in session.execute(query.order_by(Event.country))]


def day_counts(session: Session, campaign: Campaign) -> list[tuple[date, int]]:
    """Return every day with visible events and how many, each on the calendar of its place."""
    day = func.date(Event.starts_local, type_=Date)
    query = visible_events(campaign.id).with_only_columns(day, func.count()).group_by(day).order_by(day)
    return [(known, count) for known, count in session.execute(query)]


def languages_spoken(session: Session, campaign: Campaign) -> list[str]:
    """Return the codes of all languages spoken at visible events, sorted."""
    query = visible_events(campaign.id).with_only_columns(Event.languages).distinct()
    return sorted({code for spoken in session.scalars(query) for code in spoken.split()})


def visible_points(session: Session, campaign: Campaign) -> list[tuple[int, Point]]:
    """Return where the events are that will take place, each with its id: what "near me" is made of."""
    query = (
        visible_events(campaign.id)
        .where(Event.status == EventStatus.PUBLISHED)
        .with_only_columns(Event.id, Event.latitude, Event.longitude)
    )
    # what is published has a point: CHECK published_is_located
    return [
        (known, Point(float(north or 0), float(east or 0))) for known, north, east in session.execute(query)
    ]


def visible_by_ids(session: Session, campaign: Campaign, ids: Iterable[int]) -> dict[int, Event]:
    """Return those of the events that everybody may see, with their missions."""
    query = visible_events(campaign.id).where(Event.id.in_(list(ids))).options(joinedload(Event.mission))
    return {event.id: event for event in session.scalars(query)}


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


def _place_in_list(session: Session, campaign: Campaign, after: str) -> tuple[str, str, datetime, int] | None:
    if not after:
        return None
    event = session.scalar(visible_events(campaign.id).where(Event.public_id == after))
    return None if event is None else (event.country, event.city, event.starts_at, event.id)
