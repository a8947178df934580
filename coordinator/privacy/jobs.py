"""Retention, run by the worker: nobody has to remember it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from coordinator.audit.service import WORKER
from coordinator.campaigns.models import Campaign
from coordinator.events.models import Event
from coordinator.kit.db import db, overwrite_log, unit_of_work
from coordinator.places.service import forget_answers
from coordinator.privacy.queries import sealed_columns
from coordinator.privacy.service import (
    Forgotten,
    campaigns_to_forget,
    count_campaign,
    count_event,
    count_expired,
    empty_sent_messages,
    events_to_forget,
    forget_campaign,
    forget_event,
    forget_expired,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator.kit.crypto import Seal

BATCH = 200  # rows sealed again in one transaction


def forget_due(*, now: datetime, by: str = WORKER) -> Forgotten:
    """Forget everybody whose retention time is over. Each event is a transaction of its own."""
    total = Forgotten()
    for event_id in events_to_forget(db.session(), now):
        with unit_of_work() as session:
            event = session.get(Event, event_id)
            if event is not None:
                total += forget_event(session, event, by=by, now=now)
    for campaign_id in campaigns_to_forget(db.session(), now):
        with unit_of_work() as session:
            total += forget_campaign(session, session.get_one(Campaign, campaign_id), by=by, now=now)
    with unit_of_work() as session:
        forget_answers(session, now=now)  # of geocoders: an address that was looked up may be a home
        emptied = empty_sent_messages(session)
        total += Forgotten(messages=emptied, forms_and_links=forget_expired(session, now))
    if total != Forgotten():
        overwrite_log()
    return total


def count_due(*, now: datetime) -> Forgotten:
    """Return what `forget_due` would remove, and remove nothing."""
    session = db.session()
    total = Forgotten(forms_and_links=count_expired(session, now))
    for event_id in events_to_forget(session, now):
        total += count_event(session, session.get_one(Event, event_id))
    for campaign_id in campaigns_to_forget(session, now):
        total += count_campaign(session, campaign_id)
    return total


def rotate_keys(*, seal: Seal, tell: Callable[[str, int], None] = lambda _table, _rows: None) -> int:
    """Seal everything again with the newest key. Return how many texts that were.

    Small transactions, and a text that somebody changes meanwhile is left alone: it is sealed with the
    newest key already. Killed in between, it can be started again from the beginning.
    """
    done = 0
    for table, column in sealed_columns():
        key = next(iter(table.primary_key.columns))
        last: int | str | None = None
        while True:
            query = select(key, column).where(column.is_not(None)).order_by(key).limit(BATCH)
            with unit_of_work() as session:
                rows = session.execute(query if last is None else query.where(key > last)).all()
                for identity, sealed in rows:
                    session.execute(
                        update(table)
                        .where(key == identity, column == sealed)
                        .values({column.name: seal.rotate(sealed)})
                    )
            if not rows:
                break
            last = rows[-1][0]
            done += len(rows)
        tell(f"{table.name}.{column.name}", done)
    return done
