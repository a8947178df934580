"""People who sign in."""

from __future__ import annotations

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coordinator.accounts.rules import TokenPurpose
from coordinator.kit.db import Base, one_of
from coordinator.kit.personal import Holds, Until, personal
from coordinator.kit.roles import Role


class Account(UserMixin, Base):
    """Somebody who can sign in. The address and the name are sealed."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    email_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.EMAIL, Until.ACCOUNT))
    email_digest: Mapped[str] = mapped_column(
        String(64), unique=True, info=personal(Holds.DIGEST, Until.ACCOUNT)
    )
    display_name_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.NAME, Until.ACCOUNT))
    password_hash: Mapped[str] = mapped_column(String(200), info=personal(Holds.SECRET, Until.ACCOUNT))
    """argon2id in PHC form, parameters included."""
    locale: Mapped[str] = mapped_column(String(10))
    is_administrator: Mapped[bool] = mapped_column(default=False)
    is_coordinator: Mapped[bool] = mapped_column(default=False)
    """Coordinates at least one campaign; which ones stands in campaign_role."""
    is_disabled: Mapped[bool] = mapped_column(default=False)
    session_epoch: Mapped[int] = mapped_column(default=0)
    """Part of every session; raising it signs the person out everywhere."""
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]

    def get_id(self) -> str:
        """Return what the session keeps."""
        return f"{self.public_id}:{self.session_epoch}"

    @property
    def is_active(self) -> bool:
        """Tell Flask-Login whether this person may be signed in."""
        return not self.is_disabled

    @property
    def is_verified(self) -> bool:
        """Tell whether the address was shown to be theirs."""
        return self.verified_at is not None

    @property
    def roles(self) -> frozenset[Role]:
        """Return everything this person is."""
        roles = {Role.ORGANISER}
        if self.is_coordinator:
            roles.add(Role.COORDINATOR)
        if self.is_administrator:
            roles.add(Role.ADMINISTRATOR)
        return frozenset(roles)


class AccountToken(Base):
    """A link in a mail: single use, short-lived, kept as a digest."""

    __tablename__ = "account_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    account: Mapped[Account] = relationship()
    purpose: Mapped[TokenPurpose] = mapped_column(one_of(TokenPurpose))
    digest: Mapped[str] = mapped_column(String(64), unique=True, info=personal(Holds.LINK, Until.EXPIRY))
    password_hash: Mapped[str | None] = mapped_column(String(200), info=personal(Holds.SECRET, Until.EXPIRY))
    """Chosen by whoever asked for this link, and in force once it is used: until then an address
    belongs to nobody, and two people who type it must not get each other's password."""
    display_name_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.NAME, Until.EXPIRY))
    """Chosen together with it."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class KeptForm(Base):
    """What somebody typed before they had an account, so that signing up loses nothing."""

    __tablename__ = "kept_form"
    __table_args__ = (Index(None, "account_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True, info=personal(Holds.LINK, Until.EXPIRY))
    """Of the token in the person's session."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(200))
    fields_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.EXPIRY))
    """JSON object: field name to list of values."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
