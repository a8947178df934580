"""Sending what is due. At least once, and the same Message-ID each time.

A message is leased in one short transaction, sent outside any, and recorded in another: a mail server
that takes its time never holds the database's write lock. A worker that is killed in between leaves a
lease that runs out, and the message goes again.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, select, update
from sqlalchemy.exc import OperationalError

from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import db, unit_of_work
from coordinator.outbox.models import Heartbeat, Message
from coordinator.outbox.queries import is_due
from coordinator.outbox.rules import (
    KEEP_FAILED,
    LEASE,
    MOST_TRIES,
    LetterError,
    LetterRefusedError,
    MailAwayError,
    wait_after,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from email.message import EmailMessage
    from typing import Protocol

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.outbox.transports import Transport

    class Render(Protocol):
        """Writes the letter that a leased message stands for."""

        def __call__(self, lease: Lease, now: datetime) -> EmailMessage:
            """Return the letter, dated `now`."""
            ...


log = logging.getLogger(__name__)

BATCH = 50  # messages for one connection; then the worker looks around
RECORD_TRIES = 6  # each waits for the database's lock as long as any writer does


class Outcome(Enum):
    """How a batch ended."""

    EMPTY = "empty"
    """Nothing is due any more."""
    MORE = "more"
    """There may be more; come back at once."""
    AWAY = "away"
    """The mail server takes nothing; come back later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A message that is ours to send for a while, opened."""

    id: int
    public_id: str
    template: str
    locale: str
    recipient: str
    context: dict[str, Any]
    tries: int


def send_due(
    transport: Transport,
    render: Render,
    *,
    seal: Seal,
    clock: Callable[[], datetime],
    is_stopping: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Send up to `BATCH` due messages over one connection, the longest due first.

    Raises:
        sqlalchemy.exc.OperationalError: the database did not answer. What was sent and could not be
            recorded goes again when its lease runs out.
    """
    with transport:
        for _ in range(BATCH):
            if is_stopping():
                return Outcome.MORE
            lease = _lease_next(seal, clock())
            if lease is None:
                return Outcome.EMPTY
            try:
                _send(lease, transport, render, clock)
            except MailAwayError as away:
                log.warning("mail server away: %s", away.kind)
                _record(lease, _put_back)
                return Outcome.AWAY
    return Outcome.MORE


def _send(lease: Lease, transport: Transport, render: Render, clock: Callable[[], datetime]) -> None:
    try:
        letter = render(lease, clock())
    except Exception as fault:  # noqa: BLE001 a broken template must not stop the post of all others
        log.error("message %s not written: %s", lease.public_id, type(fault).__name__)  # noqa: TRY400 its words may quote a person
        _record_trouble(lease, f"render:{type(fault).__name__}", clock())
        return
    try:
        transport.send(letter)
    except LetterRefusedError as refused:
        log.warning("message %s refused: %s", lease.public_id, refused.kind)
        at, kind = clock(), refused.kind
        _record(lease, lambda message: _give_up(message, kind, at, keep=False))
    except LetterError as later:
        log.warning("message %s not sent: %s", lease.public_id, later.kind)
        _record_trouble(lease, later.kind, clock())
    else:
        at = clock()
        _record(lease, lambda message: _mark_sent(message, at))


def _lease_next(seal: Seal, now: datetime) -> Lease | None:
    """Take the message that is due longest, so that no other worker does. Give up unreadable ones."""
    while True:
        reading: Session = db.session()
        is_any = reading.scalar(select(exists().where(is_due(now))))
        reading.commit()  # a look must not hold a transaction open while we send
        if not is_any:
            return None
        with unit_of_work() as session:
            message = session.scalar(
                select(Message)
                .where(is_due(now))
                .order_by(Message.due_at, Message.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if message is None:  # another worker took it
                return None
            if message.tries >= MOST_TRIES:  # every try ended with the worker itself
                _give_up(message, message.error or "worker", now)
                continue
            try:
                lease = _open(message, seal)
            except LostKeyError:
                _give_up(message, "lost_key", now)
                log.error("message %s can't be opened: a key is missing", message.public_id)  # noqa: TRY400
                continue
            message.leased_until = now + LEASE
            message.tries += 1
            return lease


def _open(message: Message, seal: Seal) -> Lease:
    return Lease(
        id=message.id,
        public_id=message.public_id,
        template=message.template,
        locale=message.locale,
        recipient=seal.decrypt(message.recipient_sealed) or "",
        context=json.loads(seal.decrypt(message.context_sealed) or "{}"),
        tries=message.tries + 1,
    )


def _record(lease: Lease, change: Callable[[Message], None]) -> None:
    """Write down what became of a message, and try hard: what can't be written down is sent again."""
    for attempt in range(1, RECORD_TRIES + 1):
        try:
            with unit_of_work() as session:
                message = session.get(Message, lease.id)
                if message is not None:  # erased while it was on its way
                    change(message)
        except OperationalError:
            if attempt == RECORD_TRIES:
                raise
        else:
            return


def _record_trouble(lease: Lease, kind: str, now: datetime) -> None:
    def change(message: Message) -> None:
        if lease.tries >= MOST_TRIES:
            _give_up(message, kind, now)
        else:
            message.leased_until = None
            message.due_at = now + wait_after(lease.tries)
            message.error = kind[:80]

    _record(lease, change)


def _put_back(message: Message) -> None:
    """Undo the lease: the message was never tried."""
    message.leased_until = None
    message.tries -= 1


def _mark_sent(message: Message, now: datetime) -> None:
    message.sent_at = now
    message.leased_until = None
    message.error = None
    _empty(message)


def _give_up(message: Message, kind: str, now: datetime, *, keep: bool = True) -> None:
    message.failed_at = now
    message.leased_until = None
    message.error = kind[:80]
    if not keep:
        _empty(message)


def _empty(message: Message) -> None:
    """Forget who it went to and what it said."""
    message.recipient_sealed = None
    message.recipient_digest = None
    message.context_sealed = None


def beat(name: str, *, now: datetime) -> None:
    """Leave a sign of life."""
    with unit_of_work() as session:
        row = session.get(Heartbeat, name)
        if row is None:
            session.add(Heartbeat(name=name, beat_at=now))
        else:
            row.beat_at = now


def forget_failed(*, now: datetime) -> int:
    """Empty messages that were given up and that nobody looked at in time. Return how many."""
    with unit_of_work() as session:
        old = (
            update(Message)
            .where(Message.failed_at <= now - KEEP_FAILED, Message.recipient_sealed.is_not(None))
            .values(recipient_sealed=None, recipient_digest=None, context_sealed=None)
            .execution_options(synchronize_session=False)
        )
        return int(session.execute(old).rowcount)  # type: ignore[attr-defined]  # an UPDATE has one
