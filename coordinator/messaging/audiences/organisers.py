"""Those who organise in a campaign: a letter to each of them, however many events they have there.

Whoever may do an organiser's work on an event is found here and nowhere else in this room (`_events_of`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from coordinator.accounts.models import Account
from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.kit.crypto import LostKeyError
from coordinator.messaging.audiences.batch import Addressed, Batch, Reach, Reader
from coordinator.messaging.audiences.kept import organiser_audience
from coordinator.messaging.mail import announcement_facts, language_for, log
from coordinator.messaging.models import BroadcastStop
from coordinator.messaging.rules import STATUSES_AT
from coordinator.messaging.unsubscribing import broadcast_token, stop_link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.messaging.models import Announcement
    from coordinator.messaging.rules import OrganiserAudience

IS_VERIFIED = Account.verified_at.is_not(None)


def organisers_for(
    campaign_id: int, audience: OrganiserAudience, *, until: datetime | None = None
) -> Select[Account]:
    """Select the accounts that a broadcast is for, whether or not it reaches them.

    Args:
        campaign_id: whose organisers.
        audience: which of them.
        until: leave out who registered the first event that fits after that.
    """
    statuses = [status for stage in audience.stages for status in STATUSES_AT[stage]]
    events = _events_of(campaign_id).where(Event.status.in_(statuses))
    if audience.countries:
        events = events.where(Event.country.in_(audience.countries))
    if until is not None:
        events = events.where(Event.created_at <= until)
    query = select(Account).where(events.exists(), ~Account.is_disabled)
    return query.where(Account.locale == audience.locale) if audience.locale else query


def countries_of(session: Session, campaign_id: int) -> dict[str, int]:
    """Return in how many countries a campaign has events that its coordinators see, and how many in each."""
    query = (
        select(Event.country, func.count())
        .where(Event.campaign_id == campaign_id, Event.status != EventStatus.DRAFT, Event.country != "")
        .group_by(Event.country)
    )
    return dict(session.execute(query).all())


def reach_in(session: Session, campaign_id: int, audience: OrganiserAudience) -> Reach:
    """Count whom a broadcast in a campaign is for, and whom it reaches."""
    has_stopped = _has_stopped(campaign_id)
    counts = organisers_for(campaign_id, audience).with_only_columns(
        func.count(Account.id),
        func.count(Account.id).filter(IS_VERIFIED, ~has_stopped),
        func.count(Account.id).filter(~IS_VERIFIED),
        func.count(Account.id).filter(IS_VERIFIED, has_stopped),
    )
    return Reach(*session.execute(counts).one())


class Organisers:
    """`Readers` among those who organise."""

    def reach(self, session: Session, announcement: Announcement, seal: Seal) -> Reach:  # noqa: ARG002 nothing to open
        """Count whom it is for, and whom it reaches."""
        return reach_in(session, announcement.campaign.id, organiser_audience(announcement))

    def batch(
        self, session: Session, announcement: Announcement, most: int, *, seal: Seal, site_url: str
    ) -> Batch:
        """Return letters to the next of them whose address is theirs and who did not stop broadcasts."""
        campaign_id = announcement.campaign.id
        audience = organiser_audience(announcement)
        people = session.scalars(
            organisers_for(campaign_id, audience, until=announcement.started_at)
            .where(IS_VERIFIED, ~_has_stopped(campaign_id), Account.id > announcement.last_id)
            .order_by(Account.id)
            .limit(most)
        ).all()
        letters = [_letter(account, announcement, seal=seal, site_url=site_url) for account in people]
        last_id = people[-1].id if people else announcement.last_id
        return Batch(letters=letters, last_id=last_id, is_last=len(people) < most)

    def shown(
        self, session: Session, announcement: Announcement, public_ids: Sequence[str], seal: Seal
    ) -> Mapping[str, Reader]:
        """Return names of those whose events coordinators see, with an event of each.

        Nobody but its organiser sees a draft; who has nothing else stays without a name.
        """
        found = session.execute(
            select(Account.public_id, Account.display_name_sealed, func.min(Event.public_id))
            .join(Event, Event.organiser_id == Account.id)
            .where(
                Account.public_id.in_(public_ids),
                Event.campaign_id == announcement.campaign.id,
                Event.status != EventStatus.DRAFT,
            )
            .group_by(Account.public_id, Account.display_name_sealed)
        )
        return {public_id: Reader(_name(sealed, seal), event_id) for public_id, sealed, event_id in found}


def _events_of(campaign_id: int) -> Select[int]:
    """Select the events in a campaign that an account looks after."""
    return select(Event.id).where(Event.organiser_id == Account.id, Event.campaign_id == campaign_id)


def _has_stopped(campaign_id: int) -> ColumnElement[bool]:
    stops = select(BroadcastStop.id).where(
        BroadcastStop.account_id == Account.id, BroadcastStop.campaign_id == campaign_id
    )
    return stops.exists()


def _letter(account: Account, announcement: Announcement, *, seal: Seal, site_url: str) -> Addressed | None:
    try:
        email = seal.decrypt(account.email_sealed)
    except LostKeyError:
        log.error("no key for account %s", account.public_id)
        return None
    locale = language_for(announcement, account.locale)
    facts = announcement_facts(announcement, locale, seal=seal)
    token = broadcast_token(announcement.public_id, account.public_id, seal)
    facts["unsubscribe_url"] = stop_link(token, locale, site_url)
    return Addressed(reader=f"account:{account.public_id}", email=email, locale=locale, context=facts)


def _name(sealed: str, seal: Seal) -> str:
    try:
        return seal.decrypt(sealed)
    except LostKeyError:  # one that we can't read must not take the page away
        return ""
