"""What waits for coordinators, and what they should know before they decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from coordinator.events.models import Event, ReviewNote
from coordinator.events.queries.public import filtered, page_of_each
from coordinator.events.rules import ANNOUNCED, CLAIMING, REACHABLE, EventStatus
from coordinator.kit.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.events.filtering import EventFilters
    from coordinator.events.queries.public import EventPage

MOST_IN_QUEUE = 500


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


def review_queue(session: Session, campaign: Campaign) -> list[ReviewItem]:
    """Return what waits for the coordinators of `campaign`, the one that has waited for longest first."""
    query = (
        select(Event)
        .where(
            Event.campaign_id == campaign.id,
            or_(
                Event.status == EventStatus.SUBMITTED,
                and_(Event.status.in_(ANNOUNCED), Event.proposed_at.is_not(None)),
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


def coordinated_page(  # noqa: PLR0913 what is asked for
    session: Session,
    campaign: Campaign,
    filters: EventFilters,
    after: str = "",
    *,
    statuses: frozenset[EventStatus] = REACHABLE,
    size: int,
    also: ColumnElement[bool] | None = None,
) -> EventPage:
    """Return a page of what the coordinators' map shows: as `list_page`, with what waits for review."""
    own = select(Event).where(Event.campaign_id == campaign.id)
    wanted = filtered(own if also is None else own.where(also), filters)
    by_status = [wanted.where(Event.status == status) for status in sorted(statuses)]
    before = own.where(Event.status.in_(REACHABLE), Event.public_id == after)
    return page_of_each(session, by_status, session.scalar(before) if after else None, size=size)


def coordinated_countries(session: Session, campaign: Campaign) -> list[str]:
    """Return the states with something on the coordinators' map."""
    query = select(Event.country).where(Event.campaign_id == campaign.id, Event.status.in_(REACHABLE))
    return sorted(filter(None, session.scalars(query.distinct())))


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
    is_change = event.status in ANNOUNCED
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
