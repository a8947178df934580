"""What people do with their accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.accounts.models import Account, AccountToken, KeptForm
from coordinator.accounts.passwords import is_password
from coordinator.accounts.queries import account_by_email, account_by_public_id, account_counts
from coordinator.accounts.rules import AlreadyThereError, DeadLinkError, WrongPasswordError
from coordinator.accounts.service import (
    SignUpDetails,
    ask_reset,
    bind_kept_form,
    change_password,
    create_account,
    disable_account,
    drop_kept_form,
    forget_unverified,
    keep_form,
    kept_form,
    reset_password,
    sign_in_account,
    sign_up,
    sign_up_mark,
    verify_account,
)
from coordinator.audit.models import AuditEntry
from coordinator.kit.errors import NotFoundError
from coordinator.outbox.models import Message
from tests.factories.accounts import PASSWORD, AccountFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)
ADA = SignUpDetails(email="ada@example.org", display_name="Ada", password=PASSWORD, locale="ru", next="/ru/x")
PATH = "/en/organise/events/new"
TYPED = {"title": ["Свободу"], "languages": ["ru", "en"]}


def last_message(session: Session, seal: Seal) -> tuple[Message, str, dict[str, Any]]:
    message = session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert message is not None
    context = json.loads(seal.decrypt(message.context_sealed) or "")
    return message, seal.decrypt(message.recipient_sealed) or "", context


def test_signing_up_writes_a_sealed_account_and_one_letter(session: Session, seal: Seal) -> None:
    mark = sign_up(session, ADA, seal=seal, now=NOON)

    account = account_by_email(session, " ADA@example.org", seal=seal)
    message, recipient, context = last_message(session, seal)
    assert account is not None
    assert not account.is_verified
    assert "ada" not in (account.email_sealed + account.email_digest).lower()
    assert (message.template, message.locale, recipient) == ("accounts/verify", "ru", "ada@example.org")
    assert context["next"] == "/ru/x"
    assert mark == sign_up_mark(context["token"], seal=seal)


def test_the_link_verifies_once(session: Session, seal: Seal) -> None:
    sign_up(session, ADA, seal=seal, now=NOON)
    token = last_message(session, seal)[2]["token"]

    account = verify_account(session, token, now=NOON + timedelta(hours=1))

    assert account.verified_at == NOON + timedelta(hours=1)
    with pytest.raises(DeadLinkError):
        verify_account(session, token, now=NOON + timedelta(hours=1))


@pytest.mark.parametrize("late", [timedelta(days=3), timedelta(days=400)])
def test_a_link_grows_old(session: Session, seal: Seal, late: timedelta) -> None:
    sign_up(session, ADA, seal=seal, now=NOON)
    token = last_message(session, seal)[2]["token"]

    with pytest.raises(DeadLinkError):
        verify_account(session, token, now=NOON + late)


def test_a_link_for_one_thing_does_not_do_the_other(session: Session, seal: Seal) -> None:
    sign_up(session, ADA, seal=seal, now=NOON)
    token = last_message(session, seal)[2]["token"]

    with pytest.raises(DeadLinkError):
        reset_password(session, token, "another lantern there", now=NOON)


def test_whoever_opens_their_mail_gets_their_own_password(session: Session, seal: Seal) -> None:
    """A stranger signs up for Ada's address before and after her; her link carries what she chose."""
    stranger = SignUpDetails(email=ADA.email, display_name="X", password="stranger's choice", locale="en")
    sign_up(session, stranger, seal=seal, now=NOON)
    sign_up(session, ADA, seal=seal, now=NOON)
    hers = last_message(session, seal)[2]["token"]
    sign_up(session, stranger, seal=seal, now=NOON)
    theirs = last_message(session, seal)[2]["token"]

    account = verify_account(session, hers, now=NOON)

    assert is_password(PASSWORD, account.password_hash)
    assert seal.decrypt(account.display_name_sealed) == "Ada"
    with pytest.raises(DeadLinkError):
        verify_account(session, theirs, now=NOON)


