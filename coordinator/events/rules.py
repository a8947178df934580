"""What may happen to an event. Plain values in, a decision out: no database, no web, no clock."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from coordinator.kit.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 5_000
LONGEST_NOTE = 1_000
LARGEST_CAPACITY = 100_000


class EventStatus(StrEnum):
    """Where an event stands."""

    DRAFT = "draft"
    """Only its organiser sees it."""
    SUBMITTED = "submitted"
    """Reachable by its link, marked as waiting, in no list and no feed."""
    PUBLISHED = "published"
    REJECTED = "rejected"
    """Back at its organiser, with a reason."""
    CANCELLED = "cancelled"
    """Will not happen; stays visible and says so."""


PUBLIC = frozenset({EventStatus.PUBLISHED, EventStatus.CANCELLED})
"""In lists, on the map, in feeds: one rule for every format."""

REACHABLE = PUBLIC | {EventStatus.SUBMITTED}
"""Opened by whoever has the link."""


class Act(StrEnum):
    """What somebody does to an event."""

    SUBMIT = "submit"
    PUBLISH = "publish"
    REJECT = "reject"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    """The organiser takes it back to work on it."""


TRANSITIONS: Mapping[Act, Mapping[EventStatus, EventStatus]] = MappingProxyType({
    Act.SUBMIT: {EventStatus.DRAFT: EventStatus.SUBMITTED, EventStatus.REJECTED: EventStatus.SUBMITTED},
    Act.PUBLISH: {EventStatus.SUBMITTED: EventStatus.PUBLISHED},
    Act.REJECT: {EventStatus.SUBMITTED: EventStatus.REJECTED},
    Act.CANCEL: {EventStatus.SUBMITTED: EventStatus.CANCELLED, EventStatus.PUBLISHED: EventStatus.CANCELLED},
    Act.WITHDRAW: {EventStatus.SUBMITTED: EventStatus.DRAFT},
})


class NoteKind(StrEnum):
    """Steps in the conversation between coordinators and an organiser."""

    SUBMITTED = "submitted"
    ASKED = "asked"
    PUBLISHED = "published"
    REJECTED = "rejected"
    CHANGE_PROPOSED = "change-proposed"
    CHANGE_ACCEPTED = "change-accepted"
    CHANGE_REFUSED = "change-refused"
    CANCELLED = "cancelled"


class NoticeKind(StrEnum):
    """News for those who come."""

    CHANGED = "changed"
    """Another time or another place."""
    CANCELLED = "cancelled"


class WrongStateError(RefusedError):
    """The event is not where this act starts: somebody was faster, or the page is old."""

    code = "event.wrong_state"


class NotLocatedError(RefusedError):
    """An event that nobody can find on a map can't be published."""

    code = "event.not_located"


class PastError(RefusedError):
    """The event is over."""

    code = "event.past"


def after(act: Act, status: EventStatus) -> EventStatus:
    """Return the state that `act` leads to.

    Raises:
        WrongStateError: `act` does not start from `status`.
    """
    try:
        return TRANSITIONS[act][status]
    except KeyError:
        raise WrongStateError from None
