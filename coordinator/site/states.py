"""A state, typed where a city was asked for: what there is in it, and the cities that have its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func

from coordinator.events.models import Event
from coordinator.events.queries.public import visible_events
from coordinator.events.rules import EventStatus
from coordinator.kit.i18n import country_name
from coordinator.maps.queries import facets_of
from coordinator.missions.queries import missions_of_state
from coordinator.places.gazetteer.names import state_called
from coordinator.places.geocoding import places
from coordinator.places.rules import Candidate, GazetteerMissingError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign

LARGE_CITY = 100_000  # people: one that is called like a state elsewhere may be meant


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state that somebody named."""

    code: str
    name: str
    protests: int
    """That will take place."""
    is_listed: bool
    """The campaign's list has something there, also what was called off."""
    has_missions: bool
    cities: Sequence[Candidate]
    """What the same word may mean instead."""


def state_meant(
    session: Session, campaign: Campaign, text: str, *, locale: str, now: datetime
) -> State | None:
    """Return the state that `text` is the name of; None when it is something else."""
    code = state_called(text, locale)
    if code is None:
        return None
    planned = visible_events(campaign.id, status=EventStatus.PUBLISHED).where(Event.country == code)
    return State(
        code=code,
        name=country_name(code, locale),
        protests=session.scalar(planned.with_only_columns(func.count(Event.id))) or 0,
        is_listed=code in facets_of(session, campaign, now=now).countries,
        has_missions=bool(missions_of_state(session, campaign.sending_state, code)),
        cities=_cities_called(text, code, locale),
    )


def _cities_called(text: str, code: str, locale: str) -> list[Candidate]:
    """Return the cities of the same name: those in the state, and large ones elsewhere."""
    try:
        found = places().gazetteer.search(text, locale=locale)
    except GazetteerMissingError:
        return []
    return [
        city.candidate(locale)
        for city in found
        if city.is_exact and (city.country == code or city.population >= LARGE_CITY)
    ]
