"""Acts at the door: counted once, undone, and the same whichever of two phones sends first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import func, select

from coordinator.audit.models import AuditEntry
from coordinator.checkin.models import Attendance, DoorLink, TakenAct
from coordinator.checkin.queries import answers_by_code, door_list, door_tally, no_shows
from coordinator.checkin.rules import (
    MOST_LINKS,
    ActKind,
    DoorAct,
    DoorClosedError,
    Outcome,
    TooManyLinksError,
    is_newer,
)
from coordinator.checkin.service import forget_door, make_link, revoke_link, take_acts
from coordinator.kit.ids import new_public_id
from coordinator.rsvps.codes import check_in_code, code_hash
from tests.factories.checkin import DoorLinkFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp

NOON = datetime(2030, 9, 16, 12, 0, tzinfo=UTC)


def who(rsvp: Rsvp, seal: Seal) -> str:
    return code_hash(check_in_code(rsvp.event.public_id, rsvp.public_id, seal))


def act(kind: ActKind, guest: str = "", people: int = 0, *, after: int = 0, act_id: str = "") -> DoorAct:
    return DoorAct(
        kind=kind,
        at=NOON + timedelta(seconds=after),
        act_id=act_id or new_public_id() * 2,
        who=guest,
        people=people,
    )


def take(session: Session, event: Event, acts: list[DoorAct], seal: Seal) -> list[Outcome]:
    answers = answers_by_code(session, event, {one.who for one in acts}, seal)
    outcomes = take_acts(session, event, acts, answers=answers, by="anyone", now=NOON)
    return [outcomes[one.act_id] for one in acts]


def test_a_party_is_here_and_counted_and_an_undo_takes_it_out(session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory(party_size=3)
    event, guest = rsvp.event, who(rsvp, seal)

    assert take(session, event, [act(ActKind.ARRIVE, guest, 2)], seal) == [Outcome.DONE]
    row = session.scalars(select(Attendance)).one()
    assert (row.people, row.arrived_at, door_tally(session, event).came) == (2, NOON, 2)

    take(session, event, [act(ActKind.ARRIVE, guest, 3, after=1)], seal)
    assert (row.people, row.arrived_at, door_tally(session, event).came) == (3, NOON, 3)

    take(session, event, [act(ActKind.UNDO, guest, after=2)], seal)
    assert (row.people, row.arrived_at, door_tally(session, event).came) == (0, None, 0)


def test_no_more_of_a_party_come_than_it_has(session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory(party_size=2)

    take(session, rsvp.event, [act(ActKind.ARRIVE, who(rsvp, seal), 9)], seal)

    assert door_tally(session, rsvp.event).came == 2


def test_a_batch_sent_twice_is_done_once(session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory(party_size=2)
    batch = [act(ActKind.ARRIVE, who(rsvp, seal), 2), act(ActKind.WALK_IN, people=3)]

    first, again = take(session, rsvp.event, batch, seal), take(session, rsvp.event, batch, seal)

    assert (first, again) == ([Outcome.DONE] * 2, [Outcome.REPEATED] * 2)
    tally = door_tally(session, rsvp.event)
    assert (tally.came, tally.walk_ins) == (2, 3)
    assert session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.tag.like("checkin:%"))) == 2


def test_what_was_pressed_earlier_and_sent_later_does_not_stand(session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory()
    guest = who(rsvp, seal)

    take(session, rsvp.event, [act(ActKind.UNDO, guest, after=10)], seal)

    assert take(session, rsvp.event, [act(ActKind.ARRIVE, guest, 1, after=5)], seal) == [Outcome.LATE]
    assert door_tally(session, rsvp.event).came == 0


def test_a_code_of_another_event_is_unknown_here(session: Session, seal: Seal) -> None:
    rsvp, elsewhere = RsvpFactory(), EventFactory()

    assert take(session, elsewhere, [act(ActKind.ARRIVE, who(rsvp, seal), 1)], seal) == [Outcome.UNKNOWN]
    assert session.scalars(select(Attendance)).all() == []


def test_whoever_took_the_answer_back_and_comes_all_the_same_is_counted(session: Session, seal: Seal) -> None:
    """The phone at the door had no connection and did not know; they stand inside."""
    rsvp = RsvpFactory(declined=True)

    assert take(session, rsvp.event, [act(ActKind.ARRIVE, who(rsvp, seal), 1)], seal) == [Outcome.DONE]


def test_a_cancelled_protest_has_no_door(session: Session, seal: Seal) -> None:
    with pytest.raises(DoorClosedError):
        take(session, EventFactory(cancelled=True), [act(ActKind.WALK_IN, people=1)], seal)


def test_the_door_knows_first_names_and_numbers_and_nothing_else(session: Session, seal: Seal) -> None:
    event = EventFactory()
    RsvpFactory(event=event, name="Zoé Invented", confirmed=True, party_size=2, phone="123", note="hello")
    RsvpFactory(event=event, name="Ada")
    RsvpFactory(event=event, waitlisted=True)
    RsvpFactory(event=event, pending=True, name="Typed by somebody else")
    RsvpFactory(event=event, declined=True, name="Gone")

    named = door_list(session, event, has_names=True, seal=seal)
    nameless = door_list(session, event, has_names=False, seal=seal)

    assert [(one.name, one.party_size, one.status) for one in named] == [
        ("Ada", 1, "accepted"),
        ("Zoé", 2, "accepted"),
        ("", 1, "waitlisted"),
    ]
    assert {one.who for one in named} == {one.who for one in nameless}
    assert {one.name for one in nameless} == {""}


def test_who_has_a_place_and_does_not_come_is_a_no_show(session: Session, seal: Seal) -> None:
    event = EventFactory()
    came = RsvpFactory(event=event, party_size=2)
    RsvpFactory(event=event, party_size=3, confirmed=True)
    RsvpFactory(event=event, tentative=True)
    RsvpFactory(event=event, waitlisted=True)
    RsvpFactory(event=event, pending=True)

    take(session, event, [act(ActKind.ARRIVE, who(came, seal), 1)], seal)
    assert no_shows(session, event) == 3

    take(session, event, [act(ActKind.UNDO, who(came, seal), after=1)], seal)
    assert no_shows(session, event) == 5


def test_a_link_is_kept_as_a_digest_and_revoked_for_good(session: Session, seal: Seal) -> None:
    event = EventFactory()
    organiser = event.organiser

    made = make_link(session, event, label="Bo", has_names=False, hours=2, by=organiser, seal=seal, now=NOON)
    revoke_link(session, made.link, by=organiser, now=NOON)

    kept = " ".join(str(value) for value in vars(made.link).values())
    assert made.token not in kept
    assert "Bo" not in kept.split()
    entries = session.scalars(select(AuditEntry).where(AuditEntry.tag.like("door-link:%"))).all()
    assert [entry.tag for entry in entries] == ["door-link:made", "door-link:revoked"]
    assert all(entry.campaign == event.campaign.slug for entry in entries)


def test_there_are_not_endlessly_many_doors(session: Session, seal: Seal) -> None:
    event = EventFactory()
    DoorLinkFactory.create_batch(MOST_LINKS, event=event)
    DoorLinkFactory(event=event, revoked_at=NOON)

    with pytest.raises(TooManyLinksError):
        make_link(session, event, label="", has_names=True, hours=6, by=event.organiser, seal=seal, now=NOON)


def test_when_an_event_is_forgotten_its_links_go_and_the_numbers_stay(session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory(party_size=2)
    DoorLinkFactory(event=rsvp.event, label="Bo")
    DoorLinkFactory()
    take(session, rsvp.event, [act(ActKind.ARRIVE, who(rsvp, seal), 2)], seal)

    assert forget_door(session, rsvp.event_id) == 1

    assert session.scalar(select(func.count(DoorLink.id))) == 1
    assert session.scalars(select(TakenAct)).all() == []
    assert door_tally(session, rsvp.event).came == 2


PRESSES = st.lists(
    st.tuples(
        st.integers(0, 1),  # which phone
        st.integers(0, 2),  # about whom; 2: somebody without an answer
        st.integers(0, 3),  # how many are here; 0: undo
        st.booleans(),  # is it sent now, or with the next press that is
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(presses=PRESSES, is_repeated=st.booleans())
def test_two_phones_agree_however_late_they_send(
    session: Session, seal: Seal, presses: list[tuple[int, int, int, bool]], is_repeated: bool
) -> None:
    event = EventFactory()
    guests = [who(RsvpFactory(event=event, party_size=3), seal) for _ in range(2)]
    queues: list[list[DoorAct]] = [[], []]
    everything: list[DoorAct] = []
    for moment, (phone, about, people, is_sent) in enumerate(presses):
        if about == 2:
            one = act(ActKind.WALK_IN, people=people or -1, after=moment)
        else:
            kind = ActKind.ARRIVE if people else ActKind.UNDO
            one = act(kind, guests[about], people, after=moment)
        queues[phone].append(one)
        everything.append(one)
        if is_sent:
            take(session, event, queues[phone], seal)
            queues[phone] = queues[phone] if is_repeated else []
    for queue in queues:
        take(session, event, queue, seal)

    last: dict[str, DoorAct] = {}
    for one in everything:
        before = last.get(one.who)
        if one.who and (
            before is None or is_newer(one.at, one.act_id, than_at=before.at, than_id=before.act_id)
        ):
            last[one.who] = one
    here = {one.who: one.people for one in door_list(session, event, has_names=True, seal=seal)}
    assert here == {guest: last[guest].people if guest in last else 0 for guest in guests}
    tally = door_tally(session, event)
    assert tally.came == sum(here.values())
    assert tally.walk_ins >= 0
    if not any(one.people < 0 for one in everything):
        assert tally.walk_ins == sum(one.people for one in everything if not one.who)
