"""Accounts, found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from coordinator.accounts.models import Account, AccountToken
from coordinator.kit.errors import NotFoundError
from coordinator.kit.tokens import token_digest

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.rules import TokenPurpose
    from coordinator.kit.crypto import Seal


class AccountCounts(NamedTuple):
    """How many people of each kind may sign in."""

    verified: int
    unverified: int
    disabled: int
    coordinators: int
    administrators: int


def account_by_email(session: Session, email: str, *, seal: Seal) -> Account | None:
    """Return the account of an address, however it was capitalised."""
    return session.scalar(select(Account).where(Account.email_digest == seal.digest(email)))


def account_by_public_id(session: Session, public_id: str) -> Account:
    """Return an account.

    Raises:
        NotFoundError: there is none.
    """
    account: Account | None = session.scalar(select(Account).where(Account.public_id == public_id))
    if account is None:
        raise NotFoundError
    return account


def living_token(session: Session, token: str, purpose: TokenPurpose, now: datetime) -> AccountToken | None:
    """Return what a link in a mail stands for, or None when it was used, is too old, or never was."""
    found = session.scalar(
        select(AccountToken).where(
            AccountToken.digest == token_digest(token), AccountToken.purpose == purpose
        )
    )
    if found is None or found.used_at is not None or found.expires_at <= now or found.account.is_disabled:
        return None
    return found


def account_counts(session: Session) -> AccountCounts:
    """Return how many accounts there are of each kind."""
    row = session.execute(
        select(
            func.count(Account.verified_at),
            func.count(Account.id).filter(Account.verified_at.is_(None)),
            func.count(Account.id).filter(Account.is_disabled),
            func.count(Account.id).filter(Account.is_coordinator),
            func.count(Account.id).filter(Account.is_administrator),
        )
    ).one()
    return AccountCounts(*row)
