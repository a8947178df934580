"""What the map is made of: the atlas of a campaign, and words for the pins that are shown alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Label, select, type_coerce
from sqlalchemy.types import NullType

from coordinator.events.filtering import EVERYTHING, EventFilters, filters_from
from coordinator.events.models import Event
from coordinator.events.queries.public import filtered, visible_events
from coordinator.events.rules import ANNOUNCED, NOON, PUBLIC, REACHABLE, USUAL_LENGTH, EventStatus
from coordinator.kit.kept import Kept
from coordinator.kit.memory import give_back
from coordinator.maps.atlas import NEVER, Atlas, Facets, Table
from coordinator.missions.models import Mission
from coordinator.missions.rules import MissionStatus
from coordinator.rsvps.models import RsvpTally
from coordinator.rsvps.queries import full_events, has_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session
    from werkzeug.datastructures import MultiDict

    from coordinator.campaigns.models import Campaign
    from coordinator.maps.atlas import Mask

CAMPAIGNS_KEPT = 64
MASKS_KEPT = 200
ROWS_AT_ONCE = 1_000
LATEST_COMMIT = timedelta(minutes=1)
"""A change says when it was made, and is seen when it is committed: later, but never by so much."""
MINUTE = 60

_EVENT = cast("sa.Table", Event.__table__).c
_READ: tuple[sa.Column[Any], ...] = (
    _EVENT.id, _EVENT.status, _EVENT.published_at, _EVENT.latitude, _EVENT.longitude, _EVENT.precision,
    _EVENT.country, _EVENT.starts_local, _EVENT.languages, _EVENT.starts_at, _EVENT.ends_at,
    _EVENT.is_time_known, _EVENT.accessibility_features,
)  # fmt: skip
_COLUMNS: tuple[Label[Any], ...] = (
    *(type_coerce(column, NullType()).label(column.name) for column in _READ),
    (_EVENT.accessibility != "").label("has_notes"),
)
"""As the driver gives them: turning 300,000 texts into moments one by one takes a second, numpy a tenth."""


class Words(NamedTuple):
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
            visible = visible_events(campaign.id).with_only_columns(*_COLUMNS)
            atlas = Atlas(_tables(session, visible), read_at=now)
            give_back()
            return atlas
        query = select(*_COLUMNS).where(
            Event.campaign_id == campaign.id, Event.updated_at >= known.read_at - LATEST_COMMIT
        )
        changed = session.execute(query).all()
        shown = [row for row in changed if row.status in PUBLIC and row.published_at is not None]
        gone = {row.id for row in changed} - {row.id for row in shown}
        return known.renewed(_table(shown), gone, read_at=now)

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
        return Atlas(_tables(session, reachable, people), read_at=now)

    return _coordinated.renew(campaign.id, (campaign.revision, _minute(now)), make)


def facets_of(session: Session, campaign: Campaign, *, now: datetime) -> Facets:
    """Return the countries, days and languages of a campaign's visible events."""
    return _facets.get(campaign.id, campaign.revision, lambda: atlas_of(session, campaign, now=now).facets())


def wanted_from(
    session: Session, campaign: Campaign, args: MultiDict[str, str], *, now: datetime
) -> EventFilters:
    """Return what an address asks for, without what the campaign does not have: map, list and feeds agree.

    Only accessibility is asked for even where no event has it: whoever needs it must not be shown the others.
    """
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


def labels(session: Session, ids: Iterable[int]) -> dict[int, Words]:
    """Return what these events are called."""
    query = select(Event.id, Event.public_id, Event.title, Event.city).where(Event.id.in_(list(ids)))
    return {known: Words(*words) for known, *words in session.execute(query)}


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


def _tables(
    session: Session, query: Select[Any], people: Mapping[int, int] = MappingProxyType({})
) -> Iterator[Table]:
    """Read events a thousand at a time, so that all of them take no more memory than their columns."""
    for rows in session.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}).partitions():
        yield _table(rows, people)


def _table(rows: Sequence[Any], people: Mapping[int, int] = MappingProxyType({})) -> Table:
    names = [column.name for column in _COLUMNS]
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    return Table(
        id=columns["id"],
        status=columns["status"],
        latitude=columns["latitude"],
        longitude=columns["longitude"],
        precision=columns["precision"],
        country=columns["country"],
        day=_moments(columns["starts_local"]),
        languages=columns["languages"],
        over_at=_over_at(columns),
        features=columns["accessibility_features"],
        has_notes=columns["has_notes"],
        people=[people.get(known, 0) for known in columns["id"]],
    )


def _over_at(columns: Mapping[str, Sequence[Any]]) -> NDArray[np.float64]:
    """Return when each event is over: `rules.over_at` for all at once, and never for what is postponed."""
    starts, ends = _moments(columns["starts_at"]), _moments(columns["ends_at"])
    known = np.array(columns["is_time_known"], dtype=bool)
    usual = np.where(known, np.timedelta64(USUAL_LENGTH), np.timedelta64(NOON, "h"))
    over = np.where(np.isnat(ends), starts + usual, ends).astype("datetime64[us]").astype(np.int64) / 1e6
    return np.where(np.array(columns["status"], dtype="U12") == EventStatus.POSTPONED.value, NEVER, over)


def _moments(values: Sequence[Any]) -> NDArray[np.datetime64]:
    """Return times as numpy has them; drivers give texts or `datetime`."""
    return np.array(values, dtype="datetime64[us]")


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // MINUTE
