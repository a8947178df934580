from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from coordinator.kit.qr import qr_png
from coordinator.outbox.models import Message
from coordinator.outbox.rendering import Letter, render_letter
from coordinator.rsvps.codes import check_in_code, code_facts
from coordinator.rsvps.mail import facts_for
from coordinator.rsvps.rules import RsvpDetails, RsvpStatus
from coordinator.rsvps.service.answering import confirm_rsvp
from coordinator.rsvps.service.changing import cancel_rsvp
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory, submit_rsvp

if TYPE_CHECKING:
    from email.message import EmailMessage

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)


def written(session: Session, seal: Seal) -> EmailMessage:
    session.flush()
    message = session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert message is not None
    return render_letter(
        Letter(
            public_id="0123456789",
            template=message.template,
            locale=message.locale,
            recipient=seal.decrypt(message.recipient_sealed) or "",
            context=json.loads(seal.decrypt(message.context_sealed) or "{}"),
        ),
        NOON,
    )


def parts(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


@pytest.mark.parametrize("is_full", [False, True])
def test_the_confirm_letter_is_honest_about_places(session: Session, seal: Seal, *, is_full: bool) -> None:
    event = EventFactory(title="Vigil", capacity=2 if is_full else None)
    RsvpFactory(event=event, party_size=2)
    form = RsvpDetails(status=RsvpStatus.ACCEPTED, party_size=2, locale="en", email="ada@example.org")

    submit_rsvp(session, event, form, seal=seal, now=NOON)

    mail = written(session, seal)
    assert mail["Subject"] == "Please confirm: Vigil"
    assert mail["To"] == "ada@example.org"
    for words in parts(mail):
        assert "Monday, 16 September 2030, 18:00" in words
        assert "/confirm" in words
        assert ("waiting list" in words) is is_full


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_day_without_a_time_is_not_given_one(session: Session, seal: Seal, locale: str) -> None:
    event = EventFactory(
        is_time_known=False,
        starts_local=datetime(2030, 9, 16, 12),  # noqa: DTZ001 a wall time
        ends_local=None,
        timezone="Pacific/Auckland",
    )
    form = RsvpDetails(status=RsvpStatus.ACCEPTED, party_size=1, locale=locale, email="ada@example.org")

    submit_rsvp(session, event, form, seal=seal, now=NOON)

    for words in parts(written(session, seal)):
        assert "16" in words
        assert "12:00" not in words


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        pytest.param("en", ["Embassy of Russia in Berlin", "By the fountain", "Berlin"], id="en"),
        pytest.param("ru", ["Посольство: Берлин", "By the fountain", "Берлин"], id="ru"),
    ],
)
def test_a_letter_says_until_when_at_which_mission_and_in_which_city(
    session: Session, seal: Seal, locale: str, lines: list[str]
) -> None:
    event = EventFactory(address="By the fountain")
    form = RsvpDetails(status=RsvpStatus.ACCEPTED, party_size=1, locale=locale, email="ada@example.org")

    submit_rsvp(session, event, form, seal=seal, now=NOON)

    plain, html = parts(written(session, seal))
    assert "\n".join(lines) in plain.replace("\r\n", "\n")
    for words in (plain, html):
        assert re.search(r", 18:00\s[–—]\s19:30, ", words)
        assert all(line in words for line in lines)


def test_a_city_that_the_address_names_is_not_said_twice(session: Session, seal: Seal) -> None:
    event = EventFactory(mission=None, address="Alexanderplatz, Berlin", city="Berlin", ends_local=None)
    form = RsvpDetails(status=RsvpStatus.ACCEPTED, party_size=1, locale="en", email="ada@example.org")

    submit_rsvp(session, event, form, seal=seal, now=NOON)

    plain, _ = parts(written(session, seal))
    assert ", 18:00, Berlin (UTC+02:00)" in plain
    assert "\nAlexanderplatz, Berlin\nhttp" in plain.replace("\r\n", "\n")


def test_the_letter_to_whom_a_place_was_freed(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=2)
    here = RsvpFactory(event=event, party_size=2)
    RsvpFactory(event=event, confirmed=True, waitlisted=True, party_size=2, token="w" * 32)

    cancel_rsvp(session, here, seal=seal, now=event.starts_at - timedelta(hours=3))

    for words in parts(written(session, seal)):
        assert "room for all 2 of you" in words
        assert f"/en/rsvp/{'w' * 32}" in words
        assert "At the door" in words


@pytest.mark.parametrize("answer", [RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE])
def test_whoever_confirms_gets_the_code_for_the_door_and_needs_no_picture(
    session: Session, seal: Seal, answer: RsvpStatus
) -> None:
    rsvp = RsvpFactory(pending=True, status=answer, party_size=2, token="w" * 32)

    confirm_rsvp(session, rsvp, seal=seal, now=NOON)

    mail = written(session, seal)
    letters = code_facts(rsvp.event.public_id, rsvp.public_id, seal)["short_code"]
    for words in parts(mail):
        assert letters in words
        assert f"/en/rsvp/{'w' * 32}" in words
        assert ".ics" in words
    assert 'src="cid:qr"' in parts(mail)[1]
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<qr>"
    assert picture.get_content() == qr_png(check_in_code(rsvp.event.public_id, rsvp.public_id, seal))


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_the_calendar_of_a_letter_speaks_its_language(session: Session, seal: Seal, locale: str) -> None:
    confirm_rsvp(session, RsvpFactory(pending=True, locale=locale), seal=seal, now=NOON)

    for words in parts(written(session, seal)):
        assert f".ics?lang={locale}" in words


def test_whoever_confirms_and_waits_is_given_no_code_yet(session: Session, seal: Seal) -> None:
    event = EventFactory(capacity=1)
    RsvpFactory(event=event)
    rsvp = RsvpFactory(event=event, pending=True)

    confirm_rsvp(session, rsvp, seal=seal, now=NOON)

    assert session.scalars(select(Message)).all() == []


def test_what_strangers_type_is_only_text(session: Session, seal: Seal) -> None:
    event = EventFactory(title="<script>x</script>\r\nBcc: eve@example.org")
    form = RsvpDetails(status=RsvpStatus.ACCEPTED, party_size=1, locale="en", email="ada@example.org")

    submit_rsvp(session, event, form, seal=seal, now=NOON)

    mail = written(session, seal)
    assert mail["Bcc"] is None
    assert "<script>" not in parts(mail)[1]


@pytest.mark.parametrize("template", ["rsvps/manage", "messaging/changed", "messaging/resumed"])
def test_whoever_has_an_offer_reads_of_it_in_every_letter(
    session: Session, seal: Seal, template: str
) -> None:
    event = EventFactory(capacity=3)
    rsvp = RsvpFactory(event=event, waitlisted=True, confirmed=True, token="h" * 32)
    rsvp.offered_until = NOON + timedelta(hours=20)
    facts = facts_for(rsvp, event, "h" * 32) | {"was": None}

    mail = render_letter(
        Letter(
            public_id="0123456789", template=template, locale="en", recipient="a@example.org", context=facts
        ),
        NOON,
    )

    for text in parts(mail):
        assert "A place is held for you" in text
        assert f"/rsvp/{'h' * 32}/offer" in text
        assert "on the waiting list" not in text
