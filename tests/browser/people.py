"""What people do in a browser, in the words that they read there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import EmailMessage

    from playwright.sync_api import Page


def link_in(mail: EmailMessage, part: str) -> str:
    """Return the first link in `mail` whose address matches `part`."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(rf"https?://\S*{part}\S*", body.get_content())
    assert found, body.get_content()
    return found[0]


def sign_in(page: Page, email: str, password: str) -> None:
    """Go to the form and sign in."""
    page.goto("/en/account/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def open_folded(page: Page, summary: str) -> None:
    """Open what is folded away under `summary`, unless it is open."""
    folded = page.get_by_role("main").locator("details", has=page.locator("summary", has_text=summary)).first
    if folded.get_attribute("open") is None:
        folded.locator("summary").click()
