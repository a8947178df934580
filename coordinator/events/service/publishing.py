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
    is_news,
    publishes_at_once,
)
from coordinator.events.service.describing import describe, public_facts
from coordinator.events.service.recording import record_act, tell_those_who_come

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.events.models import Event


def publishes_without_review(session: Session, event: Event) -> bool:
    """Tell whether the organiser's word is enough: the campaign says so, and they are trusted in it."""
    campaign = event.campaign
    return publishes_at_once(
        trusts_organisers=campaign.review_policy is ReviewPolicy.TRUSTED,
        is_trusted=is_trusted(session, event.organiser, campaign),
    )


def change_public(
    session: Session, event: Event, details: EventDetails, *, by: Account, now: datetime
) -> None:
    """Change a published event for everybody."""
    public = details_of(event)
    if is_news(public, details):
        tell_those_who_come(session, event, NoticeKind.CHANGED, public_facts(event), now=now)
    describe(event, event.campaign, details)
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
