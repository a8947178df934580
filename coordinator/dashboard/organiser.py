"""What an organiser's room shows: their protests, how many come, and what needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from coordinator.events.cards import card_of
from coordinator.events.models import Event
from coordinator.events.queries.organising import own_events
from coordinator.events.rules import ANNOUNCED, Act, EventStatus, may
from coordinator.rsvps.models import RsvpTally
from coordinator.rsvps.queries import tallies_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account


OF_THE_ORGANISER = (Act.SUBMIT, Act.WITHDRAW, Act.POSTPONE, Act.RESUME, Act.CANCEL)


class Need(StrEnum):
    """What an event waits for its organiser to do."""

    SUBMIT = "submit"
    """A draft: nobody sees it."""
    MEND = "mend"
    """A coordinator sent it back, with a reason."""
    NEW_TIME = "new-time"
    """It is postponed: people wait for a new time, or for the word that there is none."""
    ANSWER = "answer"
    """A coordinator asked something."""
    PLACE = "place"
    """Nobody can be sent to where the pin is."""
    TIME = "time"
    """The time is not announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """One of an organiser's events."""

    event: Event
    card: Any
    tally: RsvpTally
    needs: Sequence[Need]
    is_over: bool


def my_events(session: Session, account: Account, *, locale: str, now: datetime) -> list[Mine]:
    """Return what `account` organises, the next first."""
    events = own_events(session, account)
    tallies = tallies_of(session, [event.id for event in events])
    return [
        Mine(
            event=event,
            card=card_of(event, locale=locale, tally=tallies[event.id]),
            tally=tallies[event.id],
            needs=needs_of(event, now),
            is_over=event.is_over(now),
        )
        for event in events
    ]


def needs_of(event: Event, now: datetime) -> list[Need]:
    """Return what the organiser has to do about `event`, the most pressing first. Nothing once it is over."""
    if event.status is EventStatus.CANCELLED or event.is_over(now):
        return []
    is_rough = event.precision is None or not event.precision.is_good_enough_to_stand_at
    needs = {
        Need.MEND: event.status is EventStatus.REJECTED,
        Need.ANSWER: event.asked_at is not None and event.status is not EventStatus.REJECTED,
        Need.NEW_TIME: event.is_postponed and event.proposed is None,
        Need.SUBMIT: event.status is EventStatus.DRAFT,
        Need.PLACE: is_rough,
        Need.TIME: not event.is_time_known and not event.is_postponed,
    }
    return [need for need, is_so in needs.items() if is_so]


def possible_acts(event: Event) -> frozenset[Act]:
    """Return what the organiser may do with `event` as it stands."""
    acts = {act for act in OF_THE_ORGANISER if may(act, event.status)}
    if event.status in ANNOUNCED and event.proposed is not None:
        acts.add(Act.WITHDRAW)
    return frozenset(acts)
