"""What a visitor's browser sends, and to whom: to us, and no more than the person meant to say.

That the pages and the journeys ask nobody else is checked wherever `open_browser` is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Request

    from tests.browser.installation import Site

EXACTLY = {"latitude": 48.148598, "longitude": 17.107748, "accuracy": 5}
ROUNDED = "lat=48.15&lon=17.11"


def watched(context: BrowserContext) -> list[Request]:
    """Return a list that grows with every request of `context`."""
    requests: list[Request] = []
    context.on("request", lambda one: requests.append(one))  # noqa: PLW0108 Playwright takes no built-in
    return requests


def test_an_attendee_s_way_asks_nobody_but_us(
    site: Site, open_browser: Callable[..., BrowserContext]
) -> None:
    context = open_browser()
    requests = watched(context)
    page = context.new_page()

    page.goto("/en/demo")
    page.frame_locator("iframe").locator(".map[data-ready]").wait_for()
    page.goto("/en/demo/map")
    page.locator(".map[data-ready]").wait_for()
    page.get_by_role("button", name="Zoom in", exact=True).click()
    page.locator(".map-pin, .map-cluster").first.click()
    page.goto("/en/demo/near?place=Wien")
    page.locator(".event-card a").first.click()
    page.locator(".spot--ready .leaflet-marker-icon").wait_for()

    assert len(requests) > 20
    assert {urlsplit(one.url).netloc for one in requests if not one.url.startswith(("data:", "blob:"))} == {
        urlsplit(site.url).netloc
    }
    assert context.cookies() == []
    assert all("referer" not in one.headers or site.url not in one.headers["referer"] for one in requests)


def test_our_pages_say_nothing_to_where_their_links_lead(open_browser: Callable[..., BrowserContext]) -> None:
    page = open_browser().new_page()

    answer = page.goto("/en/demo")

    assert answer is not None
    assert answer.headers["referrer-policy"] in {"no-referrer", "same-origin"}


def test_the_browser_s_position_leaves_it_rounded_to_a_kilometre(
    open_browser: Callable[..., BrowserContext],
) -> None:
    context = open_browser(geolocation=EXACTLY, permissions=["geolocation"])
    requests = watched(context)
    page = context.new_page()

    page.goto("/en/demo")
    page.get_by_role("button", name="Use my location").click()
    page.wait_for_url(f"**/en/demo/near?**{ROUNDED}**")
    expect(page.get_by_role("main")).to_contain_text("Vienna")

    sent = " ".join(f"{one.url} {one.post_data or ''} {one.headers}" for one in requests)
    assert not any(part in sent for part in ("48.148", "17.107"))


def test_the_map_s_own_position_stays_in_the_browser(open_browser: Callable[..., BrowserContext]) -> None:
    context = open_browser(geolocation=EXACTLY, permissions=["geolocation"])
    page = context.new_page()
    page.goto("/en/demo/map")
    page.locator(".map[data-ready]").wait_for()
    requests = watched(context)

    page.locator(".leaflet-control-locate a").click()
    page.locator(".leaflet-control-locate-location").wait_for()

    sent = " ".join(f"{one.url} {one.post_data or ''}" for one in requests)
    assert not any(part in sent for part in ("48.1", "17.1"))
