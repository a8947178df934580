"""Invitations: to contacts who agreed, once to an address, until they unsubscribe."""

from __future__ import annotations

import re
import tracemalloc
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.contacts.models import Contact, Suppression
from coordinator.contacts.rules import Purpose
from coordinator.contacts.service.keeping import remove_contact
from coordinator.contacts.service.packing import pack_page
from coordinator.contacts.service.suppressing import suppress, withdraw_consent
from coordinator.events.models import Event
from coordinator.events.rules import EventStatus, digest_purpose
from coordinator.kit.clock import now
from coordinator.messaging import jobs
from coordinator.messaging.announcing import hand_in
from coordinator.messaging.audiences.contacts import reach_among
from coordinator.messaging.jobs import write_announcements
from coordinator.messaging.models import Announcement
from coordinator.messaging.rules import (
    FREE_RECIPIENTS,
    AnnouncementStateError,
    AnnouncementStatus,
    ContactAudience,
)
from coordinator.messaging.unsubscribing import contact_token
from coordinator.outbox.models import Message
from coordinator.privacy.service import forget_event
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.contacts import AGREED_AT, ContactFactory
from tests.factories.events import EventFactory
from tests.factories.messaging import WRITTEN_AT, AnnouncementFactory, InvitationFactory
from tests.factories.rsvps import ANSWERED_AT, RsvpFactory
from tests.messaging.test_jobs import die_at_letter, letter

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

HERE = "http://localhost"
LATER = WRITTEN_AT + timedelta(minutes=1)
TYPED = {"subject_en": "Come, too", "body_en": "We **need** you.", "tag": "", "send_at": ""}


@pytest.fixture
def event(session: Session) -> Event:
    return EventFactory(title="Vigil")


def contact(event: Event, name: str, **more: Any) -> Contact:
    """A contact of the event's organiser in its campaign who was written down by hand."""
    campaign, owner = event.campaign, event.organiser
    kept: Contact = ContactFactory(
        **{"owner": owner, "campaign": campaign, "event": None, "source": "hand", "name": name}
        | {"email": f"{name.lower()}@example.org"}
        | more
    )
    return kept


def send(session: Session, seal: Seal, *, batch: int = 25) -> int:
    session.commit()
    return write_announcements(seal=seal, site_url=HERE, now=LATER, batch=batch)


def recipients(session: Session, seal: Seal) -> set[str | None]:
    query = select(Message).where(Message.template == "messaging/announcement_to_contacts")
    found = [seal.decrypt(row.recipient_sealed) for row in session.scalars(query)]
    assert len(found) == len(set(found))
    return set(found)


def link_of(session: Session, seal: Seal, event: Event) -> str:
    """Invite Ada, and return the address in her letter where mail is stopped."""
    InvitationFactory(event=event, scheduled=True)
    send(session, seal)
    found = re.search(
        rf"{HERE}(/en/unsubscribe/c\S+)", letter(session, seal, session.scalars(select(Message)).one())[1]
    )
    assert found is not None
    return found[1]


@pytest.mark.parametrize("state", ["cancelled", "postponed"])
def test_nobody_is_invited_to_what_does_not_take_place(
    session: Session, sign_in: Callable[..., FlaskClient], seal: Seal, state: str
) -> None:
    event = EventFactory(**{state: True})
    contact(event, "Ada")
    invitation = InvitationFactory(event=event)
    here = f"/en/organise/events/{event.public_id}/messages"
    browser = sign_in(event.organiser)

    assert "Invite your contacts" not in browser.get(here).text
    assert browser.get(f"{here}/invite").status_code == 404
    with pytest.raises(AnnouncementStateError):
        hand_in(session, invitation, by=event.organiser, seal=seal, now=LATER)


def test_an_invitation_that_waits_for_its_time_is_stopped_when_the_protest_is_cancelled(
    session: Session, seal: Seal, event: Event
) -> None:
    contact(event, "Ada")
    invitation = InvitationFactory(event=event, scheduled=True)
    event.status = EventStatus.CANCELLED

    assert send(session, seal) == 0
    assert invitation.status is AnnouncementStatus.STOPPED


