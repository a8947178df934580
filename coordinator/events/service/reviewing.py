"""What coordinators decide about an event, or about a change of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.campaigns.service import raise_revision
from coordinator.events.mail import tell_organiser
from coordinator.events.queries.details import details_of
from coordinator.events.rules import (
    ANNOUNCED,
    Act,
    ChangedMeanwhileError,
    EventDetails,
    EventStatus,
    NoteKind,
    NotLocatedError,
    ReasonMissingError,
    RoughPlaceError,
    WrongStateError,
    after,
    fingerprint,
    with_kept,
)
from coordinator.events.service.describing import refuse_past
from coordinator.events.service.publishing import change_public, make_public
from coordinator.events.service.recording import add_note, lock, record_act

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal


def publish_event(  # noqa: PLR0913 who, what, when and with which keys
    session: Session,
    event: Event,
    *,
    by: Account,
    seal: Seal,
    now: datetime,
    seen: str = "",
    accepts_rough_place: bool = False,
) -> None:
    """Put an event into lists, feeds and on the map, and tell its organiser.

    `seen` is `version_of` what the coordinator decides on, empty to decide unseen; with
    `accepts_rough_place` they have said that the city will do for now.

    Raises:
        WrongStateError: it does not wait for review (any more).
        ChangedMeanwhileError: it is not what the coordinator saw.
        NotLocatedError, RoughPlaceError: nobody could be sent there.
        PastError: it is over.
    """
    lock(session, event)
    after(Act.PUBLISH, event.status)
    _check_seen(event, seen)
    _check_place(details_of(event), accepts_rough_place=accepts_rough_place)
    refuse_past(event, now)
    make_public(session, event, by=by, now=now)
    add_note(session, event, NoteKind.PUBLISHED, by=by, text="", seal=seal, now=now)
    tell_organiser(session, event, "published", fact=now.isoformat(), seal=seal, now=now)
    raise_revision(session, event.campaign)
    session.flush()


def ask_organiser(  # noqa: PLR0913 who, what, when and with which keys
    session: Session, event: Event, *, by: Account, reason: str, seal: Seal, now: datetime, seen: str = ""
) -> None:
    """Ask the organiser something before deciding. The same question twice is asked once.

    Raises:
        WrongStateError: nothing of the event waits for review.
        ChangedMeanwhileError: it is not what the coordinator saw.
        ReasonMissingError: nothing was asked.
    """
    lock(session, event)
    if event.status is not EventStatus.SUBMITTED and event.proposed is None:
        raise WrongStateError
    _check_seen(event, seen)
    _check_reason(reason)
    round_of = event.proposed_at or event.submitted_at or event.created_at
    if not tell_organiser(
        session, event, "asked", fact=round_of.isoformat(), seal=seal, now=now, reason=reason
    ):
        return
    event.asked_at = now
    add_note(session, event, NoteKind.ASKED, by=by, text=reason, seal=seal, now=now)
    record_act(session, event, "event:asked", by=by.public_id, now=now)
    session.flush()


def reject_event(  # noqa: PLR0913 who, what, when and with which keys
    session: Session, event: Event, *, by: Account, reason: str, seal: Seal, now: datetime, seen: str = ""
) -> None:
    """Send an event back to its organiser with a reason; they may change it and send it again.

    Raises:
        WrongStateError: it does not wait for review (any more).
        ChangedMeanwhileError: it is not what the coordinator saw.
        ReasonMissingError: there is no reason.
    """
    lock(session, event)
    status = after(Act.REJECT, event.status)
    _check_seen(event, seen)
    _check_reason(reason)
    event.status = status
    event.asked_at = None
    event.updated_at = now
    add_note(session, event, NoteKind.REJECTED, by=by, text=reason, seal=seal, now=now)
    record_act(session, event, "event:rejected", by=by.public_id, now=now)
    tell_organiser(session, event, "rejected", fact=now.isoformat(), seal=seal, now=now, reason=reason)
    raise_revision(session, event.campaign)
    session.flush()


def accept_change(  # noqa: PLR0913 who, what, when and with which keys
    session: Session,
    event: Event,
    *,
    by: Account,
    seal: Seal,
    now: datetime,
    seen: str = "",
    accepts_rough_place: bool = False,
) -> None:
    """Make a proposed change public; those who come are told of another time or place.

    Raises:
        WrongStateError: no change waits (any more).
        ChangedMeanwhileError: it is not what the coordinator saw.
        NotLocatedError, RoughPlaceError: nobody could be sent to the new place.
        DayError: the campaign has been moved to another day since.
        PastError: it was postponed, and the new time has passed by now.
    """
    lock(session, event)
    if event.status not in ANNOUNCED or event.proposed is None:
        raise WrongStateError
    _check_seen(event, seen)
    fact = event.proposed_at.isoformat() if event.proposed_at else ""
    details = with_kept(details_of(event), event.proposed)
    _check_place(details, accepts_rough_place=accepts_rough_place)
    change_public(session, event, details, by=by, now=now)
    add_note(session, event, NoteKind.CHANGE_ACCEPTED, by=by, text="", seal=seal, now=now)
    tell_organiser(session, event, "change_accepted", fact=fact, seal=seal, now=now)
    session.flush()


def refuse_change(  # noqa: PLR0913 who, what, when and with which keys
    session: Session, event: Event, *, by: Account, reason: str, seal: Seal, now: datetime, seen: str = ""
) -> None:
    """Leave a published event as it is, and tell its organiser why.

    Raises:
        WrongStateError: no change waits (any more).
        ChangedMeanwhileError: it is not what the coordinator saw.
        ReasonMissingError: there is no reason.
    """
    lock(session, event)
    if event.status not in ANNOUNCED or event.proposed is None:
        raise WrongStateError
    _check_seen(event, seen)
    _check_reason(reason)
    fact = event.proposed_at.isoformat() if event.proposed_at else ""
    event.proposed = event.proposed_at = event.asked_at = None
    event.updated_at = now
    add_note(session, event, NoteKind.CHANGE_REFUSED, by=by, text=reason, seal=seal, now=now)
    record_act(session, event, "event:change_refused", by=by.public_id, now=now)
    tell_organiser(session, event, "change_refused", fact=fact, seal=seal, now=now, reason=reason)
    session.flush()


def version_of(event: Event) -> str:
    """Return a mark of what a coordinator decides on; it differs as soon as the organiser changes it."""
    return fingerprint(details_of(event), event.proposed)


def _check_place(details: EventDetails, *, accepts_rough_place: bool) -> None:
    if details.point is None:
        raise NotLocatedError
    if not details.is_well_located and not accepts_rough_place:
        raise RoughPlaceError


def _check_seen(event: Event, seen: str) -> None:
    if seen and seen != version_of(event):
        raise ChangedMeanwhileError


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissingError
