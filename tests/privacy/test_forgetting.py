from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from coordinator.accounts.models import KeptForm
from coordinator.audit.service import WORKER
from coordinator.checkin.models import DoorLink
from coordinator.contacts.models import Contact
from coordinator.kit.crypto import Seal, new_encryption_key
from coordinator.outbox.models import Message
from coordinator.outbox.service import post
from coordinator.places.models import GeocodeAnswer
from coordinator.privacy.jobs import Sealed, count_due, count_keys, forget_due, rotate_keys
from coordinator.privacy.queries import leftovers, sealed_columns
from coordinator.privacy.service import campaigns_to_forget, count_campaign, forget_campaign
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.queries import tally_of
from coordinator.rsvps.service.tallying import recount
from tests.conftest import TEST_KEY
from tests.factories.campaigns import CampaignFactory
from tests.factories.checkin import DoorLinkFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.messaging import AnnouncementFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from flask.testing import FlaskClient, FlaskCliRunner
    from sqlalchemy.orm import Session


def letter_about(session: Session, seal: Seal, rsvp: Any, **state: Any) -> Message:
    key = f"test:{rsvp.public_id}:{len(state)}"
    post(
        session,
        key=key,
        template="rsvps/confirm",
        recipient="ada@example.org",
        locale="en",
        about=f"rsvp:{rsvp.public_id}",
        context={"token": "t"},
        seal=seal,
        now=rsvp.submitted_at,
    )
    message = session.scalars(select(Message).where(Message.key == key)).one()
    for name, value in state.items():
        setattr(message, name, value)
    session.flush()
    return message


def test_whom_a_door_link_was_for_is_forgotten_although_nobody_answered(session: Session) -> None:
    link = DoorLinkFactory(event__campaign=CampaignFactory(retention_days=30), label="Bo")
    due = link.event.ends_at + timedelta(days=30)

    forget_due(now=due - timedelta(seconds=1))
    assert session.scalars(select(DoorLink)).one().label_sealed

    forget_due(now=due)
    assert session.scalars(select(DoorLink)).all() == []


def test_after_the_retention_time_everything_personal_is_gone_and_the_numbers_stay(
    session: Session, seal: Seal, client: FlaskClient
) -> None:
    event = EventFactory(campaign=CampaignFactory(retention_days=30))
    known = RsvpFactory(
        event=event, confirmed=True, name="Ada", phone="+49 30 1", note="drum", party_size=3, token="t" * 32,
        consent_contact_at=event.created_at, consent_wording="rsvp-1:en", help="medic",
    )  # fmt: skip
    RsvpFactory(event=event, pending=True, name="Mallory")
    RsvpFactory(event=event, tentative=True)
    letter_about(session, seal, known)
    ContactFactory(event=event)
    due = event.ends_at + timedelta(days=30)
    later = RsvpFactory(confirmed=True, name="Grace")

    early = forget_due(now=due - timedelta(seconds=1))
    would = count_due(now=due)
    done = forget_due(now=due)
    again = forget_due(now=due)

    assert (early.answers, again.answers) == (0, 0)
    assert (
        (would.answers, would.contacts, would.messages)
        == (done.answers, done.contacts, done.messages)
        == (3, 1, 1)
    )
    session.expire_all()
    row = {column.name: getattr(known, column.name) for column in Rsvp.__table__.columns}
    personal = {
        name: value
        for name, value in row.items()
        if name.endswith(("_sealed", "email_digest")) or "consent" in name
    }
    assert not any(personal.values())
    assert (known.help, known.party_size, known.forgotten_at) == ("", 3, due)
    assert client.get(f"/en/rsvp/{'t' * 32}").status_code == 404
    tally = tally_of(session, event)
    assert (tally.confirmed, tally.pending, tally.tentative) == (3, 0, 1)
    assert recount(session, is_check=True) == []
    assert session.scalars(select(Contact)).all() == []
    assert seal.decrypt(later.name_sealed) == "Grace"


