"""Make the pictures in docs/pictures from a fresh installation: `make screenshots`.

Each is one window full, as a visitor sees it. docs/pictures.md shows them.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from coordinator.settings import ROOT
from tests.browser.installation import launch, running_site
from tests.browser.people import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, StorageState

    from tests.browser.installation import Site

PICTURES = ROOT / "docs" / "pictures"
LARGEST = 300_000  # bytes
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
}
MISSION = "ru-at-vienna-permanent-mission"


@dataclass(frozen=True)
class Picture:
    """What is shown: whose page, in which window, and where to click or scroll first."""

    name: str
    path: str
    window: dict[str, Any]
    role: str = ""
    click: str = ""
    scroll_to: str = ""
    is_dark: bool = False


SHOTS = (
    Picture("campaign-wide", "/en/demo", WIDE),
    Picture("campaign-phone", "/en/demo", PHONE),
    Picture("campaign-russian", "/ru/demo", PHONE),
    Picture("home-dark", "/en/demo", WIDE, is_dark=True),
    Picture("map", "/en/demo/map", WIDE),
    Picture("list", "/en/demo", WIDE, scroll_to="#list"),
    Picture("near-phone", "/en/demo/near?place=Братислава", PHONE),
    Picture(
        "missions", "/en/demo/missions", WIDE, click="summary:has-text('Europe')", scroll_to="details[open]"
    ),
    Picture("event-phone", "/en/demo", PHONE, click=".event-card a"),
    Picture("rsvp-phone", "/en/demo", PHONE, click=".event-card a", scroll_to="#rsvp"),
    Picture("register-phone", f"/en/organise/events/new?campaign=demo&mission={MISSION}", PHONE),
    Picture("register-wide", f"/en/organise/events/new?campaign=demo&mission={MISSION}", WIDE, "organiser"),
    Picture("organise", "/en/organise/", WIDE, "organiser"),
    Picture("attendees", "/en/organise/", WIDE, "organiser", click=".card:has-text('confirmed') a"),
    Picture("contacts", "/en/organise/contacts", WIDE, "organiser"),
    Picture("review", "/en/coordinate/demo/review", WIDE, "coordinator", click="tbody tr a"),
    Picture("numbers", "/en/coordinate/demo/", WIDE, "coordinator"),
    Picture(
        "coverage",
        "/en/coordinate/demo/coverage",
        WIDE,
        "coordinator",
        click="summary:has-text('Europe')",
        scroll_to="details[open]",
    ),
)


def main() -> int:
    """Return 0 when every picture was made and none is too large."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_site(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        if browser is None:
            say("Chromium is missing.")
            return 1
        roles = {shot.role for shot in SHOTS if shot.role}
        cookies = {role: _cookies(browser, site, role) for role in roles}
        for shot in SHOTS:
            _take(browser, site, shot, cookies.get(shot.role))
        browser.close()
    large = [file.name for file in PICTURES.glob("*.png") if file.stat().st_size > LARGEST]
    if large:
        say(f"Larger than {LARGEST} bytes: {', '.join(large)}")
    return 1 if large else 0


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _cookies(browser: Browser, site: Site, role: str) -> StorageState:
    context = browser.new_context(base_url=site.url)
    sign_in(context.new_page(), *site.accounts[role])
    found = context.storage_state()
    context.close()
    return found


def _take(browser: Browser, site: Site, shot: Picture, cookies: StorageState | None) -> None:
    context = browser.new_context(
        base_url=site.url,
        locale="en-GB",
        storage_state=cookies,
        color_scheme="dark" if shot.is_dark else "light",
        reduced_motion="reduce",
        **shot.window,
    )
    page = context.new_page()
    page.goto(shot.path)
    if shot.click:
        page.locator(shot.click).first.click()
        page.wait_for_load_state()
    if shot.name == "attendees":
        page.get_by_role("link", name="See the list").click()
    _settle(page)
    if shot.scroll_to:
        page.evaluate("where => document.querySelector(where).scrollIntoView()", shot.scroll_to)
    file = PICTURES / f"{shot.name}.png"
    page.screenshot(path=file)
    say(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1000} kB")
    context.close()


def _settle(page: Page) -> None:
    """Wait until maps are drawn and the typeface is there."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    for frame in page.frames:
        if frame.locator("[data-events]").count():
            frame.locator(".map[data-ready]").wait_for()


if __name__ == "__main__":
    sys.exit(main())
