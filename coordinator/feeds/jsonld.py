"""An event as schema.org describes one, for search engines. It says nothing of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from coordinator.events.accessibility import Feature, features_from
from coordinator.events.rules import CountShown, EventStatus
from coordinator.kit.markdown import plain
from coordinator.kit.web import absolute_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from coordinator.events.earlier import Earlier
    from coordinator.events.models import Event
    from coordinator.rsvps.models import RsvpTally

SCHEMA = "https://schema.org"
LONGEST_DESCRIPTION = 500


AMENITIES = {
    Feature.STEP_FREE: "Step-free access",
    Feature.SEATING: "Seating",
    Feature.TOILET: "Wheelchair accessible toilet nearby",
    Feature.QUIET_PLACE: "Quiet place",
}
"""Those of the place. For what happens there, as sign language, schema.org has a word at recordings only."""

STATUSES = {EventStatus.POSTPONED: "EventPostponed", EventStatus.CANCELLED: "EventCancelled"}


def event_jsonld(
    event: Event, tally: RsvpTally, locale: str, *, earlier: Sequence[Earlier] = ()
) -> dict[str, Any]:
    """Return the event as a schema.org `Event`; components/jsonld puts it into a page.

    A point that is only the city's is left out: a program would send people there. `earlier` says what time
    and place were before, the latest first. One that is postponed keeps its start, as schema.org wants it,
    and says that it is the previous one.
    """
    is_on = event.status is EventStatus.PUBLISHED
    previous = [_moment(one.starts_at, one) for one in earlier if one.is_another_time]
    if event.is_postponed:
        previous = [_moment(event.starts_at, event)]
    status = STATUSES.get(event.status, "EventRescheduled" if previous else "EventScheduled")
    told: dict[str, Any] = {
        "@context": SCHEMA,
        "@type": "Event",
        "name": event.title,
        "url": absolute_url("site.event", public_id=event.public_id, lang=locale),
        "startDate": _moment(event.starts_at, event),
        "endDate": _moment(event.ends_at, event) if event.ends_at and event.is_time_known else None,
        "eventStatus": f"{SCHEMA}/{status}",
        "previousStartDate": previous or None,
        "eventAttendanceMode": f"{SCHEMA}/OfflineEventAttendanceMode",
        "isAccessibleForFree": True,
        "inLanguage": event.languages.split() or None,
        "description": plain(event.description)[:LONGEST_DESCRIPTION] or None,
        "location": _place(event),
    }
    if event.capacity is not None:
        told["maximumAttendeeCapacity"] = event.capacity
        if is_on and event.count_shown is CountShown.EXACT:
            told["remainingAttendeeCapacity"] = max(0, event.capacity - tally.coming)
    return {name: value for name, value in told.items() if value is not None}


def _moment(instant: datetime, event: Event | Earlier) -> str:
    """Return the time with its offset, or the day alone while no time is known."""
    if not event.is_time_known:
        return instant.astimezone(ZoneInfo(event.timezone)).date().isoformat()
    return instant.astimezone(ZoneInfo(event.timezone)).isoformat()


def _place(event: Event) -> dict[str, Any]:
    address = {
        "@type": "PostalAddress",
        "streetAddress": event.address,
        "addressLocality": event.city,
        "addressCountry": event.country,
    }
    place: dict[str, Any] = {
        "@type": "Place",
        "name": event.address or event.city,
        "address": {name: value for name, value in address.items() if value},
    }
    if event.precision is not None and event.precision.is_good_enough_to_stand_at:
        place["geo"] = {"@type": "GeoCoordinates", "latitude": event.latitude, "longitude": event.longitude}
    amenities = [
        {"@type": "LocationFeatureSpecification", "name": AMENITIES[feature], "value": True}
        for feature in features_from(event.accessibility_features)
        if feature in AMENITIES
    ]
    return place | ({"amenityFeature": amenities} if amenities else {})