def test_a_sent_message_keeps_no_trace_of_its_recipient(session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory(confirmed=True)
    sent = letter_about(session, seal, rsvp, sent_at=rsvp.submitted_at)
    waiting = letter_about(session, seal, rsvp)

    forget_due(now=rsvp.submitted_at)

    session.expire_all()
    assert (sent.recipient_sealed, sent.context_sealed) == (None, None)
    assert waiting.recipient_sealed is not None


def test_forms_of_people_who_never_signed_up_are_deleted(session: Session, seal: Seal) -> None:
    now = EventFactory().created_at
    for number, age in enumerate((-1, 1)):
        session.add(
            KeptForm(
                digest=str(number) * 64,
                path="/en/organise/events/new",
                fields_sealed=seal.encrypt(json.dumps({"title": ["x"]})),
                created_at=now - timedelta(days=3),
                expires_at=now + timedelta(hours=age),
            )
        )
    session.flush()

    assert forget_due(now=now).forms_and_links == 1
    assert session.scalars(select(KeptForm.digest)).all() == ["1" * 64]


def test_addresses_that_were_looked_up_are_deleted_when_they_are_old(session: Session) -> None:
    now = EventFactory().created_at
    for number, age in enumerate((-1, 1)):
        session.add(
            GeocodeAnswer(
                provider="nominatim",
                question_digest=str(number) * 64,
                candidates=[],
                answered_at=now - timedelta(days=30),
                expires_at=now + timedelta(hours=age),
            )
        )
    session.flush()

    forget_due(now=now)

    assert session.scalars(select(GeocodeAnswer.question_digest)).all() == ["1" * 64]


def test_the_report_counts_what_is_left_by_room_and_names_nobody(
    session: Session, runner: FlaskCliRunner
) -> None:
    RsvpFactory(confirmed=True, name="Ada Lovelace", email="ada@example.org")

    found = {(one.room, one.table, one.column): one.rows for one in leftovers(session)}
    printed = runner.invoke(args=["privacy", "left"])

    assert found["rsvps", "rsvp", "email_sealed"] == 1
    assert found["contacts", "contact", "email_sealed"] == 0
    assert printed.exit_code == 0
    assert "rsvp.email_sealed" in printed.output
    assert "Ada" not in printed.output


def test_purge_counts_first(session: Session, runner: FlaskCliRunner) -> None:
    RsvpFactory(confirmed=True)

    dry = runner.invoke(args=["privacy", "purge", "--dry-run"])
    real = runner.invoke(args=["privacy", "purge"])

    assert dry.output.startswith("would forget 0 answers")
    assert real.output.startswith("forgot 0 answers")


def test_keys_rotate_and_the_old_one_may_go(session: Session, seal: Seal) -> None:
    rsvp = RsvpFactory(confirmed=True, name="Ada", token="t" * 32)
    event = rsvp.event
    ContactFactory(event=event, name="Bertha", tags=("press",))
    AnnouncementFactory(event=event)
    session.commit()
    new = new_encryption_key()
    before, both = rsvp.email_digest, Seal((new, TEST_KEY), "d" * 40)

    done = rotate_keys(seal=both)
    again = rotate_keys(seal=both)

    only_new = Seal((new,), "d" * 40)
    session.expire_all()
    assert only_new.decrypt(rsvp.name_sealed) == "Ada"
    assert rsvp.email_digest == before
    left = 0
    for table, column in sealed_columns():
        for sealed in session.scalars(select(column).select_from(table).where(column.is_not(None))):
            only_new.decrypt(sealed)
            left += 1
    assert left == done.older > 5
    assert again == Sealed(newest=left)


def test_a_text_that_no_key_opens_is_counted_and_keeps_no_other_from_its_new_key(
    session: Session, seal: Seal
) -> None:
    RsvpFactory(confirmed=True, name="Ada")
    RsvpFactory(name="Lost").name_sealed = Seal((new_encryption_key(),), "d" * 40).encrypt("Lost")
    session.commit()
    new = Seal((new_encryption_key(), TEST_KEY), "d" * 40)
    seen: list[str] = []

    before = count_keys(seal=new, tell=lambda column, _found: seen.append(column))
    done = rotate_keys(seal=new)

    assert (before.newest, before.lost) == (0, 1)
    assert done == before
    assert count_keys(seal=new) == Sealed(newest=before.older, lost=1)
    assert "rsvp.name_sealed" in seen


def test_the_command_says_which_texts_have_no_key(
    runner: FlaskCliRunner, session: Session, seal: Seal
) -> None:
    RsvpFactory(confirmed=True)
    fine = runner.invoke(args=["privacy", "rotate-keys", "--check"])
    RsvpFactory(name="Lost").name_sealed = Seal((new_encryption_key(),), "d" * 40).encrypt("Lost")
    session.commit()

    found = runner.invoke(args=["privacy", "rotate-keys", "--check"])

    assert fine.exit_code == 0, fine.output
    assert "0 with an older one" in fine.output
    assert found.exit_code == 1
    assert "rsvp.name_sealed" in found.output
    assert "no key opens 1 texts" in found.output
    assert "Lost" not in found.output


def test_every_sealed_text_has_a_name_that_says_so() -> None:
    names = {f"{table.name}.{column.name}" for table, column in sealed_columns()}

    assert {
        "rsvp.name_sealed",
        "contact.roles_sealed",
        "contact.tags_sealed",
        "account.email_sealed",
        "message.context_sealed",
    } <= names


def test_contacts_of_a_campaign_go_when_its_last_event_and_its_last_day_are_long_over(
    session: Session,
) -> None:
    event = EventFactory(campaign__retention_days=30)
    ContactFactory(event=None, owner=event.organiser, campaign=event.campaign, source="hand")
    by_rsvp = ContactFactory(event=event)
    session.commit()
    over = event.starts_at + timedelta(days=30)

    assert campaigns_to_forget(session, over) == []
    assert campaigns_to_forget(session, over + timedelta(days=2)) == [event.campaign_id]
    assert count_campaign(session, event.campaign_id).contacts == 1
    done = forget_campaign(session, event.campaign, by=WORKER, now=over)

    assert done.contacts == 1
    assert session.scalars(select(Contact)).all() == [by_rsvp]
