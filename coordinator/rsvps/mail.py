"""What messages about an answer say: public facts of the event, and the link of this one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coordinator.events.models import Event
    from coordinator.rsvps.models import Rsvp


def facts_of(event: Event) -> dict[str, Any]:
    """Return what any message says about an event. Everything here is on its public page."""
    return {
        "event_id": event.public_id,
        "title": event.title,
        "campaign": event.campaign.slug,
        "day_at": event.starts_local.isoformat(),
        "starts_at": event.starts_at.isoformat(),
        "timezone": event.timezone,
        "is_time_known": event.is_time_known,
        "address": event.address,
        "city": event.city,
        "retention_days": event.campaign.retention_days,
    }


def facts_for(rsvp: Rsvp, event: Event, token: str) -> dict[str, Any]:
    """Return what a message to one person says: the event, their answer, their link."""
    return facts_of(event) | {
        "token": token,
        "status": rsvp.status.value,
        "party_size": rsvp.party_size,
        "until_at": rsvp.offered_until.isoformat() if rsvp.offered_until else None,
        "thread": f"event:{event.public_id}:rsvp:{rsvp.public_id}",
    }
