"""Commands: the first coordinators and administrators, and who may not come in any more."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click
from email_validator import EmailNotValidError, validate_email
from flask.cli import AppGroup

from coordinator.accounts.passwords import hash_password
from coordinator.accounts.queries import account_by_email, account_counts
from coordinator.accounts.rules import LONGEST_NAME, password_fault
from coordinator.accounts.service import create_account, disable_account
from coordinator.audit.service import COMMAND, record
from coordinator.campaigns.queries import campaign_by_slug
from coordinator.campaigns.rules import CampaignRoleKind
from coordinator.campaigns.service import set_role
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import NotFoundError
from coordinator.kit.i18n import LANGUAGES
from coordinator.kit.web import seal

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account

accounts_cli = AppGroup("accounts", help="People who sign in.")


class EmailAddress(click.ParamType[str]):
    """An e-mail address, as sign-up takes it."""

    name = "email"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what is no address, with the reason."""
        try:
            return validate_email(value, check_deliverability=False, allow_smtputf8=False).normalized
        except EmailNotValidError as wrong:
            self.fail(str(wrong), param, ctx)


EMAIL = EmailAddress()
NAME = click.option(
    "--name", default="", help="Shown beside their work; the part before the @ when left out."
)
LOCALE = click.option(
    "--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], help="Of mail to them."
)
ASK = click.option("--ask-password", is_flag=True, help="Type the password instead of having one made.")


@accounts_cli.command("coordinator-add")
@click.argument("email", type=EMAIL)
@click.option("--campaign", "slug", required=True, help="Last part of the campaign's address.")
@NAME
@LOCALE
@ASK
def coordinator_add(email: str, slug: str, name: str, language: str, *, ask_password: bool) -> None:
    """Make EMAIL a coordinator of a campaign; creates the account where there is none."""
    password = _wanted_password(email) if ask_password else None
    with unit_of_work() as session:
        try:
            campaign = campaign_by_slug(session, slug)
        except NotFoundError as unknown:
            raise click.ClickException(f"there is no open campaign with the slug {slug!r}") from unknown
        at = now()
        account, made = _account_for(session, email, name, language, password, at)
        set_role(session, campaign, account, CampaignRoleKind.COORDINATOR, now=at)
    _tell(f"{email} coordinates {slug}.", made)


@accounts_cli.command("administrator-add")
@click.argument("email", type=EMAIL)
@NAME
@LOCALE
@ASK
def administrator_add(email: str, name: str, language: str, *, ask_password: bool) -> None:
    """Make EMAIL an administrator; creates the account where there is none."""
    password = _wanted_password(email) if ask_password else None
    with unit_of_work() as session:
        at = now()
        account, made = _account_for(session, email, name, language, password, at)
        account.is_administrator = True
        record(session, "account:administrator", f"account:{account.public_id}", by=COMMAND, at=at)
    _tell(f"{email} is an administrator.", made)


@accounts_cli.command("disable")
@click.argument("email", type=EMAIL)
def disable(email: str) -> None:
    """Let EMAIL in no more and end all their sessions. Their protests stay."""
    with unit_of_work() as session:
        account = account_by_email(session, email, seal=seal())
        if account is None:
            raise click.ClickException("there is no account with this address")
        disable_account(session, account, by=COMMAND, now=now())
    click.echo(f"{email} is signed out everywhere and can't sign in any more.")


@accounts_cli.command("list")
def count() -> None:
    """Say how many accounts there are of each kind. Numbers, no addresses."""
    for kind, number in account_counts(db.session())._asdict().items():
        click.echo(f"{number:8} {kind}")


def _account_for(
    session: Session, email: str, name: str, language: str, password: str | None, at: datetime
) -> tuple[Account, str | None]:
    """Return the account of an address, and the password when one was made for it.

    An address that nobody confirmed may have been typed by anyone: its password is replaced.
    """
    account = account_by_email(session, email, seal=seal())
    if account is not None and account.is_verified and password is None:
        return account, None
    made = None if password else secrets.token_urlsafe(12)
    if account is None:
        account = create_account(
            session,
            email=email,
            display_name=(name or email.partition("@")[0])[:LONGEST_NAME],
            password=password or made or "",
            locale=language,
            seal=seal(),
            now=at,
            is_verified=True,
        )
    else:
        account.password_hash = hash_password(password or made or "")
        account.session_epoch += 1
        account.verified_at = account.verified_at or at
    return account, made


def _wanted_password(email: str) -> str:
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if fault := password_fault(password, email):
        raise click.ClickException(f"this password won't do: {fault.replace('_', ' ')}")
    return password


def _tell(sentence: str, made: str | None) -> None:
    click.echo(sentence)
    if made:
        click.echo(f"Password, shown this once: {made}")
