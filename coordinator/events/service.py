"""What people do with events. Each function is one act; none of them commits.

Every act locks its event first, so of two coordinators who decide at once the second one
finds the event where the first has left it, and is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coordinator.accounts.rules import UnverifiedError
from coordinator.audit.service import record
from coordinator.campaigns.queries import is_trusted
from coordinator.campaigns.rules import CampaignStatus, NotOpenError, ReviewPolicy
from coordinator.campaigns.service import raise_revision
from coordinator.events.mail import tell_organiser
from coordinator.events.models import Event, EventNotice, ReviewNote
from coordinator.events.queries import details_of
from coordinator.events.rules import (
    FIELDS,
    REACHABLE,
    Act,
    ChangedMeanwhileError,
    EventDetails,
    EventStatus,
    NoteKind,
    NoticeKind,
    NotLocatedError,
    Outcome,
    PastError,
    ReasonMissingError,
    RoughPlaceError,
    WrongStateError,
    after,
    changed_fields,
    check_day,
    check_times,
    fingerprint,
    is_news,
    kept,
    over_at,
    publishes_at_once,
    with_kept,
)
from coordinator.kit.ids import new_public_id
from coordinator.places.timezones import resolve

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.kit.crypto import Seal


def register_event(
    session: Session,
    campaign: Campaign,
    organiser: Account,
    details: EventDetails,
    *,
    now: datetime,
    public_id: str = "",
) -> Event:
    """Write a protest down as a draft that only its organiser sees.

    `public_id` is drawn when the form is opened, so that a form sent twice is one event.

    Raises:
        NotOpenError: the campaign takes no events.
        DayError, TimesError, TooLongError: it can't be at that time.
    """
    if campaign.status is not CampaignStatus.OPEN:
        raise NotOpenError
    event = Event(
        public_id=public_id or new_public_id(),
        campaign=campaign,
        organiser=organiser,
        status=EventStatus.DRAFT,
        created_at=now,
        updated_at=now,
    )
    _describe(event, campaign, details)
    session.add(event)
    session.flush()  # later steps of the same form name it by id
    _record(session, event, "event:registered", by=organiser.public_id, now=now)
    return event


def submit_event(session: Session, event: Event, *, seal: Seal, now: datetime, note: str = "") -> Event:
    """Send an event for review, or answer with `note` what a coordinator has asked.

    A trusted organiser's event is published at once where the campaign says so, unless nobody
    could be sent to its point: then a coordinator looks at it all the same.

    Raises:
        UnverifiedError: the organiser's address was never shown to be theirs.
        NotOpenError, PastError, DayError: the campaign takes no events, or none on that day.
        WrongStateError: it was published or cancelled already.
    """
    _lock(session, event)
    before = event.status
    status = after(Act.SUBMIT, before)
    if not event.organiser.is_verified:
        raise UnverifiedError
    if event.campaign.status is not CampaignStatus.OPEN:
        raise NotOpenError
    _refuse_past(event, now)
    _check_day(event.campaign, details_of(event))
    if before is not EventStatus.SUBMITTED:
        event.submitted_at = now
    if before is not EventStatus.SUBMITTED or note or event.asked_at is not None:
        _note(session, event, NoteKind.SUBMITTED, by=event.organiser, text=note, seal=seal, now=now)
    event.status = status
    event.asked_at = None
    event.updated_at = now
    _record(session, event, "event:submitted", by=event.organiser.public_id, now=now)
    if publishes_without_review(session, event) and details_of(event).is_well_located:
        _publish(session, event, by=event.organiser, now=now)
    raise_revision(session, event.campaign)
    session.flush()
    return event


def withdraw_event(session: Session, event: Event, *, now: datetime, seal: Seal) -> None:
    """Let the organiser take an event back while it waits, or a proposed change of a published one.

    Raises:
        WrongStateError: nothing of it waits.
    """
    _lock(session, event)
    if event.status is EventStatus.PUBLISHED and event.proposed is not None:
        event.proposed = event.proposed_at = event.asked_at = None
    else:
        event.status = after(Act.WITHDRAW, event.status)
        event.submitted_at = event.asked_at = None
    event.updated_at = now
    _note(session, event, NoteKind.WITHDRAWN, by=event.organiser, text="", seal=seal, now=now)
    _record(session, event, "event:withdrawn", by=event.organiser.public_id, now=now)
    raise_revision(session, event.campaign)
    session.flush()


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
    _lock(session, event)
    if event.status is EventStatus.CANCELLED:
        raise WrongStateError
    if event.status is EventStatus.PUBLISHED:
        _refuse_past(event, now)
        return _change_published(session, event, details, seal=seal, now=now, note=note)
    changed = changed_fields(details_of(event), details)
    _describe(event, event.campaign, details)
    event.updated_at = now
    if changed and event.status in REACHABLE:
        raise_revision(session, event.campaign)
    _record(session, event, "event:changed", by=event.organiser.public_id, now=now, fields=" ".join(changed))
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
    _lock(session, event)
    was_public = event.status is EventStatus.PUBLISHED
    status = after(Act.CANCEL, event.status)
    _refuse_past(event, now)
    is_organiser = by.id == event.organiser_id
    if not is_organiser and not because:
        raise ReasonMissingError
    if was_public:
        _tell_those_who_come(session, event, NoticeKind.CANCELLED, public_facts(event), now=now)
    event.status = status
    event.proposed = event.proposed_at = event.asked_at = None
    event.cancelled_at = event.updated_at = now
    event.cancelled_because = because
    event.sequence += 1
    _note(session, event, NoteKind.CANCELLED, by=by, text=because, seal=seal, now=now)
    _record(session, event, "event:cancelled", by=by.public_id, now=now)
    raise_revision(session, event.campaign)
    if not is_organiser:
        tell_organiser(session, event, "cancelled", fact="", seal=seal, now=now, reason=because)
    session.flush()


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
    _lock(session, event)
    after(Act.PUBLISH, event.status)
    _check_seen(event, seen)
    _check_place(details_of(event), accepts_rough_place=accepts_rough_place)
    _refuse_past(event, now)
    _publish(session, event, by=by, now=now)
    _note(session, event, NoteKind.PUBLISHED, by=by, text="", seal=seal, now=now)
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
    _lock(session, event)
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
    _note(session, event, NoteKind.ASKED, by=by, text=reason, seal=seal, now=now)
    _record(session, event, "event:asked", by=by.public_id, now=now)
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
    _lock(session, event)
    status = after(Act.REJECT, event.status)
    _check_seen(event, seen)
    _check_reason(reason)
    event.status = status
    event.asked_at = None
    event.updated_at = now
    _note(session, event, NoteKind.REJECTED, by=by, text=reason, seal=seal, now=now)
    _record(session, event, "event:rejected", by=by.public_id, now=now)
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
    """
    _lock(session, event)
    if event.status is not EventStatus.PUBLISHED or event.proposed is None:
        raise WrongStateError
    _check_seen(event, seen)
    fact = event.proposed_at.isoformat() if event.proposed_at else ""
    details = with_kept(details_of(event), event.proposed)
    _check_place(details, accepts_rough_place=accepts_rough_place)
    _apply(session, event, details, by=by, now=now)
    _note(session, event, NoteKind.CHANGE_ACCEPTED, by=by, text="", seal=seal, now=now)
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
    _lock(session, event)
    if event.status is not EventStatus.PUBLISHED or event.proposed is None:
        raise WrongStateError
    _check_seen(event, seen)
    _check_reason(reason)
    fact = event.proposed_at.isoformat() if event.proposed_at else ""
    event.proposed = event.proposed_at = event.asked_at = None
    event.updated_at = now
    _note(session, event, NoteKind.CHANGE_REFUSED, by=by, text=reason, seal=seal, now=now)
    _record(session, event, "event:change_refused", by=by.public_id, now=now)
    tell_organiser(session, event, "change_refused", fact=fact, seal=seal, now=now, reason=reason)
    session.flush()


