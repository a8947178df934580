"""What events there are. Pages, feeds and the map all start from `visible_events`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Date, and_, func, or_, select, tuple_, union_all
from sqlalchemy.orm import joinedload

from coordinator.campaigns.models import Campaign
from coordinator.campaigns.rules import CampaignStatus
from coordinator.events.models import Event, ReviewNote
from coordinator.events.rules import CLAIMING, FIELDS, PUBLIC, REACHABLE, EventDetails, EventStatus
from coordinator.kit.errors import NotFoundError
from coordinator.places.geo import bounding_box, distance_km
from coordinator.places.rules import Point

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.missions.models import Mission

CARDS_ON_A_PAGE = 50
NEARBY_KM = 20.0
MOST_NEARBY = 10
MOST_IN_QUEUE = 500


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganiserRecord:
    """What became of what an organiser registered before: numbers, nothing of who they are."""

    published: int = 0
    """Cancelled ones included: they were good enough to publish."""
    rejected: int = 0

    @property
    def is_new(self) -> bool:
        """Tell whether nothing of theirs was ever published."""
        return self.published == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """One event that waits for a coordinator, and what they should know before opening it."""

    event: Event
    waiting_since: datetime
    is_change: bool
    """Published already; a change of it waits."""
    is_asked: bool
    """The organiser was asked something and has not answered."""
    is_duplicate: bool
    """Somebody else plans for the same mission and day."""
    is_rough: bool
    """Nobody can be sent to the point, or there is none."""
    is_new_organiser: bool


def visible_events(campaign_id: int) -> Select[Event]:
    """Select what everybody may see of a campaign: published, and cancelled after it was published.

    THE visibility rule (`rules.is_public`, in SQL): map, list, feeds and near all start from it.
    """
    return select(Event).where(
        Event.campaign_id == campaign_id, Event.status.in_(PUBLIC), Event.published_at.is_not(None)
    )


def filtered(events: Select[Event], filters: EventFilters) -> Select[Event]:
    """Leave out what was not asked for."""
    if filters.country:
        events = events.where(Event.country == filters.country)
    if filters.day:
        events = events.where(_on(filters.day))
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
    visible = filtered(visible_events(campaign.id), filters or EventFilters())
    start = _place_in_list(session, campaign, after)
    if start is not None:
        visible = visible.where(tuple_(*order) > tuple_(*start))
    parts = [
        visible.with_only_columns(Event.id)
        .where(Event.status == status)
        .order_by(*order)
        .limit(size + 1)
        .subquery()
        for status in sorted(PUBLIC)
    ]
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


def own_event(session: Session, account: Account, public_id: str) -> Event:
    """Return an event that `account` organises.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    event = own_event_or_none(session, account, public_id)
    if event is None:
        raise NotFoundError
    return event


def own_event_or_none(session: Session, account: Account, public_id: str) -> Event | None:
    """Return an event that `account` organises, or None when there is none or it is somebody else's."""
    return session.scalar(_own(account).where(Event.public_id == public_id))


def own_events(session: Session, account: Account) -> Sequence[Event]:
    """Return everything that `account` organises, the next first."""
    return session.scalars(_own(account).order_by(Event.starts_at, Event.id)).all()


def reviewed_event(session: Session, campaign: Campaign, public_id: str) -> Event:
    """Return an event of `campaign` that its coordinators may read: all but drafts.

    Raises:
        NotFoundError: there is none, it is another campaign's, or only its organiser may see it.
    """
    event = session.scalar(
        select(Event)
        .where(
            Event.public_id == public_id, Event.campaign_id == campaign.id, Event.status != EventStatus.DRAFT
        )
        .options(joinedload(Event.campaign), joinedload(Event.mission), joinedload(Event.organiser))
    )
    if event is None:
        raise NotFoundError
    return event


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
        _on(day),
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
        for other in session.scalars(query)
        if other.point is not None
    ]
    near = sorted((pair for pair in found if pair[1] <= within_km), key=lambda pair: (pair[1], pair[0].id))
    return near[:MOST_NEARBY]


def review_queue(session: Session, campaign: Campaign) -> list[ReviewItem]:
    """Return what waits for the coordinators of `campaign`, the one that has waited for longest first."""
    query = (
        select(Event)
        .where(
            Event.campaign_id == campaign.id,
            or_(
                Event.status == EventStatus.SUBMITTED,
                and_(Event.status == EventStatus.PUBLISHED, Event.proposed_at.is_not(None)),
            ),
        )
        .options(joinedload(Event.mission))
        .order_by(func.coalesce(Event.proposed_at, Event.submitted_at), Event.id)
        .limit(MOST_IN_QUEUE)
    )
    events = session.scalars(query).all()
    claims = _claims(
        session, campaign, {event.mission_id for event in events if event.mission_id is not None}
    )
    known = _published_before(session, {event.organiser_id for event in events})
    return [_item(event, claims, known) for event in events]


