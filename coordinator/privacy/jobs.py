"""Retention, run by the worker: nobody has to remember it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from coordinator.audit.service import WORKER
from coordinator.campaigns.models import Campaign
from coordinator.events.models import Event
from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import db, overwrite_log, unit_of_work
from coordinator.places.service import forget_answers
from coordinator.privacy.fields import count_fields, fields_to_forget, forget_fields
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
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Column, Table
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

BATCH = 200  # rows sealed again in one transaction


def forget_due(*, now: datetime, by: str = WORKER) -> Forgotten:
    """Forget everybody whose retention time is over. Each event is a transaction of its own."""
    total = Forgotten()
    for event_id, fields in list(fields_to_forget(db.session(), now)):
        with unit_of_work() as session:
            over = session.get_one(Event, event_id)
            total += Forgotten(fields=forget_fields(session, over, fields, by=by, now=now))
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
    total = Forgotten(
        forms_and_links=count_expired(session, now),
        fields=sum(count_fields(session, event_id, due) for event_id, due in fields_to_forget(session, now)),
    )
    for event_id in events_to_forget(session, now):
        total += count_event(session, session.get_one(Event, event_id))
    for campaign_id in campaigns_to_forget(session, now):
        total += count_campaign(session, campaign_id)
    return total


@dataclass(frozen=True, slots=True)
class Sealed:
    """Texts in one column, by the key that opens them."""

    newest: int = 0
    older: int = 0
    lost: int = 0
    """No key of ours opens these."""

    def __add__(self, other: Sealed) -> Sealed:
        """Return both together."""
        return Sealed(self.newest + other.newest, self.older + other.older, self.lost + other.lost)


def rotate_keys(*, seal: Seal, tell: Callable[[str, Sealed], None] = lambda _column, _found: None) -> Sealed:
    """Seal everything again with the newest key, while the site runs. Return what was found, by its key.

    Small transactions, and a text that somebody changes meanwhile is left alone: it is sealed with the
    newest key already. Killed in between, it can be started again from the beginning: what is sealed with
    the newest key is not written again. What no key opens stays as it is, and is counted.
    """
    return _each_sealed(seal, tell, is_rotating=True)


def count_keys(*, seal: Seal, tell: Callable[[str, Sealed], None] = lambda _column, _found: None) -> Sealed:
    """Return how many texts each kind of key opens, and change nothing."""
    return _each_sealed(seal, tell, is_rotating=False)


def sealed_count(session: Session) -> int:
    """Return how many texts there are to be looked at."""
    return sum(session.scalar(select(func.count(column))) or 0 for _table, column in sealed_columns())


def _each_sealed(seal: Seal, tell: Callable[[str, Sealed], None], *, is_rotating: bool) -> Sealed:
    total = Sealed()
    for table, column in sealed_columns():
        key = next(iter(table.primary_key.columns))
        last: int | str | None = None
        while True:
            query = select(key, column).where(column.is_not(None)).order_by(key).limit(BATCH)
            query = query if last is None else query.where(key > last)
            if is_rotating:
                with unit_of_work() as session:
                    rows = session.execute(query).all()
                    found = _rotated(session, table, column, rows, seal)
            else:
                rows = db.session().execute(query).all()
                found = sum((_looked_at(sealed, seal) for _key, sealed in rows), Sealed())
            if not rows:
                break
            last = rows[-1][0]
            total += found
            tell(f"{table.name}.{column.name}", found)
    return total


def _rotated(session: Session, table: Table, column: Column[str], rows: Sequence[Any], seal: Seal) -> Sealed:
    key, total = next(iter(table.primary_key.columns)), Sealed()
    for identity, sealed in rows:
        found = _looked_at(sealed, seal)
        total += found
        if found.older:
            session.execute(
                update(table)
                .where(key == identity, column == sealed)
                .values({column.name: seal.rotate(sealed)})
            )
    return total


def _looked_at(sealed: str, seal: Seal) -> Sealed:
    if seal.is_newest(sealed):
        return Sealed(newest=1)
    try:
        seal.decrypt(sealed)
    except LostKeyError:
        return Sealed(lost=1)
    return Sealed(older=1)