def test_only_own_contacts_of_the_campaign_who_agreed_get_it(
    session: Session, seal: Seal, event: Event
) -> None:
    contact(event, "Contact")
    contact(event, "News", agreed_to=(Purpose.NEWS,))
    other = EventFactory(campaign=event.campaign, organiser=event.organiser)
    ContactFactory(event=other, email="of-another-event@example.org")
    contact(event, "Nothing", agreed_to=())
    withdraw_consent(session, contact(event, "Withdrew"), purpose="contact", now=AGREED_AT)
    contact(event, "Nowhere", email="")
    contact(event, "Later", created_at=LATER + timedelta(hours=1))
    ContactFactory(event=event, email="came-by-the-form@example.org")
    ContactFactory(event=EventFactory(campaign=event.campaign), email="somebody-else-s@example.org")
    contact(event, "Elsewhere", campaign=CampaignFactory())
    invitation = InvitationFactory(event=event, scheduled=True)

    written = send(session, seal, batch=1)

    assert recipients(session, seal) == {
        "contact@example.org", "news@example.org", "of-another-event@example.org",
    }  # fmt: skip
    assert written == 3
    assert (invitation.status, invitation.written) == (AnnouncementStatus.SENT, 3)
    assert reach_among(session, event.organiser, event, ContactAudience(), seal) == (7, 4, 1, 2)


def test_whoever_answered_unsubscribed_or_is_there_twice_is_left_out(
    session: Session, seal: Seal, event: Event
) -> None:
    for name in ("Comes", "Declined", "Claimed", "Enough", "Twice"):
        contact(event, name)
    contact(event, "Twin", email="Twice@Example.org")
    contact(event, "Triplet", email="twice@example.org")
    for name, more in (
        ("comes", {"confirmed": True}),
        ("declined", {"confirmed": True, "declined": True}),
        ("claimed", {"pending": True}),  # anybody may type an address
    ):
        email = f"{name}@example.org"
        digest = seal.digest(email, purpose=digest_purpose(event.public_id))
        RsvpFactory(event=event, email=email, email_digest=digest, **more)
    suppress(
        session, owner_id=event.organiser_id, email="ENOUGH@example.org", seal=seal, now=AGREED_AT,
        because="by-hand",
    )  # fmt: skip
    for batch in (1, 25):
        invitation = InvitationFactory(event=event, scheduled=True)

        send(session, seal, batch=batch)

        assert recipients(session, seal) == {"claimed@example.org", "twice@example.org"}
        assert (invitation.readers, invitation.written, invitation.left_out) == (7, 2, 5)
        session.query(Message).delete()


def test_a_tag_narrows_whom_it_is_for_and_is_kept_sealed(session: Session, seal: Seal, event: Event) -> None:
    for number in range(3):
        contact(event, f"Marshal{number}", tags=("Marshal", "press"))
    contact(event, "Press", tags=("press",))
    contact(event, "None")
    pack_page(session, event.organiser_id, seal=seal, now=AGREED_AT)
    contact(event, "New", tags=("MARSHAL",))
    invitation = InvitationFactory(event=event, scheduled=True, tag="marshal")

    send(session, seal, batch=2)

    assert {name for name in recipients(session, seal) if name} == {
        "marshal0@example.org", "marshal1@example.org", "marshal2@example.org", "new@example.org",
    }  # fmt: skip
    assert (invitation.readers, invitation.written, invitation.left_out) == (4, 4, 0)
    assert "marshal" not in f"{invitation.audience} {invitation.tag_sealed}"
    assert reach_among(session, event.organiser, event, ContactAudience(tag="Marshal"), seal) == (4, 4, 0, 0)


def test_consent_taken_back_midway_counts(session: Session, seal: Seal, event: Event) -> None:
    contact(event, "First")
    second = contact(event, "Second")
    InvitationFactory(event=event, scheduled=True)
    write = jobs._announce_batch

    def takes_it_back(*arguments: Any, **more: Any) -> int:
        done = write(*arguments, **more)
        withdraw_consent(session, second, purpose="contact", now=LATER)
        return done

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(jobs, "_announce_batch", takes_it_back)
        send(session, seal, batch=1)

    assert recipients(session, seal) == {"first@example.org"}


