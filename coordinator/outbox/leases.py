"""Messages that are ours to send for a while: taken in one transaction, written down in another."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import load_only

from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import db, unit_of_work
from coordinator.outbox.models import MailServer, Message, Undeliverable
from coordinator.outbox.queries import is_due
from coordinator.outbox.rules import LEASE, MOST_TRIES, UNDELIVERABLE, wait_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

log = logging.getLogger(__name__)

RECORD_TRIES = 6  # each waits for the database's lock as long as any writer does


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A message that is ours to send for a while, opened."""

    id: int
    public_id: str
    template: str
    locale: str
    recipient: str = field(repr=False)
    context: dict[str, Any] = field(repr=False)
    tries: int
    until: datetime


def lease_due(seal: Seal, now: datetime, *, most: int) -> list[Lease]:
    """Take up to `most` messages that are due, so that no other worker does. Give up those that can't go.

    What its reader asked for a moment ago comes first, then what is due longest.
    """
    while True:
        reading: Session = db.session()
        is_any = reading.scalar(select(exists().where(is_due(now))))
        reading.commit()  # a look must not hold a transaction open while we send
        if not is_any:
            return []
        with unit_of_work() as session:
            found = _due(session, now, most)
            if not found:  # another worker took them
                return []
            leases = _take(session, _apart(found), seal, now)
        if leases:
            return leases


def _due(session: Session, now: datetime, most: int) -> list[Message]:
    """Return what is to go next, locked. Two questions, since each is answered from one end of the index."""
    found: list[Message] = []
    for is_asked_for in (True, False):
        found += session.scalars(
            select(Message)
            .where(is_due(now), Message.is_asked_for.is_(is_asked_for))
            .order_by(Message.due_at, Message.id)
            .limit(most - len(found))
            .with_for_update(skip_locked=True)
        )
    return found


def _apart(messages: Sequence[Message]) -> Sequence[Message]:
    """Leave a message alone with itself that ran out of a lease: it may be what ended the worker.

    Otherwise one message that ends every worker would use up the tries of all that are leased with it.
    """
    for place, message in enumerate(messages):
        if message.leased_until is not None:
            return messages[: max(1, place)]
    return messages


def _take(session: Session, messages: Sequence[Message], seal: Seal, now: datetime) -> list[Lease]:
    leases = []
    undeliverable = set(
        session.scalars(
            select(Undeliverable.address_digest).where(
                Undeliverable.address_digest.in_([message.recipient_digest for message in messages])
            )
        )
    )
    for message in messages:
        if message.tries >= MOST_TRIES:  # every try ended with the worker itself
            give_up(message, message.error or "worker", now)
        elif message.recipient_digest in undeliverable and not message.is_asked_for:
            give_up(message, UNDELIVERABLE, now, keep=False)
        else:
            try:
                leases.append(_open(message, seal, now + LEASE))
            except LostKeyError:
                give_up(message, "lost_key", now)
                log.error("message %s can't be opened: a key is missing", message.public_id)  # noqa: TRY400
                continue
            message.leased_until = now + LEASE
            message.tries += 1
    return leases


def _open(message: Message, seal: Seal, until: datetime) -> Lease:
    return Lease(
        id=message.id,
        public_id=message.public_id,
        template=message.template,
        locale=message.locale,
        recipient=seal.decrypt(message.recipient_sealed) or "",
        context=json.loads(seal.decrypt(message.context_sealed) or "{}"),
        tries=message.tries + 1,
        until=until,
    )


@dataclass(slots=True)
class Ledger:
    """What became of leased messages, kept until it is written down: a few at a time, or after a moment."""

    entries: dict[int, Callable[[Message], None]] = field(default_factory=dict)
    since: datetime | None = None
    server: Callable[[MailServer], None] | None = None

    def note(self, lease: Lease, change: Callable[[Message], None], at: datetime) -> None:
        """Remember what became of a message."""
        self.entries[lease.id] = change
        self.since = self.since or at

    def write_down(self) -> None:
        """Write it down, and try hard: what can't be written down is sent again.

        Raises:
            sqlalchemy.exc.OperationalError: the database did not answer, again and again.
        """
        for attempt in range(1, RECORD_TRIES + 1):
            try:
                self._write()
            except OperationalError:
                if attempt == RECORD_TRIES:
                    raise
            else:
                self.entries, self.since, self.server = {}, None, None
                return

    def _write(self) -> None:
        if not self.entries and self.server is None:
            return
        with unit_of_work() as session:
            columns = (Message.tries, Message.leased_until, Message.due_at, Message.error)
            rows = select(Message).options(load_only(*columns)).where(Message.id.in_(self.entries))
            for message in session.scalars(rows):  # one that was erased on its way is not there
                self.entries[message.id](message)
            if self.server is not None:
                self.server(server_named(session, OUTGOING))


OUTGOING = "outgoing"
BOUNCES = "bounces"


def server_named(session: Session, name: str) -> MailServer:
    """Return the row that tells how a server does, made when it is not there."""
    server = session.get(MailServer, name)
    if server is None:
        server = MailServer(name=name)
        session.add(server)
    return server


def tell(server: MailServer, trouble: str | None, now: datetime) -> None:
    """Keep what became of talking to a server."""
    if trouble is None:
        server.ok_at = now
    else:
        server.trouble_at, server.trouble = now, trouble[:80]


def put_back(message: Message) -> None:
    """Undo the lease: the message was never tried."""
    message.leased_until = None
    message.tries -= 1


def try_later(message: Message, lease: Lease, kind: str, now: datetime) -> None:
    """Wait twice as long as before, or give up after `MOST_TRIES`."""
    if lease.tries >= MOST_TRIES:
        give_up(message, kind, now)
    else:
        message.leased_until = None
        message.due_at = now + wait_after(lease.tries)
        message.error = kind[:80]


def mark_sent(message: Message, now: datetime) -> None:
    """The mail server took it: forget what it said. Its digest stays for `BOUNCES_FOR`."""
    message.sent_at = now
    message.leased_until = None
    message.error = None
    message.recipient_sealed = None
    message.context_sealed = None


def give_up(message: Message, kind: str, now: datetime, *, keep: bool = True) -> None:
    """Leave it to a human, with its words only where trying again makes sense."""
    message.failed_at = now
    message.leased_until = None
    message.error = kind[:80]
    if not keep:
        message.recipient_sealed = None
        message.recipient_digest = None
        message.context_sealed = None
