"""A running installation, and browsers that are told to trust nobody else."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from coordinator.messaging.unsubscribing import broadcast_token, contact_token, unsubscribe_token
from tests.browser.installation import Site, launch, running_site
from tests.browser.people import link_in, sign_in
from tests.conftest import IN_CI, database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, StorageState


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser. Each process of the suite has an installation and a browser of its own."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            # A real browser on two busy cores is late now and then; what fails twice is wrong.
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_name: str) -> Iterator[Site]:
    """The installation, with web process and worker, mail in files."""
    for url in database(f"coordinator_site_{worker_name}"):
        with running_site(tmp_path_factory.mktemp("site"), url) as running:
            yield running


@pytest.fixture(scope="session")
def playwright_() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright_: Playwright) -> Iterator[Browser]:
    """A browser. In CI a missing one is a failure."""
    browser = launch(playwright_)
    if browser is None:
        if IN_CI:
            pytest.fail("Chromium is missing, and in CI nothing is left out")
        pytest.skip("Chromium is missing")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def cookies(chromium: Browser, site: Site) -> dict[str, StorageState]:
    """Role to what the browser of somebody with that role has kept; the empty role is a stranger's."""
    kept: dict[str, StorageState] = {"": {"cookies": [], "origins": []}}
    for role, account in site.accounts.items():
        context = chromium.new_context(base_url=site.url)
        sign_in(context.new_page(), *account)
        kept[role] = context.storage_state()
        context.close()
    return kept


@pytest.fixture(scope="session")
def names(chromium: Browser, site: Site, cookies: dict[str, StorageState]) -> dict[str, str]:
    """What stands in the addresses of pages: ids of protests in several states, tokens from mails."""
    with urllib.request.urlopen(f"{site.url}/demo/events.geojson", timeout=10) as answer:  # noqa: S310 our own
        features = [feature["properties"] for feature in json.load(answer)["features"]]
    found = {
        "event": next(one["id"] for one in features if one["status"] == "published" and one["mission"]),
        "postponed": next(one["id"] for one in features if one["status"] == "postponed"),
        "cancelled": next(one["id"] for one in features if one["status"] == "cancelled"),
    }
    for name, role, path, link in (
        ("mine", "organiser", "/en/organise/", r"/organise/events/(\w{10})\""),
        ("contact", "organiser", "/en/organise/contacts", r"/organise/contacts/([0-9a-hjkmnp-tv-z]{10})\""),
        ("waiting", "coordinator", "/en/coordinate/demo/review", r"/review/(\w{10})\""),
    ):
        context = chromium.new_context(base_url=site.url, storage_state=cookies[role])
        page = context.new_page()
        page.goto(path)
        candidates = re.findall(link, page.content())
        if name == "mine":
            published = {one["id"] for one in features if one["status"] == "published"}
            candidates = [one for one in candidates if one in published]
        found[name] = candidates[0]
        context.close()
    found["message"] = site.scalar(
        "SELECT min(a.public_id) FROM announcement a JOIN campaign_role r ON r.account_id = a.author_id"
        " WHERE a.kind = 'answers'"
    )
    found["told"] = site.scalar(
        "SELECT e.public_id FROM event e JOIN announcement a ON a.event_id = e.id WHERE a.public_id ="
        " (SELECT min(m.public_id) FROM announcement m JOIN campaign_role r ON r.account_id = m.author_id"
        " WHERE m.kind = 'answers')"
    )
    found["invitation"] = site.scalar("SELECT public_id FROM announcement WHERE kind = 'contacts'")
    found["stop_invitations"] = contact_token(found["invitation"], "a" * 64, site.seal)
    found["broadcast"] = site.scalar("SELECT public_id FROM announcement WHERE kind = 'organisers'")
    organiser_id = site.scalar("SELECT min(a.public_id) FROM account a JOIN event e ON e.organiser_id = a.id")
    found["stop_broadcasts"] = broadcast_token(found["broadcast"], organiser_id, site.seal)
    found["waiting_message"] = site.scalar("SELECT public_id FROM announcement WHERE status = 'waiting'")
    found["sheet"] = uploaded_sheet(chromium, site, cookies)
    answer_id = site.scalar("SELECT max(public_id) FROM rsvp WHERE confirmed_at IS NOT NULL")
    found["stop"] = unsubscribe_token(answer_id, site.seal)
    found["door"] = door_link(chromium, site, cookies, found["mine"])
    found["self_test"] = letter_to_oneself(chromium, site, cookies)
    context = chromium.new_context(base_url=site.url)
    page = context.new_page()
    page.goto(f"/en/events/{found['event']}/rsvp")
    page.locator("details summary").first.click()
    page.get_by_label("E-mail").fill("visitor@example.org")
    page.get_by_role("button", name="Send my answer").click()
    mail = site.mail_to("visitor@example.org")
    found["manage"] = link_in(mail, "/en/rsvp/").removesuffix("/confirm").rpartition("/")[2]
    page.goto("/en/account/reset")
    page.get_by_label("E-mail address").fill(site.accounts["organiser"][0])
    page.get_by_role("main").get_by_role("button").click()
    reset = site.mail_to(site.accounts["organiser"][0], subject="password")
    found["reset"] = link_in(reset, "/account/reset/").rpartition("/")[2]
    context.close()
    return found


