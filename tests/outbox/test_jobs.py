"""Sending, with a transport that does what a test tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select

from coordinator.cli.worker import write
from coordinator.outbox.jobs import (
    BATCH,
    WRITE_DOWN_EVERY,
    Outcome,
    beat,
    forget_failed,
    forget_traces,
    send_due,
)
from coordinator.outbox.leases import OUTGOING, Ledger, lease_due
from coordinator.outbox.models import MailServer, Message, Undeliverable
from coordinator.outbox.queries import (
    count_by_state,
    last_beat_at,
    oldest_due_at,
    outbox_counts,
    states_of,
)
from coordinator.outbox.rules import (
    BOUNCES_FOR,
    KEEP_FAILED,
    KEEP_UNDELIVERABLE,
    LEASE,
    LONGEST_TALK,
    MOST_TRIES,
    UNDELIVERABLE,
    BounceKind,
    LetterError,
    LetterRefusedError,
    MailAwayError,
    MessageState,
)
from tests.factories.outbox import MessageFactory, UndeliverableFactory

if TYPE_CHECKING:
    from email.message import EmailMessage

    import pytest
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)


class FakeTransport:
    """Takes letters, or fails with what it was given, in turn."""

    def __init__(self, *faults: Exception | None) -> None:
        self.faults = list(faults)
        self.letters: list[EmailMessage] = []
        self.opened = 0

    def __enter__(self) -> Self:
        self.opened += 1
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, letter: EmailMessage) -> None:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self.letters.append(letter)


def send(transport: FakeTransport, seal: Seal, *, at: datetime = NOON, **options: Any) -> Outcome:
    with transport:
        return send_due(transport, write, seal=seal, clock=lambda: at, **options)


def test_what_is_due_goes_over_one_connection_and_loses_its_words(session: Session, seal: Seal) -> None:
    first = MessageFactory(due_at=NOON - timedelta(hours=1), recipient="ada@example.org")
    second = MessageFactory(due_at=NOON)
    MessageFactory(due_at=NOON + timedelta(seconds=1))
    transport = FakeTransport()

    assert send(transport, seal) is Outcome.EMPTY

    assert [letter["Message-ID"] for letter in transport.letters] == [
        f"<{first.public_id}@localhost>",
        f"<{second.public_id}@localhost>",
    ]
    assert transport.opened == 1
    assert transport.letters[0]["To"] == "ada@example.org"
    assert (first.sent_at, first.tries) == (NOON, 1)
    assert (first.recipient_sealed, first.context_sealed) == (None, None)
    assert first.recipient_digest is not None  # should it come back
    assert send(transport, seal) is Outcome.EMPTY
    assert len(transport.letters) == 2


def test_a_letter_that_fails_waits_twice_as_long_each_time_and_is_given_up(
    session: Session, seal: Seal
) -> None:
    message, other = MessageFactory(), MessageFactory(due_at=NOON)
    at, waits = NOON, []
    for _ in range(MOST_TRIES):
        send(FakeTransport(LetterError("data:451")), seal, at=at)
        waits.append(message.due_at - at)
        at = message.due_at

    assert other.sent_at == NOON
    assert waits[:3] == [timedelta(minutes=minutes) for minutes in (1, 2, 4)]
    assert message.failed_at is not None
    assert (message.tries, message.error) == (MOST_TRIES, "data:451")
    assert message.recipient_sealed is not None  # for `messages retry`


def test_no_such_mailbox_is_given_up_and_forgotten_at_once(session: Session, seal: Seal) -> None:
    message = MessageFactory()

    send(FakeTransport(LetterRefusedError("recipient:550")), seal)

    assert (message.failed_at, message.error) == (NOON, "recipient:550")
    assert (message.recipient_sealed, message.context_sealed) == (None, None)


def test_while_the_server_is_away_nothing_is_tried_or_counted(session: Session, seal: Seal) -> None:
    messages = [MessageFactory() for _ in range(3)]
    transport = FakeTransport(MailAwayError("ConnectionRefusedError"))

    assert send(transport, seal) is Outcome.AWAY

    assert transport.letters == []
    assert {message.tries for message in messages} == {0}
    assert {message.leased_until for message in messages} == {None}
    assert send(FakeTransport(), seal) is Outcome.EMPTY
    assert all(message.sent_at for message in messages)


def test_a_broken_template_stops_only_its_own_letter(
    session: Session, seal: Seal, caplog: pytest.LogCaptureFixture
) -> None:
    broken = MessageFactory(context={"token": "T"}, recipient="ada@example.org")
    fine = MessageFactory()

    send(FakeTransport(), seal)

    assert (broken.error, broken.sent_at) == ("render:UndefinedError", None)
    assert fine.sent_at == NOON
    assert broken.public_id in caplog.text
    assert "ada@example.org" not in caplog.text


def test_a_leased_message_is_left_alone_until_the_lease_runs_out(session: Session, seal: Seal) -> None:
    message = MessageFactory(leased_until=NOON + LEASE, tries=1)
    transport = FakeTransport()

    send(transport, seal)
    assert transport.letters == []
    send(transport, seal, at=NOON + LEASE)

    assert len(transport.letters) == 1
    assert message.tries == 2


def test_a_message_that_ends_every_worker_is_given_up(session: Session, seal: Seal) -> None:
    message = MessageFactory(leased_until=NOON, tries=MOST_TRIES)
    transport = FakeTransport()

    send(transport, seal)

    assert transport.letters == []
    assert (message.failed_at, message.error) == (NOON, "worker")


def test_a_message_that_no_key_opens_is_given_up_and_the_next_one_goes(session: Session, seal: Seal) -> None:
    lost = MessageFactory(recipient_sealed="not ours")
    fine = MessageFactory()

    send(FakeTransport(), seal)

    assert (lost.failed_at, lost.error) == (NOON, "lost_key")
    assert fine.sent_at == NOON


def test_told_to_stop_it_finishes_the_letter_at_hand(session: Session, seal: Seal) -> None:
    for _ in range(3):
        MessageFactory()
    transport = FakeTransport()

    outcome = send(transport, seal, is_stopping=lambda: len(transport.letters) == 1)

    assert outcome is Outcome.MORE
    assert len(transport.letters) == 1
    assert outbox_counts(session).sent == 1


def test_a_batch_ends_and_says_that_there_is_more(session: Session, seal: Seal) -> None:
    for _ in range(BATCH + 1):
        MessageFactory()
    transport = FakeTransport()

    assert send(transport, seal) is Outcome.MORE
    assert len(transport.letters) == BATCH


def test_what_its_reader_waits_for_goes_before_what_is_due_longer(session: Session, seal: Seal) -> None:
    news = [MessageFactory(due_at=NOON - timedelta(hours=1)) for _ in range(3)]
    asked = MessageFactory(due_at=NOON, is_asked_for=True)
    transport = FakeTransport()

    send(transport, seal)

    assert [letter["Message-ID"] for letter in transport.letters] == [
        f"<{message.public_id}@localhost>" for message in (asked, *news)
    ]


def test_a_message_that_ended_a_worker_is_tried_alone(session: Session, seal: Seal) -> None:
    """Else it would use up the tries of all that are leased with it."""
    fine = MessageFactory(due_at=NOON - timedelta(hours=2))
    suspect = MessageFactory(due_at=NOON - timedelta(hours=1), leased_until=NOON, tries=1)
    other = MessageFactory()

    batches = [[lease.id for lease in lease_due(seal, NOON, most=BATCH)] for _ in range(3)]

    assert batches == [[fine.id], [suspect.id], [other.id]]


def test_a_slow_server_is_not_given_what_another_worker_may_take_soon(session: Session, seal: Seal) -> None:
    first, second = MessageFactory(), MessageFactory()
    now = [NOON]

    class Slow(FakeTransport):
        def send(self, letter: EmailMessage) -> None:
            super().send(letter)
            now[0] += LEASE - LONGEST_TALK + timedelta(seconds=1)

    with Slow() as transport:
        send_due(transport, write, seal=seal, clock=lambda: now[0], is_stopping=lambda: now[0] > NOON)

    assert first.sent_at is not None
    assert (second.leased_until, second.tries) == (None, 0)


def test_what_was_sent_is_written_down_a_few_at_a_time(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(25):
        MessageFactory()
    sizes: list[int] = []
    write_down = Ledger.write_down
    monkeypatch.setattr(
        Ledger, "write_down", lambda self: (sizes.append(len(self.entries)), write_down(self))
    )

    send(FakeTransport(), seal)

    assert sizes == [WRITE_DOWN_EVERY, WRITE_DOWN_EVERY, 5]


def test_nothing_goes_where_letters_come_back_from_but_what_is_asked_for_there(
    session: Session, seal: Seal
) -> None:
    UndeliverableFactory(address="gone@example.org")
    news = MessageFactory(recipient="gone@example.org")
    asked = MessageFactory(recipient="gone@example.org", is_asked_for=True)
    other = MessageFactory()

    send(FakeTransport(), seal)

    assert (news.sent_at, news.error, news.state) == (None, UNDELIVERABLE, MessageState.REFUSED)
    assert (news.recipient_sealed, news.recipient_digest, news.context_sealed) == (None, None, None)
    assert asked.sent_at == other.sent_at == NOON


def test_a_letter_that_no_line_can_hold_stops_only_itself(session: Session, seal: Seal) -> None:
    broken, fine = MessageFactory(), MessageFactory()

    send(FakeTransport(UnicodeError("ada@example.org")), seal)

    assert (broken.error, broken.sent_at, fine.sent_at) == ("send:UnicodeError", None, NOON)


def test_the_last_answer_of_the_mail_server_is_kept(session: Session, seal: Seal) -> None:
    MessageFactory()
    send(FakeTransport(MailAwayError("SMTPAuthenticationError:535")), seal)
    send(FakeTransport(), seal, at=NOON + timedelta(minutes=1))

    server = session.get_one(MailServer, OUTGOING)
    assert (server.trouble_at, server.trouble) == (NOON, "SMTPAuthenticationError:535")
    assert server.ok_at == NOON + timedelta(minutes=1)


def test_whom_letters_went_to_is_forgotten_when_they_no_longer_come_back(session: Session) -> None:
    old = MessageFactory(sent=True, sent_at=NOON - BOUNCES_FOR)
    new = MessageFactory(sent=True, sent_at=NOON - BOUNCES_FOR + timedelta(seconds=1))
    UndeliverableFactory(last_at=NOON - KEEP_UNDELIVERABLE)
    known = UndeliverableFactory(last_at=NOON - KEEP_UNDELIVERABLE + timedelta(seconds=1))

    assert forget_traces(now=NOON) == 2

    session.expire_all()
    assert old.recipient_digest is None
    assert new.recipient_digest is not None
    assert session.scalars(select(Undeliverable.address_digest)).all() == [known.address_digest]


def test_every_state_reads_the_same_in_python_and_in_sql(session: Session) -> None:
    expected = {
        MessageFactory().key: MessageState.WAITING,
        MessageFactory(sent=True).key: MessageState.SENT,
        MessageFactory(failed=True).key: MessageState.GIVEN_UP,
        MessageFactory(failed=True, error="refused:550").key: MessageState.REFUSED,
        MessageFactory(sent=True, bounced_at=NOON, bounce=BounceKind.HARD).key: MessageState.BOUNCED,
    }

    assert states_of(session, [*expected, "not there"]) == expected
    assert {message.key: message.state for message in session.scalars(select(Message))} == expected
    assert count_by_state(session, Message.about == "account:0000000000") == dict.fromkeys(MessageState, 1)


def test_words_of_what_was_given_up_are_forgotten_in_time(session: Session) -> None:
    old = MessageFactory(failed=True, failed_at=NOON - KEEP_FAILED)
    new = MessageFactory(failed=True, failed_at=NOON - KEEP_FAILED + timedelta(seconds=1))

    assert forget_failed(now=NOON) == 1

    session.expire_all()
    assert (old.recipient_sealed, old.context_sealed) == (None, None)
    assert new.recipient_sealed is not None


def test_signs_of_life_and_the_oldest_letter(session: Session) -> None:
    beat("mail", now=NOON)
    beat("mail", now=NOON + timedelta(seconds=5))
    MessageFactory(sent=True)
    MessageFactory(created_at=NOON - timedelta(hours=3), due_at=NOON - timedelta(minutes=1), tries=4)
    MessageFactory(created_at=NOON - timedelta(days=9), due_at=NOON - timedelta(minutes=2))

    assert last_beat_at(session, "mail") == NOON + timedelta(seconds=5)
    assert last_beat_at(session, "chores") is None
    assert oldest_due_at(session, NOON) == NOON - timedelta(hours=3)
    assert session.scalars(select(Message.id)).all()
