"""What an RSVP may do. Plain values in, a decision out: no database, no web, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from coordinator.events.rules import EventStatus
from coordinator.kit.errors import RefusedError

LARGEST_PARTY = 10
LONGEST_NAME = 80
LONGEST_PHONE = 60
LONGEST_NOTE = 500
LONGEST_NEEDS = 300
LONGEST_REQUEST_ID = 64

WORDING = "rsvp-1"
"""Version of the sentences that people tick (rsvps/forms.py). Change them, and this changes with them."""

OPEN_AFTER_START = timedelta(hours=6)
"""An event without an end takes answers until then."""
OPEN_ON_THE_DAY = timedelta(hours=12)
"""The same, from noon, for an event whose time was never announced."""

OFFER_LASTS = timedelta(hours=24)
"""An offered place is held that long at the most."""
SHORTEST_OFFER = timedelta(hours=2)
LAST_HOURS = timedelta(hours=12)
"""So close to the start nothing is offered: whoever waits is given the place, and told."""
PROPOSAL_LASTS = timedelta(days=7)
"""Another answer with the same address may be taken over that long."""


class RsvpStatus(StrEnum):
    """An answer, in iCalendar's words (RFC 5545 PARTSTAT) and one of our own."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    """Cancelled by the person."""
    WAITLISTED = "waitlisted"
    """Wants to come; every place is taken."""


GIVEN = (RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE)
"""What somebody may say; the rest follows from capacity or from cancelling."""

EXPECTED = frozenset({RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE, RsvpStatus.WAITLISTED})
"""Those who want to know when something changes."""


class Count(StrEnum):
    """Columns of the tally."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"
    TENTATIVE = "tentative"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"


class PartySizeError(RefusedError):
    """Nobody, or too many, in one answer."""

    code = "rsvp.party_size"


class ClosedError(RefusedError):
    """The event takes no answers: it is over, cancelled, or not published."""

    code = "rsvp.closed"


class OfferGoneError(RefusedError):
    """The offered place is somebody else's by now, or there was none."""

    code = "rsvp.offer_gone"


class ProposalGoneError(RefusedError):
    """There is no other answer to take over, or none any more."""

    code = "rsvp.proposal_gone"


class NotOfferedError(RefusedError):
    """Somebody who took their offer of help back can't be counted on."""

    code = "rsvp.not_offered"


class NoPlaceError(RefusedError):
    """A party with a place wants to grow, and there is no room for all of it."""

    code = "rsvp.no_place"


@dataclass(frozen=True, slots=True, kw_only=True)
class RsvpDetails:
    """What somebody answered, in the right shape."""

    status: RsvpStatus
    party_size: int
    locale: str
    name: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    needs: str = ""
    help: tuple[str, ...] = ()
    """Codes of roles: see events.helping."""
    is_updates_agreed: bool = False
    is_contact_agreed: bool = False
    request_id: str = ""
    """Made by the page; the same one twice is one answer. Empty where there is no JavaScript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RsvpChange:
    """What somebody wants their answer to be from now on."""

    status: RsvpStatus
    party_size: int
    locale: str
    name: str = ""
    phone: str = ""
    note: str = ""
    needs: str = ""
    help: tuple[str, ...] = ()
    """Codes of roles: see events.helping."""
    is_updates_agreed: bool = False
    is_contact_agreed: bool = False


def place_for(*, capacity: int | None, taken: int, party_size: int) -> RsvpStatus:
    """Decide whether a party comes in or waits.

    Args:
        capacity: people the place holds; None when nobody counts.
        taken: people already coming, guests included.
        party_size: people in this answer, the one who answers included.

    Raises:
        PartySizeError: `party_size` is not between 1 and `LARGEST_PARTY`.

    A party is never split: when three ask and two fit, all three wait.
    """
    if not 1 <= party_size <= LARGEST_PARTY:
        raise PartySizeError
    if capacity is None or taken + party_size <= capacity:
        return RsvpStatus.ACCEPTED
    return RsvpStatus.WAITLISTED


def counted_as(
    status: RsvpStatus, *, has_email: bool, is_confirmed: bool, is_offered: bool = False
) -> Count | None:
    """Return the number that an answer belongs to, or None when it moves none.

    An address that nobody confirmed moves nothing but `pending`, which holds no place and is not shown:
    see `RsvpTally`.
    """
    is_open_question = has_email and not is_confirmed
    if status is RsvpStatus.ACCEPTED:
        if is_open_question:
            return Count.PENDING
        return Count.CONFIRMED if is_confirmed else Count.UNCONFIRMED
    if is_open_question or status is RsvpStatus.DECLINED:
        return None
    if status is RsvpStatus.TENTATIVE:
        return Count.TENTATIVE
    return Count.OFFERED if is_offered else Count.WAITLISTED


def offer_until(*, starts_at: datetime, now: datetime) -> datetime | None:
    """Return until when a place that became free now is held for the one to whom it is offered.

    None in the last hours before the start: an offer that sleeps in a mailbox would be an empty place, so
    the place is given at once.
    """
    until = min(now + OFFER_LASTS, starts_at - LAST_HOURS)
    return until if until - now >= SHORTEST_OFFER else None


def answers_close_at(*, starts_at: datetime, ends_at: datetime | None, is_time_known: bool) -> datetime:
    """Return the moment from which an event takes no more answers: its end, or what we take for it."""
    if ends_at is not None:
        return ends_at
    return starts_at + (OPEN_AFTER_START if is_time_known else OPEN_ON_THE_DAY)


def takes_answers(status: EventStatus, *, closes_at: datetime, now: datetime) -> bool:
    """Tell whether an event is published and not over."""
    return status is EventStatus.PUBLISHED and now < closes_at


def consent_wording(locale: str) -> str:
    """Return what is kept beside a consent: which sentences were ticked, in which language."""
    return f"{WORDING}:{locale}"
