"""What every act has to do: lock its event first, and write down what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coordinator.audit.service import record
from coordinator.events.models import Event, EventNotice, ReviewNote

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.events.rules import NoteKind, NoticeKind
    from coordinator.kit.crypto import Seal


def lock(session: Session, event: Event) -> None:
    """Read the event anew, and keep others from it until this transaction ends."""
    session.refresh(event, with_for_update={"of": Event})


def tell_those_who_come(
    session: Session, event: Event, kind: NoticeKind, before: dict[str, Any], *, now: datetime
) -> None:
    """Leave news for those who come, with what it was `before`."""
    session.add(EventNotice(event=event, kind=kind, before=before, at=now))


def add_note(  # noqa: PLR0913 who, what, when and with which keys
    session: Session, event: Event, kind: NoteKind, *, by: Account, text: str, seal: Seal, now: datetime
) -> None:
    """Add a step to the conversation between coordinators and the organiser; its words are sealed."""
    session.add(
        ReviewNote(event=event, author_id=by.id, kind=kind, text_sealed=seal.encrypt(text.strip()), at=now)
    )


def record_act(session: Session, event: Event, tag: str, *, by: str, now: datetime, **codes: str) -> None:
    """Enter an act into the audit trail: who, what, when, in which campaign."""
    record(session, tag, f"event:{event.public_id}", by=by, at=now, campaign=event.campaign.slug, **codes)
