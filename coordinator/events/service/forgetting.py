"""What goes of an event after its retention time: how to reach its organiser, what was said in review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from coordinator.campaigns.service import raise_revision
from coordinator.events.models import Event, ReviewNote
from coordinator.events.rules import EventStatus

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session


def has_words_to_forget() -> ColumnElement[bool]:
    """Return the condition for events of which `forget_words` leaves less than there is.

    One that is postponed is not over, whatever its old time says: its organiser is still to be reached.
    """
    said = select(ReviewNote.id).where(ReviewNote.event_id == Event.id, ReviewNote.text_sealed.is_not(None))
    return (Event.status != EventStatus.POSTPONED) & or_(
        Event.public_contact != "", Event.proposed_at.is_not(None), said.exists()
    )


def forget_words(session: Session, event: Event, *, now: datetime) -> None:
    """Empty the public contact, a change that waits, and the conversation; that there was one stays."""
    if event.status is EventStatus.POSTPONED:
        return
    session.execute(
        update(ReviewNote)
        .where(ReviewNote.event_id == event.id)
        .values(text_sealed=None)
        .execution_options(synchronize_session=False)
    )
    if event.public_contact or event.proposed_at is not None:
        event.public_contact, event.proposed, event.proposed_at = "", None, None
        event.updated_at = now
        session.flush()
        raise_revision(session, event.campaign)
