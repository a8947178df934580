"""What a letter is made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest
from jinja2 import UndefinedError

from coordinator.outbox.rendering import Letter, render_letter

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)


def letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "public_id": "7x2k9c4m1p",
        "template": "accounts/reset",
        "locale": "en",
        "recipient": "ada@example.org",
        "context": {"token": "T" * 32, "name": "Ada"},
    }
    return Letter(**(values | changes))


def test_a_letter_has_one_recipient_two_parts_and_says_that_a_machine_wrote_it(session: Session) -> None:
    mail = message_from_bytes(bytes(render_letter(letter(), NOON)), policy=default)

    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert (mail["To"], mail["Message-ID"]) == ("ada@example.org", "<7x2k9c4m1p@localhost>")
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "en")
    assert mail["Date"].datetime == NOON
    assert mail["Cc"] is None
    assert mail["Bcc"] is None
    link = f"http://localhost/en/account/reset/{'T' * 32}"
    assert link in text.get_content()
    assert link in html.get_content()


def test_a_letter_loads_and_reports_nothing(session: Session) -> None:
    html = render_letter(letter(), NOON).get_body(("html",)).get_content()  # type: ignore[union-attr]

    assert "<img" not in html
    assert "<script" not in html
    assert "@import" not in html
    assert "url(" not in html


def test_a_letter_is_written_in_the_reader_s_language(session: Session) -> None:
    mail = render_letter(letter(locale="ru"), NOON)

    assert mail["Content-Language"] == "ru"
    assert '<html lang="ru"' in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "/ru/account/reset/" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_the_same_message_has_the_same_id_whenever_it_is_written(session: Session) -> None:
    later = datetime(2030, 4, 3, 12, 0, tzinfo=UTC)

    assert render_letter(letter(), NOON)["Message-ID"] == render_letter(letter(), later)["Message-ID"]


@pytest.mark.parametrize(
    "recipient",
    [
        "ada@example.org\nBcc: eve@example.org",
        "ada@example.org\r\n\r\nbody",
        "ada@example.org, eve@example.org",
    ],
)
def test_no_address_adds_a_header_or_a_reader(session: Session, recipient: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        render_letter(letter(recipient=recipient), NOON)


def test_no_name_adds_a_header_or_runs_in_the_html(session: Session) -> None:
    name = "Ada\r\nBcc: eve@example.org\r\n<script>alert(1)</script>"
    mail = message_from_bytes(
        bytes(render_letter(letter(context={"token": "T", "name": name}), NOON)), policy=default
    )

    assert mail["Bcc"] is None
    assert "<script" not in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_a_line_break_in_a_subject_is_a_space(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = render_letter(letter(template="accounts/nobody", context={}), NOON)

    assert mail["Subject"] == "There is no account with this address"


def test_a_letter_that_lacks_something_is_not_written(session: Session) -> None:
    with pytest.raises(UndefinedError):
        render_letter(letter(context={"token": "T"}), NOON)


def test_letters_of_one_thread_stand_together_and_do_not_say_whose(session: Session) -> None:
    thread = "event:7x2k9c4m1p:rsvp:5k3m9x1c7q"
    first, second, other = (
        message_from_bytes(
            bytes(render_letter(letter(context={"token": "T", "name": "Ada", "thread": name}), NOON)),
            policy=default,
        )
        for name in (thread, thread, "event:7x2k9c4m1p:rsvp:0000000000")
    )

    assert first["References"] == first["In-Reply-To"] == second["References"]
    assert first["References"] != other["References"]
    assert re.fullmatch(r"<[0-9a-f]{32}@localhost>", first["References"])
    assert "5k3m9x1c7q" not in bytes(first).decode()


def test_a_long_link_to_unsubscribe_is_one_line_that_programs_can_read(session: Session) -> None:
    url = f"http://localhost/en/unsubscribe/r7x2k9c4m1p{'A' * 400}"
    raw = bytes(
        render_letter(letter(context={"token": "T", "name": "Ada", "unsubscribe_url": url}), NOON)
    ).decode()

    assert f"\r\nList-Unsubscribe: <{url}>\r\n" in raw
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_a_letter_that_nobody_asked_to_stop_has_no_such_header(session: Session) -> None:
    mail = render_letter(letter(), NOON)

    assert mail["List-Unsubscribe"] is None
    assert mail["References"] is None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.net/en/unsubscribe/x",
        "http://localhost.evil.example.net/en/unsubscribe/x",
        "http://localhost/en/unsubscribe/x>\r\nBcc: eve@example.org",
        "http://localhost/en/x>, <mailto:eve@example.org",
        f"http://localhost/{'x' * 1_000}",
    ],
)
def test_nobody_is_sent_elsewhere_to_unsubscribe(session: Session, url: str) -> None:
    with pytest.raises(ValueError, match=r"unsubscribe|Unsubscribe"):
        bytes(render_letter(letter(context={"token": "T", "name": "Ada", "unsubscribe_url": url}), NOON))
