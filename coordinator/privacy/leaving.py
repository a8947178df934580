"""Erasing an account. What was public stays, and says of nobody that it was theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import aliased

from coordinator.accounts.models import Account
from coordinator.accounts.service import nobody
from coordinator.audit.chain import erase_from_audit
from coordinator.audit.service import ANYONE, record
from coordinator.campaigns.models import Campaign, CampaignRole
from coordinator.campaigns.rules import CampaignRoleKind, CampaignStatus
from coordinator.events.models import Event
from coordinator.events.rules import ANNOUNCED, EventStatus
from coordinator.events.service.forgetting import forget_words
from coordinator.messaging.models import Announcement
from coordinator.messaging.rules import AnnouncementStatus
from coordinator.outbox.models import Message
from coordinator.privacy.ledger import note_erasure
from coordinator.privacy.rules import ErasureKind, HeldBackError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

RELIED_ON = ANNOUNCED | {EventStatus.SUBMITTED}
UNSENT = frozenset(AnnouncementStatus) - {
    AnnouncementStatus.SENDING,
    AnnouncementStatus.SENT,
    AnnouncementStatus.STOPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What holds an account back: others rely on it."""

    events: Sequence[Event]
    """Protests still to come that nobody else organises."""
    campaigns: Sequence[Campaign]
    """That nobody else coordinates."""
    is_last_administrator: bool

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(self.events or self.campaigns or self.is_last_administrator)


def ties_of(session: Session, account: Account, *, now: datetime) -> Ties:
    """Return what has to be ended, or given to somebody else, before an account can be erased."""
    organised = select(Event).where(Event.organiser_id == account.id, Event.status.in_(RELIED_ON))
    other = aliased(CampaignRole)
    others = select(other.id).where(
        other.campaign_id == Campaign.id,
        other.kind == CampaignRoleKind.COORDINATOR,
        other.account_id != account.id,
    )
    coordinated = (
        select(Campaign)
        .join(CampaignRole, CampaignRole.campaign_id == Campaign.id)
        .where(
            CampaignRole.account_id == account.id,
            CampaignRole.kind == CampaignRoleKind.COORDINATOR,
            Campaign.status != CampaignStatus.ARCHIVED,
            ~others.exists(),
        )
    )
    administrators = select(func.count(Account.id)).where(
        Account.is_administrator, ~Account.is_disabled, Account.id != account.id
    )
    return Ties(
        events=[
            event
            for event in session.scalars(organised.order_by(Event.starts_at, Event.id))
            if not event.is_over(now)
        ],
        campaigns=session.scalars(coordinated.order_by(Campaign.id)).all(),
        is_last_administrator=account.is_administrator and not session.scalar(administrators),
    )


def erase_account(session: Session, account: Account, *, seal: Seal, now: datetime) -> None:
    """Delete an account, its contacts, drafts and letters. Events that were public stay, and are nobody's.

    Raises:
        HeldBackError: others rely on it.
    """
    session.refresh(account, with_for_update=True)  # nothing new is registered meanwhile
    if ties_of(session, account, now=now):
        raise HeldBackError
    public_id, heir = account.public_id, nobody(session, seal=seal, now=now)
    theirs = Event.organiser_id == account.id
    written = Announcement.author_id == account.id
    digest = seal.digest(seal.decrypt(account.email_sealed), purpose="message")
    for event in session.scalars(select(Event).where(theirs, Event.published_at.is_not(None))).all():
        forget_words(session, event, now=now)  # how to reach them stands on its page
    for gone in (
        delete(Event).where(theirs, Event.published_at.is_(None)),
        delete(Announcement).where(written, Announcement.status.in_(UNSENT)),
        delete(Message).where(
            or_(Message.recipient_digest == digest, Message.about == f"account:{public_id}")
        ),
        update(Event).where(theirs).values(organiser_id=heir.id),
        update(Announcement).where(written).values(author_id=heir.id),
        delete(Account).where(Account.id == account.id),  # with contacts, parts in campaigns and links
    ):
        session.execute(gone.execution_options(synchronize_session=False))
    session.expire_all()
    note_erasure(session, ErasureKind.ACCOUNT, public_id, seal=seal, now=now)
    erase_from_audit(session, "account", public_id, now=now)
    record(session, "account:erased", "account:erased", by=ANYONE, at=now)
