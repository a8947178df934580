"""Reminders: at the right hour of the place, once, and never of what is not so any more."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.events.rules import EventStatus
from coordinator.kit.crypto import Seal, new_encryption_key
from coordinator.messaging import reminding
from coordinator.messaging.models import EventReminder
from coordinator.messaging.queries import oldest_reminder_due_at, unplanned_events
from coordinator.messaging.reminding import plan_reminders, write_reminders
from coordinator.messaging.rules import ReminderKind, is_of_use, reminder_times
from coordinator.messaging.unsubscribing import unsubscribe_token
from coordinator.outbox.models import Message
from coordinator.outbox.rendering import Letter, render_letter
from coordinator.rsvps.models import Rsvp
from tests.factories.events import EventFactory
from tests.factories.rsvps import ANSWERED_AT, RsvpFactory

if TYPE_CHECKING:
    from email.message import EmailMessage

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event

PLANNED = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
WEEK = datetime(2030, 9, 9, 8, 0, tzinfo=UTC)  # ten in Berlin, in summer
DAY = datetime(2030, 9, 15, 8, 0, tzinfo=UTC)
MORNING = datetime(2030, 9, 16, 6, 0, tzinfo=UTC)
HERE = "http://localhost"
NEW_YORK = "America/New_York"


def local(*numbers: int) -> datetime:
    return datetime(*numbers)  # type: ignore[arg-type,misc]  # noqa: DTZ001 a wall time


@pytest.mark.parametrize(
    ("starts", "zone", "week", "day", "morning"),
    [
        pytest.param(local(2030, 9, 16, 18), "Europe/Berlin", WEEK, DAY, MORNING, id="an evening in Berlin"),
        pytest.param(
            local(2030, 9, 16, 9),
            "Europe/Berlin",
            WEEK,
            DAY,
            datetime(2030, 9, 15, 17, tzinfo=UTC),
            id="what starts early is told the evening before",
        ),
        pytest.param(
            local(2030, 11, 4, 18),
            NEW_YORK,
            datetime(2030, 10, 28, 14, tzinfo=UTC),
            datetime(2030, 11, 3, 15, tzinfo=UTC),
            datetime(2030, 11, 4, 13, tzinfo=UTC),
            id="clocks go back in the night before",
        ),
        pytest.param(
            local(2030, 4, 1, 18),
            "Europe/Berlin",
            datetime(2030, 3, 25, 9, tzinfo=UTC),
            datetime(2030, 3, 31, 8, tzinfo=UTC),
            datetime(2030, 4, 1, 6, tzinfo=UTC),
            id="and forward",
        ),
    ],
)
def test_when_people_are_reminded(
    starts: datetime, zone: str, week: datetime, day: datetime, morning: datetime
) -> None:
    assert list(reminder_times(starts, zone, is_time_known=True).values()) == [week, day, morning]


def test_without_a_time_there_is_no_morning_of_it() -> None:
    times = reminder_times(local(2030, 9, 16, 12), "Europe/Berlin", is_time_known=False)

    assert list(times) == [ReminderKind.WEEK, ReminderKind.DAY]


@pytest.mark.parametrize(
    ("kind", "now", "expected"),
    [
        (ReminderKind.WEEK, WEEK + timedelta(days=2), True),
        (ReminderKind.WEEK, DAY, False),
        (ReminderKind.DAY, DAY + timedelta(hours=20), True),
        (ReminderKind.MORNING, MORNING + timedelta(hours=9), True),
        (ReminderKind.MORNING, MORNING + timedelta(hours=10), False),
    ],
)
def test_late_is_better_than_never_until_something_newer_is_due(
    kind: ReminderKind, now: datetime, *, expected: bool
) -> None:
    due = dict(zip(ReminderKind, (WEEK, DAY, MORNING), strict=True))

    assert is_of_use(kind, due, starts_at=MORNING + timedelta(hours=10), now=now) is expected


def move(event: Event, by: timedelta) -> None:
    event.starts_local += by
    event.starts_at += by
    event.ends_local = event.ends_at = None


def letters(session: Session) -> list[str]:
    session.flush()
    return [row.key.split(":")[1] for row in session.scalars(select(Message).order_by(Message.id))]


def read(session: Session, seal: Seal, at: datetime = PLANNED) -> EmailMessage:
    message = session.scalars(select(Message)).one()
    letter = Letter(
        public_id=message.public_id,
        template=message.template,
        locale=message.locale,
        recipient=seal.decrypt(message.recipient_sealed) or "",
        context=json.loads(seal.decrypt(message.context_sealed) or "{}"),
    )
    return render_letter(letter, at)


def test_each_reminder_once_for_whoever_said_they_come(session: Session, seal: Seal) -> None:
    event = EventFactory()
    RsvpFactory(event=event, confirmed=True)
    RsvpFactory(event=event, confirmed=True, tentative=True)
    for nobody in ({"waitlisted": True, "confirmed": True}, {"pending": True}, {"declined": True}, {}):
        RsvpFactory(event=event, **nobody)
    RsvpFactory(event=event, confirmed=True, reminders_off_at=ANSWERED_AT)
    RsvpFactory(event=event, confirmed=True, submitted_at=DAY + timedelta(hours=1))

    assert plan_reminders(now=PLANNED) == 1
    assert plan_reminders(now=PLANNED) == 0
    for now in (PLANNED, WEEK, WEEK, DAY, DAY + timedelta(minutes=1)):
        write_reminders(seal=seal, site_url=HERE, now=now, batch=1)

    assert letters(session) == ["week", "week", "day", "day"]
    write_reminders(seal=seal, site_url=HERE, now=MORNING)
    assert letters(session)[4:] == ["morning", "morning", "morning"]  # the late answer, too


def test_after_an_outage_one_is_sent_late_and_not_three(session: Session, seal: Seal) -> None:
    RsvpFactory(event=EventFactory(), confirmed=True)
    plan_reminders(now=PLANNED)

    write_reminders(seal=seal, site_url=HERE, now=MORNING + timedelta(hours=1))
    write_reminders(seal=seal, site_url=HERE, now=MORNING + timedelta(days=1))

    assert letters(session) == ["morning"]
    assert oldest_reminder_due_at(session, MORNING + timedelta(days=1)) is None


def test_a_moved_event_is_reminded_of_at_its_new_time_and_not_at_the_old(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    RsvpFactory(event=event, confirmed=True)
    plan_reminders(now=PLANNED)
    write_reminders(seal=seal, site_url=HERE, now=WEEK)

    move(event, timedelta(days=14))
    session.flush()
    write_reminders(seal=seal, site_url=HERE, now=DAY)  # before the plan was made anew
    plan_reminders(now=DAY)
    write_reminders(seal=seal, site_url=HERE, now=WEEK + timedelta(days=14))

    assert letters(session) == ["week", "week"]


def test_moved_to_tomorrow_nobody_hears_that_it_is_in_a_week(session: Session, seal: Seal) -> None:
    event = EventFactory()
    RsvpFactory(event=event, confirmed=True)
    plan_reminders(now=PLANNED)

    move(event, timedelta(days=-12))
    session.flush()
    plan_reminders(now=PLANNED)
    write_reminders(seal=seal, site_url=HERE, now=PLANNED)

    assert letters(session) == []


@pytest.mark.parametrize("status", [EventStatus.CANCELLED, EventStatus.POSTPONED])
def test_of_what_does_not_take_place_nobody_is_reminded(
    session: Session, seal: Seal, status: EventStatus
) -> None:
    event = EventFactory()
    RsvpFactory(event=event, confirmed=True)
    plan_reminders(now=PLANNED)

    event.status = status
    session.flush()
    write_reminders(seal=seal, site_url=HERE, now=WEEK)

    assert letters(session) == []
    assert unplanned_events(session, PLANNED) == []


def test_one_that_can_t_be_read_keeps_it_from_nobody(session: Session, seal: Seal) -> None:
    event = EventFactory()
    lost = Seal((new_encryption_key(),), "d" * 40)
    RsvpFactory(event=event, confirmed=True).email_sealed = lost.encrypt("lost@example.org")
    RsvpFactory(event=event, confirmed=True)
    plan_reminders(now=PLANNED)

    assert write_reminders(seal=seal, site_url=HERE, now=WEEK) == 1


def test_killed_in_between_it_goes_on_and_tells_nobody_twice(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = EventFactory()
    RsvpFactory.create_batch(7, event=event, confirmed=True)
    session.commit()
    plan_reminders(now=PLANNED)
    write, calls = reminding._write, iter(range(7))

    def dies_fifth_time(*arguments: Any, **more: Any) -> bool:
        if next(calls, 7) == 4:
            raise KeyboardInterrupt
        return write(*arguments, **more)

    monkeypatch.setattr(reminding, "_write", dies_fifth_time)
    with pytest.raises(KeyboardInterrupt):
        write_reminders(seal=seal, site_url=HERE, now=WEEK, batch=2)
    assert len(letters(session)) == 4
    write_reminders(seal=seal, site_url=HERE, now=WEEK, batch=2)

    written = session.scalars(select(Message.recipient_digest)).all()
    assert len(written) == len(set(written)) == 7


@pytest.mark.parametrize(
    ("kind", "read_at", "words"),
    [
        (WEEK, WEEK, "In a week: "),
        (WEEK, WEEK + timedelta(days=3), "In 4 days: "),
        (WEEK, WEEK + timedelta(days=6, hours=-1), "Tomorrow: "),
        (DAY, DAY, "Tomorrow: "),
        (DAY, MORNING - timedelta(hours=5), "Today: "),
        (MORNING, MORNING, "Today: "),
    ],
)
def test_the_subject_counts_the_days_that_are_left_when_it_goes_out(
    session: Session, seal: Seal, kind: datetime, read_at: datetime, words: str
) -> None:
    RsvpFactory(event=EventFactory(title="Vigil"), confirmed=True)
    plan_reminders(now=PLANNED)
    write_reminders(seal=seal, site_url=HERE, now=kind)

    assert read(session, seal, read_at)["Subject"] == f"{words}Vigil"


def test_noon_announced_and_noon_for_want_of_a_time_are_told_apart(session: Session, seal: Seal) -> None:
    noon = local(2030, 9, 16, 12)
    event = EventFactory(starts_local=noon, ends_local=None, is_time_known=False)
    RsvpFactory(event=event, confirmed=True)
    plan_reminders(now=PLANNED)
    write_reminders(seal=seal, site_url=HERE, now=WEEK)

    event.is_time_known = True
    session.flush()
    assert plan_reminders(now=DAY) == 1
    write_reminders(seal=seal, site_url=HERE, now=DAY)
    write_reminders(seal=seal, site_url=HERE, now=MORNING)
    assert letters(session) == ["week", "day", "morning"]

    event.is_time_known = False
    session.flush()
    assert plan_reminders(now=MORNING) == 1
    kinds = session.scalars(select(EventReminder.kind).order_by(EventReminder.due_at)).all()
    assert kinds == [ReminderKind.WEEK, ReminderKind.DAY]


def test_the_letter_says_when_in_the_reader_s_language_and_how_to_stop_it(
    session: Session, seal: Seal
) -> None:
    event = EventFactory(how_to_get_there="Take the tram.")
    rsvp = RsvpFactory(event=event, confirmed=True, locale="ru", token="w" * 32)
    plan_reminders(now=PLANNED)
    write_reminders(seal=seal, site_url=HERE, now=WEEK)

    mail = read(session, seal)

    link = f"http://localhost/ru/unsubscribe/{unsubscribe_token(rsvp.public_id, seal)}"
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        words = body.get_content()
        assert "18:00" in words
        assert "Take the tram." in words
        assert link in words
        assert ".ics?lang=ru" in words
        assert f"/ru/rsvp/{'w' * 32}" in words


def test_looking_stops_nothing_and_one_click_does(client: FlaskClient, session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory(confirmed=True, consent_updates_at=ANSWERED_AT, event=EventFactory())
    path = f"/en/unsubscribe/{unsubscribe_token(rsvp.public_id, seal)}"
    session.commit()

    assert client.get(path).status_code == 200
    session.refresh(rsvp)
    assert (rsvp.reminders_off_at, rsvp.consent_updates_at) == (None, ANSWERED_AT)
    elsewhere = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    clicked = client.post(path, data={"List-Unsubscribe": "One-Click"}, headers=elsewhere)

    assert clicked.status_code == 200
    session.refresh(rsvp)
    assert rsvp.reminders_off_at is not None
    assert rsvp.consent_updates_at is None
    assert "Stopped" in client.get(path).text
    assert client.post(path, data={"again": "yes"}).status_code == 303
    session.refresh(rsvp)
    assert (rsvp.reminders_off_at, rsvp.consent_updates_at) == (None, None)


def test_a_link_that_was_made_up_or_is_forgotten_stops_nothing(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    rsvp = RsvpFactory(confirmed=True, event=EventFactory())
    token = unsubscribe_token(rsvp.public_id, seal)
    session.commit()

    for wrong in (token[:-1] + ("a" if token[-1] != "a" else "b"), "r", "ж", token.replace("r", "c", 1)):
        assert client.get(f"/en/unsubscribe/{wrong}").status_code == 404
        assert client.post(f"/en/unsubscribe/{wrong}").status_code == 404
    rsvp.forgotten_at = ANSWERED_AT
    session.commit()
    assert client.get(f"/en/unsubscribe/{token}").status_code == 404
    assert session.scalars(select(Rsvp.reminders_off_at)).all() == [None]
    assert session.scalars(select(EventReminder)).all() == []
