"""The first coordinators and administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coordinator.accounts.passwords import is_password
from coordinator.accounts.queries import account_by_email
from coordinator.campaigns.queries import coordinated_campaigns
from tests.factories.accounts import PASSWORD, AccountFactory
from tests.factories.campaigns import CampaignFactory

if TYPE_CHECKING:
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal


def test_a_coordinator_who_has_no_account_gets_one_and_a_password_once(
    runner: FlaskCliRunner, session: Session, seal: Seal
) -> None:
    campaign = CampaignFactory(slug="september")

    result = runner.invoke(args=["accounts", "coordinator-add", "Ada@example.org", "--campaign", "september"])

    assert result.exit_code == 0, result.output
    account = account_by_email(session, "ada@example.org", seal=seal)
    assert account is not None
    assert account.is_verified
    assert account.is_coordinator
    assert [found.id for found in coordinated_campaigns(session, account)] == [campaign.id]
    assert is_password(result.output.rpartition(": ")[2].strip(), account.password_hash)


def test_somebody_who_has_an_account_keeps_their_password(runner: FlaskCliRunner, session: Session) -> None:
    CampaignFactory(slug="september")
    account = AccountFactory(email="ada@example.org")

    for _ in range(2):
        result = runner.invoke(
            args=["accounts", "coordinator-add", "ada@example.org", "--campaign", "september"]
        )
        assert result.exit_code == 0, result.output
        assert "Password" not in result.output

    assert account.is_coordinator
    assert is_password(PASSWORD, account.password_hash)


def test_an_address_that_nobody_confirmed_loses_the_password_that_somebody_typed(
    runner: FlaskCliRunner, session: Session
) -> None:
    account = AccountFactory(email="ada@example.org", unverified=True)

    result = runner.invoke(args=["accounts", "administrator-add", "ada@example.org"])

    assert result.exit_code == 0
    assert account.is_administrator
    assert account.is_verified
    assert account.session_epoch == 1
    assert not is_password(PASSWORD, account.password_hash)


def test_a_password_can_be_typed(runner: FlaskCliRunner, session: Session, seal: Seal) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"

    result = runner.invoke(
        args=["accounts", "administrator-add", "a@example.org", "--ask-password"], input=typed
    )
    weak = runner.invoke(
        args=["accounts", "administrator-add", "b@example.org", "--ask-password"], input="1234567890\n" * 2
    )

    account = account_by_email(session, "a@example.org", seal=seal)
    assert result.exit_code == 0
    assert account is not None
    assert is_password(PASSWORD, account.password_hash)
    assert PASSWORD not in result.output
    assert weak.exit_code == 1
    assert "trivial" in weak.output


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ["coordinator-add", "ada@example.org", "--campaign", "nowhere"],
            "no open campaign with the slug 'nowhere'",
        ),
        (["coordinator-add", "ada@example.org"], "Missing option '--campaign'"),
        (["administrator-add", "ada"], "must have an @-sign"),
        (["disable", "nobody@example.org"], "no account with this address"),
    ],
)
def test_a_mistake_is_named(runner: FlaskCliRunner, session: Session, args: list[str], words: str) -> None:
    result = runner.invoke(args=["accounts", *args])

    assert result.exit_code != 0
    assert words in result.output


def test_disabling_ends_sessions_and_counting_names_nobody(runner: FlaskCliRunner, session: Session) -> None:
    account = AccountFactory(email="ada@example.org", administrator=True)

    result = runner.invoke(args=["accounts", "disable", "ada@example.org"])
    counts = runner.invoke(args=["accounts", "list"])

    assert result.exit_code == 0
    assert account.is_disabled
    assert account.session_epoch == 1
    assert "1 administrators" in counts.output
    assert "@" not in counts.output
