"""What a provider tells by HTTP: believed when signed, once, and only about what we sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.kit.clock import now
from coordinator.outbox.models import Message, Undeliverable
from coordinator.outbox.rendering import Letter, render_letter
from coordinator.outbox.rules import BounceKind, MessageState
from coordinator.outbox.webhooks import OLDEST
from tests.factories.outbox import MessageFactory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

SECRET = "a-secret-of-the-provider"
NUMBER = "7x2k9c4m1p"
LONG_AGO = OLDEST + timedelta(minutes=1)


@pytest.fixture
def configured(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def choose(provider: str) -> None:
        settings = replace(app.extensions["settings"], mail_webhook=f"{provider}:{SECRET}")
        monkeypatch.setitem(app.extensions, "settings", settings)

    return choose


@pytest.fixture
def message(session: Session) -> Iterator[Message]:
    return MessageFactory(public_id=NUMBER, sent=True, sent_at=now())


def mailgun(*, secret: str = SECRET, age: timedelta = timedelta(), **changes: Any) -> dict[str, Any]:
    timestamp, token = str(int((now() - age).timestamp())), "t" * 50
    signature = hmac.new(secret.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    event = {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "5.1.1 No such user"},
        "message": {"headers": {"message-id": f"{NUMBER}@localhost", "to": "gone@example.org"}},
        "recipient": "gone@example.org",
    }
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return {"json": {"signature": signed, "event-data": event | changes}}


def postmark(*, secret: str = SECRET, **changes: Any) -> dict[str, Any]:
    said = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "Email": "gone@example.org",
        "Metadata": {"message": NUMBER},
    }
    password = b64encode(f"mail:{secret}".encode()).decode()
    return {"json": said | changes, "headers": {"Authorization": f"Basic {password}"}}


def generic(*, secret: str = SECRET, age: timedelta = timedelta(), **changes: Any) -> dict[str, Any]:
    said = {"message_id": f"<{NUMBER}@localhost>", "kind": "hard", "code": "5.1.1"}
    body, timestamp = json.dumps(said | changes).encode(), str(int((now() - age).timestamp()))
    signed = timestamp.encode() + b"." + body
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {"data": body, "headers": {"X-Mail-Timestamp": timestamp, "X-Mail-Signature": signature}}


PROVIDERS = {"mailgun": mailgun, "postmark": postmark, "generic": generic}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_came_back_is_written_down_once(
    client: FlaskClient,
    session: Session,
    configured: Callable[[str], None],
    message: Message,
    provider: str,
) -> None:
    configured(provider)
    request = PROVIDERS[provider]()

    answers = [client.post(f"/webhooks/mail/{provider}", **request).status_code for _ in range(3)]

    assert answers == [204, 204, 204]
    session.refresh(message)
    assert (message.state, message.bounce, message.bounce_code) == (
        MessageState.BOUNCED, BounceKind.HARD, "5.1.1",
    )  # fmt: skip
    assert session.scalars(select(Undeliverable.times)).all() == [1]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_whoever_does_not_know_the_secret_finds_nothing(
    client: FlaskClient, session: Session, configured: Callable[[str], None], message: Message, provider: str
) -> None:
    configured(provider)
    tries = [PROVIDERS[provider](secret="guessed-guessed-guessed"), {"data": b"{}"}]
    if provider != "postmark":
        tries += [PROVIDERS[provider](age=LONG_AGO), PROVIDERS[provider](age=-LONG_AGO)]

    answers = {client.post(f"/webhooks/mail/{provider}", **request).status_code for request in tries}

    assert answers <= {404, 400 if provider != "postmark" else 404}
    session.refresh(message)
    assert message.bounced_at is None


@pytest.mark.parametrize("provider", [*PROVIDERS, "sendmail"])
def test_without_the_setting_there_is_no_such_page(client: FlaskClient, provider: str) -> None:
    request = PROVIDERS.get(provider, generic)()

    assert client.post(f"/webhooks/mail/{provider}", **request).status_code == 404


def test_a_signature_is_for_its_own_provider_only(
    client: FlaskClient, session: Session, configured: Callable[[str], None]
) -> None:
    configured("mailgun")

    assert client.post("/webhooks/mail/generic", **generic()).status_code == 404


@pytest.mark.parametrize(
    "request_",
    [
        mailgun(event="delivered"),
        mailgun(severity="temporary"),
        mailgun(message={"headers": {"message-id": "20300401@elsewhere.example"}}),
    ],
)
def test_other_news_is_taken_and_forgotten(
    client: FlaskClient,
    session: Session,
    configured: Callable[[str], None],
    message: Message,
    request_: dict[str, Any],
) -> None:
    configured("mailgun")

    assert client.post("/webhooks/mail/mailgun", **request_).status_code == 204
    session.refresh(message)
    assert message.bounced_at is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"signature": 1}', b"\xff"])
@pytest.mark.parametrize("provider", ["mailgun", "postmark", "generic"])
def test_nonsense_is_no_fault_of_ours(
    client: FlaskClient, session: Session, configured: Callable[[str], None], provider: str, body: bytes
) -> None:
    configured(provider)

    assert client.post(f"/webhooks/mail/{provider}", data=body).status_code in {400, 404}


def test_a_letter_over_postmark_carries_its_number(
    app: Flask, session: Session, configured: Callable[[str], None]
) -> None:
    letter = Letter(
        public_id=NUMBER,
        template="accounts/nobody",
        locale="en",
        recipient="ada@example.org",
        context={},
    )
    assert "X-PM-" not in bytes(render_letter(letter, now())).decode()

    configured("postmark")

    assert f"X-PM-Metadata-message: {NUMBER}" in bytes(render_letter(letter, now())).decode()
