"""What campaigns there are, and who is what in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from coordinator.campaigns.models import Campaign, CampaignInvitation, CampaignRole
from coordinator.campaigns.rules import CampaignRoleKind, CampaignStatus
from coordinator.kit.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account

SEEN_BY_ALL = frozenset({CampaignStatus.OPEN, CampaignStatus.ARCHIVED})


def campaign_by_slug(session: Session, slug: str) -> Campaign:
    """Return the campaign that everybody may see at this address.

    Raises:
        NotFoundError: there is none, or it is still a draft.
    """
    campaign = session.scalar(
        select(Campaign).where(Campaign.slug == slug, Campaign.status.in_(SEEN_BY_ALL)),
    )
    if campaign is None:
        raise NotFoundError
    return campaign


@dataclass(frozen=True, slots=True)
class AllCampaigns:
    """Every campaign that everybody may see, as one thing that changes."""

    revision: int
    id: ClassVar[int] = 0

    @classmethod
    def of(cls, revisions: Iterable[int]) -> AllCampaigns:
        """Take the revision of each: a change, an opening and a first appearance all raise the sum."""
        return cls(sum(revision + 1 for revision in revisions))


def revisions(connection: Connection) -> dict[int, int]:
    """Return how often each campaign changed that everybody may see; under 0, all of them together."""
    query = select(Campaign.id, Campaign.revision).where(Campaign.status.in_(SEEN_BY_ALL))
    found = {row.id: row.revision for row in connection.execute(query)}
    return {**found, AllCampaigns.id: AllCampaigns.of(found.values()).revision}


def open_campaigns(session: Session) -> Sequence[Campaign]:
    """Return the campaigns that take events now, the next day of action first; those without a date last."""
    return _campaigns(session, CampaignStatus.OPEN)


def archived_campaigns(session: Session) -> Sequence[Campaign]:
    """Return the campaigns that are history, in the order of their days."""
    return _campaigns(session, CampaignStatus.ARCHIVED)


def coordinated_campaign(session: Session, account: Account, slug: str) -> Campaign:
    """Return a campaign that `account` coordinates, in whatever state; an administrator looks after all.

    Raises:
        NotFoundError: there is none, or it is not theirs.
    """
    campaign = session.scalar(_coordinated_by(account).where(Campaign.slug == slug))
    if campaign is None:
        raise NotFoundError
    return campaign


def coordinated_campaigns(session: Session, account: Account) -> Sequence[Campaign]:
    """Return the campaigns that `account` coordinates, the newest first."""
    return session.scalars(
        _coordinated_by(account).order_by(Campaign.created_at.desc(), Campaign.id.desc())
    ).all()


def coordinates(session: Session, account: Account, campaign: Campaign) -> bool:
    """Tell whether `account` may act for `campaign` now."""
    mine = _coordinated_by(account).where(Campaign.id == campaign.id).with_only_columns(Campaign.id)
    return account.is_active and session.scalar(mine) is not None


def is_trusted(session: Session, account: Account, campaign: Campaign) -> bool:
    """Tell whether coordinators trust `account` in this campaign; they trust themselves."""
    query = select(CampaignRole.id).where(
        CampaignRole.account_id == account.id, CampaignRole.campaign_id == campaign.id
    )
    return session.scalar(query.limit(1)) is not None


def coordinators_of(session: Session, campaign: Campaign) -> list[Account]:
    """Return the accounts that coordinate `campaign`, the first one first."""
    return [
        role.account for role in people_of(session, campaign) if role.kind is CampaignRoleKind.COORDINATOR
    ]


def people_of(session: Session, campaign: Campaign) -> Sequence[CampaignRole]:
    """Return who is what in `campaign`: coordinators, then trusted organisers, in the order they came."""
    query = select(CampaignRole).where(CampaignRole.campaign_id == campaign.id)
    query = query.options(joinedload(CampaignRole.account))
    return session.scalars(query.order_by(CampaignRole.kind, CampaignRole.id)).all()


def invitations_of(session: Session, campaign: Campaign, *, now: datetime) -> Sequence[CampaignInvitation]:
    """Return the invitations to `campaign` that nobody has answered yet."""
    query = select(CampaignInvitation).where(
        CampaignInvitation.campaign_id == campaign.id, CampaignInvitation.expires_at > now
    )
    return session.scalars(query.order_by(CampaignInvitation.kind, CampaignInvitation.id)).all()


def invitations_for(session: Session, account: Account, *, now: datetime) -> Sequence[CampaignInvitation]:
    """Return what `account` is invited to; nothing before the address was shown to be theirs."""
    if not account.is_verified:
        return []
    query = select(CampaignInvitation).where(
        CampaignInvitation.email_digest == account.email_digest, CampaignInvitation.expires_at > now
    )
    return session.scalars(query.order_by(CampaignInvitation.id)).all()


def _campaigns(session: Session, status: CampaignStatus) -> Sequence[Campaign]:
    query = select(Campaign).where(Campaign.status == status)
    return session.scalars(
        query.order_by(Campaign.starts_on.is_(None), Campaign.starts_on, Campaign.id)
    ).all()


def _coordinated_by(account: Account) -> Select[Campaign]:
    if account.is_administrator:
        return select(Campaign)
    theirs = select(CampaignRole.campaign_id).where(
        CampaignRole.account_id == account.id, CampaignRole.kind == CampaignRoleKind.COORDINATOR
    )
    return select(Campaign).where(Campaign.id.in_(theirs))
