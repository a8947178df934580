"""What happens to events later: places that nobody could look up, and time zones that changed their rules."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from coordinator.audit.service import COMMAND, WORKER, record
from coordinator.campaigns.service import raise_revision
from coordinator.events.locating import spot_of
from coordinator.events.mail import tell_organiser
from coordinator.events.queries.background import event_by_public_id, location_due, upcoming_events
from coordinator.events.queries.details import details_of
from coordinator.events.service.changing import change_event
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import RefusedError
from coordinator.places.rules import NonexistentTimeError, Precision, ProviderAwayError
from coordinator.places.timezones import resolve

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.events.rules import EventDetails
    from coordinator.kit.crypto import Seal
    from coordinator.places.rules import Candidate, Found

PLACES_AT_ONCE = 20
ROWS_AT_ONCE = 500

log = logging.getLogger(__name__)


class LaterFinder(Protocol):
    """Whoever can look again for a place: `places.geocoding.Places`."""

    def find_place(self, text: str, *, locale: str) -> Found:
        """Look for an organiser's place, with the provider."""
        ...

    def find_city(self, text: str, *, locale: str) -> Found:
        """Look for a city, inside the house only."""
        ...

    def locate_later(self, text: str, *, known: Precision, locale: str) -> Candidate | None:
        """Look again; None when nothing is better than `known`."""
        ...


def locate_due(finder: LaterFinder, *, seal: Seal, now: datetime) -> int:
    """Look again for places that were kept while nobody answered. Return how many were settled.

    The provider is asked outside any transaction. Organisers are written to when there is no such
    place, or only the city is known: then a human has to put the pin.
    """
    settled = 0
    for public_id in location_due(db.session(), now=now, limit=PLACES_AT_ONCE):
        event = event_by_public_id(db.session(), public_id)
        if event is None:
            continue
        address, locale = event.address, event.organiser.locale
        try:
            better = finder.locate_later(address, known=event.precision or Precision.COUNTRY, locale=locale)
        except ProviderAwayError:
            log.info("the geocoder is still away")
            break
        spot = spot_of(address, better, finder) if better else None
        with unit_of_work() as session:
            event = event_by_public_id(session, public_id)
            if event is None or not event.is_location_due or event.address != address:
                continue
            details = replace(details_of(event), is_location_due=False)
            if spot is not None and spot.point is not None:
                details = replace(
                    details,
                    city=spot.city or details.city,
                    country=spot.country or details.country,
                    latitude=spot.point.latitude,
                    longitude=spot.point.longitude,
                    precision=spot.precision,
                    located_by=spot.located_by,
                )
            _settle(session, event, details, seal=seal, now=now)
        settled += 1
    return settled


def recompute_times(session: Session, now: datetime, *, is_dry_run: bool = False) -> list[str]:
    """Work out the instants of coming events again, after new time zone data. Return the ids that moved.

    What was announced is the wall time, and that stays; only the moment behind it is another one.
    A time that the new rules skip becomes the one that clocks there show instead.
    """
    moved: list[str] = []
    last = 0
    while events := upcoming_events(
        session, since=now - timedelta(days=2), after_id=last, limit=ROWS_AT_ONCE
    ):
        last = events[-1].id
        for event in events:
            if _has_moved(event, is_dry_run=is_dry_run):
                moved.append(event.public_id)
                if not is_dry_run:
                    _note_move(session, event, now)
    return moved


def _settle(session: Session, event: Event, details: EventDetails, *, seal: Seal, now: datetime) -> None:
    """Write down what was found; a published event's new point goes the way of every change."""
    event.is_location_due = False
    try:
        if event.proposed is None and details != details_of(event):
            change_event(session, event, details, seal=seal, now=now)
    except RefusedError as refused:  # its day was moved meanwhile: the organiser has to touch it anyway
        log.info("event %s keeps its place: %s", event.public_id, refused.code)
    if not details.is_well_located:
        news = "place_rough" if details.point else "place_unknown"
        tell_organiser(session, event, news, fact=event.address, seal=seal, now=now)
    record(
        session, "event:located", f"event:{event.public_id}",
        by=WORKER, at=now, campaign=event.campaign.slug, precision=details.precision,
    )  # fmt: skip


def _has_moved(event: Event, *, is_dry_run: bool) -> bool:
    found = _instant(event.starts_local, event.timezone, event.starts_fold)
    ends_at = _instant(event.ends_local, event.timezone, event.ends_fold) if event.ends_local else None
    if (found, ends_at) == (event.starts_at, event.ends_at):
        return False
    if not is_dry_run:
        event.starts_at, event.ends_at = found, ends_at
    return True


def _instant(local: datetime, zone: str, fold: int) -> datetime:
    try:
        return resolve(local, zone, fold)
    except NonexistentTimeError as skipped:
        return resolve(skipped.later, zone, fold)


def _note_move(session: Session, event: Event, now: datetime) -> None:
    event.sequence += 1
    event.updated_at = now
    record(
        session, "event:time_recomputed", f"event:{event.public_id}",
        by=COMMAND, at=now, campaign=event.campaign.slug,
    )  # fmt: skip
    session.flush()  # the campaign's row is counted up in the database
    raise_revision(session, event.campaign)
