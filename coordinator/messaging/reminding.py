"""Reminders: planned for each event, written by the worker in small transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.kit.db import db, unit_of_work
from coordinator.messaging.mail import address_of, reminder_for
from coordinator.messaging.models import EventReminder
from coordinator.messaging.queries import unplanned_events
from coordinator.messaging.rules import ReminderKind, is_of_use, reminder_times
from coordinator.outbox.service import post
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

BATCH = 25  # people in one transaction, as for notices
REMINDED = (RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE)


def plan_reminders(*, now: datetime) -> int:
    """Plan reminders of published events, anew where one has moved. Return for how many events.

    Nobody else needs to know of the plan: whoever moves, postpones or cancels an event does just that, and
    what was planned for another time is not sent (`write_reminders`).
    """
    planned = 0
    for event_id in unplanned_events(db.session(), now):
        with unit_of_work() as session:
            event = session.get(Event, event_id)
            if event is not None and event.status is EventStatus.PUBLISHED:
                _plan(session, event, now)
                planned += 1
    return planned


def write_reminders(*, seal: Seal, site_url: str, now: datetime, batch: int = BATCH) -> int:
    """Turn every reminder that is due into messages. Return how many were written.

    Killed in between, it goes on where it stopped; a message that was written is not written again, because
    its key names the event's start and the answer.
    """
    written = 0
    while True:
        with unit_of_work() as session:
            reminder = session.scalar(
                select(EventReminder)
                .where(EventReminder.done_at.is_(None), EventReminder.due_at <= now)
                .order_by(EventReminder.due_at, EventReminder.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if reminder is None:
                return written
            if _is_of_use(session, reminder, now):
                written += _write_batch(session, reminder, batch, seal=seal, site_url=site_url, now=now)
            else:
                reminder.done_at = now


def _plan(session: Session, event: Event, now: datetime) -> None:
    times = reminder_times(event.starts_local, event.timezone, is_time_known=event.is_time_known)
    known = {
        row.kind: row
        for row in session.scalars(select(EventReminder).where(EventReminder.event_id == event.id))
    }
    for kind in ReminderKind:
        row = known.get(kind)
        if kind not in times:
            if row is not None:
                session.delete(row)
            continue
        if row is None:
            row = EventReminder(event_id=event.id, kind=kind, last_rsvp_id=0)
            session.add(row)
        elif (row.starts_at, row.timezone, row.due_at) == (event.starts_at, event.timezone, times[kind]):
            continue  # only the hour was announced or withdrawn: what is under way goes on
        is_moved = row.starts_at is not None
        row.starts_at, row.timezone, row.due_at = event.starts_at, event.timezone, times[kind]
        row.last_rsvp_id = 0
        # Whoever hears now that it was moved to tomorrow need not hear that it is in a week.
        row.done_at = now if is_moved and times[kind] <= now else None


def _is_of_use(session: Session, reminder: EventReminder, now: datetime) -> bool:
    event = reminder.event
    is_current = (reminder.starts_at, reminder.timezone) == (event.starts_at, event.timezone)
    if event.status is not EventStatus.PUBLISHED or not is_current:
        return False
    rows = session.execute(
        select(EventReminder.kind, EventReminder.due_at).where(EventReminder.event_id == event.id)
    )
    due: dict[ReminderKind, datetime] = dict(rows.all())
    return is_of_use(reminder.kind, due, starts_at=event.starts_at, now=now)


def _write_batch(
    session: Session, reminder: EventReminder, batch: int, *, seal: Seal, site_url: str, now: datetime
) -> int:
    """Write to the next people, and note how far that was. Return how many messages are new."""
    people = session.scalars(
        select(Rsvp)
        .where(
            Rsvp.event_id == reminder.event_id,
            Rsvp.id > reminder.last_rsvp_id,
            Rsvp.submitted_at <= reminder.due_at,  # whoever answered later knows it anyway
            Rsvp.status.in_(REMINDED),
            Rsvp.confirmed_at.is_not(None),
            Rsvp.reminders_off_at.is_(None),
            Rsvp.email_sealed.is_not(None),
        )
        .order_by(Rsvp.id)
        .limit(batch)
    ).all()
    written = sum(_write(session, rsvp, reminder, seal=seal, site_url=site_url, now=now) for rsvp in people)
    if people:
        reminder.last_rsvp_id = people[-1].id
    if len(people) < batch:
        reminder.done_at = now
    return written


def _write(
    session: Session, rsvp: Rsvp, reminder: EventReminder, *, seal: Seal, site_url: str, now: datetime
) -> bool:
    found = address_of(rsvp, seal)
    if found is None:
        return False
    email, token = found
    return post(
        session,
        key=f"reminder:{reminder.kind.value}:{reminder.starts_at:%Y%m%d%H%M}:rsvp:{rsvp.public_id}",
        template="messaging/reminder",
        recipient=email,
        locale=rsvp.locale,
        about=f"rsvp:{rsvp.public_id}",
        context=reminder_for(rsvp, reminder, token, site_url=site_url, seal=seal),
        seal=seal,
        now=now,
    )
