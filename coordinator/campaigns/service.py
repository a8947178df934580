"""What coordinators do with campaigns. Each function is one act; none of them commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from coordinator.audit.service import COMMAND, record
from coordinator.campaigns.models import Campaign, CampaignInvitation, CampaignRole, CampaignText
from coordinator.campaigns.queries import invitations_for
from coordinator.campaigns.rules import (
    INVITATION_LIFE,
    AnswerField,
    CampaignRoleKind,
    CampaignStatus,
    LastCoordinatorError,
    SlugError,
    SlugFixedError,
    SlugTakenError,
    WordsError,
    days_of,
    field_days_of,
    hashtags_of,
    is_good_slug,
    refuse_longer,
    status_after,
)
from coordinator.kit.errors import NotFoundError
from coordinator.kit.ids import new_public_id
from coordinator.outbox.service import post

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.rules import CampaignDetails
    from coordinator.kit.crypto import Seal


def create_campaign(
    session: Session, details: CampaignDetails, *, by: Account | None = None, now: datetime
) -> Campaign:
    """Begin a campaign as a draft. Whoever does so becomes its coordinator; a command becomes nothing.

    Raises:
        SlugError, SlugTakenError, DatesError, FieldDaysError, WordsError: see there.
    """
    campaign = Campaign(status=CampaignStatus.DRAFT, revision=0, created_at=now)
    _describe(session, campaign, details)
    session.add(campaign)
    session.flush()  # the role names it by id
    actor = by.public_id if by else COMMAND
    record(session, "campaign:created", f"campaign:{campaign.slug}", by=actor, at=now, campaign=campaign.slug)
    if by is not None:
        set_role(session, campaign, by, CampaignRoleKind.COORDINATOR, by=actor, now=now)
    return campaign


def update_campaign(
    session: Session, campaign: Campaign, details: CampaignDetails, *, by: Account, now: datetime
) -> None:
    """Say it differently. The address may change only while nobody has seen it.

    How long people are remembered may become longer only until then, too: afterwards they were told.

    Raises:
        SlugError, SlugTakenError, SlugFixedError, DatesError: see there.
        FieldDaysError, PromiseError, WordsError: see there.
    """
    if campaign.status is not CampaignStatus.DRAFT:
        if details.slug != campaign.slug:
            raise SlugFixedError
        promised = {AnswerField(field): days for field, days in campaign.field_days.items()}
        refuse_longer((campaign.retention_days, promised), (details.retention_days, details.field_days))
    _describe(session, campaign, details)
    session.flush()
    raise_revision(session, campaign)
    record(
        session,
        "campaign:changed",
        f"campaign:{campaign.slug}",
        by=by.public_id,
        at=now,
        campaign=campaign.slug,
    )


def set_status(
    session: Session, campaign: Campaign, status: CampaignStatus, *, now: datetime, by: str = COMMAND
) -> None:
    """Open a campaign, archive it, or open it again.

    Raises:
        StatusStepError: it can't go there from where it is.
    """
    campaign.status = status_after(campaign.status, status)
    session.flush()
    raise_revision(session, campaign)
    tag = "campaign:opened" if status is CampaignStatus.OPEN else "campaign:archived"
    record(session, tag, f"campaign:{campaign.slug}", by=by, at=now, campaign=campaign.slug)


def raise_revision(session: Session, campaign: Campaign) -> None:
    """Say that something public changed, so that kept answers are made again.

    The database counts, so two changes at once are two steps.
    """
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id)
        .values(revision=Campaign.revision + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire(campaign, ["revision"])


def set_role(
    session: Session,
    campaign: Campaign,
    account: Account,
    kind: CampaignRoleKind,
    *,
    now: datetime,
    by: str = COMMAND,
) -> None:
    """Make `account` a coordinator or a trusted organiser of `campaign`. Once is enough."""
    if _role(session, campaign, account, kind) is None:
        session.add(CampaignRole(campaign=campaign, account=account, kind=kind, created_at=now))
        record(
            session, "campaign:role_given", f"account:{account.public_id}",
            by=by, at=now, campaign=campaign.slug, kind=kind,
        )  # fmt: skip
    if kind is CampaignRoleKind.COORDINATOR:
        account.is_coordinator = True
    session.flush()


def drop_role(
    session: Session,
    campaign: Campaign,
    account: Account,
    kind: CampaignRoleKind,
    *,
    now: datetime,
    by: str = COMMAND,
) -> None:
    """Take the part back. Doing it twice does nothing.

    Raises:
        LastCoordinatorError: nobody would be left to look after the campaign.
    """
    session.refresh(campaign, with_for_update=True)  # two coordinators never remove each other at once
    role = _role(session, campaign, account, kind)
    if role is None:
        return
    if kind is CampaignRoleKind.COORDINATOR and not _has_others(session, role):
        raise LastCoordinatorError
    session.delete(role)
    session.flush()
    if kind is CampaignRoleKind.COORDINATOR:
        left = select(CampaignRole.id).where(CampaignRole.account_id == account.id, CampaignRole.kind == kind)
        account.is_coordinator = session.scalar(left.limit(1)) is not None
    record(
        session, "campaign:role_dropped", f"account:{account.public_id}",
        by=by, at=now, campaign=campaign.slug, kind=kind,
    )  # fmt: skip


def invite(  # noqa: PLR0913 an offer names all of these
    session: Session,
    campaign: Campaign,
    email: str,
    kind: CampaignRoleKind,
    *,
    by: Account,
    locale: str,
    seal: Seal,
    now: datetime,
) -> None:
    """Offer somebody a part in the campaign, by mail and on their page.

    Nothing here looks whether the address has an account, so nothing can tell.
    """
    digest = seal.digest(email)
    forget_old_invitations(session, now=now)
    session.refresh(campaign, with_for_update=True)  # the same invitation twice at once is one
    known = session.scalar(
        select(CampaignInvitation).where(
            CampaignInvitation.campaign_id == campaign.id,
            CampaignInvitation.email_digest == digest,
            CampaignInvitation.kind == kind,
        )
    )
    if known is not None:
        return
    invitation = CampaignInvitation(
        public_id=new_public_id(),
        campaign=campaign,
        kind=kind,
        email_sealed=seal.encrypt(email.strip()),
        email_digest=digest,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    session.add(invitation)
    post(
        session,
        key=f"invitation:{invitation.public_id}",
        template="campaigns/invited",
        recipient=email.strip(),
        locale=locale,
        about=f"campaign:{campaign.slug}",
        context={"campaign": campaign.text_in(locale).title, "kind": str(kind)},
        seal=seal,
        now=now,
    )
    record(
        session, "campaign:invited", f"invitation:{invitation.public_id}",
        by=by.public_id, at=now, campaign=campaign.slug, kind=kind,
    )  # fmt: skip


def revoke_invitation(
    session: Session, campaign: Campaign, public_id: str, *, by: Account, now: datetime
) -> None:
    """Take an invitation to this campaign back. Doing it twice does nothing."""
    gone = delete(CampaignInvitation).where(
        CampaignInvitation.campaign_id == campaign.id, CampaignInvitation.public_id == public_id
    )
    session.execute(gone)
    record(
        session, "campaign:invitation_revoked", f"invitation:{public_id}",
        by=by.public_id, at=now, campaign=campaign.slug,
    )  # fmt: skip


def answer_invitation(
    session: Session, account: Account, public_id: str, *, is_accepted: bool, now: datetime
) -> Campaign:
    """Take the part that one was offered, or not. The invitation is gone either way.

    Raises:
        NotFoundError: there is no such invitation for this account's verified address.
    """
    mine = invitations_for(session, account, now=now)
    invitation = next((one for one in mine if one.public_id == public_id), None)
    if invitation is None:
        raise NotFoundError
    campaign = invitation.campaign
    if is_accepted:
        set_role(session, campaign, account, invitation.kind, by=account.public_id, now=now)
    session.delete(invitation)
    session.flush()
    return campaign


def forget_old_invitations(session: Session, *, now: datetime) -> None:
    """Forget the addresses of people who never answered."""
    session.execute(delete(CampaignInvitation).where(CampaignInvitation.expires_at <= now))


def _describe(session: Session, campaign: Campaign, details: CampaignDetails) -> None:
    """Write what `details` say into the row, after looking that it can be so."""
    if not is_good_slug(details.slug):
        raise SlugError
    if details.default_locale not in details.words:
        raise WordsError
    with session.no_autoflush:
        taken = select(Campaign.id).where(
            Campaign.slug == details.slug, Campaign.id.is_distinct_from(campaign.id)
        )
        if session.scalar(taken) is not None:
            raise SlugTakenError
    campaign.starts_on, campaign.ends_on = days_of(details.date_rule, details.starts_on, details.ends_on)
    campaign.slug = details.slug
    campaign.sending_state = details.sending_state
    campaign.default_locale = details.default_locale
    campaign.date_rule = details.date_rule
    campaign.review_policy = details.review_policy
    campaign.retention_days = details.retention_days
    campaign.field_days = field_days_of(details.field_days, details.retention_days)
    campaign.hashtags = hashtags_of(details.hashtags)
    campaign.petition_url = details.petition_url
    campaign.updates_url = details.updates_url
    campaign.is_demonstration = details.is_demonstration
    for locale in [known for known in campaign.texts if known not in details.words]:
        del campaign.texts[locale]
    for locale, words in details.words.items():
        text = campaign.texts.get(locale)
        if text is None:
            text = campaign.texts[locale] = CampaignText(locale=locale)
        text.title, text.call = words.title, words.call
        text.demands, text.guidelines = words.demands, words.guidelines


def _role(
    session: Session, campaign: Campaign, account: Account, kind: CampaignRoleKind
) -> CampaignRole | None:
    return session.scalar(
        select(CampaignRole).where(
            CampaignRole.campaign_id == campaign.id,
            CampaignRole.account_id == account.id,
            CampaignRole.kind == kind,
        )
    )


def _has_others(session: Session, role: CampaignRole) -> bool:
    others = select(CampaignRole.id).where(
        CampaignRole.campaign_id == role.campaign_id,
        CampaignRole.kind == role.kind,
        CampaignRole.id != role.id,
    )
    return session.scalar(others.limit(1)) is not None
