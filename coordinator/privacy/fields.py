"""Fields of answers that go before the rest of them, because their campaign says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, or_, select, update

from coordinator.audit.service import record
from coordinator.campaigns.models import Campaign
from coordinator.campaigns.rules import AnswerField
from coordinator.contacts.models import Contact, ContactImportChange, ContactMerge
from coordinator.contacts.service.packing import drop_pages
from coordinator.events.models import Event
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.rules import answers_close_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

OF_ANSWERS: dict[AnswerField, InstrumentedAttribute[str | None]] = {
    AnswerField.NEEDS: Rsvp.needs_sealed,
    AnswerField.NOTE: Rsvp.note_sealed,
    AnswerField.NAME: Rsvp.name_sealed,
    AnswerField.PHONE: Rsvp.phone_sealed,
}
OF_CONTACTS: dict[AnswerField, InstrumentedAttribute[str | None]] = {
    AnswerField.NAME: Contact.name_sealed,
    AnswerField.PHONE: Contact.phone_sealed,
}
"""What a contact has from the answer that it was made from. Note and tags are the organiser's own words."""


def fields_to_forget(session: Session, now: datetime) -> Iterator[tuple[int, frozenset[AnswerField]]]:
    """Yield ids of events with the fields whose time is over and of which something is left."""
    for campaign in session.scalars(select(Campaign).order_by(Campaign.id)).all():
        days = {AnswerField(code): timedelta(days=number) for code, number in campaign.field_days.items()}
        if not days:
            continue
        over = (
            select(Event)
            .where(
                Event.campaign_id == campaign.id,
                Event.starts_at < now - min(days.values()),
                select(Rsvp.id).where(Rsvp.event_id == Event.id, _has_any(days)).exists(),
            )
            .order_by(Event.id)
        )
        for event in session.scalars(over).all():
            closed = answers_close_at(
                starts_at=event.starts_at, ends_at=event.ends_at, is_time_known=event.is_time_known
            )
            due = frozenset(field for field in days if closed + days[field] <= now)
            if due and count_fields(session, event.id, due):
                yield event.id, due


def forget_fields(
    session: Session, event: Event, fields: frozenset[AnswerField], *, by: str, now: datetime
) -> int:
    """Empty `fields` in all answers to an event, and in contacts made from them. Return in how many answers.

    What contacts were before they were merged, or before an import changed them, goes with the first field:
    it may hold the same words.
    """
    answers = session.execute(
        update(Rsvp)
        .where(Rsvp.event_id == event.id, _has_any(fields))
        .values({column.key: None for column in _columns(fields)} | {"proposed_at": None})
        .returning(Rsvp.id)
        .execution_options(synchronize_session=False)
    ).all()
    theirs = Contact.event_id == event.id, Contact.source.startswith("rsvp:")
    columns = [OF_CONTACTS[field] for field in OF_CONTACTS if field in fields]
    if columns:
        drop_pages(session, *theirs)
        ids = select(Contact.id).where(Contact.event_id == event.id)
        for kept in (ContactMerge, ContactImportChange):
            session.execute(
                delete(kept).where(kept.contact_id.in_(ids)).execution_options(synchronize_session=False)
            )
        session.execute(
            update(Contact)
            .where(*theirs)
            .values({column.key: None for column in columns})
            .execution_options(synchronize_session=False)
        )
    record(
        session, "event:fields-forgotten", f"event:{event.public_id}",
        by=by, at=now, campaign=event.campaign.slug, answers=len(answers), fields=" ".join(sorted(fields)),
    )  # fmt: skip
    return len(answers)


def count_fields(session: Session, event_id: int, fields: Iterable[AnswerField]) -> int:
    """Return in how many answers to an event one of `fields` is left."""
    query = select(func.count(Rsvp.id)).where(Rsvp.event_id == event_id, _has_any(fields))
    return session.scalar(query) or 0


def _columns(fields: Iterable[AnswerField]) -> list[InstrumentedAttribute[str | None]]:
    """Return where the fields stand. An answer that still waits for its owner's word has them, too."""
    return [Rsvp.proposed_sealed, *(OF_ANSWERS[field] for field in fields)]


def _has_any(fields: Iterable[AnswerField]) -> ColumnElement[bool]:
    return or_(*(column.is_not(None) for column in _columns(fields)))