def check_possible(campaign: Campaign, details: EventDetails, *, now: datetime) -> None:
    """Look that an event can be at that time at all, before anything is written.

    Raises:
        DayError, TimesError, TooLongError, PastError: it can't.
    """
    _check_day(campaign, details)
    starts_at, ends_at = instants(details)
    check_times(starts_at, ends_at)
    if over_at(starts_at, ends_at, is_time_known=details.is_time_known) <= now:
        raise PastError


def publishes_without_review(session: Session, event: Event) -> bool:
    """Tell whether the organiser's word is enough: the campaign says so, and they are trusted in it."""
    campaign = event.campaign
    return publishes_at_once(
        trusts_organisers=campaign.review_policy is ReviewPolicy.TRUSTED,
        is_trusted=is_trusted(session, event.organiser, campaign),
    )


def version_of(event: Event) -> str:
    """Return a mark of what a coordinator decides on; it differs as soon as the organiser changes it."""
    return fingerprint(details_of(event), event.proposed)


def offered_details(event: Event) -> EventDetails:
    """Return the event as its organiser wants it: with the change that waits, if one does."""
    return with_kept(details_of(event), event.proposed)


def public_facts(event: Event) -> dict[str, Any]:
    """Return time and place as everybody may read them, for news that says what it was before."""
    return {
        "title": event.title,
        "starts_at": event.starts_at.isoformat(),
        "ends_at": event.ends_at.isoformat() if event.ends_at else None,
        "timezone": event.timezone,
        "is_time_known": event.is_time_known,
        "address": event.address,
        "city": event.city,
        "country": event.country,
    }


