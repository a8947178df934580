"""What happens to answers later: places that an organiser added are given to those who wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.events.models import Event
from coordinator.kit.db import db, unit_of_work
from coordinator.rsvps.queries import events_with_lapsed_offers, events_with_room
from coordinator.rsvps.service.waiting import settle_waitlist

if TYPE_CHECKING:
    from datetime import datetime

    from coordinator.kit.crypto import Seal


def settle_waitlists(*, seal: Seal, now: datetime) -> int:
    """Settle every event that has room for somebody who waits, or holds a place for somebody too long.

    Return how many parties were offered a place or given one.

    Looking takes no lock; each event is settled in a short transaction of its own.
    """
    taken_in = 0
    looking = db.session()
    for event_id in sorted({*events_with_room(looking), *events_with_lapsed_offers(looking, now)}):
        with unit_of_work() as session:
            event = session.get(Event, event_id)
            if event is not None:
                taken_in += settle_waitlist(session, event, seal=seal, now=now)
    return taken_in
