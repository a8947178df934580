"""What stands in the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from coordinator.outbox.models import Heartbeat, MailServer, Message, Undeliverable
from coordinator.outbox.rules import REFUSED, BounceKind, MessageState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


class OutboxCounts(NamedTuple):
    """How many messages are where."""

    waiting: int
    """Due now or later."""
    failed: int
    """Given up."""
    sent: int


class GivenUp(NamedTuple):
    """How many messages were given up for one kind of failure."""

    kind: str
    number: int
    kept: int
    """Those of them whose words are still there, so that they can go again."""


def is_waiting() -> ColumnElement[bool]:
    """Return the condition for messages that are still to be sent."""
    return and_(Message.sent_at.is_(None), Message.failed_at.is_(None))


def is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition for messages that may be sent at this moment."""
    return and_(is_waiting(), Message.due_at <= now, is_free(now))


def is_free(now: datetime) -> ColumnElement[bool]:
    """Return the condition for messages that no worker is at."""
    return or_(Message.leased_until.is_(None), Message.leased_until <= now)


def state() -> ColumnElement[str]:
    """Return where each message is on its way, in words of `MessageState`, for queries that count or list."""
    return case(
        (Message.bounced_at.is_not(None), MessageState.BOUNCED.value),
        (Message.sent_at.is_not(None), MessageState.SENT.value),
        (
            and_(Message.failed_at.is_not(None), Message.error.startswith(REFUSED)),
            MessageState.REFUSED.value,
        ),
        (Message.failed_at.is_not(None), MessageState.GIVEN_UP.value),
        else_=MessageState.WAITING.value,
    )


def states_of(session: Session, keys: Sequence[str]) -> dict[str, MessageState]:
    """Return where the messages posted under `keys` are. Those that are not there (any more) are left out."""
    rows = session.execute(select(Message.key, state()).where(Message.key.in_(keys)))
    return {key: MessageState(value) for key, value in rows}


def count_by_state(session: Session, *which: ColumnElement[bool]) -> dict[MessageState, int]:
    """Return how many of the messages that fulfil `which` are in each state, zeros included."""
    kind = state().label(
        "kind"
    )  # by its name: PostgreSQL does not see that two CASEs with parameters are one
    rows = session.execute(select(kind, func.count()).where(*which).group_by(kind))
    found = {MessageState(value): number for value, number in rows}
    return {one: found.get(one, 0) for one in MessageState}


def oldest_due_at(session: Session, now: datetime) -> datetime | None:
    """Return since when the longest-waiting message should have been sent, tries that failed included."""
    first = func.min(Message.created_at)
    posted = session.scalar(select(first).where(is_waiting(), Message.due_at <= now, Message.tries > 0))
    due = session.scalar(select(func.min(Message.due_at)).where(is_waiting(), Message.due_at <= now))
    return min(filter(None, (posted, due)), default=None)


def outbox_counts(session: Session) -> OutboxCounts:
    """Return how many messages wait, were given up, were sent."""
    row = session.execute(
        select(
            func.count(Message.id).filter(is_waiting()),
            func.count(Message.failed_at),
            func.count(Message.sent_at),
        )
    ).one()
    return OutboxCounts(*row)


def last_beat_at(session: Session, name: str) -> datetime | None:
    """Return when the process of that name last showed a sign of life."""
    return session.scalar(select(Heartbeat.beat_at).where(Heartbeat.name == name))


def waiting_count(session: Session) -> int:
    """Return how many messages are to be sent, now or later."""
    return session.scalar(select(func.count()).select_from(Message).where(is_waiting())) or 0


def sent_count(session: Session, since: datetime) -> int:
    """Return how many messages a server took after `since`, which lies within `BOUNCES_FOR`.

    Those to somebody who was erased since are not among them: only the others can be found without
    reading all that were ever sent.
    """
    lately = select(func.count()).where(Message.sent_at > since, Message.recipient_digest.is_not(None))
    return session.scalar(lately) or 0


def given_up_by_kind(session: Session, since: datetime) -> list[GivenUp]:
    """Return what was given up after `since`, the most frequent kind first."""
    number = func.count()
    rows = session.execute(
        select(Message.error, number, func.count(Message.recipient_sealed))
        .where(Message.failed_at > since)
        .group_by(Message.error)
        .order_by(number.desc(), Message.error)
    )
    return [GivenUp(kind or "", count, kept) for kind, count, kept in rows]


def bounces_by_code(session: Session, since: datetime) -> list[tuple[BounceKind, str, int]]:
    """Return how many letters came back after `since`, by kind and code, the most frequent first."""
    number = func.count()
    rows = session.execute(
        select(Message.bounce, Message.bounce_code, number)
        .where(Message.bounced_at > since)
        .group_by(Message.bounce, Message.bounce_code)
        .order_by(number.desc(), Message.bounce_code)
    )
    return [(kind, code or "", count) for kind, code, count in rows if kind is not None]


def undeliverable_count(session: Session) -> int:
    """Return to how many addresses nothing is sent because letters came back from there."""
    return session.scalar(select(func.count()).select_from(Undeliverable)) or 0


def last_talk(session: Session, name: str) -> MailServer | None:
    """Return what became of the last talk with a server: "outgoing" or "bounces"."""
    return session.get(MailServer, name)