def instants(details: EventDetails) -> tuple[datetime, datetime | None]:
    """Return the moments of start and end that follow from the wall times and the zone.

    Raises:
        NonexistentTimeError: the clocks skip one of them.
    """
    starts_at = resolve(details.starts_local, details.timezone, details.starts_fold)
    if details.ends_local is None:
        return starts_at, None
    return starts_at, resolve(details.ends_local, details.timezone, details.ends_fold)


def _lock(session: Session, event: Event) -> None:
    session.refresh(event, with_for_update={"of": Event})


def _describe(event: Event, campaign: Campaign, details: EventDetails) -> None:
    _check_day(campaign, details)
    starts_at, ends_at = instants(details)
    check_times(starts_at, ends_at)
    for name in FIELDS:
        setattr(event, name, getattr(details, name))
    event.starts_at, event.ends_at = starts_at, ends_at


def _change_published(
    session: Session, event: Event, details: EventDetails, *, seal: Seal, now: datetime, note: str
) -> Outcome:
    public = details_of(event)
    if details == public:
        if event.proposed is None:
            return Outcome.NOTHING
        withdraw_event(session, event, now=now, seal=seal)
        return Outcome.NOTHING
    if publishes_without_review(session, event) and details.is_well_located:
        _apply(session, event, details, by=event.organiser, now=now)
        session.flush()
        return Outcome.APPLIED
    _check_day(event.campaign, details)
    check_times(*instants(details))
    event.proposed = kept(public, details)
    event.proposed_at = event.proposed_at or now
    event.asked_at = None
    event.updated_at = now
    _note(session, event, NoteKind.CHANGE_PROPOSED, by=event.organiser, text=note, seal=seal, now=now)
    _record(
        session, event, "event:change_proposed",
        by=event.organiser.public_id, now=now, fields=" ".join(event.proposed),
    )  # fmt: skip
    session.flush()
    return Outcome.PROPOSED


def _apply(session: Session, event: Event, details: EventDetails, *, by: Account, now: datetime) -> None:
    """Change a published event for everybody."""
    public = details_of(event)
    if is_news(public, details):
        _tell_those_who_come(session, event, NoticeKind.CHANGED, public_facts(event), now=now)
    _describe(event, event.campaign, details)
    event.proposed = event.proposed_at = event.asked_at = None
    event.updated_at = now
    event.sequence += 1
    fields = " ".join(changed_fields(public, details))
    _record(session, event, "event:changed", by=by.public_id, now=now, fields=fields)
    raise_revision(session, event.campaign)


def _publish(session: Session, event: Event, *, by: Account, now: datetime) -> None:
    event.status = after(Act.PUBLISH, event.status)
    event.published_at = event.updated_at = now
    event.asked_at = None
    _record(session, event, "event:published", by=by.public_id, now=now)


def _check_day(campaign: Campaign, details: EventDetails) -> None:
    check_day(details.starts_local.date(), first=campaign.starts_on, last=campaign.ends_on)


def _refuse_past(event: Event, now: datetime) -> None:
    if over_at(event.starts_at, event.ends_at, is_time_known=event.is_time_known) <= now:
        raise PastError


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


def _tell_those_who_come(
    session: Session, event: Event, kind: NoticeKind, before: dict[str, Any], *, now: datetime
) -> None:
    session.add(EventNotice(event=event, kind=kind, before=before, at=now))


def _note(  # noqa: PLR0913 who, what, when and with which keys
    session: Session, event: Event, kind: NoteKind, *, by: Account, text: str, seal: Seal, now: datetime
) -> None:
    session.add(
        ReviewNote(event=event, author_id=by.id, kind=kind, text_sealed=seal.encrypt(text.strip()), at=now)
    )


def _record(session: Session, event: Event, tag: str, *, by: str, now: datetime, **codes: str) -> None:
    record(session, tag, f"event:{event.public_id}", by=by, at=now, campaign=event.campaign.slug, **codes)