def test_killed_in_between_it_goes_on_and_writes_to_nobody_twice(
    session: Session, seal: Seal, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        contact(event, f"Contact{number}")
    invitation = InvitationFactory(event=event, scheduled=True)
    die_at_letter(4, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        send(session, seal, batch=2)
    send(session, seal, batch=2)

    assert len(recipients(session, seal)) == 7
    assert (invitation.status, invitation.written) == (AnnouncementStatus.SENT, 7)


def test_in_the_language_in_which_they_agreed_else_in_the_campaign_s(
    session: Session, seal: Seal, event: Event
) -> None:
    russian = contact(event, "Russian")
    russian.consents[0].wording = "rsvp-1:ru"
    imported = contact(event, "Imported")
    imported.consents[0].wording = "own-words"
    words = {"en": ("Come", "Soon"), "ru": ("Приходите", "Скоро")}
    InvitationFactory(event=event, scheduled=True, words=words)

    send(session, seal)

    first, second = session.scalars(select(Message).order_by(Message.id))
    subject, text = letter(session, seal, first)
    assert subject == "Приходите"
    assert "Vigil" in text
    assert f"/ru/events/{event.public_id}" in text
    assert "/ru/unsubscribe/c" in text
    assert letter(session, seal, second)[0] == "Come"


def test_one_click_leads_to_the_organiser_s_list_and_looking_at_it_to_nothing(
    client: FlaskClient, session: Session, seal: Seal, event: Event
) -> None:
    ada = contact(event, "Ada")
    link = link_of(session, seal, event)

    assert "Stop mail from this organiser?" in client.get(link).text
    assert session.scalar(select(func.count(Suppression.id))) == 0
    one_click = {"List-Unsubscribe": "One-Click"}
    assert [client.post(link, data=one_click).status_code for _ in range(2)] == [200, 200]
    assert client.post(link, data={"again": "yes"}).status_code == 303

    assert [row.because for row in session.scalars(select(Suppression))] == ["unsubscribed"]
    assert "any more." in client.get(link).text
    session.query(Message).delete()
    for one in (event, EventFactory(campaign=event.campaign, organiser=event.organiser)):
        InvitationFactory(event=one, scheduled=True)
    assert send(session, seal) == 0
    assert ada.public_id in session.scalars(select(Contact.public_id)).all()


def test_a_link_works_when_the_contact_is_gone_and_counts_when_they_are_imported_again(
    client: FlaskClient, session: Session, seal: Seal, event: Event
) -> None:
    ada = contact(event, "Ada")
    link = link_of(session, seal, event)
    remove_contact(session, ada, by=event.organiser, now=LATER)

    assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    contact(event, "Ada")
    session.query(Message).delete()
    InvitationFactory(event=event, scheduled=True)

    assert send(session, seal) == 0


def test_an_attendee_who_unsubscribed_as_a_contact_gets_no_news_either(
    client: FlaskClient, session: Session, seal: Seal, event: Event
) -> None:
    contact(event, "Ada")
    client.post(link_of(session, seal, event), data={"List-Unsubscribe": "One-Click"})
    RsvpFactory(event=event, confirmed=True, consent_updates_at=ANSWERED_AT, email="ada@example.org")
    AnnouncementFactory(event=event, scheduled=True)

    assert send(session, seal) == 0


def test_a_link_that_is_not_ours_stops_nothing(
    client: FlaskClient, session: Session, seal: Seal, event: Event
) -> None:
    invitation = InvitationFactory(event=event)
    token = contact_token(invitation.public_id, "a" * 64, seal)

    for forged in (token.replace("a" * 64, "b" * 64), "b" + token[1:], token[:-1], "c" + "a" * 10):
        assert client.post(f"/en/unsubscribe/{forged}", data={}).status_code == 404
    assert session.scalar(select(func.count(Suppression.id))) == 0


def test_more_than_a_newcomer_may_waits_and_the_coordinator_reads_no_tag(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal, event: Event
) -> None:
    for number in range(FREE_RECIPIENTS + 1):
        contact(event, f"Contact{number}", tags=("comrades",))
    contact(event, "Ada")
    few, many = InvitationFactory(event=event, tag="nobody"), InvitationFactory(event=event, tag="comrades")
    coordinator = CampaignRoleFactory(campaign=event.campaign).account

    contact(event, "Nobody", tags=("nobody",))
    hand_in(session, few, by=event.organiser, seal=seal, now=WRITTEN_AT)
    hand_in(session, many, by=event.organiser, seal=seal, now=WRITTEN_AT)
    session.commit()

    assert (few.status, many.status) == (AnnouncementStatus.SCHEDULED, AnnouncementStatus.WAITING)
    here = f"/en/coordinate/{event.campaign.slug}/messages/{many.public_id}"
    browser = sign_in(coordinator)
    page = browser.get(here).text
    assert "contacts, with one tag" in page
    assert "comrades" not in page
    assert "51 people" in page
    assert browser.post(here, data={"act": "approve"}).status_code == 303
    assert send(session, seal) == FREE_RECIPIENTS + 2


def test_contacts_are_the_same_people_whichever_event_they_hear_of(
    session: Session, seal: Seal, event: Event
) -> None:
    contact(event, "Ada")
    other = EventFactory(campaign=event.campaign, organiser=event.organiser)
    first, second = InvitationFactory(event=event), InvitationFactory(event=other)

    for one in (first, second):
        hand_in(session, one, by=event.organiser, seal=seal, now=WRITTEN_AT)

    assert (first.status, second.status) == (AnnouncementStatus.SCHEDULED, AnnouncementStatus.WAITING)


def test_to_an_event_that_is_not_public_nobody_is_invited(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal
) -> None:
    event = EventFactory(submitted=True)
    contact(event, "Ada")
    draft, under_way = InvitationFactory(event=event), InvitationFactory(event=event, scheduled=True)

    with pytest.raises(AnnouncementStateError):
        hand_in(session, draft, by=event.organiser, seal=seal, now=WRITTEN_AT)
    assert send(session, seal) == 0
    assert under_way.status is AnnouncementStatus.STOPPED
    here = f"/en/organise/events/{event.public_id}/messages/invite"
    assert sign_in(event.organiser).get(here).status_code == 404


def test_from_the_first_word_to_the_last_letter(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal, event: Event
) -> None:
    ada = contact(event, "Ada", tags=("press",), created_at=now())
    contact(event, "Grace", created_at=now())
    browser = sign_in(event.organiser)
    here = f"/en/organise/events/{event.public_id}/messages"

    assert "Invite your contacts" in browser.get(here).text
    kept = browser.post(f"{here}/invite", data=TYPED | {"tag": " press "})
    assert kept.status_code == 303
    page = browser.get(kept.location).text
    assert "1 person gets it" in page
    assert "contacts, tagged “press”" in page
    assert 'value="press"' in browser.get(f"{kept.location}/edit").text
    assert "say whether you come" in browser.get(f"{kept.location}/letter").text
    assert browser.post(kept.location, data={"act": "test"}).status_code == 303
    assert "/unsubscribe/" not in letter(session, seal, session.scalars(select(Message)).one())[1]
    assert browser.post(kept.location, data={"act": "send"}).status_code == 303
    write_announcements(seal=seal, site_url=HERE, now=now() + timedelta(minutes=1))

    assert "1 of 1" in browser.get(kept.location).text
    letters = browser.get(f"{kept.location}/readers").text
    assert f"/organise/contacts/{ada.public_id}" in letters
    assert "Ada" in letters
    assert "your contacts" in browser.get(here).text
    history = browser.get(f"/en/organise/contacts/{ada.public_id}/history").text
    assert history.count("Come, too") == 1
    assert "sent a message to their contacts" in _log(sign_in, event)


def _log(sign_in: Callable[..., FlaskClient], event: Event) -> str:
    coordinator = CampaignRoleFactory(campaign=event.campaign).account
    page = sign_in(coordinator).get(f"/en/coordinate/{event.campaign.slug}/audit?kind=announcement")
    return str(page.text)


def test_a_contact_s_pages_say_that_they_unsubscribed_and_what_only_they_were_sent(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal, event: Event
) -> None:
    ada, grace = contact(event, "Ada", tags=("press",)), contact(event, "Grace")
    InvitationFactory(event=event, scheduled=True, tag="press")
    send(session, seal)
    suppress(
        session, owner_id=event.organiser_id, email="ada@example.org", seal=seal, now=LATER,
        because="unsubscribed",
    )  # fmt: skip
    session.commit()
    browser = sign_in(event.organiser)

    assert "wants no more mail from you" in browser.get(f"/en/organise/contacts/{ada.public_id}").text
    assert "wants no more mail" not in browser.get(f"/en/organise/contacts/{grace.public_id}").text
    assert "Where we meet" in browser.get(f"/en/organise/contacts/{ada.public_id}/history").text
    nothing = browser.get(f"/en/organise/contacts/{grace.public_id}/history").text
    assert "This site sent them nothing." in nothing


def test_after_the_event_s_time_words_tag_and_letters_are_gone(
    session: Session, seal: Seal, event: Event
) -> None:
    contact(event, "Ada", tags=("press",))
    invitation = InvitationFactory(event=event, scheduled=True, tag="press")
    send(session, seal)

    forget_event(session, event, by="worker", now=LATER + timedelta(days=120))
    session.expire_all()

    assert session.scalars(select(Message)).all() == []
    assert (invitation.texts, invitation.tag_sealed, invitation.written) == ({}, None, 1)
    assert session.scalars(select(Announcement)).one() is invitation


@pytest.mark.slow
def test_many_contacts_take_no_more_memory_than_few(session: Session, seal: Seal, event: Event) -> None:
    event_id = event.id
    CampaignRoleFactory(campaign=event.campaign, account=event.organiser)

    def peak(number: int) -> int:
        told = session.get_one(Event, event_id)
        for one in range(number):
            contact(told, f"Contact{number}x{one}")
        InvitationFactory(event=told, scheduled=True)
        session.commit()
        session.expunge_all()
        tracemalloc.start()
        write_announcements(seal=seal, site_url=HERE, now=LATER)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)
    few, many = peak(100), peak(1_000)

    assert many < 1.5 * few
