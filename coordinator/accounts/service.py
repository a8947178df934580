"""What people do with their accounts. Each function is one act; none of them commits.

An address belongs to nobody until a link sent to it was used. Until then every sign-up for it is a
proposal of its own, with its own password in its own link: whoever opens the mail takes theirs, and a
stranger who typed the address before or after has nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.exc import IntegrityError

from coordinator.accounts.models import Account, AccountToken, KeptForm
from coordinator.accounts.passwords import hash_password, is_password, needs_rehash
from coordinator.accounts.queries import account_by_email, living_token
from coordinator.accounts.rules import (
    KEPT_FORM_LIFE,
    NOBODY,
    TOKEN_LIFE,
    UNVERIFIED_LIFE,
    AlreadyThereError,
    DeadLinkError,
    TokenPurpose,
    WrongPasswordError,
)
from coordinator.audit.service import ANYONE, WORKER, record
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import new_token, token_digest
from coordinator.outbox.service import post

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpDetails:
    """What somebody says who wants an account."""

    email: str = field(repr=False)
    display_name: str = field(repr=False)
    password: str = field(repr=False)
    locale: str
    next: str | None = None
    """A path of this site to return to."""


def create_account(  # noqa: PLR0913 a person has that many sides
    session: Session,
    *,
    email: str,
    display_name: str,
    password: str,
    locale: str,
    seal: Seal,
    now: datetime,
    is_verified: bool = False,
    is_administrator: bool = False,
) -> Account:
    """Create an account, for commands and for sign-up.

    Raises:
        AlreadyThereError: the address has one.
    """
    if account_by_email(session, email, seal=seal) is not None:
        raise AlreadyThereError
    account = Account(
        public_id=new_public_id(),
        email_sealed=seal.encrypt(email.strip()),
        email_digest=seal.digest(email),
        display_name_sealed=seal.encrypt(display_name.strip()),
        password_hash=hash_password(password),
        locale=locale,
        is_administrator=is_administrator,
        is_coordinator=False,
        is_disabled=False,
        session_epoch=0,
        created_at=now,
        verified_at=now if is_verified else None,
    )
    session.add(account)
    session.flush()  # the audit entry and the tokens name it
    record(session, "account:created", f"account:{account.public_id}", by=ANYONE, at=now)
    return account


def sign_up(
    session: Session, details: SignUpDetails, *, seal: Seal, now: datetime, kept_token: str | None = None
) -> str:
    """Take a wish for an account and write to the address, whatever is known about it.

    Returns a mark for the session of whoever asked. The browser that holds the mark of the link that is
    used later is signed in by it; for an address that has an account the mark fits nothing.
    """
    account = account_by_email(session, details.email, seal=seal)
    if account is not None and account.is_verified:
        hash_password(details.password)  # as long as for a stranger's address
        _say_already_there(session, account, seal=seal, now=now)
        return new_token()
    if account is None:
        account, password_hash = _propose_account(session, details, seal=seal, now=now)
        if kept_token:
            bind_kept_form(session, kept_token, account, now)
    else:
        password_hash = hash_password(details.password)
    token = new_token()
    session.add(
        AccountToken(
            account=account,
            purpose=TokenPurpose.VERIFY,
            digest=token_digest(token),
            password_hash=password_hash,
            display_name_sealed=seal.encrypt(details.display_name.strip()),
            created_at=now,
            expires_at=now + TOKEN_LIFE[TokenPurpose.VERIFY],
        )
    )
    post(
        session,
        key=f"account:verify:{token_digest(token)}",
        template="accounts/verify",
        recipient=details.email,
        locale=details.locale,
        about=f"account:{account.public_id}",
        context={"token": token, "next": details.next},  # not the name: a stranger may have typed it
        seal=seal,
        now=now,
        is_asked_for=True,
    )
    return sign_up_mark(token, seal=seal)


def sign_up_mark(token: str, *, seal: Seal) -> str:
    """Return what the session keeps of the browser in which this link was asked for."""
    return seal.derive_token("sign-up", token)


def verify_account(session: Session, token: str, *, now: datetime) -> Account:
    """Take the address as shown to be theirs, with the password and the name that came with this link.

    Raises:
        DeadLinkError: the link is no good, or no good any more.
    """
    link = living_token(session, token, TokenPurpose.VERIFY, now)
    if link is None or link.account.is_verified:
        raise DeadLinkError
    account = link.account
    account.password_hash = link.password_hash or account.password_hash
    account.display_name_sealed = link.display_name_sealed or account.display_name_sealed
    account.verified_at = now
    _drop_tokens(session, account)
    record(session, "account:verified", f"account:{account.public_id}", by=account.public_id, at=now)
    return account


def sign_in_account(session: Session, email: str, password: str, *, seal: Seal) -> Account | None:
    """Return whose address and password these are, or None.

    One password check in every case. An account that is not verified yet, or disabled, answers as if it
    were not there: otherwise signing up for a stranger's address and then signing in would tell whether
    they have one.
    """
    account = account_by_email(session, email, seal=seal)
    may_enter = account is not None and account.is_verified and not account.is_disabled
    if not is_password(password, account.password_hash if account and may_enter else None):
        return None
    return account


def refresh_password_hash(account: Account, password: str) -> bool:
    """Hash again with today's parameters where the stored hash has others. Return whether that was so."""
    if not needs_rehash(account.password_hash):
        return False
    account.password_hash = hash_password(password)
    return True


