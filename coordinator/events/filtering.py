"""What somebody looks for: the same in the address of a list, of a map and of a feed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from coordinator.events.accessibility import Feature, features_from
from coordinator.events.rules import PUBLIC, EventStatus

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

COUNTRY = re.compile(r"[A-Z]{2}")
LANGUAGE = re.compile(r"[a-z]{2,3}")
PLACES_LEFT = "left"
DESCRIBED = frozenset({"any", "described"})
"""Both ask for an event that says anything about accessibility; links printed earlier say the second."""
ANY = "any"
NAMES = ("country", "date", "language", "status", "places", "access")
"""What the filters are called in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilters:
    """What somebody looks for. The defaults leave nothing out."""

    country: str = ""
    """ISO 3166-1 alpha-2 in capitals."""
    day: date | None = None
    """On the calendar of the place."""
    language: str = ""
    """Spoken there."""
    status: EventStatus | None = None
    """One of those that everybody may see."""
    has_places: bool = False
    """It will take place, and somebody who comes still finds room."""
    is_described: bool = False
    """The organiser says how accessible it is, in words or by ticking something."""
    features: frozenset[Feature] = field(default_factory=frozenset)
    """The organiser ticked all of these."""


EVERYTHING = EventFilters()


def filters_from(args: MultiDict[str, str]) -> EventFilters:
    """Return the filters of an address. What can't be one is passed over."""
    access = {value.lower() for value in args.getlist("access")}
    country, language = args.get("country", "").upper(), args.get("language", "").lower()
    try:
        day = date.fromisoformat(args.get("date", ""))
    except ValueError:
        day = None
    status = args.get("status", "")
    return EventFilters(
        country=country if COUNTRY.fullmatch(country) else "",
        day=day,
        language=language if LANGUAGE.fullmatch(language) else "",
        status=next((known for known in PUBLIC if known.value == status), None),
        has_places=args.get("places") == PLACES_LEFT,
        is_described=bool(access & DESCRIBED),
        features=frozenset(features_from(" ".join(access))),
    )


def parameters(filters: EventFilters) -> dict[str, str | list[str]]:
    """Return `filters` as they stand in an address; `access` may stand there several times."""
    values: dict[str, str | list[str]] = {
        "country": filters.country,
        "date": filters.day.isoformat() if filters.day else "",
        "language": filters.language,
        "status": filters.status.value if filters.status else "",
        "places": PLACES_LEFT if filters.has_places else "",
        "access": [
            *(one.value for one in Feature if one in filters.features),
            *([ANY] if filters.is_described else []),
        ],
    }
    return {name: value for name, value in values.items() if value}
