"""Is the house in order? Numbers and yes or no; nothing about anybody."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from coordinator.accounts.models import Account
from coordinator.kit.crypto import LostKeyError
from coordinator.messaging.queries import oldest_announcement_due_at, oldest_reminder_due_at
from coordinator.outbox.queries import last_beat_at, oldest_due_at, outbox_counts

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

OLDEST_BEAT = {"mail": timedelta(minutes=3), "chores": timedelta(minutes=15)}
"""A beat comes every five seconds, but only between two jobs: a slow mail server may take its time."""

OLDEST_DUE = timedelta(minutes=15)
LEAST_FREE_BYTES = 100 * 1024**2


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_ok: bool
    figures: dict[str, int | None]


def checks(session: Session, *, instance: Path, gazetteer: Path, seal: Seal, now: datetime) -> list[Check]:
    """Look at everything that a working installation needs."""
    return [*_in_database(session, seal, now), _gazetteer(gazetteer), _disk(instance)]


def _in_database(session: Session, seal: Seal, now: datetime) -> list[Check]:
    try:
        session.execute(text("SELECT 1"))
        workers = [_worker(session, name, now) for name in OLDEST_BEAT]
        return [
            Check("database", is_ok=True, figures={}),
            *workers,
            _mail(session, now),
            _reminders(session, now),
            _keys(session, seal),
        ]
    except SQLAlchemyError:
        session.rollback()
        return [Check("database", is_ok=False, figures={})]


def _worker(session: Session, name: str, now: datetime) -> Check:
    beat_at = last_beat_at(session, name)
    age = None if beat_at is None else now - beat_at
    is_ok = age is not None and age <= OLDEST_BEAT[name]
    return Check(f"worker_{name}", is_ok=is_ok, figures={"age_seconds": _seconds(age)})


def _mail(session: Session, now: datetime) -> Check:
    since = oldest_due_at(session, now)
    age = None if since is None else now - since
    counts = outbox_counts(session)
    return Check(
        "mail",
        is_ok=age is None or age <= OLDEST_DUE,
        figures={"oldest_due_seconds": _seconds(age), "waiting": counts.waiting, "failed": counts.failed},
    )


def _reminders(session: Session, now: datetime) -> Check:
    due = (oldest_reminder_due_at(session, now), oldest_announcement_due_at(session, now))
    since = min(filter(None, due), default=None)
    age = None if since is None else now - since
    return Check(
        "reminders", is_ok=age is None or age <= OLDEST_DUE, figures={"oldest_due_seconds": _seconds(age)}
    )


def _keys(session: Session, seal: Seal) -> Check:
    """Try the keys on the oldest and the newest account: both keys, for addresses have a digest, too."""
    wrong = 0
    for order in (Account.id, Account.id.desc()):
        row = session.execute(
            select(Account.email_sealed, Account.email_digest).order_by(order).limit(1)
        ).first()
        if row is None:
            continue
        try:
            wrong += seal.digest(seal.decrypt(row.email_sealed)) != row.email_digest
        except LostKeyError:
            wrong += 1
    return Check("keys", is_ok=wrong == 0, figures={"wrong": wrong})


def _gazetteer(file: Path) -> Check:
    return Check("gazetteer", is_ok=file.is_file(), figures={})


def _disk(instance: Path) -> Check:
    try:
        free = shutil.disk_usage(instance).free
    except OSError:
        return Check("disk", is_ok=False, figures={"free_megabytes": None})
    return Check("disk", is_ok=free >= LEAST_FREE_BYTES, figures={"free_megabytes": free // 1024**2})


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else max(0, int(age.total_seconds()))