def ask_reset(session: Session, email: str, *, locale: str, seal: Seal, now: datetime) -> None:
    """Write to the address: a link for a new password, or that there is no account."""
    account = account_by_email(session, email, seal=seal)
    if account is None or account.is_disabled:
        post(
            session,
            # As often as to somebody who has an account: a request that writes nothing is answered sooner.
            key=f"account:nobody:{token_digest(new_token())}",
            template="accounts/nobody",
            recipient=email,
            locale=locale,
            about="account:none",
            context={},
            seal=seal,
            now=now,
            is_asked_for=True,
        )
        return
    token = new_token()
    session.add(
        AccountToken(
            account=account,
            purpose=TokenPurpose.RESET,
            digest=token_digest(token),
            created_at=now,
            expires_at=now + TOKEN_LIFE[TokenPurpose.RESET],
        )
    )
    post(
        session,
        key=f"account:reset:{token_digest(token)}",
        template="accounts/reset",
        recipient=email,
        locale=account.locale,
        about=f"account:{account.public_id}",
        context={"token": token, "name": seal.decrypt(account.display_name_sealed)},
        seal=seal,
        now=now,
        is_asked_for=True,
    )


def reset_password(session: Session, token: str, password: str, *, now: datetime) -> Account:
    """Set a new password by a link from a mail, which proves the address, and sign out everywhere.

    Raises:
        DeadLinkError: the link is no good, or no good any more.
    """
    link = living_token(session, token, TokenPurpose.RESET, now)
    if link is None:
        raise DeadLinkError
    account = link.account
    account.password_hash = hash_password(password)
    account.session_epoch += 1
    account.verified_at = account.verified_at or now
    _drop_tokens(session, account)
    record(session, "account:password_reset", f"account:{account.public_id}", by=account.public_id, at=now)
    return account


def change_password(session: Session, account: Account, old: str, new: str, *, now: datetime) -> None:
    """Set a new password for somebody who is signed in and knows the old one, and sign out everywhere.

    Raises:
        WrongPasswordError: they do not know it.
    """
    if not is_password(old, account.password_hash):
        raise WrongPasswordError
    account.password_hash = hash_password(new)
    account.session_epoch += 1
    _drop_tokens(session, account)
    record(session, "account:password_changed", f"account:{account.public_id}", by=account.public_id, at=now)


def update_profile(
    session: Session, account: Account, *, display_name: str, locale: str, seal: Seal, now: datetime
) -> None:
    """Change how somebody is called and written to."""
    account.display_name_sealed = seal.encrypt(display_name.strip())
    account.locale = locale
    record(session, "account:changed", f"account:{account.public_id}", by=account.public_id, at=now)


def disable_account(session: Session, account: Account, *, by: str, now: datetime) -> None:
    """Let somebody in no more, from this moment on."""
    account.is_disabled = True
    account.session_epoch += 1
    _drop_tokens(session, account)
    record(session, "account:disabled", f"account:{account.public_id}", by=by, at=now)


def nobody(session: Session, *, seal: Seal, now: datetime) -> Account:
    """Return the account of those who left, for what they leave behind. It has no address and no password."""
    query = select(Account).where(Account.public_id == NOBODY)
    found: Account | None = session.scalar(query)
    if found is not None:
        return found
    account = Account(
        public_id=NOBODY,
        email_sealed=seal.encrypt(NOBODY),
        email_digest=seal.digest(NOBODY),
        display_name_sealed=seal.encrypt(NOBODY),
        password_hash="",
        locale="en",
        is_administrator=False,
        is_coordinator=False,
        is_disabled=True,
        session_epoch=0,
        created_at=now,
        verified_at=now,  # otherwise it would be forgotten after a week
    )
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError:  # somebody else left in the same moment
        winner: Account = session.scalars(query).one()
        return winner
    return account


