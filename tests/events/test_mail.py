from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from coordinator.events.mail import tell_organiser
from coordinator.outbox.models import Message
from coordinator.outbox.rendering import Letter, render_letter
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from email.message import EmailMessage

    from flask import Flask
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOW = datetime(2030, 8, 20, 12, 0, tzinfo=UTC)
HERE = Path(__file__).with_name("emails")
LETTERS = (
    "published", "asked", "rejected", "change_accepted", "change_refused", "cancelled", "place_unknown",
    "place_rough",
)  # fmt: skip
WITH_REASON = {"asked", "rejected", "change_refused", "cancelled"}


def letter_of(session: Session, seal: Seal) -> EmailMessage:
    session.flush()
    row = session.scalars(select(Message)).one()
    letter = Letter(
        public_id=row.public_id,
        template=row.template,
        locale=row.locale,
        recipient=seal.decrypt(row.recipient_sealed) or "",
        context=json.loads(seal.decrypt(row.context_sealed) or "{}"),
    )
    return render_letter(letter, NOW)


def words(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("news", LETTERS)
def test_every_letter_says_which_protest_why_and_where_to_go_on(
    app: Flask, session: Session, seal: Seal, news: str
) -> None:
    event = EventFactory(
        title="Vigil <b>& tea</b>", public_id="7x2k9c4m1p", organiser__email="ada@example.org"
    )
    reason = "Please say <i>until when</i>." if news in WITH_REASON else ""

    tell_organiser(session, event, news, fact="", seal=seal, now=NOW, reason=reason)
    mail = letter_of(session, seal)

    plain, html = words(mail, "plain"), words(mail, "html")
    assert mail["To"] == "ada@example.org"
    assert "Vigil <b>& tea</b>" in mail["Subject"]
    for body in (plain, html):
        assert f"{app.config['SITE_URL']}/en/" in body
        assert "7x2k9c4m1p" in body
    assert "Vigil <b>& tea</b>" in plain
    assert reason in plain
    assert "<b>" not in html
    assert "<i>" not in html
    assert "Unter den Linden" in plain or "18:00" in plain


def test_a_question_reads_like_this(session: Session, seal: Seal) -> None:
    event = EventFactory(title="Vigil", public_id="7x2k9c4m1p")

    tell_organiser(
        session, event, "asked", fact="", seal=seal, now=NOW, reason="Who speaks?\nAnd until when?"
    )

    assert words(letter_of(session, seal), "plain") == (HERE / "asked.txt").read_text(encoding="utf-8")


def test_letters_are_written_in_the_organisers_language(session: Session, seal: Seal) -> None:
    event = EventFactory(organiser__locale="ru")

    tell_organiser(session, event, "published", fact="", seal=seal, now=NOW)

    mail = letter_of(session, seal)
    assert "/ru/events/" in words(mail, "plain")
    assert "16 сентября 2030" in words(mail, "plain")


def test_the_same_news_is_written_once(session: Session, seal: Seal) -> None:
    event = EventFactory()

    assert tell_organiser(session, event, "published", fact="a", seal=seal, now=NOW)
    assert not tell_organiser(session, event, "published", fact="a", seal=seal, now=NOW)
    assert tell_organiser(session, event, "published", fact="b", seal=seal, now=NOW)