def test_a_known_address_is_written_to_and_nothing_changes(session: Session, seal: Seal) -> None:
    account = AccountFactory(email="ada@example.org", locale="en")
    before = account.password_hash

    sign_up(session, ADA, seal=seal, now=NOON)
    sign_up(session, ADA, seal=seal, now=NOON)

    message, recipient, context = last_message(session, seal)
    assert (message.template, message.locale, recipient) == (
        "accounts/already_there",
        "en",
        "ada@example.org",
    )
    assert "token" not in context
    assert account.password_hash == before
    assert session.scalar(select(func.count(Message.id))) == 2  # as many as to an address that has none


def test_signing_in_wants_the_right_password_of_a_verified_account(session: Session, seal: Seal) -> None:
    ada = AccountFactory(email="ada@example.org")
    AccountFactory(email="new@example.org", unverified=True)
    AccountFactory(email="gone@example.org", disabled=True)

    assert sign_in_account(session, "ADA@example.org ", PASSWORD, seal=seal) is ada
    assert sign_in_account(session, "ada@example.org", "another one", seal=seal) is None
    assert sign_in_account(session, "new@example.org", PASSWORD, seal=seal) is None
    assert sign_in_account(session, "gone@example.org", PASSWORD, seal=seal) is None
    assert sign_in_account(session, "nobody@example.org", PASSWORD, seal=seal) is None


def test_a_new_password_by_mail_signs_out_everywhere_and_proves_the_address(
    session: Session, seal: Seal
) -> None:
    account = AccountFactory(email="ada@example.org", unverified=True)
    ask_reset(session, "ada@example.org", locale="en", seal=seal, now=NOON)
    ask_reset(session, "ada@example.org", locale="en", seal=seal, now=NOON)
    token = last_message(session, seal)[2]["token"]

    reset_password(session, token, "another lantern there", now=NOON)

    assert account.session_epoch == 1
    assert account.is_verified
    assert is_password("another lantern there", account.password_hash)
    assert session.scalar(select(func.count(AccountToken.id))) == 0


@pytest.mark.parametrize("is_disabled", [True, False])
def test_a_reset_for_nobody_says_so_by_mail_as_often_as_to_somebody(
    session: Session, seal: Seal, is_disabled: bool
) -> None:
    if is_disabled:
        AccountFactory(email="nobody@example.org", disabled=True)

    ask_reset(session, "nobody@example.org", locale="ru", seal=seal, now=NOON)
    ask_reset(session, "nobody@example.org", locale="ru", seal=seal, now=NOON)

    messages = session.scalars(select(Message)).all()
    assert [(message.template, message.locale) for message in messages] == [("accounts/nobody", "ru")] * 2
    assert seal.digest("nobody@example.org") not in messages[0].key


def test_changing_the_password_wants_the_old_one(session: Session) -> None:
    account = AccountFactory()

    with pytest.raises(WrongPasswordError):
        change_password(session, account, "not this one", "another lantern there", now=NOON)
    change_password(session, account, PASSWORD, "another lantern there", now=NOON)

    assert account.session_epoch == 1


def test_disabling_ends_all_sessions_and_links(session: Session, seal: Seal) -> None:
    account = AccountFactory(email="ada@example.org")
    ask_reset(session, "ada@example.org", locale="en", seal=seal, now=NOON)
    token = last_message(session, seal)[2]["token"]

    disable_account(session, account, by="command", now=NOON)

    assert account.session_epoch == 1
    with pytest.raises(DeadLinkError):
        reset_password(session, token, "another lantern there", now=NOON)


def test_one_address_is_one_account(session: Session, seal: Seal) -> None:
    AccountFactory(email="ada@example.org")

    with pytest.raises(AlreadyThereError):
        create_account(
            session,
            email="Ada@Example.org",
            display_name="A",
            password=PASSWORD,
            locale="en",
            seal=seal,
            now=NOON,
        )