def organiser_record(session: Session, event: Event) -> OrganiserRecord:
    """Return what became of the other events of an event's organiser, in all campaigns."""
    others = select(Event).where(Event.organiser_id == event.organiser_id, Event.id != event.id)
    published = others.where(Event.published_at.is_not(None)).with_only_columns(func.count())
    rejected = others.where(Event.status == EventStatus.REJECTED).with_only_columns(func.count())
    return OrganiserRecord(published=session.scalar(published) or 0, rejected=session.scalar(rejected) or 0)


def notes_of(session: Session, event: Event) -> Sequence[ReviewNote]:
    """Return the conversation about an event, from its beginning."""
    return session.scalars(
        select(ReviewNote).where(ReviewNote.event_id == event.id).order_by(ReviewNote.id)
    ).all()


def location_due(session: Session, *, now: datetime, limit: int) -> Sequence[str]:
    """Return public ids of coming events whose place has to be looked for again, the oldest first."""
    query = select(Event.public_id).where(
        Event.is_location_due, Event.status != EventStatus.CANCELLED, Event.starts_at > now
    )
    return session.scalars(query.order_by(Event.updated_at, Event.id).limit(limit)).all()


def event_by_public_id(session: Session, public_id: str) -> Event | None:
    """Return an event whatever its state: for jobs and commands only, which ask on nobody's behalf."""
    return session.scalar(select(Event).where(Event.public_id == public_id))


def upcoming_events(session: Session, *, since: datetime, after_id: int, limit: int) -> Sequence[Event]:
    """Return events that start after `since`, a piece at a time by id."""
    query = select(Event).where(Event.starts_at >= since, Event.id > after_id)
    return session.scalars(query.order_by(Event.id).limit(limit)).all()


def details_of(event: Event) -> EventDetails:
    """Return the public version of what the organiser said, as the rules want it."""
    return EventDetails(**{name: getattr(event, name) for name in FIELDS})


def _own(account: Account) -> Select[Event]:
    return (
        select(Event)
        .where(Event.organiser_id == account.id)
        .options(joinedload(Event.campaign), joinedload(Event.mission))
    )


def _on(day: date) -> ColumnElement[bool]:
    """Return the condition that an event starts on `day`, on the calendar of its place."""
    midnight = datetime.combine(day, time.min)
    return and_(Event.starts_local >= midnight, Event.starts_local < midnight + timedelta(days=1))


def _place_in_list(session: Session, campaign: Campaign, after: str) -> tuple[str, str, datetime, int] | None:
    if not after:
        return None
    event = session.scalar(visible_events(campaign.id).where(Event.public_id == after))
    return None if event is None else (event.country, event.city, event.starts_at, event.id)


def _claims(session: Session, campaign: Campaign, missions: set[int]) -> dict[tuple[int | None, date], int]:
    """Return how many plans there are for each of these missions on each day."""
    query = select(Event.mission_id, Event.starts_local).where(
        Event.campaign_id == campaign.id, Event.mission_id.in_(missions), Event.status.in_(CLAIMING)
    )
    counts: dict[tuple[int | None, date], int] = {}
    for mission_id, starts_local in session.execute(query):
        key = (mission_id, starts_local.date())
        counts[key] = counts.get(key, 0) + 1
    return counts


def _published_before(session: Session, organisers: set[int]) -> set[int]:
    query = select(Event.organiser_id).where(
        Event.organiser_id.in_(organisers), Event.published_at.is_not(None)
    )
    return set(session.scalars(query.distinct()))


def _item(event: Event, claims: dict[tuple[int | None, date], int], known: set[int]) -> ReviewItem:
    is_change = event.status is EventStatus.PUBLISHED
    since = event.proposed_at if is_change else event.submitted_at
    is_rough = event.precision is None or not event.precision.is_good_enough_to_stand_at
    return ReviewItem(
        event=event,
        waiting_since=since or event.updated_at,
        is_change=is_change,
        is_asked=event.asked_at is not None,
        is_duplicate=claims.get((event.mission_id, event.starts_local.date()), 0) > 1,
        is_rough=is_rough,
        is_new_organiser=event.organiser_id not in known,
    )
