"""Letters that come back, and reports that somebody invents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.outbox.bounces import Bounce, bounce_in
from coordinator.outbox.models import Message, Undeliverable
from coordinator.outbox.rules import BOUNCES_FOR, BounceKind, MessageState, bounce_kind
from coordinator.outbox.service import forget_bounces, forget_recipient, note_bounce
from tests.factories.outbox import MessageFactory, UndeliverableFactory
from tests.outbox.reports import NUMBER, report

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)
VERP = "bounces+{id}@example.org"
GONE = Bounce(public_id=NUMBER, kind=BounceKind.HARD, code="5.1.1")


def read(**changes: Any) -> tuple[bool, Bounce | None]:
    return bounce_in(report(**changes), host="localhost", bounce_address=VERP)


# What is read


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="with the whole letter"),
        pytest.param({"original_type": "text/rfc822-headers"}, id="with its headers"),
        pytest.param(
            {"original": "", "to": f"bounces+{NUMBER}@example.org"}, id="with nothing but its address"
        ),
        pytest.param({"status": "5.0.0"}, id="a code that says nothing, and words that do"),
        pytest.param({"status": "5.1.1 (bad destination mailbox address)"}, id="a code with words"),
        pytest.param({"action": "Failed "}, id="written otherwise"),
    ],
)
def test_a_report_names_the_message_and_the_code(changes: dict[str, Any]) -> None:
    assert read(**changes) == (True, GONE)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"action": "delayed", "status": "4.4.1"}, id="still trying"),
        pytest.param({"action": "delivered", "status": "2.0.0"}, id="arrived"),
        pytest.param({"host": "elsewhere.example"}, id="somebody else's letter"),
        pytest.param({"number": "not-a-number"}, id="not a number of ours"),
        pytest.param({"original": "", "original_type": "text/plain"}, id="about nothing"),
        pytest.param({"to": "bounces+0000000000@example.org"}, id="about two at once"),
    ],
)
def test_a_report_that_says_nothing_about_a_letter_of_ours(changes: dict[str, Any]) -> None:
    assert read(**changes) == (True, None)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"From: ada@example.org\r\nSubject: Hello\r\n\r\nHow are you?",
        report(report_type="disposition-notification"),
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno parts",
        (
            b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
            b"Content-Type: message/delivery-status\r\n\r\n\xff\xfe\xff"
        ),
        report()[:700],
    ],
)
def test_any_other_mail_is_read_without_a_fault(raw: bytes) -> None:
    _, bounce = bounce_in(raw, host="localhost", bounce_address=VERP)

    assert bounce is None


def test_a_report_inside_a_letter_is_no_report() -> None:
    """Whoever answers a letter of ours may quote anything."""
    raw = b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n" + report() + b"\r\n--m--\r\n"

    assert bounce_in(raw, host="localhost", bounce_address=VERP) == (False, None)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", BounceKind.HARD),
        ("5.2.1", BounceKind.HARD),
        ("5.4.4", BounceKind.HARD),
        ("5.2.2", BounceKind.SOFT),
        ("5.7.1", BounceKind.SOFT),
        ("5.1.8", BounceKind.SOFT),
        ("4.4.7", BounceKind.SOFT),
    ],
)
def test_only_what_is_about_the_address_is_for_good(status: str, kind: BounceKind) -> None:
    assert bounce_kind(status) is kind


# What follows


def test_what_came_back_is_seen_and_no_other_is_sent_there(session: Session, seal: Seal) -> None:
    message = MessageFactory(public_id=NUMBER, sent=True, sent_at=NOON, recipient="gone@example.org")

    assert note_bounce(session, GONE, now=NOON + timedelta(minutes=1))

    assert message.state is MessageState.BOUNCED
    assert (message.bounced_at, message.bounce, message.bounce_code) == (
        NOON + timedelta(minutes=1), BounceKind.HARD, "5.1.1",
    )  # fmt: skip
    blocked = session.scalars(select(Undeliverable)).one()
    assert blocked.address_digest == seal.digest("gone@example.org", purpose="message")
    assert (blocked.times, blocked.code) == (1, "5.1.1")


def test_a_full_mailbox_stops_nothing(session: Session) -> None:
    message = MessageFactory(public_id=NUMBER, sent=True, sent_at=NOON)

    assert note_bounce(session, Bounce(public_id=NUMBER, kind=BounceKind.SOFT, code="5.2.2"), now=NOON)

    assert message.state is MessageState.BOUNCED
    assert session.scalars(select(Undeliverable)).all() == []


def test_the_same_report_again_changes_nothing(session: Session, seal: Seal) -> None:
    MessageFactory(public_id=NUMBER, sent=True, sent_at=NOON, recipient="gone@example.org")
    note_bounce(session, GONE, now=NOON)
    forget_bounces(session, "Gone@Example.org", seal=seal)  # they confirmed something since

    assert not note_bounce(session, GONE, now=NOON + timedelta(days=1))

    assert session.scalars(select(Undeliverable)).all() == []


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"public_id": "0000000000", "sent": True, "sent_at": NOON}, id="a number that is none"),
        pytest.param({"public_id": NUMBER, "sent": True, "sent_at": NOON - BOUNCES_FOR}, id="long ago"),
        pytest.param({"public_id": NUMBER}, id="never sent"),
        pytest.param({"public_id": NUMBER, "failed": True}, id="given up"),
    ],
)
def test_a_forged_report_keeps_nobody_from_hearing_from_us(session: Session, message: dict[str, Any]) -> None:
    kept = MessageFactory(**message)

    assert not note_bounce(session, GONE, now=NOON)

    assert kept.bounced_at is None
    assert session.scalars(select(Undeliverable)).all() == []


def test_a_report_that_comes_before_we_have_written_down_counts(session: Session) -> None:
    message = MessageFactory(public_id=NUMBER, leased_until=NOON + timedelta(minutes=1))

    assert note_bounce(session, GONE, now=NOON)

    assert message.state is MessageState.BOUNCED


def test_an_address_is_forgotten_whole(session: Session, seal: Seal) -> None:
    waiting = MessageFactory(recipient="ada@example.org").id
    sent = MessageFactory(sent=True, recipient="ada@example.org")
    other = MessageFactory()
    UndeliverableFactory(address="ada@example.org")

    assert forget_recipient(session, " ADA@example.org", seal=seal) == 2

    session.expire_all()
    assert session.get(Message, waiting) is None
    assert (sent.recipient_digest, sent.state) == (None, MessageState.SENT)
    assert other.recipient_sealed is not None
    assert session.scalars(select(Undeliverable)).all() == []