def test_addresses_that_nobody_confirmed_are_forgotten(session: Session, seal: Seal) -> None:
    sign_up(session, ADA, seal=seal, now=NOON)
    AccountFactory(email="kept@example.org", created_at=NOON)

    assert forget_unverified(session, now=NOON + timedelta(days=6)) == 0
    sign_up(session, ADA, seal=seal, now=NOON + timedelta(days=6))
    assert forget_unverified(session, now=NOON + timedelta(days=8)) == 0  # a link of it is still good
    assert forget_unverified(session, now=NOON + timedelta(days=9)) == 1

    assert account_by_email(session, "ada@example.org", seal=seal) is None
    assert account_by_email(session, "kept@example.org", seal=seal) is not None


def test_no_entry_of_the_log_names_anybody(session: Session, seal: Seal) -> None:
    sign_up(session, ADA, seal=seal, now=NOON)
    verify_account(session, last_message(session, seal)[2]["token"], now=NOON)

    entries = session.scalars(select(AuditEntry)).all()
    assert [entry.tag for entry in entries] == ["account:created", "account:verified"]
    assert all("ada" not in f"{entry.subject}{entry.actor}{entry.details}".lower() for entry in entries)


def test_what_was_typed_waits_for_a_new_account_on_every_device(session: Session, seal: Seal) -> None:
    token = keep_form(session, path=PATH, fields=TYPED, seal=seal, now=NOON)
    sign_up(session, ADA, seal=seal, now=NOON, kept_token=token)
    account = account_by_email(session, "ada@example.org", seal=seal)

    assert kept_form(session, path=PATH, token=None, account=account, seal=seal, now=NOON) == TYPED
    assert "Свободу" not in session.scalars(select(KeptForm.fields_sealed)).one()


def test_what_was_typed_before_signing_up_again_is_not_put_upon_somebody_else(
    session: Session, seal: Seal
) -> None:
    account = AccountFactory(email="ada@example.org")
    token = keep_form(session, path=PATH, fields=TYPED, seal=seal, now=NOON)

    sign_up(session, ADA, seal=seal, now=NOON, kept_token=token)

    assert kept_form(session, path=PATH, token=None, account=account, seal=seal, now=NOON) is None
    assert kept_form(session, path=PATH, token=token, account=None, seal=seal, now=NOON) == TYPED


def test_a_kept_form_belongs_to_the_first_account_that_takes_it(session: Session, seal: Seal) -> None:
    token = keep_form(session, path=PATH, fields=TYPED, seal=seal, now=NOON)
    ada, eve = AccountFactory(), AccountFactory()

    bind_kept_form(session, token, ada, NOON)
    bind_kept_form(session, token, eve, NOON)

    assert kept_form(session, path=PATH, token=token, account=eve, seal=seal, now=NOON) is None
    assert kept_form(session, path=PATH, token=token, account=ada, seal=seal, now=NOON) == TYPED
    assert kept_form(session, path="/elsewhere", token=token, account=ada, seal=seal, now=NOON) is None


def test_a_kept_form_is_dropped_or_grows_old(session: Session, seal: Seal) -> None:
    token = keep_form(session, path=PATH, fields=TYPED, seal=seal, now=NOON)
    late = NOON + timedelta(days=3)

    assert kept_form(session, path=PATH, token=token, account=None, seal=seal, now=late) is None
    drop_kept_form(session, path=PATH, token=token, account=None)
    assert session.scalar(select(func.count(KeptForm.id))) == 0


def test_accounts_are_counted_and_found_by_public_id(session: Session) -> None:
    ada = AccountFactory(administrator=True)
    AccountFactory(unverified=True)

    counts = account_counts(session)

    assert (counts.verified, counts.unverified, counts.administrators) == (1, 1, 1)
    assert account_by_public_id(session, ada.public_id) is ada
    with pytest.raises(NotFoundError):
        account_by_public_id(session, "0000000000")
    assert session.scalar(select(func.count(Account.id))) == 2
