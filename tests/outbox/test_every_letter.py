"""Every letter there is, with long names in three scripts: its headers, its text, its links."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, NamedTuple

import pytest

from coordinator.kit.i18n import LANGUAGES
from coordinator.outbox.headers import LONGEST_LINE
from tests.factories.letters import ARABIC, OTHERWISE, SCRIPTS, TEMPLATES, WRITTEN_AT, YOUNG, rendered

if TYPE_CHECKING:
    from email.message import EmailMessage

    from flask import Flask

pytestmark = pytest.mark.once  # what a letter says does not depend on the database

MOST_OCTETS = 78
UNFOLDABLE = b"List-Unsubscribe:"
"""An address in angle brackets has no place to fold it (RFC 2369, 2), so it may be as long as it is."""

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted")
TURNING = re.compile("[\u202a-\u202e\u2066\u2067]")
HOSTILE = "Ada\r\nBcc: eve@example.org\r\n\r\n<b onclick=x>\u202eevil\u2069\u202d"


class Parts(NamedTuple):
    """A letter as a mail program reads it."""

    mail: EmailMessage
    text: str
    html: str
    raw: bytes


def parts_of(letter: EmailMessage) -> Parts:
    raw = bytes(letter)
    mail = message_from_bytes(raw, policy=default)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return Parts(mail, text.get_content().replace("\r\n", "\n"), html.get_content(), raw)


def every(*variants: str) -> list[object]:
    return [
        pytest.param(template, locale, id=f"{template}-{locale}")
        for template in TEMPLATES
        for locale in (variants or LANGUAGES)
    ]


@pytest.mark.parametrize(("template", "locale"), every())
@pytest.mark.parametrize("script", SCRIPTS)
def test_headers_are_short_whole_and_once(app: Flask, template: str, locale: str, script: str) -> None:
    with app.app_context():
        letter = parts_of(rendered(template, locale, SCRIPTS[script]))

    head, _, _ = letter.raw.partition(b"\r\n\r\n")
    long_lines = [line for line in head.split(b"\r\n") if len(line) > MOST_OCTETS]
    assert letter.raw.isascii()
    assert b"\n" not in letter.raw.replace(b"\r\n", b"")
    assert b"\r" not in letter.raw.replace(b"\r\n", b"")
    assert all(line.startswith(UNFOLDABLE) and len(line) <= LONGEST_LINE for line in long_lines)
    assert [len(letter.mail.get_all(name, [])) for name in ONCE] == [1] * len(ONCE)
    assert letter.mail["Date"].datetime == WRITTEN_AT
    sender = letter.mail["From"].addresses[0]
    assert letter.mail["Message-ID"] == f"<7x2k9c4m1p@{sender.domain}>"
    assert letter.mail["To"].addresses[0].addr_spec == "ada@example.org"
    assert letter.mail["Content-Language"] == locale
    assert " " not in letter.mail["Subject"].strip().replace(" ", "")
    assert letter.mail["Subject"] == re.sub(r"\s+", " ", letter.mail["Subject"])


@pytest.mark.parametrize(("template", "locale"), every())
@pytest.mark.parametrize("is_otherwise", [False, True], ids=["full", "otherwise"])
def test_the_text_reads_well_and_has_every_link(
    app: Flask, template: str, locale: str, is_otherwise: bool
) -> None:
    with app.app_context():
        changes = OTHERWISE if is_otherwise else {}
        letter = parts_of(rendered(template, locale, SCRIPTS["cyrillic"], **changes))

    lines = letter.text.split("\n")
    assert lines[-1] == ""
    assert not re.search(r"\n\n\n", letter.text)
    assert [line for line in lines if line != line.strip() and line != "-- "] == []
    assert lines.count("-- ") == 1
    assert not re.search(r"[{}<]|&\w+;|None|Undefined", letter.text)
    links = set(re.findall(r'href="([^"]+)"', letter.html))
    assert links
    for link in links:  # whoever reads the text can do the same; a link stands alone on its line
        assert link in lines, link


@pytest.mark.parametrize(("template", "locale"), every())
def test_a_letter_that_waited_since_less_was_told_is_written_all_the_same(
    app: Flask, template: str, locale: str
) -> None:
    with app.app_context():
        letter = parts_of(rendered(template, locale, SCRIPTS["one word"], without=YOUNG))

    assert not re.search(r"[{}<]|None|Undefined", letter.text)


@pytest.mark.parametrize("template", TEMPLATES)
def test_right_to_left_names_are_kept_apart_in_a_left_to_right_letter(app: Flask, template: str) -> None:
    with app.app_context():
        letter = parts_of(rendered(template, "en", f"{ARABIC} 2030"))

    for said in (str(letter.mail["Subject"]), letter.text, letter.html):
        assert said.count("\u2068") == said.count("\u2069")
        for line in said.splitlines():
            name = line.find(ARABIC)
            beside = line[name - 1 : name] if name > 0 else ""
            is_alone = not re.sub(r"<[^>]+>|^[-*] ", "", line).replace(f"{ARABIC} 2030", "").strip()
            assert name == -1 or beside == "\u2068" or is_alone, line


@pytest.mark.parametrize(("template", "locale"), every())
def test_no_name_adds_a_header_or_turns_the_text_around_it(app: Flask, template: str, locale: str) -> None:
    with app.app_context():
        letter = parts_of(rendered(template, locale, HOSTILE))

    assert letter.mail["Bcc"] is None
    assert "\n" not in letter.mail["Subject"]
    assert "<b onclick" not in letter.html
    for said in (str(letter.mail["Subject"]), letter.text, letter.html):
        assert not TURNING.search(said)


def test_what_may_be_stopped_says_where(app: Flask) -> None:
    with app.app_context():
        letter = rendered("messaging/reminder", "en", ARABIC)

    assert letter["List-Unsubscribe"] == f"<http://localhost/en/unsubscribe/{'t' * 43}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
