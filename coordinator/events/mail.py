"""What organisers are told about their events. The words are in templates/email/events/."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from coordinator.outbox.service import post

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal


def tell_organiser(  # noqa: PLR0913 who, what, when and with which keys
    session: Session, event: Event, news: str, *, fact: str, seal: Seal, now: datetime, reason: str = ""
) -> bool:
    """Write to the organiser of an event in their language. Return False when that was written before.

    `news` names the letter, a folder in templates/email/events/; `fact` makes this news another than the
    last of its kind; `reason` are the coordinator's words.
    """
    organiser = event.organiser
    mark = hashlib.sha256(f"{fact}\0{reason}".encode()).hexdigest()[:16]
    return post(
        session,
        key=f"event:{event.public_id}:{news}:{mark}",
        template=f"events/{news}",
        recipient=seal.decrypt(organiser.email_sealed),
        locale=organiser.locale,
        about=f"event:{event.public_id}",
        context={
            "public_id": event.public_id,
            "title": event.title,
            "city": event.city,
            "address": event.address,
            "starts_at": event.starts_at.isoformat(),
            "timezone": event.timezone,
            "is_time_known": event.is_time_known,
            "reason": reason,
        },
        seal=seal,
        now=now,
    )
