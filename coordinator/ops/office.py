"""The post office in numbers: what waits, what went, what did not, what came back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from coordinator.ops.troubles import trouble_words
from coordinator.outbox.queries import (
    bounces_by_code,
    given_up_by_kind,
    oldest_due_at,
    sent_count,
    undeliverable_count,
    waiting_count,
)
from coordinator.outbox.rules import KEEP_FAILED, BounceKind
from coordinator.outbox.troubles import codes_in, trouble_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from coordinator.outbox.queries import GivenUp

LOOK_BACK = KEEP_FAILED
"""How far back failures and bounces are counted: as long as there is something to do about them."""


class Failure(NamedTuple):
    """Why letters did not go, and how many."""

    says: str
    remedy: str
    codes: str
    number: int


class CameBack(NamedTuple):
    """Letters that a server took and that came back with one code."""

    kind: BounceKind
    code: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Numbers, and nobody's name."""

    waiting: int
    oldest_due_seconds: int | None
    sent_in_an_hour: int
    sent_in_a_day: int
    failures: list[Failure]
    may_go_again: int
    """Of those that were given up: their words are still there."""
    bounces: list[CameBack]
    undeliverable: int

    @property
    def given_up(self) -> int:
        """Return how many were given up."""
        return sum(one.number for one in self.failures)

    @property
    def came_back(self) -> int:
        """Return how many came back."""
        return sum(one.number for one in self.bounces)


def office_of(session: Session, now: datetime) -> Office:
    """Count."""
    since = oldest_due_at(session, now)
    given_up = given_up_by_kind(session, now - LOOK_BACK)
    return Office(
        waiting=waiting_count(session),
        oldest_due_seconds=None if since is None else int((now - since).total_seconds()),
        sent_in_an_hour=sent_count(session, now - timedelta(hours=1)),
        sent_in_a_day=sent_count(session, now - timedelta(days=1)),
        failures=_failures(given_up),
        may_go_again=sum(one.kept for one in given_up),
        bounces=[CameBack(*one) for one in bounces_by_code(session, now - LOOK_BACK)],
        undeliverable=undeliverable_count(session),
    )


def _failures(given_up: Iterable[GivenUp]) -> list[Failure]:
    """Put together what reads the same."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for one in given_up:
        counted[(*trouble_words(trouble_of(one.kind)), codes_in(one.kind))] += one.number
    return [Failure(*words, number) for words, number in counted.most_common()]
