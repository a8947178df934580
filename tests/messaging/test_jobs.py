from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.events.rules import EventStatus, NoticeKind
from coordinator.kit.clock import now as real_now
from coordinator.kit.crypto import Seal, new_encryption_key
from coordinator.messaging import jobs
from coordinator.messaging.jobs import fan_out_notices
from coordinator.outbox.models import Message
from coordinator.outbox.rendering import Letter, render_letter
from tests.factories.events import EventFactory, EventNoticeFactory
from tests.factories.rsvps import ANSWERED_AT, RsvpFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

AT = ANSWERED_AT + timedelta(days=1)
BEFORE = {
    "title": "Vigil",
    "starts_at": "2030-09-16T15:00:00+00:00",
    "ends_at": None,
    "timezone": "Europe/Berlin",
    "is_time_known": True,
    "address": "Alexanderplatz",
    "city": "Berlin",
    "country": "DE",
}


def recipients(session: Session, seal: Seal) -> list[str | None]:
    return [
        seal.decrypt(row.recipient_sealed) for row in session.scalars(select(Message).order_by(Message.id))
    ]


def letter(session: Session, seal: Seal, message: Message) -> tuple[str, str]:
    mail = render_letter(
        Letter(
            public_id=message.public_id,
            template=message.template,
            locale=message.locale,
            recipient=seal.decrypt(message.recipient_sealed) or "",
            context=json.loads(seal.decrypt(message.context_sealed) or "{}"),
        ),
        real_now(),
    )
    body = mail.get_body(("plain",))
    assert body is not None
    html = mail.get_body(("html",))
    assert html is not None
    return str(mail["Subject"]), body.get_content()


