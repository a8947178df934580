from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.contacts.models import ContactMerge
from coordinator.events.models import Event, ReviewNote
from coordinator.events.rules import EventStatus, NoteKind
from coordinator.privacy.jobs import count_due, forget_due
from tests.factories.campaigns import CampaignFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

EVERYTHING = {"name": "Ada", "phone": "+49 30 1", "note": "with a drum", "needs": "a chair"}


def after(event: Event, days: int) -> datetime:
    return event.ends_at + timedelta(days=days)


def left(session: Session, rsvp: Any) -> set[str]:
    session.expire_all()
    return {name for name in (*EVERYTHING, "email") if getattr(rsvp, f"{name}_sealed") is not None}


def test_each_field_goes_when_its_campaign_says_so(session: Session) -> None:
    event = EventFactory(campaign=CampaignFactory(retention_days=90, field_days={"needs": 7, "phone": 30}))
    rsvp = RsvpFactory(event=event, confirmed=True, **EVERYTHING)

    forget_due(now=after(event, 7) - timedelta(seconds=1))
    assert left(session, rsvp) == {*EVERYTHING, "email"}

    assert count_due(now=after(event, 7)).fields == 1
    assert forget_due(now=after(event, 7)).fields == 1
    assert left(session, rsvp) == {"name", "phone", "note", "email"}
    assert forget_due(now=after(event, 8)).fields == 0

    forget_due(now=after(event, 30))
    assert left(session, rsvp) == {"name", "note", "email"}
    assert rsvp.forgotten_at is None


def test_another_campaign_keeps_them_as_long_as_it_said(session: Session) -> None:
    event = EventFactory(campaign=CampaignFactory(field_days={"needs": 7}))
    other = RsvpFactory(event=EventFactory(starts_local=event.starts_local), confirmed=True, needs="a ramp")

    forget_due(now=after(event, 10))

    assert "needs" in left(session, other)


def test_a_contact_loses_what_it_had_from_the_answer_and_keeps_the_organisers_words(
    session: Session, seal: Seal
) -> None:
    event = EventFactory(campaign=CampaignFactory(field_days={"phone": 1}))
    rsvp = RsvpFactory(event=event, confirmed=True, **EVERYTHING)
    contact = ContactFactory(
        event=event, source=f"rsvp:{rsvp.public_id}", phone="+49 30 1", note="met at the gate"
    )
    by_hand = ContactFactory(
        event=None, owner=event.organiser, campaign=event.campaign, source="hand", phone="+1 2"
    )
    session.add(
        ContactMerge(
            owner_id=event.organiser_id, contact_id=contact.id, gone_source="rsvp:x", before_sealed="both",
            merged_at=event.starts_at, expires_at=after(event, 300),
        )
    )  # fmt: skip
    session.flush()

    forget_due(now=after(event, 1))

    session.expire_all()
    assert (contact.phone_sealed, seal.decrypt(contact.note_sealed)) == (None, "met at the gate")
    assert contact.email_sealed is not None
    assert by_hand.phone_sealed is not None
    assert session.query(ContactMerge).count() == 0


def test_an_answer_that_waits_for_its_owner_goes_with_the_first_field(session: Session) -> None:
    event = EventFactory(campaign=CampaignFactory(field_days={"note": 3}))
    rsvp = RsvpFactory(event=event, confirmed=True, proposed_sealed="sealed", proposed_at=event.starts_at)

    forget_due(now=after(event, 3))

    session.expire_all()
    assert (rsvp.proposed_sealed, rsvp.proposed_at) == (None, None)


@pytest.mark.parametrize(
    ("status", "is_kept"),
    [
        pytest.param(EventStatus.PUBLISHED, False, id="it took place"),
        pytest.param(EventStatus.CANCELLED, False, id="it did not"),
        pytest.param(EventStatus.POSTPONED, True, id="it has no time yet"),
    ],
)
def test_how_to_reach_an_organiser_and_what_was_said_in_review_goes_with_the_people(
    session: Session, seal: Seal, status: EventStatus, *, is_kept: bool
) -> None:
    event = EventFactory(status=status, public_contact="Signal: ada.01")
    session.add(
        ReviewNote(
            event=event, author_id=event.organiser_id, kind=NoteKind.ASKED,
            text_sealed=seal.encrypt("call me"), at=event.created_at,
        )
    )  # fmt: skip
    session.flush()
    revision = event.campaign.revision

    forget_due(now=after(event, 90))
    forget_due(now=after(event, 91))

    session.expire_all()
    note = session.query(ReviewNote).one()
    assert bool(event.public_contact) == bool(note.text_sealed) == is_kept
    assert event.campaign.revision == revision + (0 if is_kept else 1)
    assert note.kind is NoteKind.ASKED


def test_whoever_answers_reads_what_goes_when(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign=CampaignFactory(retention_days=60, field_days={"needs": 1, "phone": 14}))

    page = client.get(f"/en/events/{event.public_id}").text

    assert "deleted 60 days after the protest" in page
    assert "What you need is deleted on the day after." in page
    assert "Your telephone number is deleted after 14 days." in page
    assert "Your note is deleted" not in page
