"""Announcements: to those who agreed and nobody else, once, until somebody says stop."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from coordinator.checkin.models import Attendance
from coordinator.contacts.service.suppressing import suppress
from coordinator.events.rules import EventStatus
from coordinator.messaging import jobs
from coordinator.messaging.announcing import (
    approve_announcement,
    describe_announcement,
    hand_in,
    refuse_announcement,
    take_back,
)
from coordinator.messaging.audiences.answers import reach_of
from coordinator.messaging.jobs import write_announcements
from coordinator.messaging.rules import (
    FREE_RECIPIENTS,
    MOST_A_DAY,
    AnnouncementDetails,
    AnnouncementStateError,
    AnnouncementStatus,
    AnswerAudience,
    Came,
    NoReaderError,
    RefusalMissingError,
    TimeOverError,
    TooManyAnnouncementsError,
    Words,
    needs_approval,
)
from coordinator.outbox.models import Message
from coordinator.rsvps.rules import RsvpStatus
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.messaging import WRITTEN_AT, AnnouncementFactory
from tests.factories.rsvps import ANSWERED_AT, HelpOfferFactory, RsvpFactory
from tests.messaging.test_jobs import die_at_letter, letter

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal

HERE = "http://localhost"
LATER = WRITTEN_AT + timedelta(minutes=1)


def agreed(event: Event, **more: Any) -> Any:
    return RsvpFactory(**{"event": event, "confirmed": True, "consent_updates_at": ANSWERED_AT} | more)


def send(session: Session, seal: Seal, *, batch: int = 25) -> int:
    session.commit()
    return write_announcements(seal=seal, site_url=HERE, now=LATER, batch=batch)


def recipients(session: Session, seal: Seal) -> set[str | None]:
    rows = session.scalars(select(Message).where(Message.template == "messaging/announcement"))
    found = [seal.decrypt(row.recipient_sealed) for row in rows]
    assert len(found) == len(set(found))
    return set(found)


def test_only_those_who_confirmed_and_agreed_get_it(session: Session, seal: Seal) -> None:
    event = EventFactory()
    agreed(event, email="comes@example.org")
    agreed(event, email="may@example.org", tentative=True)
    agreed(event, email="waits@example.org", waitlisted=True)
    agreed(event, email="declined@example.org", declined=True)
    agreed(EventFactory(), email="elsewhere@example.org")
    RsvpFactory(event=event, confirmed=True, email="agreed-to-nothing@example.org")
    RsvpFactory(
        event=event, pending=True, email="never-confirmed@example.org", consent_updates_at=ANSWERED_AT
    )
    RsvpFactory(event=event, consent_updates_at=ANSWERED_AT)
    agreed(event, email="later@example.org", submitted_at=LATER + timedelta(hours=1))
    announcement = AnnouncementFactory(event=event, scheduled=True)

    written = send(session, seal, batch=1)

    assert recipients(session, seal) == {"comes@example.org", "may@example.org"}
    assert written == 2
    assert (announcement.status, announcement.readers, announcement.written) == (
        AnnouncementStatus.SENT,
        3,
        2,
    )
    assert send(session, seal) == 0


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (AnswerAudience(statuses=(RsvpStatus.WAITLISTED,)), {"waits"}),
        (AnswerAudience(role="marshal"), {"marshal"}),
        (AnswerAudience(came=Came.CAME), {"came"}),
        (
            AnswerAudience(statuses=(RsvpStatus.ACCEPTED,), came=Came.MISSED),
            {"marshal", "offers", "reads-ru"},
        ),
        (AnswerAudience(locale="ru"), {"reads-ru"}),
        (AnswerAudience(role="marshal", locale="ru"), set()),
    ],
)
def test_filters_narrow_whom_it_is_for(
    session: Session, seal: Seal, audience: AnswerAudience, expected: set[str]
) -> None:
    event = EventFactory()
    agreed(event, email="waits@example.org", waitlisted=True)
    HelpOfferFactory(rsvp=agreed(event, email="marshal@example.org"), assigned=True)
    HelpOfferFactory(rsvp=agreed(event, email="offers@example.org"))
    agreed(event, email="reads-ru@example.org", locale="ru")
    came = agreed(event, email="came@example.org")
    session.add(
        Attendance(
            rsvp_id=came.id, event_id=event.id, people=1, arrived_at=ANSWERED_AT, said_at=ANSWERED_AT,
            act_id="a", changed_at=ANSWERED_AT,
        )
    )  # fmt: skip
    AnnouncementFactory(event=event, scheduled=True, audience=asdict(audience))

    send(session, seal)

    assert recipients(session, seal) == {f"{name}@example.org" for name in expected}
    assert reach_of(session, event.id, audience).readers == len(expected)


def test_the_numbers_say_who_does_not_get_it_and_why(session: Session) -> None:
    event = EventFactory()
    agreed(event)
    RsvpFactory(event=event)
    RsvpFactory.create_batch(2, event=event, confirmed=True)
    RsvpFactory(event=event, pending=True)  # nobody knows whether they exist

    assert reach_of(session, event.id, AnswerAudience()) == (4, 1, 1, 2)


def test_whoever_wants_no_mail_of_this_organiser_is_left_out(session: Session, seal: Seal) -> None:
    event = EventFactory()
    agreed(event, email="enough@example.org")
    agreed(event, email="more@example.org")
    suppress(
        session, owner_id=event.organiser_id, email="Enough@example.org", seal=seal, now=ANSWERED_AT,
        because="by-hand",
    )  # fmt: skip
    announcement = AnnouncementFactory(event=event, scheduled=True)

    send(session, seal)

    assert recipients(session, seal) == {"more@example.org"}
    assert (announcement.readers, announcement.written, announcement.left_out) == (2, 1, 1)


def test_consent_taken_back_midway_counts(session: Session, seal: Seal) -> None:
    event = EventFactory()
    agreed(event, email="first@example.org")
    second = agreed(event, email="second@example.org")
    AnnouncementFactory(event=event, scheduled=True)
    write = jobs._announce_batch

    def takes_it_back(*arguments: Any, **more: Any) -> int:
        done = write(*arguments, **more)
        second.consent_updates_at = None
        return done

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(jobs, "_announce_batch", takes_it_back)
        send(session, seal, batch=1)

    assert recipients(session, seal) == {"first@example.org"}


def test_killed_in_between_it_goes_on_and_writes_to_nobody_twice(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = EventFactory()
    for _ in range(7):
        agreed(event)
    announcement = AnnouncementFactory(event=event, scheduled=True)
    die_at_letter(4, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        send(session, seal, batch=2)
    assert len(recipients(session, seal)) == 2
    send(session, seal, batch=2)

    assert len(recipients(session, seal)) == 7
    assert (announcement.status, announcement.written) == (AnnouncementStatus.SENT, 7)


def test_everybody_reads_it_in_their_own_language_where_it_has_one(session: Session, seal: Seal) -> None:
    event = EventFactory(title="Vigil")
    agreed(event, locale="ru", token="w" * 32)
    AnnouncementFactory(
        event=event,
        scheduled=True,
        words={"en": ("Meet", "Early"), "ru": ("Встреча", "Приходите **раньше**")},
    )
    AnnouncementFactory(event=event, scheduled=True, words={"en": ("Only English", "Sorry")})

    send(session, seal)

    russian, english = session.scalars(select(Message).order_by(Message.id))
    subject, text = letter(session, seal, russian)
    assert subject == "Встреча"
    assert "Приходите" in text
    assert f"/ru/rsvp/{'w' * 32}" in text
    assert "/ru/unsubscribe/" in text
    assert letter(session, seal, english)[0] == "Only English"


@pytest.mark.parametrize(
    ("is_trusted", "readers", "sent_today", "expected"),
    [
        (False, FREE_RECIPIENTS, 0, False),
        (False, FREE_RECIPIENTS + 1, 0, True),
        (False, 1, 1, True),
        (True, 5_000, 3, False),
    ],
)
def test_who_needs_a_coordinator_s_word(
    is_trusted: bool,
    readers: int,
    sent_today: int,
    expected: bool,
) -> None:
    assert needs_approval(is_trusted=is_trusted, readers=readers, sent_today=sent_today) is expected


def test_the_second_of_a_day_waits_and_goes_out_when_it_was_approved(session: Session, seal: Seal) -> None:
    event = EventFactory()
    agreed(event)
    coordinator = AccountFactory()
    first, second = AnnouncementFactory.create_batch(2, event=event)

    hand_in(session, first, by=event.organiser, seal=seal, now=WRITTEN_AT)
    hand_in(session, second, by=event.organiser, seal=seal, now=WRITTEN_AT)

    assert (first.status, second.status) == (AnnouncementStatus.SCHEDULED, AnnouncementStatus.WAITING)
    assert send(session, seal) == 1
    approve_announcement(session, second, by=coordinator, seal=seal, now=WRITTEN_AT)
    assert send(session, seal) == 1
    told = session.scalars(select(Message).where(Message.template == "messaging/announcement_approved")).one()
    assert seal.decrypt(told.recipient_sealed) == seal.decrypt(event.organiser.email_sealed)
    assert "goes out" in letter(session, seal, told)[0]


def test_of_a_trusted_organiser_it_goes_at_once_but_not_without_end(session: Session, seal: Seal) -> None:
    event = EventFactory()
    agreed(event)
    CampaignRoleFactory(campaign=event.campaign, account=event.organiser)
    for _ in range(MOST_A_DAY):
        announcement = AnnouncementFactory(event=event)
        hand_in(session, announcement, by=event.organiser, seal=seal, now=WRITTEN_AT)
        assert announcement.status is AnnouncementStatus.SCHEDULED

    with pytest.raises(TooManyAnnouncementsError):
        hand_in(session, AnnouncementFactory(event=event), by=event.organiser, seal=seal, now=WRITTEN_AT)


def test_one_that_grew_past_the_limit_while_it_waited_for_its_time_asks_first(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    for _ in range(FREE_RECIPIENTS + 1):
        agreed(event)
    announcement = AnnouncementFactory(event=event, scheduled=True)

    assert send(session, seal) == 0
    assert announcement.status is AnnouncementStatus.WAITING


def test_refused_it_comes_back_with_a_reason_and_may_be_changed(session: Session, seal: Seal) -> None:
    coordinator = AccountFactory()
    announcement = AnnouncementFactory(waiting=True)

    with pytest.raises(RefusalMissingError):
        refuse_announcement(session, announcement, by=coordinator, reason="", seal=seal, now=LATER)
    refuse_announcement(session, announcement, by=coordinator, reason="Too loud", seal=seal, now=LATER)

    assert announcement.status is AnnouncementStatus.REFUSED
    told = session.scalars(select(Message).where(Message.template == "messaging/announcement_refused")).one()
    assert "Too loud" in letter(session, seal, told)[1]
    details = AnnouncementDetails(words={"ru": Words(subject="Тише", body="Тише")}, audience=AnswerAudience())
    describe_announcement(session, announcement, details, seal=seal)
    assert list(announcement.texts) == ["ru"]


def test_its_time_is_that_of_the_event_and_what_has_just_passed_is_now(session: Session, seal: Seal) -> None:
    event = EventFactory()
    agreed(event)
    evening = WRITTEN_AT.replace(hour=20, tzinfo=None)
    tonight = AnnouncementFactory(event=event, send_local=evening)
    here = WRITTEN_AT.astimezone(ZoneInfo(event.timezone)).replace(tzinfo=None)
    passed = AnnouncementFactory(event=event, send_local=here - timedelta(minutes=1))
    over = AnnouncementFactory(event=event, send_local=here - timedelta(days=3))

    for one in (tonight, passed):
        hand_in(session, one, by=event.organiser, seal=seal, now=WRITTEN_AT)
    with pytest.raises(TimeOverError):
        hand_in(session, over, by=event.organiser, seal=seal, now=WRITTEN_AT)

    assert tonight.due_at == WRITTEN_AT.replace(hour=18)  # twenty o'clock in Berlin, in summer
    assert passed.due_at == WRITTEN_AT
    assert over.status is AnnouncementStatus.DRAFT


def test_stopped_midway_the_rest_is_not_sent(session: Session, seal: Seal) -> None:
    event = EventFactory()
    for _ in range(3):
        agreed(event)
    announcement = AnnouncementFactory(event=event, scheduled=True)
    send(session, seal)
    gone, leased, _ = session.scalars(select(Message).order_by(Message.id))
    gone.sent_at = LATER
    leased.leased_until = LATER + timedelta(minutes=5)

    assert take_back(session, announcement, by=event.organiser, now=LATER) == 1

    assert (announcement.status, announcement.written) == (AnnouncementStatus.STOPPED, 2)
    assert len(recipients(session, seal)) == 2
    assert send(session, seal) == 0


def test_taken_back_before_its_time_it_is_a_draft_again(session: Session, seal: Seal) -> None:
    announcement = AnnouncementFactory(scheduled=True)
    agreed(announcement.event)

    take_back(session, announcement, by=announcement.author, now=WRITTEN_AT)

    assert announcement.status is AnnouncementStatus.DRAFT
    assert send(session, seal) == 0


def test_what_can_t_be_is_refused(session: Session, seal: Seal) -> None:
    event = EventFactory()
    draft = AnnouncementFactory(event=event)
    with pytest.raises(NoReaderError):
        hand_in(session, draft, by=event.organiser, seal=seal, now=WRITTEN_AT)
    agreed(event)
    for act in (
        lambda: take_back(session, draft, by=event.organiser, now=WRITTEN_AT),
        lambda: approve_announcement(session, draft, by=event.organiser, seal=seal, now=WRITTEN_AT),
        lambda: hand_in(
            session,
            AnnouncementFactory(event=event, scheduled=True),
            by=event.organiser,
            seal=seal,
            now=WRITTEN_AT,
        ),
    ):
        with pytest.raises(AnnouncementStateError):
            act()
    event.status = EventStatus.SUBMITTED
    with pytest.raises(AnnouncementStateError):
        hand_in(session, draft, by=event.organiser, seal=seal, now=WRITTEN_AT)


def test_of_an_event_that_was_taken_down_nothing_goes_out(session: Session, seal: Seal) -> None:
    event = EventFactory()
    agreed(event)
    announcement = AnnouncementFactory(event=event, scheduled=True)
    event.status = EventStatus.REJECTED

    assert send(session, seal) == 0
    assert announcement.status is AnnouncementStatus.STOPPED