def die_at_letter(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker be killed while it writes that letter of an announcement, and never again."""
    write, numbers = jobs._announce, count(1)

    def dies(*arguments: Any, **more: Any) -> bool:
        if next(numbers) == number:
            raise KeyboardInterrupt
        return write(*arguments, **more)

    monkeypatch.setattr(jobs, "_announce", dies)


def test_everybody_who_confirmed_and_still_thinks_of_coming_is_told_once(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    told = [
        RsvpFactory(event=event, confirmed=True),
        RsvpFactory(event=event, confirmed=True, tentative=True),
        RsvpFactory(event=event, confirmed=True, waitlisted=True),
    ]
    RsvpFactory(event=event)
    RsvpFactory(event=event, pending=True)
    RsvpFactory(event=event, confirmed=True, declined=True)
    RsvpFactory(event=event, confirmed=True, submitted_at=AT + timedelta(hours=1))
    RsvpFactory(confirmed=True)
    notice = EventNoticeFactory(event=event, at=AT, before=BEFORE)

    written = fan_out_notices(seal=seal, now=AT, batch=2)
    again = fan_out_notices(seal=seal, now=AT, batch=2)

    assert (written, again) == (3, 0)
    assert recipients(session, seal) == [seal.decrypt(rsvp.email_sealed) for rsvp in told]
    session.expire_all()
    assert notice.done_at == AT


def test_a_worker_killed_between_batches_goes_on_and_writes_nobody_twice(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = EventFactory()
    RsvpFactory.create_batch(5, event=event, confirmed=True)
    EventNoticeFactory(event=event, at=AT, before=BEFORE)
    session.commit()
    write, calls = jobs._write_batch, iter((False, True))

    def dies_second_time(*arguments: Any, **more: Any) -> int:
        if next(calls, False):
            raise KeyboardInterrupt
        return write(*arguments, **more)

    monkeypatch.setattr(jobs, "_write_batch", dies_second_time)
    with pytest.raises(KeyboardInterrupt):
        fan_out_notices(seal=seal, now=AT, batch=2)
    assert fan_out_notices(seal=seal, now=AT, batch=2) == 3

    assert len(set(recipients(session, seal))) == 5
    assert len(recipients(session, seal)) == 5


def test_a_change_says_what_it_was_and_what_it_is_now(session: Session, seal: Seal) -> None:
    event = EventFactory(title="Vigil", address="Unter den Linden 63")
    RsvpFactory(event=event, confirmed=True, token="t" * 32)
    RsvpFactory(event=event, confirmed=True, locale="ru")
    EventNoticeFactory(event=event, at=AT, before=BEFORE | {"mission": "another"})
    fan_out_notices(seal=seal, now=AT)
    english, _russian = session.scalars(select(Message).order_by(Message.id))

    subject, text = letter(session, seal, english)

    assert subject == "Changed: Vigil"
    now_part, was_part = text.split("It was:")
    assert "18:00 – 19:30, Berlin" in now_part
    assert "Embassy of Russia in Berlin\nUnter den Linden 63\nBerlin\n" in now_part
    assert "17:00, Berlin" in was_part
    assert "Alexanderplatz\nBerlin\n" in was_part
    assert "Embassy" not in was_part
    assert "UTC+02:00" in now_part
    assert f"/en/rsvp/{'t' * 32}" in text


def test_a_cancellation_gives_the_reason_and_goes_out_in_the_recipients_language(
    session: Session, seal: Seal
) -> None:
    event = EventFactory(cancelled=True, title="Vigil", cancelled_because="The police closed the street.")
    RsvpFactory(event=event, confirmed=True, locale="ru", token="t" * 32)
    EventNoticeFactory(event=event, at=AT, kind=NoticeKind.CANCELLED, before=BEFORE)

    fan_out_notices(seal=seal, now=AT)

    message = session.scalars(select(Message)).one()
    _, text = letter(session, seal, message)
    assert message.template == "messaging/cancelled"
    assert "The police closed the street." in text
    assert f"/ru/rsvp/{'t' * 32}" in text


def test_no_letter_names_anybody_but_its_recipient(session: Session, seal: Seal) -> None:
    event = EventFactory()
    people = RsvpFactory.create_batch(3, event=event, confirmed=True)
    EventNoticeFactory(event=event, at=AT, before=BEFORE)
    fan_out_notices(seal=seal, now=AT)
    addresses = {seal.decrypt(rsvp.email_sealed) or "" for rsvp in people}

    for message in session.scalars(select(Message)):
        words = " ".join(letter(session, seal, message))
        others = addresses - {seal.decrypt(message.recipient_sealed)}
        assert not [address for address in others if address in words]


def test_many_people_are_written_in_small_transactions(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = EventFactory()
    RsvpFactory.create_batch(25, event=event, confirmed=True)
    EventNoticeFactory(event=event, at=AT, before=BEFORE)
    sizes: list[int] = []
    write = jobs._write_batch

    def counted(*arguments: Any, **more: Any) -> int:
        sizes.append(write(*arguments, **more))
        return sizes[-1]

    monkeypatch.setattr(jobs, "_write_batch", counted)

    fan_out_notices(seal=seal, now=AT, batch=10)

    assert sizes == [10, 10, 5]


def test_one_unreadable_answer_keeps_the_news_from_nobody_else(session: Session, seal: Seal) -> None:
    event = EventFactory()
    foreign = Seal([new_encryption_key()], "d" * 40)
    RsvpFactory(event=event, confirmed=True, email_sealed=foreign.encrypt("ada@example.org"))
    RsvpFactory(event=event, confirmed=True)
    EventNoticeFactory(event=event, at=AT, before=BEFORE)

    assert fan_out_notices(seal=seal, now=AT) == 1
    assert fan_out_notices(seal=seal, now=AT) == 0


def test_who_comes_is_told_that_it_is_postponed_and_then_when_it_is(session: Session, seal: Seal) -> None:
    event = EventFactory(postponed=True, title="Vigil", postponed_because="A storm is coming.")
    RsvpFactory(event=event, confirmed=True, token="t" * 32)
    EventNoticeFactory(event=event, at=AT, kind=NoticeKind.POSTPONED, before=BEFORE)
    fan_out_notices(seal=seal, now=AT)
    (message,) = session.scalars(select(Message))

    subject, text = letter(session, seal, message)

    assert subject == "Postponed: Vigil"
    assert "A storm is coming." in text
    assert "Your answer stays" in text
    assert f"/en/rsvp/{'t' * 32}" in text

    event.status, event.postponed_because = EventStatus.PUBLISHED, ""
    EventNoticeFactory(event=event, at=AT, kind=NoticeKind.RESUMED, before=BEFORE)
    fan_out_notices(seal=seal, now=AT)
    again = session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert again is not None

    subject, text = letter(session, seal, again)

    assert subject == "New time: Vigil"
    assert "17:00" in text.split("It was:")[1]
