"""What the map is made of: the atlas of a campaign, and words for the pins that are shown alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from coordinator.events.filtering import EVERYTHING, EventFilters, filters_from
from coordinator.events.models import Event
from coordinator.events.queries.public import filtered, visible_events
from coordinator.events.rules import ANNOUNCED, PUBLIC, REACHABLE, EventStatus, over_at
from coordinator.kit.kept import Kept
from coordinator.maps.atlas import Atlas, Facets, Row
from coordinator.missions.models import Mission
from coordinator.missions.rules import MissionStatus
from coordinator.rsvps.models import RsvpTally
from coordinator.rsvps.queries import full_events, has_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.maps.atlas import Mask

CAMPAIGNS_KEPT = 64
MASKS_KEPT = 200
LATEST_COMMIT = timedelta(minutes=1)
"""A change says when it was made, and is seen when it is committed: later, but never by so much."""
MINUTE = 60

_COLUMNS: tuple[Any, ...] = (
    Event.id, Event.status, Event.published_at, Event.latitude, Event.longitude, Event.precision,
    Event.country, Event.starts_local, Event.languages, Event.starts_at, Event.ends_at, Event.is_time_known,
    (Event.accessibility != "").label("is_described"),
)  # fmt: skip


class Label(NamedTuple):
    """What a pin alone is called."""

    public_id: str
    title: str
    city: str


_atlases: Kept[Atlas] = Kept(most=CAMPAIGNS_KEPT)
_coordinated: Kept[Atlas] = Kept(most=CAMPAIGNS_KEPT)
_facets: Kept[Facets] = Kept(most=CAMPAIGNS_KEPT)
_full: Kept[frozenset[int]] = Kept(most=CAMPAIGNS_KEPT)
_masks: Kept[tuple[Mask | None]] = Kept(most=MASKS_KEPT)


def atlas_of(session: Session, campaign: Campaign, *, now: datetime) -> Atlas:
    """Return where the visible events of a campaign are. After a change only what changed is read."""

    def make(known: Atlas | None) -> Atlas:
        if known is None or known.read_at is None:
            return Atlas(_rows(session.execute(_visible(campaign)), {}), read_at=now)
        query = select(*_COLUMNS).where(
            Event.campaign_id == campaign.id, Event.updated_at >= known.read_at - LATEST_COMMIT
        )
        changed = session.execute(query).all()
        shown = [row for row in changed if row.status in PUBLIC and row.published_at is not None]
        gone = {row.id for row in changed} - {row.id for row in shown}
        return known.renewed(list(_rows(shown, {})), gone, read_at=now)

    return _atlases.renew(campaign.id, campaign.revision, make)


def coordinated_atlas(session: Session, campaign: Campaign, *, now: datetime) -> Atlas:
    """Return the same with what waits for review, and how many people come to each; a minute old at most."""

    def make(_: Atlas | None) -> Atlas:
        reachable = select(*_COLUMNS).where(Event.campaign_id == campaign.id, Event.status.in_(REACHABLE))
        tallies = (
            select(RsvpTally.event_id, (RsvpTally.confirmed + RsvpTally.unconfirmed).label("people"))
            .join(Event, Event.id == RsvpTally.event_id)
            .where(Event.campaign_id == campaign.id)
        )
        people = {row.event_id: row.people for row in session.execute(tallies)}
        return Atlas(_rows(session.execute(reachable), people), read_at=now)

    return _coordinated.renew(campaign.id, (campaign.revision, _minute(now)), make)


def facets_of(session: Session, campaign: Campaign, *, now: datetime) -> Facets:
    """Return the countries, days and languages of a campaign's visible events."""
    return _facets.get(campaign.id, campaign.revision, lambda: atlas_of(session, campaign, now=now).facets())


def wanted_from(
    session: Session, campaign: Campaign, args: Mapping[str, str], *, now: datetime
) -> EventFilters:
    """Return what an address asks for, without what the campaign does not have: map, list and feeds agree."""
    wanted = filters_from(args)
    if wanted == EVERYTHING:
        return wanted
    facets = facets_of(session, campaign, now=now)
    return replace(
        wanted,
        country=wanted.country if wanted.country in facets.countries else "",
        day=wanted.day if wanted.day in facets.days else None,
        language=wanted.language if wanted.language in facets.languages else "",
    )


def matching(campaign: Campaign, wanted: EventFilters) -> Select[Event]:
    """Select the visible events of a campaign that are wanted: what lists and feeds are made of."""
    events = filtered(visible_events(campaign.id), wanted)
    condition = also(wanted)
    return events if condition is None else events.where(condition)


def also(wanted: EventFilters) -> ColumnElement[bool] | None:
    """Return what `wanted` asks of the answers to an event, as a condition; None when it is nothing."""
    return has_places() if wanted.has_places else None


def mask_of(
    session: Session, campaign: Campaign, atlas: Atlas, wanted: EventFilters, *, now: datetime
) -> Mask | None:
    """Return which events of the public `atlas` are wanted."""
    if wanted == EVERYTHING:
        return None
    full = full_of(session, campaign, now=now) if wanted.has_places else frozenset()
    key, version = (campaign.id, wanted), (campaign.revision, full)
    return _masks.get(key, version, lambda: (atlas.mask(wanted, full),))[0]


def full_of(session: Session, campaign: Campaign, *, now: datetime) -> frozenset[int]:
    """Return the ids of the events without a place left; a minute old at most."""
    return _full.get(
        campaign.id, (campaign.revision, _minute(now)), lambda: full_events(session, campaign.id)
    )


def labels(session: Session, ids: Iterable[int]) -> dict[int, Label]:
    """Return what these events are called."""
    query = select(Event.id, Event.public_id, Event.title, Event.city).where(Event.id.in_(list(ids)))
    return {known: Label(*words) for known, *words in session.execute(query)}


def lonely_missions(session: Session, campaign: Campaign) -> Sequence[Any]:
    """Return the campaign's open targets without an announced event: rows of code, state and point."""
    busy = (
        visible_events(campaign.id)
        .where(Event.status.in_(ANNOUNCED), Event.mission_id.is_not(None))
        .with_only_columns(Event.mission_id)
    )
    query = select(Mission.code, Mission.receiving_state, Mission.latitude, Mission.longitude).where(
        Mission.sending_state == campaign.sending_state,
        Mission.status == MissionStatus.OPEN,
        Mission.id.not_in(busy),
    )
    return session.execute(query.order_by(Mission.receiving_state, Mission.code)).all()


def _visible(campaign: Campaign) -> Select[Any]:
    return visible_events(campaign.id).with_only_columns(*_COLUMNS)


def _rows(rows: Iterable[Any], people: Mapping[int, int]) -> Iterable[Row]:
    return (
        Row(
            id=row.id,
            status=row.status,
            latitude=None if row.latitude is None else float(row.latitude),
            longitude=None if row.longitude is None else float(row.longitude),
            precision=row.precision,
            country=row.country,
            day=row.starts_local.date(),
            languages=row.languages,
            over_at=None
            if row.status is EventStatus.POSTPONED
            else over_at(row.starts_at, row.ends_at, is_time_known=row.is_time_known),
            is_described=bool(row.is_described),
            people=people.get(row.id, 0),
        )
        for row in rows
    )


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // MINUTE
