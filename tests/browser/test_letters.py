"""Every letter as a mail program shows it: on a phone and on a desk, with long names in three scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from coordinator.outbox.rendering import Letter, render_letter
from coordinator.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from flask import Flask
    from playwright.sync_api import Browser, Page

FOLDER = ROOT / "templates" / "email"
TEMPLATES = sorted(str(file.parent.relative_to(FOLDER)) for file in FOLDER.rglob("subject.txt"))
AT = datetime(2030, 9, 9, 12, 0, tzinfo=UTC)

CYRILLIC = "Свободу всем антивоенным политзаключённым: стоим у посольства, пока последний не выйдет на волю"
ARABIC = "وقفة تضامنية مع جميع السجناء السياسيين المناهضين للحرب أمام السفارة حتى يخرج آخرهم إلى الحرية"
UNBROKEN = "Menschenrechtsverteidigerinnenunterstützungsveranstaltungsankündigungen"


def context(words: str) -> dict[str, object]:
    """Return everything that any letter asks for, with `words` wherever people type."""
    event = {
        "title": words, "starts_at": "2030-09-16T16:00:00+00:00", "timezone": "Europe/Berlin",
        "is_time_known": True, "address": words, "city": words, "day_at": "2030-09-16T18:00:00",
    }  # fmt: skip
    return event | {
        "event_id": "7x2k9c4m1p", "public_id": "7x2k9c4m1p", "campaign": "demo", "campaign_title": words,
        "announcement_id": "7x2k9c4m1p", "token": "t" * 43, "status": "accepted", "party_size": 2,
        "until_at": "2030-09-12T16:00:00+00:00", "due_at": "2030-09-12T16:00:00+00:00",
        "expires_at": "2030-09-12T16:00:00+00:00", "retention_days": 90, "was": event, "because": words,
        "reason": words, "how_to_get_there": words, "short_code": "ABC 234", "heading": words,
        "text": f"{words}\n\n- {words}\n\n{words}", "is_cancelled": True, "name": words, "role": words,
        "role_code": "", "role_words": words, "role_note": words, "note": words, "kind": "coordinator",
        "display_name": words, "slug": "demo", "account_exists": True, "unsubscribe_url": "",
        "has_account": True, "sent_at": "2030-09-12T16:00:00+00:00", "next": "/en/organise/",
    }  # fmt: skip


@pytest.fixture
def letter(app: Flask, request: pytest.FixtureRequest) -> EmailMessage:
    template, locale, words = request.param
    facts = context(words) | {
        "unsubscribe_url": f"{app.config['SITE_URL'].rstrip('/')}/{locale}/unsubscribe/{'t' * 43}"
    }
    with app.app_context():
        return render_letter(
            Letter(
                public_id="7x2k9c4m1p", template=template, locale=locale, recipient="ada@example.org",
                context=facts,
            ),
            AT,
        )  # fmt: skip


SCRIPTS = (("cyrillic", "ru", CYRILLIC), ("arabic", "en", ARABIC), ("one-word", "en", UNBROKEN))
EVERY = [
    pytest.param((template, locale, words), id=f"{template}-{script}")
    for template in TEMPLATES
    for script, locale, words in SCRIPTS
]


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Page]:
    """A mail program: it runs no script."""
    context_ = chromium.new_context(java_script_enabled=False)
    yield context_.new_page()
    context_.close()


@pytest.mark.once
@pytest.mark.parametrize("letter", EVERY, indirect=True)
def test_it_fits_a_phone_loads_nothing_and_says_the_same_as_its_text(
    letter: EmailMessage, reader: Page
) -> None:
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    for width in (700, 360):
        reader.set_viewport_size({"width": width, "height": 740})
        reader.set_content(html.get_content())
        assert reader.locator("body").evaluate("() => document.documentElement.scrollWidth") <= width
    said = " ".join(reader.locator("body").inner_text().split())
    links = reader.locator("a").evaluate_all("all => all.map((one) => one.href)")

    assert reader.locator("h1").inner_text().strip()
    assert [url for url in asked if not url.startswith(("data:", "about:", "cid:"))] == []
    assert max(len(line) for line in letter.as_bytes().splitlines()) <= 998
    text = plain.get_content()
    assert "{" not in text + said
    for url in links:  # whoever reads the text can do the same
        assert url.rstrip("/") in text or "/events/7x2k9c4m1p" in url, url
