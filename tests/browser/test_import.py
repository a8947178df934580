"""A long table of people: the page goes on by itself when the worker has looked at it, or by a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import assert_accessible

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page, StorageState

ROWS = 3_000
TABLE = (
    "Name,E-mail\n" + "".join(f"P{number},p{number}@example.org\n" for number in range(ROWS)) + "Bob,nobody\n"
)


def upload(page: Page) -> None:
    page.goto("/en/organise/contacts/import")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("main").get_by_role("button", name="Upload").click()
    page.get_by_role("main").get_by_role("button", name="Continue").click()


def is_counted(page: Page) -> bool:
    return page.get_by_role("heading", name="Check before importing").is_visible()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_long_table_is_counted_and_then_asked_about(
    open_browser: Callable[..., BrowserContext], cookies: dict[str, StorageState], has_scripts: bool
) -> None:
    page = open_browser(width=360, javascript=has_scripts, storage_state=cookies["organiser"]).new_page()

    upload(page)
    if has_scripts:
        assert_accessible(page)
    for _ in range(0 if has_scripts else 60):
        if is_counted(page):
            break
        page.get_by_role("link", name="Look again").click()
        page.wait_for_timeout(500)

    expect(page.get_by_role("heading", name="Check before importing")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(f"{ROWS + 1}", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Import")).to_be_visible()
    page.get_by_role("button", name="Throw this file away").click()
