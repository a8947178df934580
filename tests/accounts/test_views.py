"""The pages, as somebody sees them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from coordinator.accounts.models import Account
from coordinator.accounts.passwords import is_password, needs_rehash
from coordinator.accounts.service import keep_form, kept_form
from coordinator.outbox.models import Message
from tests.factories.accounts import PASSWORD, AccountFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

ADA = {"email": "ada@example.org", "display_name": "Ada", "password": PASSWORD}
NEW = "/en/organise/events/new?campaign=c"


def token_in_mail(session: Session, seal: Seal) -> str:
    message = session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert message is not None
    context: dict[str, Any] = json.loads(seal.decrypt(message.context_sealed) or "")
    return str(context["token"])


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/en/account/").status_code == 200


def test_signing_up_confirming_and_going_on_where_one_was(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    sent = client.post("/en/account/sign-up", query_string={"next": NEW}, data=ADA)
    token = token_in_mail(session, seal)
    page = client.get(f"/en/account/verify/{token}", query_string={"next": NEW})

    assert (sent.status_code, page.status_code) == (303, 200)
    assert "/account/sign-up/sent" in sent.location
    assert "Yes, this is my address" in page.text
    assert not is_signed_in(client)

    done = client.post(f"/en/account/verify/{token}", query_string={"next": NEW})

    assert (done.status_code, done.location) == (303, NEW)
    assert is_signed_in(client)


def test_a_mail_scanner_that_follows_the_link_changes_nothing(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    client.post("/en/account/sign-up", data=ADA)
    token = token_in_mail(session, seal)

    for _ in range(3):
        assert client.get(f"/en/account/verify/{token}").status_code == 200
        client.head(f"/en/account/verify/{token}")

    assert session.scalars(select(Account.verified_at)).one() is None


def test_on_another_device_the_link_asks_for_the_password(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    client.post("/en/account/sign-up", data=ADA)
    phone = client.application.test_client()
    link = f"/en/account/verify/{token_in_mail(session, seal)}"

    page = phone.get(link)
    done = phone.post(link, query_string={"next": NEW}, data={"password": PASSWORD})

    assert "The password that you chose" in page.text
    assert (done.status_code, done.location) == (303, NEW)
    assert is_signed_in(phone)


def test_whoever_owns_the_mailbox_does_not_confirm_a_stranger_s_password(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    client.post("/en/account/sign-up", data=ADA | {"password": "the stranger's password"})
    owner = client.application.test_client()
    link = f"/en/account/verify/{token_in_mail(session, seal)}"

    empty = owner.post(link)
    own = owner.post(link, data={"password": PASSWORD})

    assert (empty.status_code, own.status_code) == (422, 422)
    assert "not the password that was chosen with this link" in own.text
    assert session.scalars(select(Account.verified_at)).one() is None
    assert not is_signed_in(owner)


@pytest.mark.parametrize("purpose", ["verify", "reset"])
def test_a_dead_link_says_so_and_what_to_do(client: FlaskClient, purpose: str) -> None:
    page = client.get(f"/en/account/{purpose}/nonsense")

    assert page.status_code == 409
    assert "does not work any more" in page.text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "not an address", "does not look like an e-mail address"),
        ("email", "ada@example.org\nBcc: eve@example.org", "does not look like an e-mail address"),
        ("email", "", "Please type your e-mail address"),
        ("display_name", " ", "Please type a name"),
        ("display_name", "x" * 81, "too long"),
        ("password", "short", "at least 10 characters"),
        ("password", "1234567890", "anybody would guess"),
        ("password", "ada@example.org", "other than your e-mail address"),
    ],
)
def test_a_fault_is_said_beside_its_field_and_what_was_typed_stays(
    client: FlaskClient, session: Session, field: str, value: str, words: str
) -> None:
    page = client.post("/en/account/sign-up", data=ADA | {field: value})

    assert page.status_code == 422
    assert words in page.text
    assert 'value="Ada"' in page.text or field == "display_name"
    assert PASSWORD not in page.text
    assert session.scalars(select(Account)).all() == []


def test_signing_in_starts_a_fresh_session_and_keeps_only_what_was_typed(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    account = AccountFactory(email="ada@example.org")
    at = datetime.now(UTC)
    token = keep_form(session, path=NEW, fields={"title": ["Vigil"]}, seal=seal, now=at)
    with client.session_transaction() as cookie:
        cookie["kept_form"] = token
        cookie["left by somebody"] = "else"

    client.post("/en/account/sign-in", data={"email": "ada@example.org", "password": PASSWORD})

    with client.session_transaction() as cookie:
        assert cookie["kept_form"] == token
        assert "left by somebody" not in cookie
        assert "_id" not in cookie
    assert kept_form(session, path=NEW, token=None, account=account, seal=seal, now=at) == {
        "title": ["Vigil"]
    }


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(client: FlaskClient, elsewhere: str) -> None:
    AccountFactory(email="ada@example.org")

    done = client.post(
        "/en/account/sign-in",
        query_string={"next": elsewhere},
        data={"email": "ada@example.org", "password": PASSWORD},
    )

    assert (done.status_code, done.location) == (303, "/en/organise/")


def test_an_old_hash_is_made_anew_at_the_next_sign_in(client: FlaskClient) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    account = AccountFactory(email="ada@example.org", password_hash=old)

    client.post("/en/account/sign-in", data={"email": "ada@example.org", "password": PASSWORD})

    assert account.password_hash != old
    assert not needs_rehash(account.password_hash)
    assert is_password(PASSWORD, account.password_hash)


def test_signing_out_is_a_post_and_ends_the_session(
    client: FlaskClient, sign_in: Callable[[Any], FlaskClient]
) -> None:
    sign_in(AccountFactory())

    assert client.get("/en/account/sign-out").status_code == 405
    done = client.post("/en/account/sign-out")

    assert (done.status_code, done.location) == (303, "/en/")
    assert not is_signed_in(client)


def test_a_new_password_by_mail_ends_sessions_elsewhere(
    client: FlaskClient, session: Session, seal: Seal, sign_in: Callable[[Any], FlaskClient]
) -> None:
    sign_in(AccountFactory(email="ada@example.org"))
    thief = client
    owner = client.application.test_client()
    owner.post("/en/account/reset", data={"email": "ada@example.org"})
    link = f"/en/account/reset/{token_in_mail(session, seal)}"

    assert "Set a new password" in owner.get(link).text
    assert is_signed_in(thief)
    done = owner.post(link, data={"password": "another lantern there"})

    assert (done.status_code, done.location) == (303, "/en/account/sign-in")
    assert not is_signed_in(thief)
    assert owner.post(link, data={"password": "a third lantern here"}).status_code == 409


def test_name_and_language_are_one_s_own_to_change(
    client: FlaskClient, seal: Seal, sign_in: Callable[[Any], FlaskClient]
) -> None:
    account = AccountFactory(display_name="Ada")
    sign_in(account)

    page = client.get("/en/account/")
    done = client.post("/en/account/", data={"display_name": "Countess", "locale": "ru"})

    assert 'value="Ada"' in page.text
    assert done.status_code == 303
    assert (seal.decrypt(account.display_name_sealed), account.locale) == ("Countess", "ru")


def test_changing_the_password_keeps_this_session_and_ends_the_others(
    client: FlaskClient, sign_in: Callable[[Any], FlaskClient]
) -> None:
    account = AccountFactory()
    phone = client.application.test_client()
    with phone.session_transaction() as cookie:
        cookie["_user_id"] = account.get_id()
    sign_in(account)

    wrong = client.post(
        "/en/account/password", data={"old_password": "wrong", "password": "another lantern there"}
    )
    done = client.post(
        "/en/account/password", data={"old_password": PASSWORD, "password": "another lantern there"}
    )

    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    assert done.status_code == 303
    assert is_signed_in(client)
    assert not is_signed_in(phone)


@pytest.mark.parametrize("page", ["sign-up", "sign-up/sent", "sign-in", "reset", "reset/sent"])
def test_every_page_opens_in_every_language(client: FlaskClient, page: str) -> None:
    for language in ("en", "ru"):
        answer = client.get(f"/{language}/account/{page}")

        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert f'<html lang="{language}"' in answer.text


def test_limits_count_by_client_and_by_address(client: FlaskClient) -> None:
    app = client.application
    app.config["LIMITS_ENABLED"] = True
    try:
        answers = [
            client.post("/en/account/reset", data={"email": "ada@example.org"}).status_code for _ in range(6)
        ]
        other = client.post("/en/account/reset", data={"email": "eve@example.org"}).status_code
    finally:
        app.config["LIMITS_ENABLED"] = False
        app.extensions["limiter"].reset()

    assert answers == [303] * 5 + [429]
    assert other == 303
