"""Days of action."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from coordinator.accounts.models import Account
from coordinator.campaigns.rules import (
    LONGEST_RETENTION_DAYS,
    LONGEST_SLUG,
    LONGEST_TITLE,
    SHORTEST_RETENTION_DAYS,
    CampaignRoleKind,
    CampaignStatus,
    DateRule,
    ReviewPolicy,
)
from coordinator.kit.db import Base, one_of
from coordinator.kit.personal import Holds, Until, personal


class Campaign(Base):
    """One call, one date or a few, and protests organised locally."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint(
            f"retention_days BETWEEN {SHORTEST_RETENTION_DAYS} AND {LONGEST_RETENTION_DAYS}",
            name="retention_days",
        ),
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="dates_in_order"),
        CheckConstraint("date_rule = 'local' OR starts_on IS NOT NULL", name="has_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(LONGEST_SLUG), unique=True)
    sending_state: Mapped[str] = mapped_column(String(2))
    """ISO 3166-1 alpha-2; its missions are the targets."""
    status: Mapped[CampaignStatus] = mapped_column(one_of(CampaignStatus), default=CampaignStatus.DRAFT)
    review_policy: Mapped[ReviewPolicy] = mapped_column(one_of(ReviewPolicy), default=ReviewPolicy.EVERYTHING)
    date_rule: Mapped[DateRule] = mapped_column(one_of(DateRule), default=DateRule.DAY)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    """Last day of a window; None for one day."""
    hashtags: Mapped[str] = mapped_column(String(200), default="")
    petition_url: Mapped[str] = mapped_column(String(500), default="")
    updates_url: Mapped[str] = mapped_column(String(500), default="")
    retention_days: Mapped[int] = mapped_column(default=90)
    """After an event, personal data about those who came is kept this long."""
    field_days: Mapped[dict[str, int]] = mapped_column(
        JSON().with_variant(JSONB(), "postgresql"), default=dict, server_default=text("'{}'")
    )
    """Days for what goes sooner, by code of `AnswerField`."""
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    """Invented events, and every page says so."""
    default_locale: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int] = mapped_column(default=0)
    """Raised by every change that the public can see; kept answers are valid for one revision."""
    created_at: Mapped[datetime]
    texts: Mapped[dict[str, CampaignText]] = relationship(
        back_populates="campaign",
        cascade="all, delete-orphan",
        collection_class=attribute_keyed_dict("locale"),
        lazy="selectin",
    )

    def text_in(self, locale: str) -> CampaignText:
        """Return the campaign's words in `locale`, or in its own language where there are none."""
        return self.texts.get(locale) or self.texts[self.default_locale]


class CampaignText(Base):
    """A campaign's words in one language."""

    __tablename__ = "campaign_text"
    __table_args__ = (UniqueConstraint("campaign_id", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    campaign: Mapped[Campaign] = relationship(back_populates="texts")
    locale: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    call: Mapped[str] = mapped_column(Text)
    """Markdown."""
    demands: Mapped[str] = mapped_column(Text, default="")
    """Markdown."""
    guidelines: Mapped[str] = mapped_column(Text, default="")
    """Markdown, for organisers."""


class CampaignRole(Base):
    """What an account is in a campaign."""

    __tablename__ = "campaign_role"
    __table_args__ = (UniqueConstraint("campaign_id", "account_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    campaign: Mapped[Campaign] = relationship()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    account: Mapped[Account] = relationship()
    kind: Mapped[CampaignRoleKind] = mapped_column(one_of(CampaignRoleKind))
    created_at: Mapped[datetime]


class CampaignInvitation(Base):
    """A part in a campaign that waits for somebody to take it.

    It is the same row whether or not the address has an account, so that inviting tells nobody
    who has one. Whoever shows that the address is theirs may accept.
    """

    __tablename__ = "campaign_invitation"
    __table_args__ = (UniqueConstraint("campaign_id", "email_digest", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    campaign: Mapped[Campaign] = relationship()
    kind: Mapped[CampaignRoleKind] = mapped_column(one_of(CampaignRoleKind))
    email_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.EMAIL, Until.EXPIRY))
    email_digest: Mapped[str] = mapped_column(
        String(64), index=True, info=personal(Holds.DIGEST, Until.EXPIRY)
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
