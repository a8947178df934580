"""Postponed, on again, moved: said at once, told to those who come, and remembered for old posters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.audit.models import AuditEntry
from coordinator.campaigns.rules import CampaignRoleKind
from coordinator.events.coverage import Cover, coverage
from coordinator.events.earlier import earlier_of
from coordinator.events.models import Event, EventNotice
from coordinator.events.queries.details import details_of
from coordinator.events.queries.others import events_at_mission
from coordinator.events.queries.reviewing import review_queue
from coordinator.events.rules import (
    DayError,
    EventStatus,
    NoticeKind,
    Outcome,
    PastError,
    WrongStateError,
    check_day,
)
from coordinator.events.service.changing import cancel_event, change_event
from coordinator.events.service.postponing import postpone_event, resume_event
from coordinator.events.service.reviewing import accept_change
from coordinator.maps.queries import atlas_of
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOW = datetime(2030, 8, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
AFTER_THE_DAY = datetime(2030, 9, 18, 12, 0, tzinfo=UTC)


def at_six(day: int) -> dict[str, datetime]:
    return {
        "starts_local": datetime(2030, 9, day, 18, 0),  # noqa: DTZ001 a wall time
        "ends_local": datetime(2030, 9, day, 19, 30),  # noqa: DTZ001 a wall time
    }


def trusted_event(**said: Any) -> Event:
    event = EventFactory(campaign__trusting=True, **said)
    CampaignRoleFactory(campaign=event.campaign, account=event.organiser, kind=CampaignRoleKind.TRUSTED)
    return event


def kinds(session: Session) -> list[NoticeKind]:
    return list(session.scalars(select(EventNotice.kind).order_by(EventNotice.id)))


def test_postponing_is_public_at_once_whoever_says_so(session: Session, seal: Seal) -> None:
    event = EventFactory()  # by an organiser whom nobody trusts yet
    revision = event.campaign.revision

    postpone_event(session, event, seal=seal, now=NOW, because="A storm is coming.")

    assert (event.status, event.postponed_at, event.postponed_because) == (
        EventStatus.POSTPONED, NOW, "A storm is coming.",
    )  # fmt: skip
    assert (event.sequence, event.campaign.revision > revision) == (1, True)
    assert kinds(session) == [NoticeKind.POSTPONED]
    assert "event:postponed" in set(session.scalars(select(AuditEntry.tag)))
    with pytest.raises(WrongStateError):
        postpone_event(session, event, seal=seal, now=LATER)


@pytest.mark.parametrize("state", ["draft", "submitted", "rejected", "cancelled"])
def test_what_nobody_was_promised_is_not_postponed(session: Session, seal: Seal, state: str) -> None:
    with pytest.raises(WrongStateError):
        postpone_event(session, EventFactory(**{state: True}), seal=seal, now=NOW)


def test_what_is_over_is_not_postponed(session: Session, seal: Seal) -> None:
    with pytest.raises(PastError):
        postpone_event(session, EventFactory(), seal=seal, now=AFTER_THE_DAY)


def test_the_old_time_passes_and_it_is_not_over(session: Session) -> None:
    assert not EventFactory(postponed=True).is_over(AFTER_THE_DAY)
    assert EventFactory().is_over(AFTER_THE_DAY)


def test_a_trusted_organisers_new_time_lets_it_happen(session: Session, seal: Seal) -> None:
    event = trusted_event(postponed=True, postponed_because="A storm is coming.")

    outcome = change_event(
        session, event, replace(details_of(event), **at_six(25)), seal=seal, now=AFTER_THE_DAY
    )

    assert (outcome, event.status, event.postponed_because) == (Outcome.APPLIED, EventStatus.PUBLISHED, "")
    assert (event.moved_at, event.sequence) == (AFTER_THE_DAY, 2)
    assert kinds(session) == [NoticeKind.RESUMED], "one letter, not two"


def test_an_untrusted_organisers_new_time_waits_and_it_stays_postponed(session: Session, seal: Seal) -> None:
    event = EventFactory(postponed=True)

    outcome = change_event(session, event, replace(details_of(event), **at_six(25)), seal=seal, now=NOW)

    assert (outcome, event.status) == (Outcome.PROPOSED, EventStatus.POSTPONED)
    assert [item.event for item in review_queue(session, event.campaign)] == [event]

    accept_change(session, event, by=AccountFactory(), seal=seal, now=LATER)

    assert (event.status, kinds(session)) == (EventStatus.PUBLISHED, [NoticeKind.RESUMED])


def test_a_new_time_that_passed_while_it_waited_is_not_announced(session: Session, seal: Seal) -> None:
    event = EventFactory(postponed=True)
    change_event(session, event, replace(details_of(event), **at_six(17)), seal=seal, now=NOW)

    with pytest.raises(PastError), session.begin_nested():
        accept_change(session, event, by=AccountFactory(), seal=seal, now=AFTER_THE_DAY)

    session.refresh(event)
    assert event.status is EventStatus.POSTPONED


def test_other_words_leave_it_postponed(session: Session, seal: Seal) -> None:
    event = trusted_event(postponed=True)

    change_event(
        session, event, replace(details_of(event), accessibility="Step-free."), seal=seal, now=AFTER_THE_DAY
    )

    assert (event.status, kinds(session)) == (EventStatus.POSTPONED, [])


def test_it_can_take_place_as_announced_after_all(session: Session, seal: Seal) -> None:
    event = EventFactory()
    postpone_event(session, event, seal=seal, now=NOW)

    resume_event(session, event, seal=seal, now=LATER)

    assert (event.status, event.moved_at, event.sequence) == (EventStatus.PUBLISHED, None, 2)
    assert kinds(session) == [NoticeKind.POSTPONED, NoticeKind.RESUMED]
    with pytest.raises(WrongStateError):
        resume_event(session, event, seal=seal, now=LATER)


def test_a_time_that_has_passed_is_not_resumed(session: Session, seal: Seal) -> None:
    with pytest.raises(PastError):
        resume_event(session, EventFactory(postponed=True), seal=seal, now=AFTER_THE_DAY)


def test_a_postponed_protest_can_be_cancelled_when_its_time_has_passed(session: Session, seal: Seal) -> None:
    event = EventFactory(postponed=True)

    cancel_event(session, event, by=event.organiser, seal=seal, now=AFTER_THE_DAY)

    assert (event.status, kinds(session)) == (EventStatus.CANCELLED, [NoticeKind.CANCELLED])


DAY = date(2030, 9, 16)


def test_who_was_postponed_may_make_up_for_it_after_the_campaign() -> None:
    check_day(DAY + timedelta(days=90), first=DAY, last=None, may_be_later=True)
    for day, may_be_later in ((91, True), (-1, True), (1, False)):
        with pytest.raises(DayError):
            check_day(DAY + timedelta(days=day), first=DAY, last=None, may_be_later=may_be_later)


def test_it_is_nobodys_plan_for_its_day_and_not_near_anybody(session: Session) -> None:
    event = EventFactory(postponed=True)

    assert events_at_mission(session, event.campaign, event.mission_id, DAY) == []
    atlas = atlas_of(session, event.campaign, now=event.created_at)
    assert atlas.nearest(event.point, 5, event.created_at) == []


def test_its_mission_is_not_one_where_nobody_stands(session: Session) -> None:
    event = EventFactory(postponed=True)

    (covered,) = [one for one in coverage(session, event.campaign, "en") if one.code == event.mission.code]

    assert (covered.cover, covered.published) == (Cover.POSTPONED, 0)


# Moved: for people with an old poster


def test_what_it_was_is_remembered_as_long_as_it_differs(session: Session, seal: Seal) -> None:
    event = trusted_event(campaign__local=True)
    first = details_of(event)
    was = event.starts_at
    for day in (20, 25):
        change_event(session, event, replace(first, **at_six(day)), seal=seal, now=NOW)
    elsewhere = replace(details_of(event), address="Unter den Linden 1")
    change_event(session, event, elsewhere, seal=seal, now=LATER)
    session.flush()

    found = earlier_of(session, event)

    assert [one.starts_at.day for one in found] == [25, 20, 16]
    assert [one.is_another_time for one in found] == [False, True, True]
    assert found[0].is_another_place
    assert found[-1].starts_at == was
    assert found[0].until == LATER


def test_going_back_to_where_it_was_leaves_nothing_to_say_of_it(session: Session, seal: Seal) -> None:
    event = trusted_event(campaign__local=True)
    first = details_of(event)
    change_event(session, event, replace(first, **at_six(20)), seal=seal, now=NOW)
    change_event(session, event, first, seal=seal, now=LATER)
    session.flush()

    assert [one.starts_at.day for one in earlier_of(session, event)] == [20]


# Pages


def test_everybody_reads_it_and_nobody_can_answer(client: FlaskClient, session: Session, seal: Seal) -> None:
    event = EventFactory()
    postpone_event(session, event, seal=seal, now=NOW, because="A storm is coming.")
    session.commit()

    page = client.get(f"/en/events/{event.public_id}").text
    form = client.post(f"/en/events/{event.public_id}/rsvp", data={"status": "accepted", "party_size": 1})
    listed = client.get(f"/en/{event.campaign.slug}").text
    mission = client.get(f"/en/{event.campaign.slug}/missions/{event.mission.code}").text

    assert "This protest is postponed" in page
    assert "A storm is coming." in page
    assert "Send my answer" not in page
    assert form.status_code == 409
    for text in (listed, mission):
        assert "event-card--postponed" in text
        assert "It was planned for:" in text


def test_who_comes_with_an_old_poster_reads_what_it_was(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    event = trusted_event(campaign__local=True)
    change_event(
        session,
        event,
        replace(details_of(event), **at_six(20), address="Unter den Linden 1"),
        seal=seal,
        now=NOW.replace(hour=23),
    )
    session.commit()

    page = client.get(f"/en/events/{event.public_id}").text

    assert "This protest has moved" in page
    assert "Last moved: Wednesday, 21 August 2030</p>" in page
    assert "16 September 2030, 18:00 – 19:30</s> · <s><bdi>Unter den Linden 63" in " ".join(page.split())
    assert '"EventRescheduled"' in page.replace("https://schema.org/", "")
    assert '"previousStartDate": ["2030-09-16T18:00:00+02:00"]' in page


def test_the_organiser_postpones_and_resumes_in_their_room(
    sign_in: Callable[[Any], FlaskClient], session: Session
) -> None:
    event = EventFactory()
    browser = sign_in(event.organiser)
    at = f"/en/organise/events/{event.public_id}"

    asked = browser.get(f"{at}/postpone")
    done = browser.post(f"{at}/postpone", data={"because": "A storm is coming."})
    room = browser.get(at).text

    assert (asked.status_code, done.status_code) == (200, 303)
    assert "Set a new time" in room
    session.refresh(event)
    assert event.status is EventStatus.POSTPONED
    assert browser.post(f"{at}/postpone", data={}).status_code == 409

    assert browser.post(f"{at}/resume").status_code == 303
    session.refresh(event)
    assert event.status is EventStatus.PUBLISHED
