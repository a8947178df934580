"""The administrator tries whether mail goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, StorageState

HANDED_OVER = "There is no mail server here, so it became a file."
MOST_LOOKS = 500  # of some milliseconds each


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_letter_to_oneself_is_followed_until_it_went(
    open_browser: Callable[..., BrowserContext],
    cookies: dict[str, StorageState],
    javascript: bool,
) -> None:
    page = open_browser(storage_state=cookies["administrator"], width=360, javascript=javascript).new_page()
    page.goto("/en/administer/mail")

    page.get_by_role("button", name="Send me a letter").click()

    expect(page.get_by_role("heading", name="A letter to yourself")).to_be_visible()
    look_again = page.get_by_role("link", name="Look again")
    for _ in range(0 if javascript else MOST_LOOKS):
        if not look_again.count():
            break
        look_again.click()
    expect(page.get_by_text(HANDED_OVER)).to_be_visible()
    expect(look_again).to_be_hidden()
