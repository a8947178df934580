"""What an organiser says differently later, and that it will not happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.campaigns.service import raise_revision
from coordinator.events.helping import says_nothing_new
from coordinator.events.mail import tell_organiser
from coordinator.events.queries.details import details_of
from coordinator.events.rules import (
    ANNOUNCED,
    REACHABLE,
    Act,
    EventDetails,
    EventStatus,
    NoteKind,
    NoticeKind,
    Outcome,
    ReasonMissingError,
    WrongStateError,
    after,
    changed_fields,
    check_times,
    kept,
)
from coordinator.events.service.describing import (
    check_campaign_day,
    describe,
    instants,
    public_facts,
    refuse_past,
)
from coordinator.events.service.publishing import change_public, publishes_without_review
from coordinator.events.service.recording import add_note, lock, record_act, tell_those_who_come
from coordinator.events.service.registering import withdraw_event

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal


def change_event(
    session: Session, event: Event, details: EventDetails, *, seal: Seal, now: datetime, note: str = ""
) -> Outcome:
    """Let the organiser say it differently.

    Before publication that is all there is to it. Afterwards a trusted organiser's change is public at
    once and those who come are told; anybody else's waits for a coordinator, and the public
    version stays as it is.

    Raises:
        WrongStateError: the event was cancelled.
        PastError: it is over.
        DayError, TimesError, TooLongError: it can't be at that time.
    """
    lock(session, event)
    if event.status is EventStatus.CANCELLED:
        raise WrongStateError
    if event.status in ANNOUNCED:
        refuse_past(event, now)
        return _change_published(session, event, details, seal=seal, now=now, note=note)
    changed = changed_fields(details_of(event), details)
    describe(event, event.campaign, details)
    event.updated_at = now
    if changed and event.status in REACHABLE:
        raise_revision(session, event.campaign)
    record_act(
        session, event, "event:changed", by=event.organiser.public_id, now=now, fields=" ".join(changed)
    )
    session.flush()
    return Outcome.SAVED


def cancel_event(
    session: Session, event: Event, *, by: Account, seal: Seal, now: datetime, because: str = ""
) -> None:
    """Say that the event will not happen. It stays visible, and those who come are told.

    `by` is the organiser, or a coordinator of the campaign, who owes everybody a reason. `because` is public.

    Raises:
        WrongStateError: it was cancelled before, or nobody has seen it yet.
        PastError: it is over.
        ReasonMissingError: a coordinator gave none.
    """
    lock(session, event)
    was_public = event.status in ANNOUNCED
    status = after(Act.CANCEL, event.status)
    refuse_past(event, now)
    is_organiser = by.id == event.organiser_id
    if not is_organiser and not because:
        raise ReasonMissingError
    if was_public:
        tell_those_who_come(session, event, NoticeKind.CANCELLED, public_facts(event), now=now)
    event.status = status
    event.proposed = event.proposed_at = event.asked_at = None
    event.cancelled_at = event.updated_at = now
    event.cancelled_because = because
    event.sequence += 1
    add_note(session, event, NoteKind.CANCELLED, by=by, text=because, seal=seal, now=now)
    record_act(session, event, "event:cancelled", by=by.public_id, now=now)
    raise_revision(session, event.campaign)
    if not is_organiser:
        tell_organiser(session, event, "cancelled", fact="", seal=seal, now=now, reason=because)
    session.flush()


def _change_published(
    session: Session, event: Event, details: EventDetails, *, seal: Seal, now: datetime, note: str
) -> Outcome:
    is_settled = _change_at_once(session, event, details, now=now)
    public = details_of(event)
    if is_settled and details == public and event.proposed is None:
        session.flush()
        return Outcome.APPLIED
    if details == public:
        if event.proposed is None:
            return Outcome.NOTHING
        withdraw_event(session, event, now=now, seal=seal)
        return Outcome.NOTHING
    if publishes_without_review(session, event) and details.is_well_located:
        change_public(session, event, details, by=event.organiser, now=now)
        session.flush()
        return Outcome.APPLIED
    check_campaign_day(event.campaign, details, event)
    check_times(*instants(details))
    event.proposed = kept(public, details)
    event.proposed_at = event.proposed_at or now
    event.asked_at = None
    event.updated_at = now
    add_note(session, event, NoteKind.CHANGE_PROPOSED, by=event.organiser, text=note, seal=seal, now=now)
    record_act(
        session, event, "event:change_proposed",
        by=event.organiser.public_id, now=now, fields=" ".join(event.proposed),
    )  # fmt: skip
    session.flush()
    return Outcome.PROPOSED


def _change_at_once(session: Session, event: Event, details: EventDetails, *, now: datetime) -> bool:
    """Change what needs nobody's look: how many are told, and how many helpers are wanted, without new words.

    Telling less must not wait, and a number is no text that could say anything.
    """
    changed = []
    if details.count_shown is not event.count_shown:
        changed.append("count_shown")
    if details.help_wanted != event.help_wanted and says_nothing_new(event.help_wanted, details.help_wanted):
        changed.append("help_wanted")
    if not changed:
        return False
    for name in changed:
        setattr(event, name, getattr(details, name))
    event.updated_at = now
    raise_revision(session, event.campaign)
    by, fields = event.organiser.public_id, " ".join(changed)
    record_act(session, event, "event:changed", by=by, now=now, fields=fields)
    return True
