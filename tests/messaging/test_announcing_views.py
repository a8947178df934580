"""The pages about messages: written, looked at, sent, stopped; and the coordinator's word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from coordinator.kit.clock import now
from coordinator.messaging.jobs import write_announcements
from coordinator.messaging.models import Announcement
from coordinator.messaging.rules import FREE_RECIPIENTS, AnnouncementStatus, AnswerAudience
from coordinator.outbox.models import Message
from coordinator.privacy.service import forget_event
from coordinator.rsvps.rules import RsvpStatus
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.messaging import WRITTEN_AT, AnnouncementFactory
from tests.factories.outbox import MessageFactory
from tests.factories.rsvps import ANSWERED_AT, HelpOfferFactory, RsvpFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal

TYPED = {
    "subject_en": "Where we meet",
    "body_en": "At the **fountain**, not at the door.\n\nBring water.",
    "statuses": ["accepted", "tentative"],
    "role": "",
    "came": "all",
    "locale": "",
    "send_at": "",
}


def agreed(event: Event, **more: Any) -> Any:
    return RsvpFactory(**{"event": event, "confirmed": True, "consent_updates_at": ANSWERED_AT} | more)


def test_from_the_first_word_to_the_last_letter(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal
) -> None:
    event = EventFactory()
    agreed(event, name="Ada Lovelace", email="ada@example.org", submitted_at=now())
    RsvpFactory(event=event)
    browser = sign_in(event.organiser)
    here = f"/en/organise/events/{event.public_id}/messages"

    assert "You wrote nothing yet." in browser.get(here).text
    kept = browser.post(f"{here}/new", data=TYPED)
    assert kept.status_code == 303
    page = browser.get(kept.location).text
    assert "1 person gets it" in page
    assert "At the **fountain**" in page
    html = browser.get(f"{kept.location}/letter").text
    assert "<strong>fountain</strong>" in html
    assert browser.post(kept.location, data={"act": "test"}).status_code == 303
    tested = session.scalars(select(Message)).one()
    assert seal.decrypt(tested.recipient_sealed) == seal.decrypt(event.organiser.email_sealed)
    assert browser.post(kept.location, data={"act": "send"}).status_code == 303
    write_announcements(seal=seal, site_url="http://localhost", now=now() + timedelta(minutes=1))

    page = browser.get(kept.location).text
    assert "1 of 1" in page
    letters = browser.get(f"{kept.location}/readers").text
    assert "Ada" in letters
    assert "Lovelace" not in letters
    assert "ada@example.org" not in letters
    assert "Where we meet" in browser.get(here).text


def test_what_the_form_does_not_show_need_not_be_sent(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    event = EventFactory()
    here = f"/en/organise/events/{event.public_id}/messages/new"
    browser = sign_in(event.organiser)
    page = browser.get(here).text
    assert 'name="came"' not in page  # before it begins nobody was seen at the door
    assert 'name="role"' not in page

    kept = browser.post(here, data={name: said for name, said in TYPED.items() if f'name="{name}"' in page})

    assert kept.status_code == 303
    assert session.scalars(select(Announcement)).one().audience["came"] == "all"


def test_a_time_that_passed_while_the_draft_lay_there_sends_nothing(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    event = EventFactory()
    agreed(event, email="ada@example.org")
    draft = AnnouncementFactory(event=event, send_local=datetime(2020, 9, 12, 9))  # noqa: DTZ001 a wall time
    here = f"/en/organise/events/{event.public_id}/messages/{draft.public_id}"
    browser = sign_in(event.organiser)

    browser.post(here, data={"act": "send"})

    assert "The time that you chose is over." in browser.get(here).text
    assert draft.status is AnnouncementStatus.DRAFT


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    event = EventFactory()
    here = f"/en/organise/events/{event.public_id}/messages/new"
    browser = sign_in(event.organiser)

    for wrong, said in (
        ({"subject_en": ""}, "Give it a subject."),
        ({"body_en": ""}, "Write the text, too."),
        ({"subject_en": "", "body_en": ""}, "Write it in one language at least."),
        ({"statuses": []}, "Tick those who are to read it."),
        ({"send_at": "tomorrow"}, "Give a date and a time"),
        ({"send_at": "2020-09-12T09:00"}, "This time is over."),
        ({"send_at": "2030-10-27T02:30"}, "show this time twice"),
    ):
        answer = browser.post(here, data=TYPED | wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert "fountain" in answer.text or "body_en" in wrong
    assert session.scalars(select(Announcement)).all() == []


def test_a_draft_keeps_its_filter_and_its_time(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    event = EventFactory(help_wanted=[{"code": "marshal", "words": "", "wanted": 2, "note": ""}])
    HelpOfferFactory(rsvp=agreed(event), assigned=True)
    browser = sign_in(event.organiser)
    here = f"/en/organise/events/{event.public_id}/messages"
    chosen = {"role": "marshal", "statuses": ["accepted"], "locale": "en", "send_at": "2030-09-12T09:00"}

    kept = browser.post(f"{here}/new", data=TYPED | chosen).location

    page = browser.get(kept).text
    assert "those who come, Marshal, English" in page
    assert "Thursday, 12 September 2030, 09:00" in page
    form = browser.get(f"{kept}/edit").text
    assert 'value="2030-09-12T09:00"' in form
    assert "Where we meet" in form
    changed = browser.post(f"{kept}/edit", data=TYPED | {"subject_en": "Another place"})
    assert changed.status_code == 303
    assert "Another place" in browser.get(kept).text
    assert browser.post(kept, data={"act": "discard"}).location.endswith("/messages")
    assert browser.get(kept).status_code == 404


def test_more_than_a_newcomer_may_waits_for_the_coordinator(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal
) -> None:
    event = EventFactory()
    for _ in range(FREE_RECIPIENTS + 1):
        agreed(event)
    announcement = AnnouncementFactory(event=event)
    coordinator = CampaignRoleFactory(campaign=event.campaign).account
    slug, public_id = event.campaign.slug, announcement.public_id
    organiser = sign_in(event.organiser)
    mine = f"/en/organise/events/{event.public_id}/messages/{public_id}"

    organiser.post(mine, data={"act": "send"})
    assert "A coordinator reads it before it goes out." in organiser.get(mine).text
    theirs = sign_in(coordinator)
    assert "1 message waits for your word" in theirs.get(f"/en/coordinate/{slug}/").text
    assert "Where we meet" in theirs.get(f"/en/coordinate/{slug}/messages").text
    page = f"/en/coordinate/{slug}/messages/{public_id}"
    assert "51 people" in theirs.get(page).text
    assert theirs.post(page, data={"act": "refuse", "reason": ""}).status_code == 422
    assert theirs.post(page, data={"act": "approve"}).status_code == 303

    assert session.scalars(select(Announcement.status)).one() is AnnouncementStatus.SCHEDULED
    assert theirs.post(page, data={"act": "refuse", "reason": "Too late"}).status_code == 422
    log = theirs.get(f"/en/coordinate/{slug}/audit?kind=announcement").text
    assert "approved a message" in log
    assert "asked to approve a message" in log


def test_a_second_click_and_one_that_is_too_late_say_so(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    event = EventFactory()
    agreed(event)
    announcement = AnnouncementFactory(event=event)
    here = f"/en/organise/events/{event.public_id}/messages/{announcement.public_id}"
    browser = sign_in(event.organiser)

    assert browser.post(here, data={"act": "send"}).status_code == 303
    assert browser.post(here, data={"act": "send"}).status_code == 409
    assert browser.post(here, data={"act": "discard"}).status_code == 409
    assert browser.post(here, data={"act": "nonsense"}).status_code == 404


def test_after_retention_the_words_are_gone_and_the_numbers_stay(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal
) -> None:
    event = EventFactory()
    agreed(event)
    announcement = AnnouncementFactory(
        event=event, scheduled=True, words={"en": ("Secret place", "Behind the church")}
    )
    session.commit()
    write_announcements(seal=seal, site_url="http://localhost", now=ANSWERED_AT + timedelta(days=30))

    forget_event(session, event, by="worker", now=ANSWERED_AT + timedelta(days=120))
    session.commit()
    session.expire_all()

    assert session.scalars(select(Message)).all() == []
    here = f"/en/organise/events/{event.public_id}/messages/{announcement.public_id}"
    page = sign_in(event.organiser).get(here)
    assert page.status_code == 200
    assert "Secret" not in page.text
    assert "1 of 1" in page.text


def test_only_statuses_that_may_be_chosen_are_taken(sign_in: Callable[..., FlaskClient]) -> None:
    event = EventFactory()
    here = f"/en/organise/events/{event.public_id}/messages/new"

    answer = sign_in(event.organiser).post(here, data=TYPED | {"statuses": [RsvpStatus.DECLINED.value]})

    assert answer.status_code == 422
    assert RsvpStatus.DECLINED not in AnswerAudience().statuses


def test_the_organiser_sees_what_one_contact_was_sent_and_nobody_else_s_letters(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal
) -> None:
    event = EventFactory()
    rsvp, other = agreed(event, submitted_at=now()), agreed(event, submitted_at=now())
    contact = ContactFactory(event=event, source=f"rsvp:{rsvp.public_id}", name="Ada")
    by_hand = ContactFactory(event=event, source="hand", name="Dana")
    MessageFactory(about=f"rsvp:{rsvp.public_id}", template="rsvps/confirmed", sent_at=now())
    MessageFactory(about=f"rsvp:{other.public_id}", template="messaging/cancelled")
    AnnouncementFactory(event=event, scheduled=True)
    session.commit()
    write_announcements(seal=seal, site_url="http://localhost", now=WRITTEN_AT)
    browser = sign_in(event.organiser)

    page = browser.get(f"/en/organise/contacts/{contact.public_id}/history").text

    assert "Confirmation of the answer" in page
    assert page.count("Where we meet") == 1
    assert "Cancelled" not in page
    assert f"{contact.public_id}/history" in browser.get(f"/en/organise/contacts/{contact.public_id}").text
    nothing = browser.get(f"/en/organise/contacts/{by_hand.public_id}/history").text
    assert "This site sent them nothing." in nothing


def test_what_was_handed_in_at_one_moment_reads_the_same_wherever_the_protest_is(
    sign_in: Callable[..., FlaskClient], session: Session
) -> None:
    berlin = EventFactory()
    sydney = EventFactory(campaign=berlin.campaign, mission__sydney=True)
    for event in (berlin, sydney):
        AnnouncementFactory(event=event, waiting=True)
    coordinator = CampaignRoleFactory(campaign=berlin.campaign).account

    page = sign_in(coordinator).get(f"/en/coordinate/{berlin.campaign.slug}/messages").text

    assert "Handed in (UTC)" in page
    assert page.count("Tuesday, 10 September 2030, 12:00") == 2
