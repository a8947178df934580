"""What messages about an answer say: public facts of the event, and the link of this one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coordinator.events.models import Event
    from coordinator.rsvps.models import Rsvp


def facts_of(event: Event, locale: str) -> dict[str, Any]:
    """Return what any message says about an event, with names in `locale`. All of it is public."""
    mission = event.mission
    return {
        "event_id": event.public_id,
        "title": event.title,
        "campaign": event.campaign.slug,
        "day_at": event.starts_local.isoformat(),
        "starts_at": event.starts_at.isoformat(),
        "ends_at": event.ends_at.isoformat() if event.ends_at else None,
        "timezone": event.timezone,
        "is_time_known": event.is_time_known,
        "address": event.address,
        "city": event.city,
        "city_name": mission.city_in(locale, event.city) if mission else event.city,
        "mission": mission.name_in(locale).name if mission else "",
        "retention_days": event.campaign.retention_days,
    }


def facts_for(rsvp: Rsvp, event: Event, token: str, *, locale: str = "") -> dict[str, Any]:
    """Return what a message to one person says: the event, their answer, their link.

    Names are in the language of their answer, unless the letter is in another `locale`.
    """
    return facts_of(event, locale or rsvp.locale) | {
        "token": token,
        "status": rsvp.status.value,
        "party_size": rsvp.party_size,
        "until_at": rsvp.offered_until.isoformat() if rsvp.offered_until else None,
        "thread": f"event:{event.public_id}:rsvp:{rsvp.public_id}",
    }
