"""An event that will not happen at its time: postponed, and on again as it was announced.

A new time for it is a change like any other (`changing.change_event`): it may wait for a coordinator.
That it is off does not wait, whoever says so: a warning that comes late is worse than a wrong one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.campaigns.service import raise_revision
from coordinator.events.rules import Act, NoteKind, NoticeKind, after
from coordinator.events.service.describing import public_facts, refuse_past
from coordinator.events.service.recording import add_note, lock, record_act, tell_those_who_come

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal


def postpone_event(session: Session, event: Event, *, seal: Seal, now: datetime, because: str = "") -> None:
    """Say that the event will not happen at its time, and that a new one is not known.

    It stays visible, those who come are told, and their answers stay. A change that waits for review
    goes on waiting: it may be the new time. `because` is public.

    Raises:
        WrongStateError: it is not published.
        PastError: it is over.
    """
    lock(session, event)
    status = after(Act.POSTPONE, event.status)
    refuse_past(event, now)
    tell_those_who_come(session, event, NoticeKind.POSTPONED, public_facts(event), now=now)
    event.status = status
    event.postponed_at = event.updated_at = now
    event.postponed_because = because
    event.sequence += 1
    by = event.organiser
    add_note(session, event, NoteKind.POSTPONED, by=by, text=because, seal=seal, now=now)
    record_act(session, event, "event:postponed", by=by.public_id, now=now)
    raise_revision(session, event.campaign)
    session.flush()


def resume_event(session: Session, event: Event, *, seal: Seal, now: datetime) -> None:
    """Say that a postponed event happens after all, when and where it was announced.

    Raises:
        WrongStateError: it is not postponed (any more).
        PastError: that time is over; it needs a new one.
    """
    lock(session, event)
    status = after(Act.RESUME, event.status)
    tell_those_who_come(session, event, NoticeKind.RESUMED, public_facts(event), now=now)
    event.status = status
    refuse_past(event, now)
    event.updated_at = now
    event.postponed_because = ""
    event.sequence += 1
    by = event.organiser
    add_note(session, event, NoteKind.RESUMED, by=by, text="", seal=seal, now=now)
    record_act(session, event, "event:resumed", by=by.public_id, now=now)
    raise_revision(session, event.campaign)
    session.flush()
