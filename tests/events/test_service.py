from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.accounts.rules import UnverifiedError
from coordinator.audit.models import AuditEntry
from coordinator.campaigns.rules import CampaignRoleKind, NotOpenError
from coordinator.events.models import Event, EventNotice, ReviewNote
from coordinator.events.queries.details import details_of
from coordinator.events.rules import (
    ChangedMeanwhileError,
    CountShown,
    DayError,
    EventStatus,
    NoteKind,
    NoticeKind,
    NotLocatedError,
    Outcome,
    PastError,
    ReasonMissingError,
    RoughPlaceError,
    WrongStateError,
)
from coordinator.events.service.changing import cancel_event, change_event
from coordinator.events.service.describing import offered_details
from coordinator.events.service.registering import register_event, submit_event, withdraw_event
from coordinator.events.service.reviewing import (
    accept_change,
    ask_organiser,
    publish_event,
    refuse_change,
    reject_event,
    version_of,
)
from coordinator.outbox.models import Message
from coordinator.places.rules import NonexistentTimeError, Precision
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOW = datetime(2030, 8, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def wall(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 a wall time


def letters(session: Session, seal: Seal) -> list[tuple[str, dict[str, Any]]]:
    session.flush()
    rows = session.scalars(select(Message).order_by(Message.id))
    return [(row.template, json.loads(seal.decrypt(row.context_sealed) or "{}")) for row in rows]


def trusted_event(**said: Any) -> Event:
    event = EventFactory(campaign__trusting=True, **said)
    CampaignRoleFactory(campaign=event.campaign, account=event.organiser, kind=CampaignRoleKind.TRUSTED)
    return event


def test_a_protest_begins_as_a_draft_and_keeps_its_time_three_ways(session: Session) -> None:
    model = EventFactory(draft=True)
    details = replace(details_of(model), starts_local=wall(2030, 9, 16, 9, 0), timezone="Asia/Tokyo")

    event = register_event(
        session, CampaignFactory(), AccountFactory(), replace(details, ends_local=None), now=NOW
    )

    assert event.status is EventStatus.DRAFT
    assert (event.starts_local, event.timezone) == (wall(2030, 9, 16, 9, 0), "Asia/Tokyo")
    assert event.starts_at == datetime(2030, 9, 16, 0, 0, tzinfo=UTC)


def test_a_closed_campaign_takes_nothing(session: Session) -> None:
    details = details_of(EventFactory())

    with pytest.raises(NotOpenError):
        register_event(session, CampaignFactory(archived=True), AccountFactory(), details, now=NOW)


def test_the_campaigns_day_is_a_rule_and_not_only_a_proposal(session: Session) -> None:
    details = replace(details_of(EventFactory()), starts_local=wall(2030, 9, 17, 18, 0), ends_local=None)

    with pytest.raises(DayError):
        register_event(session, CampaignFactory(), AccountFactory(), details, now=NOW)
    event = register_event(session, CampaignFactory(window=True), AccountFactory(), details, now=NOW)
    assert event.starts_local.day == 17


def test_what_is_sent_waits_and_nobody_is_mailed(session: Session, seal: Seal) -> None:
    event = EventFactory(draft=True)
    revision = event.campaign.revision

    submit_event(session, event, seal=seal, now=NOW, note="We are six.")

    assert (event.status, event.submitted_at, event.published_at) == (EventStatus.SUBMITTED, NOW, None)
    note = session.scalars(select(ReviewNote)).one()
    assert (note.kind, seal.decrypt(note.text_sealed)) == (NoteKind.SUBMITTED, "We are six.")
    assert "We are six." not in (note.text_sealed or "")
    assert event.campaign.revision > revision
    assert letters(session, seal) == []


def test_an_address_that_nobody_verified_sends_nothing(session: Session, seal: Seal) -> None:
    event = EventFactory(draft=True, organiser__unverified=True)

    with pytest.raises(UnverifiedError):
        submit_event(session, event, seal=seal, now=NOW)


def test_what_is_over_is_not_sent(session: Session, seal: Seal) -> None:
    with pytest.raises(PastError):
        submit_event(session, EventFactory(draft=True), seal=seal, now=NOW + timedelta(days=60))


def test_a_trusted_organiser_publishes_at_once_where_the_campaign_says_so(
    session: Session, seal: Seal
) -> None:
    event = trusted_event(draft=True)

    submit_event(session, event, seal=seal, now=NOW)

    assert (event.status, event.published_at) == (EventStatus.PUBLISHED, NOW)


def test_trust_does_not_send_people_to_the_middle_of_a_city(session: Session, seal: Seal) -> None:
    event = trusted_event(draft=True, rough=True)

    submit_event(session, event, seal=seal, now=NOW)

    assert event.status is EventStatus.SUBMITTED


def test_trust_counts_for_nothing_where_everything_is_reviewed(session: Session, seal: Seal) -> None:
    event = EventFactory(draft=True)
    CampaignRoleFactory(campaign=event.campaign, account=event.organiser, kind=CampaignRoleKind.TRUSTED)

    submit_event(session, event, seal=seal, now=NOW)

    assert event.status is EventStatus.SUBMITTED


def test_publishing_tells_the_organiser_once_and_a_second_click_is_refused(
    session: Session, seal: Seal
) -> None:
    event, by = EventFactory(submitted=True, organiser__locale="ru"), AccountFactory()
    revision = event.campaign.revision

    publish_event(session, event, by=by, seal=seal, now=NOW, seen=version_of(event))
    with pytest.raises(WrongStateError):
        publish_event(session, event, by=by, seal=seal, now=LATER, seen=version_of(event))

    assert (event.status, event.published_at) == (EventStatus.PUBLISHED, NOW)
    assert [template for template, _ in letters(session, seal)] == ["events/published"]
    assert session.scalars(select(Message.locale)).one() == "ru"
    assert event.campaign.revision > revision
    tags = session.scalars(
        select(AuditEntry.tag).where(AuditEntry.subject == f"event:{event.public_id}")
    ).all()
    assert tags == ["event:published"]


def test_nobody_publishes_what_they_did_not_read(session: Session, seal: Seal) -> None:
    event = EventFactory(submitted=True)
    seen = version_of(event)
    change_event(session, event, replace(details_of(event), title="Something else"), seal=seal, now=NOW)

    with pytest.raises(ChangedMeanwhileError):
        publish_event(session, event, by=AccountFactory(), seal=seal, now=LATER, seen=seen)


def test_a_rough_point_needs_the_coordinators_word_and_none_is_too_little(
    session: Session, seal: Seal
) -> None:
    rough, nowhere = EventFactory(submitted=True, rough=True), EventFactory(submitted=True, unlocated=True)
    by = AccountFactory()

    with pytest.raises(RoughPlaceError):
        publish_event(session, rough, by=by, seal=seal, now=NOW)
    publish_event(session, rough, by=by, seal=seal, now=NOW, accepts_rough_place=True)
    with pytest.raises(NotLocatedError):
        publish_event(session, nowhere, by=by, seal=seal, now=NOW, accepts_rough_place=True)

    assert rough.status is EventStatus.PUBLISHED


def test_asking_twice_asks_once_and_the_answer_clears_it(session: Session, seal: Seal) -> None:
    event, by = EventFactory(submitted=True), AccountFactory()
    first_sent = event.submitted_at

    ask_organiser(session, event, by=by, reason="Who speaks?", seal=seal, now=NOW)
    ask_organiser(session, event, by=by, reason="Who speaks?", seal=seal, now=LATER)
    ask_organiser(session, event, by=by, reason="And until when?", seal=seal, now=LATER)

    asked = [context["reason"] for template, context in letters(session, seal) if template == "events/asked"]
    assert asked == ["Who speaks?", "And until when?"]
    submit_event(session, event, seal=seal, now=LATER, note="Ada, until eight.")
    assert (event.asked_at, event.submitted_at) == (None, first_sent)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_decision_against_somebody_needs_words(session: Session, seal: Seal, reason: str) -> None:
    waiting, changed = EventFactory(submitted=True), EventFactory(proposed={"title": "X"}, proposed_at=NOW)
    by = AccountFactory()

    for act, event in ((ask_organiser, waiting), (reject_event, waiting), (refuse_change, changed)):
        with pytest.raises(ReasonMissingError):
            act(session, event, by=by, reason=reason, seal=seal, now=NOW)
    with pytest.raises(ReasonMissingError):
        cancel_event(session, EventFactory(), by=by, seal=seal, now=NOW)


def test_a_rejected_protest_goes_back_with_the_reason_and_may_be_sent_again(
    session: Session, seal: Seal
) -> None:
    event = EventFactory(submitted=True)

    reject_event(session, event, by=AccountFactory(), reason="Not the right day.", seal=seal, now=NOW)

    assert event.status is EventStatus.REJECTED
    assert [(t, c["reason"]) for t, c in letters(session, seal)] == [
        ("events/rejected", "Not the right day.")
    ]
    submit_event(session, event, seal=seal, now=LATER)
    assert (event.status, event.submitted_at) == (EventStatus.SUBMITTED, LATER)


def test_a_change_of_a_published_event_waits_and_the_public_version_stays(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    before, revision = details_of(event), event.campaign.revision
    wanted = replace(before, starts_local=wall(2030, 9, 16, 17, 0), description="Bring letters.")

    outcome = change_event(session, event, wanted, seal=seal, now=NOW)

    assert outcome is Outcome.PROPOSED
    assert details_of(event) == before
    assert offered_details(event) == wanted
    assert (event.sequence, event.campaign.revision) == (0, revision)
    assert session.scalar(select(func.count(EventNotice.id))) == 0


def test_an_accepted_change_is_public_and_those_who_come_are_told_what_it_was(
    session: Session, seal: Seal
) -> None:
    event = EventFactory()
    was = event.starts_at
    change_event(
        session, event, replace(details_of(event), starts_local=wall(2030, 9, 16, 17, 0)), seal=seal, now=NOW
    )

    accept_change(session, event, by=AccountFactory(), seal=seal, now=LATER, seen=version_of(event))

    assert (event.starts_at, event.proposed, event.sequence) == (was - timedelta(hours=1), None, 1)
    notice = session.scalars(select(EventNotice)).one()
    assert notice.kind is NoticeKind.CHANGED
    assert notice.before["starts_at"] == was.isoformat()
    assert [template for template, _ in letters(session, seal)] == ["events/change_accepted"]
    with pytest.raises(WrongStateError):
        accept_change(session, event, by=AccountFactory(), seal=seal, now=LATER)


def test_a_refused_change_leaves_everything_as_it_was(session: Session, seal: Seal) -> None:
    event = EventFactory()
    before = details_of(event)
    change_event(session, event, replace(before, title="Other"), seal=seal, now=NOW)

    refuse_change(session, event, by=AccountFactory(), reason="Misleading.", seal=seal, now=LATER)

    assert (details_of(event), event.proposed) == (before, None)
    assert [template for template, _ in letters(session, seal)] == ["events/change_refused"]


def test_other_words_are_no_news_for_those_who_come(session: Session, seal: Seal) -> None:
    event = trusted_event()

    outcome = change_event(
        session, event, replace(details_of(event), description="Bring letters."), seal=seal, now=NOW
    )

    assert (outcome, event.description, event.sequence) == (Outcome.APPLIED, "Bring letters.", 1)
    assert session.scalar(select(func.count(EventNotice.id))) == 0


def test_a_trusted_organisers_new_time_is_public_at_once_with_its_news(session: Session, seal: Seal) -> None:
    event = trusted_event()
    revision = event.campaign.revision

    change_event(
        session, event, replace(details_of(event), starts_local=wall(2030, 9, 16, 17, 0)), seal=seal, now=NOW
    )

    assert event.starts_local.hour == 17
    assert session.scalars(select(EventNotice.kind)).all() == [NoticeKind.CHANGED]
    assert event.campaign.revision == revision + 1


def test_a_trusted_organisers_rough_place_is_looked_at_first(session: Session, seal: Seal) -> None:
    event = trusted_event()

    wanted = replace(details_of(event), address="Somewhere", precision=Precision.CITY)

    assert change_event(session, event, wanted, seal=seal, now=NOW) is Outcome.PROPOSED


def test_changing_ones_mind_takes_the_proposal_back(session: Session, seal: Seal) -> None:
    event = EventFactory()
    before = details_of(event)
    change_event(session, event, replace(before, title="Other"), seal=seal, now=NOW)

    assert change_event(session, event, before, seal=seal, now=LATER) is Outcome.NOTHING
    assert event.proposed is None


def test_withdrawing_takes_back_what_waits_and_nothing_else(session: Session, seal: Seal) -> None:
    waiting, changed, public = EventFactory(submitted=True), EventFactory(), EventFactory()
    change_event(session, changed, replace(details_of(changed), title="Other"), seal=seal, now=NOW)

    withdraw_event(session, waiting, now=NOW, seal=seal)
    withdraw_event(session, changed, now=NOW, seal=seal)
    with pytest.raises(WrongStateError):
        withdraw_event(session, public, now=NOW, seal=seal)

    assert waiting.status is EventStatus.DRAFT
    assert (changed.status, changed.proposed) == (EventStatus.PUBLISHED, None)


def test_cancelling_stays_visible_says_why_and_tells_those_who_come(session: Session, seal: Seal) -> None:
    event = EventFactory(proposed={"title": "X"}, proposed_at=NOW)

    cancel_event(session, event, by=event.organiser, seal=seal, now=NOW, because="The square is closed.")

    assert (event.status, event.cancelled_at, event.sequence) == (EventStatus.CANCELLED, NOW, 1)
    assert (event.cancelled_because, event.proposed) == ("The square is closed.", None)
    assert session.scalars(select(EventNotice.kind)).all() == [NoticeKind.CANCELLED]
    assert letters(session, seal) == []
    with pytest.raises(WrongStateError):
        cancel_event(session, event, by=event.organiser, seal=seal, now=LATER)


def test_a_coordinator_who_cancels_owes_the_organiser_a_reason(session: Session, seal: Seal) -> None:
    event = EventFactory()

    cancel_event(session, event, by=AccountFactory(), seal=seal, now=NOW, because="It is not theirs.")

    assert [(t, c["reason"]) for t, c in letters(session, seal)] == [
        ("events/cancelled", "It is not theirs.")
    ]


def test_a_time_that_the_clocks_skip_is_never_written(session: Session) -> None:
    details = replace(
        details_of(EventFactory()),
        starts_local=wall(2031, 3, 30, 2, 30),
        ends_local=None,
        timezone="Europe/Berlin",
    )

    with pytest.raises(NonexistentTimeError):
        register_event(session, CampaignFactory(local=True), AccountFactory(), details, now=NOW)


@pytest.mark.parametrize(("fold", "hour"), [(0, 0), (1, 1)])
def test_of_two_equal_times_the_one_that_was_meant_is_kept(session: Session, fold: int, hour: int) -> None:
    details = replace(
        details_of(EventFactory()), starts_local=wall(2030, 10, 27, 2, 30), starts_fold=fold, ends_local=None,
        timezone="Europe/Berlin",
    )  # fmt: skip

    event = register_event(session, CampaignFactory(local=True), AccountFactory(), details, now=NOW)

    assert event.starts_at == datetime(2030, 10, 27, hour, 30, tzinfo=UTC)


def test_who_hides_how_many_come_does_not_wait_for_review(session: Session, seal: Seal) -> None:
    event = EventFactory()

    hidden = replace(details_of(event), count_shown=CountShown.HIDDEN)
    outcome = change_event(session, event, hidden, seal=seal, now=NOW)
    assert (outcome, event.count_shown, event.proposed) == (Outcome.APPLIED, CountShown.HIDDEN, None)

    other = replace(details_of(event), count_shown=CountShown.ROUNDED, title="Other words")
    outcome = change_event(session, event, other, seal=seal, now=LATER)
    assert (outcome, event.count_shown) == (Outcome.PROPOSED, CountShown.ROUNDED)
    assert event.proposed == {"title": "Other words"}
