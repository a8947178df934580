"""What an event says, as the rules want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.events.rules import FIELDS, EventDetails

if TYPE_CHECKING:
    from coordinator.events.models import Event


def details_of(event: Event) -> EventDetails:
    """Return the public version of what the organiser said, as the rules want it."""
    return EventDetails(**{name: getattr(event, name) for name in FIELDS})
