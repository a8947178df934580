"""Every letter as a mail program shows it: on phones and on a desk, by day and by night, with long names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coordinator.kit.i18n import LANGUAGES
from tests.factories.letters import SCRIPTS, TEMPLATES, rendered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from flask import Flask
    from playwright.sync_api import Browser, Page

WIDTHS = (700, 360, 320)
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, for text of ordinary size."""

CONTRASTS = """() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    const colour = getComputedStyle(one).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && one.parentElement ? behind(one.parentElement) : colour;
  };
  return [...document.querySelectorAll(".letter *")].map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))];
    return [one.className || one.tagName, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""
"""How far each text stands out from what is behind it."""

EVERY = [
    pytest.param((template, locale, words), id=f"{template}-{locale}-{script}")
    for template in TEMPLATES
    for locale in LANGUAGES
    for script, words in SCRIPTS.items()
]


@pytest.fixture
def letter(app: Flask, request: pytest.FixtureRequest) -> EmailMessage:
    template, locale, words = request.param
    with app.app_context():
        return rendered(template, locale, words)


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Page]:
    """A mail program: it runs no script."""
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.once
@pytest.mark.parametrize("letter", EVERY, indirect=True)
def test_it_fits_every_screen_can_be_read_by_night_and_loads_nothing(
    letter: EmailMessage, reader: Page
) -> None:
    html = letter.get_body(("html",))
    assert html is not None
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    reader.set_content(html.get_content())
    for width in WIDTHS:
        reader.set_viewport_size({"width": width, "height": 740})
        assert reader.locator("body").evaluate("() => document.documentElement.scrollWidth") <= width
    for scheme in ("light", "dark"):
        reader.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a literal of two
        faint = [(name, ratio) for name, ratio in reader.evaluate(CONTRASTS) if ratio < LEAST_CONTRAST]
        assert faint == []

    assert reader.locator("h1").inner_text().strip()
    assert [url for url in asked if not url.startswith(("data:", "about:", "cid:"))] == []


@pytest.mark.once
@pytest.mark.parametrize(
    ("template", "where"),
    [
        ("messaging/announcement", "h1"),
        ("messaging/announcement", ".letter > div[dir]"),
        ("messaging/cancelled", "blockquote"),
        ("events/rejected", "blockquote"),
    ],
)
def test_words_from_right_to_left_begin_on_the_right(
    app: Flask, reader: Page, template: str, where: str
) -> None:
    with app.app_context():
        html = rendered(template, "en", SCRIPTS["arabic"]).get_body(("html",))
    assert html is not None

    reader.set_content(html.get_content())

    assert reader.locator(where).first.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert reader.locator("html").evaluate("one => getComputedStyle(one).direction") == "ltr"
