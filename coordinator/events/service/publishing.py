"""What makes an event public, or a change of it: on a coordinator's word, or on the organiser's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.campaigns.queries import is_trusted
from coordinator.campaigns.rules import ReviewPolicy
from coordinator.campaigns.service import raise_revision
from coordinator.events.queries.details import details_of
from coordinator.events.rules import (
    Act,
    EventDetails,
    NoticeKind,
    after,
    changed_fields,
    has_new_time,
    is_news,
    publishes_at_once,
)
from coordinator.events.service.describing import describe, public_facts, refuse_past
from coordinator.events.service.recording import record_act, tell_those_who_come

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.events.models import Event


def publishes_without_review(session: Session, event: Event) -> bool:
    """Tell whether the organiser's word is enough for an event of theirs."""
    return is_word_enough(session, event.organiser, event.campaign)


def is_word_enough(session: Session, organiser: Account, campaign: Campaign) -> bool:
    """Tell whether an organiser's word is enough: the campaign says so, and they are trusted in it."""
    return publishes_at_once(
        trusts_organisers=campaign.review_policy is ReviewPolicy.TRUSTED,
        is_trusted=is_trusted(session, organiser, campaign),
    )


def change_public(
    session: Session, event: Event, details: EventDetails, *, by: Account, now: datetime
) -> None:
    """Change an announced event for everybody. A new time lets one that was postponed happen.

    Raises:
        DayError, TimesError, TooLongError: it can't be at that time.
        PastError: the new time of a postponed event has passed while it waited for a coordinator.
    """
    public = details_of(event)
    is_on_again = event.is_postponed and has_new_time(public, details)
    if is_news(public, details):
        kind = NoticeKind.RESUMED if is_on_again else NoticeKind.CHANGED
        tell_those_who_come(session, event, kind, public_facts(event), now=now)
        event.moved_at = now
    describe(event, event.campaign, details)
    if is_on_again:
        event.status = after(Act.RESUME, event.status)
        event.postponed_because = ""
        refuse_past(event, now)
    event.proposed = event.proposed_at = event.asked_at = None
    event.updated_at = now
    event.sequence += 1
    fields = " ".join(changed_fields(public, details))
    record_act(session, event, "event:changed", by=by.public_id, now=now, fields=fields)
    raise_revision(session, event.campaign)


def make_public(session: Session, event: Event, *, by: Account, now: datetime) -> None:
    """Put an event that waits for review before everybody."""
    event.status = after(Act.PUBLISH, event.status)
    event.published_at = event.updated_at = now
    event.asked_at = None
    record_act(session, event, "event:published", by=by.public_id, now=now)