def door_link(chromium: Browser, site: Site, cookies: dict[str, StorageState], event: str) -> str:
    """Let the organiser make a link to the door of one of their protests; return its token."""
    context = chromium.new_context(base_url=site.url, storage_state=cookies["organiser"])
    page = context.new_page()
    page.goto(f"/en/organise/events/{event}/check-in/links")
    page.get_by_role("button", name="Make a link").click()
    token = page.get_by_label("Link for the door").input_value().rpartition("/")[2]
    context.close()
    return token


def letter_to_oneself(chromium: Browser, site: Site, cookies: dict[str, StorageState]) -> str:
    """Let the administrator send a letter to their own address; return its public id."""
    context = chromium.new_context(base_url=site.url, storage_state=cookies["administrator"])
    page = context.new_page()
    page.goto("/en/administer/mail")
    page.get_by_role("button", name="Send me a letter").click()
    page.get_by_role("heading", name="A letter to yourself").wait_for()
    public_id = page.url.rpartition("/")[2]
    context.close()
    return public_id


@pytest.fixture
def open_browser(chromium: Browser, site: Site) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that opens a fresh browser; at the end nothing may have gone wrong in any.

    Wrong is: an error on the console (a refusal of the Content-Security-Policy is one), a fault in
    a script, or a request to anybody but our site.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_one(*, width: int = 1280, javascript: bool = True, **options: object) -> BrowserContext:
        context = chromium.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 800},
            java_script_enabled=javascript,
            locale=str(options.pop("locale", "en-GB")),
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(15_000)
        context.on("console", lambda m: wrong.append(f"console: {m.text}") if _is_fault(m) else None)
        context.on("weberror", lambda e: wrong.append(f"script: {e.error}"))
        context.on("request", lambda r: None if _is_ours(r.url, site) else wrong.append(f"request: {r.url}"))
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert wrong == []


def _is_fault(message: ConsoleMessage) -> bool:
    """Tell faults from the browser's remark that a page came with 404 or 422, which may be meant."""
    is_page_itself = message.page is not None and message.location["url"] == message.page.url
    return message.type == "error" and not (
        message.text.startswith("Failed to load resource") and is_page_itself
    )


def _is_ours(url: str, site: Site) -> bool:
    return (
        url.startswith((f"{site.url}/", "data:", "blob:", "about:")) or urlsplit(url).scheme == "chrome-error"
    )


@pytest.fixture
def page(open_browser: Callable[..., BrowserContext]) -> Page:
    """A wide page with JavaScript."""
    return open_browser().new_page()


@pytest.fixture
def phone(open_browser: Callable[..., BrowserContext]) -> Page:
    """A page as narrow as the narrowest phone we care for."""
    return open_browser(width=360, has_touch=True, device_scale_factor=2).new_page()


def uploaded_sheet(chromium: Browser, site: Site, cookies: dict[str, StorageState]) -> str:
    """Upload a table of people, as far as its columns, and return the id of what is on its way in."""
    context = chromium.new_context(base_url=site.url, storage_state=cookies["organiser"])
    page = context.new_page()
    page.goto("/en/organise/contacts/import")
    table = "Name;E-mail;Notiz\nAda;ada@example.org;Trommel\nJosé;nobody;\n".encode()
    page.get_by_label("File").set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": table})
    page.get_by_role("main").get_by_role("button", name="Upload").click()
    page.wait_for_url("**/import/*/columns")
    public_id = page.url.split("/")[-2]
    context.close()
    return public_id