def keep_form(
    session: Session, *, path: str, fields: Mapping[str, list[str]], seal: Seal, now: datetime
) -> str:
    """Keep what somebody typed who is not signed in. Return the token for their session."""
    token = new_token()
    session.add(
        KeptForm(
            digest=token_digest(token),
            path=path,
            fields_sealed=seal.encrypt(json.dumps(dict(fields), ensure_ascii=False)),
            created_at=now,
            expires_at=now + KEPT_FORM_LIFE,
        )
    )
    return token


def bind_kept_form(session: Session, token: str, account: Account, now: datetime) -> None:
    """Give what was kept to an account, so that it is found from another device too.

    What was given to somebody before stays theirs.
    """
    kept = session.scalar(
        select(KeptForm).where(KeptForm.digest == token_digest(token), KeptForm.expires_at > now)
    )
    if kept is not None and kept.account_id is None:
        kept.account_id = account.id


def kept_form(
    session: Session, *, path: str, token: str | None, account: Account | None, seal: Seal, now: datetime
) -> dict[str, list[str]] | None:
    """Return what was typed into the form at `path`, by this session or this account; the newest first."""
    kept = session.scalar(
        select(KeptForm)
        .where(KeptForm.path == path, KeptForm.expires_at > now, _is_theirs(token, account))
        .order_by(KeptForm.created_at.desc(), KeptForm.id.desc())
        .limit(1)
    )
    return None if kept is None else json.loads(seal.decrypt(kept.fields_sealed))


def drop_kept_form(session: Session, *, path: str, token: str | None, account: Account | None) -> None:
    """Forget what was typed into the form at `path`: it has become something."""
    session.execute(
        delete(KeptForm)
        .where(KeptForm.path == path, _is_theirs(token, account))
        .execution_options(synchronize_session=False)
    )


def forget_unverified(session: Session, *, now: datetime) -> int:
    """Delete accounts whose address nobody confirmed in time. Return how many.

    A link that is still good keeps its account.
    """
    old = select(Account).where(Account.verified_at.is_(None), Account.created_at <= now - UNVERIFIED_LIFE)
    good_links = select(AccountToken.id).where(
        AccountToken.account_id == Account.id, AccountToken.expires_at > now
    )
    forgotten = session.scalars(old.where(~good_links.exists())).all()
    for account in forgotten:
        session.delete(account)
        record(session, "account:forgotten", f"account:{account.public_id}", by=WORKER, at=now)
    return len(forgotten)


def _is_theirs(token: str | None, account: Account | None) -> ColumnElement[bool]:
    """Return the condition for forms kept for this session and given to nobody, or kept for this account."""
    digest = token_digest(token or "")
    by_session = and_(KeptForm.digest == digest, KeptForm.account_id.is_(None))
    if account is None:
        return by_session
    return or_(by_session, KeptForm.account_id == account.id)


def _propose_account(
    session: Session, details: SignUpDetails, *, seal: Seal, now: datetime
) -> tuple[Account, str]:
    """Create the account, or find the one that a second click created; and hash the password."""
    try:
        with session.begin_nested():
            account = create_account(
                session,
                email=details.email,
                display_name=details.display_name,
                password=details.password,
                locale=details.locale,
                seal=seal,
                now=now,
            )
            return account, account.password_hash
    except (IntegrityError, AlreadyThereError):
        found = account_by_email(session, details.email, seal=seal)
        if found is None:
            raise
        return found, hash_password(details.password)


def _say_already_there(session: Session, account: Account, *, seal: Seal, now: datetime) -> None:
    post(
        session,
        key=f"account:already-there:{token_digest(new_token())}",  # as often as to a stranger's address
        template="accounts/already_there",
        recipient=seal.decrypt(account.email_sealed),
        locale=account.locale,
        about=f"account:{account.public_id}",
        context={"name": seal.decrypt(account.display_name_sealed)},
        seal=seal,
        now=now,
        is_asked_for=True,
    )


def _drop_tokens(session: Session, account: Account) -> None:
    """Let no link that was sent before do anything any more."""
    session.execute(
        delete(AccountToken)
        .where(AccountToken.account_id == account.id)
        .execution_options(synchronize_session=False)
    )
