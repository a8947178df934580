"""What goes over the wire: short lines in ASCII, long names whole, and nobody's header but ours."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.outbox.headers import (
    ASCII_POLICY,
    LONGEST_LINE,
    UTF8_POLICY,
    add_parts,
    recipient,
    sender,
    words,
)
from coordinator.outbox.rendering import Letter, render_letter
from coordinator.outbox.transports import envelope_sender

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)
RUSSIAN = "Международный день солидарности с политическими заключёнными: Екатеринбург, Ростов-на-Дону"
ARABIC = "يوم التضامن العالمي مع السجناء السياسيين في روسيا أمام السفارة، الساعة السادسة مساءً"
ONE_WORD = "Антивоенноеполитзаключённое" * 12


def letter_with(**headers: str) -> EmailMessage:
    mail = EmailMessage(policy=ASCII_POLICY)
    for name, value in headers.items():
        mail[name] = value
    add_parts(mail, text="x\n", html="<p>x</p>")
    return mail


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Please confirm: vigil", id="short"),
        pytest.param("Please confirm " + "that you come " * 20, id="long"),
        pytest.param("a" * 300, id="one long word"),
        pytest.param("it says =?utf-8?q?this?= itself", id="looks encoded"),
        pytest.param(RUSSIAN, id="russian"),
        pytest.param(RUSSIAN * 3, id="long russian"),
        pytest.param(ARABIC * 3, id="long arabic"),
        pytest.param(ONE_WORD, id="one long russian word"),
        pytest.param("✊🏿" * 60, id="outside the plane"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_subject_in_any_script_is_whole_and_its_lines_are_short(text: str) -> None:
    raw = bytes(letter_with(Subject=words(text, used=len("Subject: "))))

    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert message_from_bytes(raw, policy=default)["Subject"] == " ".join(text.split())


@pytest.mark.parametrize("name", ["Day of Action", 'Ada "the lantern", Berlin', RUSSIAN, ARABIC, ""])
def test_a_sender_s_name_is_whole_and_hides_no_address(name: str) -> None:
    raw = bytes(letter_with(From=sender(name, "noreply@example.org")))

    # Not by the newer policy, which puts spaces between two encoded words of a name.
    shown, address = parseaddr(message_from_bytes(raw)["From"])
    assert (str(make_header(decode_header(shown))), address) == (name, "noreply@example.org")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("ada@example.org", "ada@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@ПРИМЕР.рф", "ada@xn--e1afmkfd.xn--p1ai"),
        ("ада@пример.рф", "ада@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_a_domain_is_written_as_the_dns_knows_it(typed: str, sent: str) -> None:
    assert recipient(typed) == sent


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example.org>", "ada@a@b", "ada@xn--\u2028"],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 idna has its own words
        recipient(typed)


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: eve@example.org", "a\nb", "a\rb", "a\r\n", "а", "x" * LONGEST_LINE]
)
def test_no_header_ends_or_begins_another(value: str) -> None:
    with pytest.raises(ValueError, match="Subject"):
        letter_with(Subject=value)


def test_an_address_outside_ascii_is_written_as_it_is_where_the_server_can(session: Session) -> None:
    mail = render_letter(letter(recipient="ада@пример.рф"), NOON)

    assert mail.policy is UTF8_POLICY
    assert "To: ада@xn--e1afmkfd.xn--p1ai\r\n".encode() in bytes(mail)


@pytest.mark.parametrize(
    "name", [RUSSIAN, ARABIC, "Ada", ONE_WORD, "x" * 3_000, "a line \nand  spaces   \t \n"]
)
def test_nothing_on_the_way_has_a_reason_to_change_a_letter(session: Session, name: str) -> None:
    """DKIM signs bytes: 8-bit text, long lines and spaces at their ends are what servers like to change."""
    raw = bytes(render_letter(letter(context={"token": "T", "name": name}), NOON))

    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in lines) <= 78
    assert not [line for line in lines if line != line.rstrip()]
    parts = message_from_bytes(raw, policy=default)
    text = parts.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert " ".join(name.split()) in " ".join(text.split())


def test_a_letter_comes_back_to_its_sender_or_where_the_settings_say(session: Session) -> None:
    mail = render_letter(letter(), NOON)

    assert envelope_sender(mail, "") == "noreply@localhost"
    assert envelope_sender(mail, "bounces@example.org") == "bounces@example.org"
    assert envelope_sender(mail, "bounces+{id}@example.org") == "bounces+7x2k9c4m1p@example.org"


def letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "public_id": "7x2k9c4m1p",
        "template": "accounts/reset",
        "locale": "en",
        "recipient": "ada@example.org",
        "context": {"token": "T" * 32, "name": "Ada"},
    }
    return Letter(**(values | changes))
