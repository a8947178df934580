"""Sending what is due. At least once, and the same Message-ID each time.

Messages are leased in one short transaction, sent outside any, and written down a few at a time in others:
a mail server that takes its time never holds the database's write lock. A worker that is killed in between
leaves leases that run out, and these messages go again.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import delete, update

from coordinator.kit.db import unit_of_work
from coordinator.outbox.leases import (
    BOUNCES,
    Ledger,
    give_up,
    lease_due,
    mark_sent,
    put_back,
    server_named,
    tell,
    try_later,
)
from coordinator.outbox.mailbox import read_mailbox
from coordinator.outbox.models import Heartbeat, Message, Undeliverable
from coordinator.outbox.rules import (
    BOUNCES_FOR,
    KEEP_FAILED,
    KEEP_UNDELIVERABLE,
    LONGEST_TALK,
    LetterError,
    LetterRefusedError,
    MailAwayError,
)
from coordinator.outbox.service import note_bounce

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from email.message import EmailMessage
    from typing import Protocol

    from coordinator.kit.crypto import Seal
    from coordinator.outbox.bounces import Bounce
    from coordinator.outbox.leases import Lease
    from coordinator.outbox.mailbox import Mailbox, Reading
    from coordinator.outbox.transports import Transport

    class Render(Protocol):
        """Writes the letter that a leased message stands for."""

        def __call__(self, lease: Lease, now: datetime) -> EmailMessage:
            """Return the letter, dated `now`."""
            ...


log = logging.getLogger(__name__)

BATCH = 50  # messages leased at once; then the worker looks around
WRITE_DOWN_EVERY = 10  # messages: so many may go twice when the worker is killed
WRITE_DOWN_AFTER = timedelta(seconds=1)


class Outcome(Enum):
    """How a batch ended."""

    EMPTY = "empty"
    """Nothing is due any more."""
    MORE = "more"
    """There may be more; come back at once."""
    AWAY = "away"
    """The mail server takes nothing; come back later."""


def send_due(
    transport: Transport,
    render: Render,
    *,
    seal: Seal,
    clock: Callable[[], datetime],
    is_stopping: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Send up to `BATCH` due messages, the longest due first. The caller opens and closes the transport.

    Raises:
        sqlalchemy.exc.OperationalError: the database did not answer. What was sent and could not be
            written down goes again when its lease runs out.
    """
    left_over = BATCH
    while left_over and not is_stopping():
        leases = lease_due(seal, clock(), most=left_over)
        if not leases:
            return Outcome.EMPTY
        left_over -= len(leases)
        if not _send_all(leases, transport, render, clock, is_stopping):
            return Outcome.AWAY
    return Outcome.MORE


def _send_all(
    leases: Sequence[Lease],
    transport: Transport,
    render: Render,
    clock: Callable[[], datetime],
    is_stopping: Callable[[], bool],
) -> bool:
    """Send what is leased, and put back what there is no time for. Return False when the server is away."""
    ledger = Ledger()
    away: str | None = None
    left = list(reversed(leases))
    while left and not is_stopping() and left[-1].until - clock() >= LONGEST_TALK:
        try:
            _send(left[-1], transport, render, ledger, clock)
        except MailAwayError as trouble:
            away = trouble.kind
            log.warning("mail server away: %s", away)
            break
        left.pop()
        if _is_time(ledger, clock()):
            ledger.write_down()
    for lease in left:
        ledger.note(lease, put_back, clock())
    at = clock()
    ledger.server = lambda server: tell(server, away, at)
    ledger.write_down()
    return away is None


def _is_time(ledger: Ledger, now: datetime) -> bool:
    is_late = ledger.since is not None and now - ledger.since >= WRITE_DOWN_AFTER
    return is_late or len(ledger.entries) >= WRITE_DOWN_EVERY


def _send(
    lease: Lease, transport: Transport, render: Render, ledger: Ledger, clock: Callable[[], datetime]
) -> None:
    try:
        letter = render(lease, clock())
    except Exception as fault:  # noqa: BLE001 a broken template must not stop the post of all others
        log.error("message %s not written: %s", lease.public_id, type(fault).__name__)  # noqa: TRY400 its words may quote a person
        at, kind = clock(), f"render:{type(fault).__name__}"
        ledger.note(lease, lambda message: try_later(message, lease, kind, at), at)
        return
    try:
        transport.send(letter)
    except LetterRefusedError as refused:
        log.warning("message %s refused: %s", lease.public_id, refused.kind)
        at, kind = clock(), refused.kind
        ledger.note(lease, lambda message: give_up(message, kind, at, keep=False), at)
    except LetterError as later:
        log.warning("message %s not sent: %s", lease.public_id, later.kind)
        at, kind = clock(), later.kind
        ledger.note(lease, lambda message: try_later(message, lease, kind, at), at)
    except MailAwayError:
        raise
    except Exception as fault:  # noqa: BLE001 a letter that can't be put into bytes stops no other either
        log.error("message %s not sent: %s", lease.public_id, type(fault).__name__)  # noqa: TRY400 its words may quote a person
        at, kind = clock(), f"send:{type(fault).__name__}"
        ledger.note(lease, lambda message: try_later(message, lease, kind, at), at)
    else:
        at = clock()
        ledger.note(lease, lambda message: mark_sent(message, at), at)


def read_bounces(
    mailbox: Mailbox, *, host: str, bounce_address: str, clock: Callable[[], datetime]
) -> Reading | None:
    """Read what came back, each in a transaction of its own. Return None when the mailbox can't be read."""

    def note(bounce: Bounce) -> bool:
        with unit_of_work() as session:
            return note_bounce(session, bounce, now=clock())

    trouble, reading = None, None
    try:
        reading = read_mailbox(mailbox, note, host=host, bounce_address=bounce_address)
    except MailAwayError as away:
        trouble = away.kind
        log.warning("mailbox of bounces: %s", trouble)
    with unit_of_work() as session:
        tell(server_named(session, BOUNCES), trouble, clock())
    return reading


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


def forget_traces(*, now: datetime) -> int:
    """Forget whom letters went to that no longer come back, and who could not be reached long ago."""
    with unit_of_work() as session:
        sent = (
            update(Message)
            .where(Message.sent_at <= now - BOUNCES_FOR, Message.recipient_digest.is_not(None))
            .values(recipient_digest=None)
            .execution_options(synchronize_session=False)
        )
        unreachable = delete(Undeliverable).where(Undeliverable.last_at <= now - KEEP_UNDELIVERABLE)
        return sum(session.execute(one).rowcount for one in (sent, unreachable))  # type: ignore[attr-defined]
