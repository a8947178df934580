"""An organiser's event on its way to the coordinators: written down, sent, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.accounts.rules import UnverifiedError
from coordinator.campaigns.rules import CampaignStatus, NotOpenError
from coordinator.campaigns.service import raise_revision
from coordinator.events.models import Event
from coordinator.events.queries.details import details_of
from coordinator.events.rules import ANNOUNCED, Act, EventDetails, EventStatus, NoteKind, after
from coordinator.events.service.describing import check_campaign_day, describe, refuse_past
from coordinator.events.service.publishing import make_public, publishes_without_review
from coordinator.events.service.recording import add_note, lock, record_act
from coordinator.kit.ids import new_public_id

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
    describe(event, campaign, details)
    session.add(event)
    session.flush()  # later steps of the same form name it by id
    record_act(session, event, "event:registered", by=organiser.public_id, now=now)
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
    lock(session, event)
    before = event.status
    status = after(Act.SUBMIT, before)
    if not event.organiser.is_verified:
        raise UnverifiedError
    if event.campaign.status is not CampaignStatus.OPEN:
        raise NotOpenError
    refuse_past(event, now)
    check_campaign_day(event.campaign, details_of(event))
    if before is not EventStatus.SUBMITTED:
        event.submitted_at = now
    if before is not EventStatus.SUBMITTED or note or event.asked_at is not None:
        add_note(session, event, NoteKind.SUBMITTED, by=event.organiser, text=note, seal=seal, now=now)
    event.status = status
    event.asked_at = None
    event.updated_at = now
    record_act(session, event, "event:submitted", by=event.organiser.public_id, now=now)
    if publishes_without_review(session, event) and details_of(event).is_well_located:
        make_public(session, event, by=event.organiser, now=now)
    raise_revision(session, event.campaign)
    session.flush()
    return event


def withdraw_event(session: Session, event: Event, *, now: datetime, seal: Seal) -> None:
    """Let the organiser take an event back while it waits, or a proposed change of a published one.

    Raises:
        WrongStateError: nothing of it waits.
    """
    lock(session, event)
    if event.status in ANNOUNCED and event.proposed is not None:
        event.proposed = event.proposed_at = event.asked_at = None
    else:
        event.status = after(Act.WITHDRAW, event.status)
        event.submitted_at = event.asked_at = None
    event.updated_at = now
    add_note(session, event, NoteKind.WITHDRAWN, by=event.organiser, text="", seal=seal, now=now)
    record_act(session, event, "event:withdrawn", by=event.organiser.public_id, now=now)
    raise_revision(session, event.campaign)
    session.flush()
