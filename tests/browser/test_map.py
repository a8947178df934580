"""The map in Chromium: pins within a second, nothing of strangers runs, keyboard and filters work."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from flask_migrate import upgrade
from playwright.sync_api import expect

from coordinator.app import create_app
from coordinator.kit.db import db, unit_of_work
from coordinator.places.rules import Precision
from tests.browser.serving import served
from tests.conftest import settings_for
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory
from tests.factories.rsvps import RsvpTallyFactory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
HOSTILE = "a`${globalThis.pwned=1}</script><img src=x onerror=globalThis.pwned=2>"


def make(instance: Path, url: str) -> Flask:
    """Return a site with one campaign: two protests in Berlin; a rough, a cancelled and a hostile one."""
    app = create_app(settings_for(instance, site_url=url))
    with app.app_context():
        upgrade()
        with unit_of_work():
            campaign, organiser = CampaignFactory(slug="world"), AccountFactory()
            berlin = MissionFactory(code="berlin")
            sydney = MissionFactory(code="sydney", sydney=True)
            MissionFactory(code="paris", paris=True, name=HOSTILE, city=HOSTILE)
            common: dict[str, Any] = {"campaign": campaign, "organiser": organiser}
            first = EventFactory(
                **common, mission=berlin, title="First vigil",
                accessibility_features="step-free sign-language",
            )  # fmt: skip
            RsvpTallyFactory(event=first, event_id=first.id, confirmed=12, unconfirmed=3)
            EventFactory(**common, mission=berlin, title="Second vigil", cancelled=True)
            EventFactory(
                **common, mission=sydney, title="Sydney vigil", city="Sydney", country="AU", languages="en",
                latitude=-33.8868, longitude=151.2393, timezone="Australia/Sydney", precision=Precision.CITY,
            )  # fmt: skip
            EventFactory(
                **common, mission=None, title="Called off", city="Lima", country="PE", cancelled=True,
                latitude=-12.1, longitude=-77.0, timezone="America/Lima",
            )  # fmt: skip
            EventFactory(
                **common, mission=None, title=HOSTILE, city=HOSTILE, description=HOSTILE, address=HOSTILE,
                public_contact=HOSTILE, how_to_get_there=HOSTILE, accessibility=HOSTILE, country="IS",
                latitude=64.1, longitude=-21.9, timezone="Atlantic/Reykjavik",
            )  # fmt: skip
            crowd = CampaignFactory(slug="crowd")
            EventFactory(campaign=crowd, organiser=organiser, mission=berlin, title="Berlin vigil")
            EventFactory(
                campaign=crowd, organiser=organiser, mission=None, title="Potsdam vigil", city="Potsdam",
                latitude=52.4, longitude=13.05,
            )  # fmt: skip
        db.session.remove()
    return app


@pytest.fixture(scope="module")
def map_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(partial(make, tmp_path_factory.mktemp("map"))) as url:
        yield f"{url}/en/world/map"


@pytest.fixture
def wrong() -> list[str]:
    """What went wrong in the browser: refusals of the policy, faults, requests to others."""
    return []


@pytest.fixture
def page(chromium: Browser, map_url: str, wrong: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    context.on("weberror", lambda fault: wrong.append(str(fault.error)))
    origin = map_url.removesuffix("/en/world/map")
    context.on(
        "request", lambda r: None if r.url.startswith((f"{origin}/", "data:")) else wrong.append(r.url)
    )
    yield context.new_page()
    context.close()
    assert wrong == []


def show(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(".map[data-ready]")


def pin(page: Page, name: str) -> Any:
    return page.locator(f'.map-pin[role="button"][aria-label*="{name}"]')


def test_every_place_has_a_pin_that_says_what_it_is(page: Page, map_url: str) -> None:
    show(page, map_url)

    expect(page.get_by_role("status")).to_have_text("Protests: 3; cancelled: 2")
    expect(pin(page, "Berlin · Protests here: 2")).to_have_text("2")
    expect(pin(page, "Sydney · Sydney vigil")).to_have_class(re.compile("map-pin--city"))
    expect(pin(page, "Lima · Called off · Cancelled")).to_have_class(re.compile("map-pin--cancelled"))


def test_a_pin_is_opened_and_left_by_keyboard(page: Page, map_url: str) -> None:
    show(page, map_url)
    pin(page, "Sydney").focus()

    page.keyboard.press("Enter")

    popup = page.get_by_role("dialog", name="Sydney vigil")
    expect(popup.get_by_role("heading", name="Sydney vigil")).to_be_focused()
    expect(popup).to_contain_text("Monday, 16 September 2030")
    expect(popup).to_contain_text("18:00")
    expect(popup).to_contain_text("(UTC+10:00)")
    expect(popup).to_contain_text("Only the city is known so far")
    page.keyboard.press("Escape")
    expect(popup).to_have_count(0)
    expect(pin(page, "Sydney")).to_be_focused()


def test_several_protests_at_one_place_are_one_pin_with_a_list(page: Page, map_url: str) -> None:
    show(page, map_url)

    pin(page, "Berlin").click()

    popup = page.get_by_role("dialog", name="Protests here: 2")
    expect(popup.get_by_role("listitem")).to_have_count(2)
    expect(popup.get_by_role("listitem").first).to_contain_text("Confirmed: 12")
    expect(popup.get_by_role("listitem").first).to_contain_text("Without confirmation: 3")
    expect(popup.get_by_role("listitem").last).to_contain_text("Cancelled")
    link = popup.get_by_role("link", name="First vigil")
    assert "/en/events/" in str(link.get_attribute("href"))
    assert link.get_attribute("target") == "_top"


def test_what_strangers_type_is_shown_and_never_run(page: Page, map_url: str) -> None:
    show(page, map_url)

    page.locator(".map-pin[aria-label*='globalThis']").click()

    popup = page.get_by_role("dialog")
    expect(popup.get_by_role("heading")).to_have_text(HOSTILE)
    assert popup.locator("img, script").count() == 0
    assert page.evaluate("globalThis.pwned") is None


def test_a_crowd_is_opened_by_keyboard_and_the_focus_stays_on_the_map(page: Page, map_url: str) -> None:
    show(page, f"{map_url.replace('/world/', '/crowd/')}#map=6/52.4/13")
    crowd = page.locator(".map-cluster")
    expect(crowd).to_have_attribute("aria-label", "Protests: 2. Zoom in")

    crowd.focus()
    page.keyboard.press("Enter")

    expect(pin(page, "Berlin vigil")).to_be_visible()
    expect(pin(page, "Potsdam vigil")).to_be_visible()
    assert page.evaluate("map_events.getContainer().contains(document.activeElement)")


def test_close_up_every_place_stands_alone(page: Page, map_url: str) -> None:
    show(page, f"{map_url}#map=18/52.5163/13.3835")

    expect(pin(page, "Berlin · Protests here: 2")).to_be_visible()
    expect(page.locator(".map-pin[role=button]")).to_have_count(1)


def test_a_view_can_be_shared(page: Page, map_url: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show(page, f"{map_url}?country=DE#map=5/52.5/13.4")

    page.get_by_text("Filter and legend").click()
    page.get_by_role("button", name="Copy a link to this view").click()

    expect(page.get_by_role("button", name="The link was copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{map_url}?country=DE#map=5/52.5/13.4"


def test_a_mission_that_a_stranger_named_is_a_text_too(page: Page, map_url: str) -> None:
    show(page, f"{map_url}#map=10/48.8666/2.2715")

    for _ in range(100):  # Playwright's own waiting for a condition needs eval, which our policy forbids
        if page.evaluate("feature_group_missions.getLayers().length") > 0:
            break
        page.wait_for_timeout(50)
    page.evaluate("() => { feature_group_missions.getLayers()[0].openPopup(); }")

    popup = page.get_by_role("dialog")
    expect(popup.get_by_role("heading")).to_have_text(HOSTILE)
    expect(popup.get_by_role("link", name="Register the first one")).to_be_visible()
    assert page.evaluate("globalThis.pwned") is None


def test_filters_come_from_the_address_and_go_into_it(page: Page, map_url: str) -> None:
    show(page, f"{map_url}?country=AU")
    expect(page.get_by_role("status")).to_have_text("Protests: 1")

    page.get_by_text("Filter and legend").click()
    page.get_by_label("Country").select_option("DE")

    expect(page.get_by_role("status")).to_have_text("Protests: 1; cancelled: 1")
    assert "country=DE" in page.url
    page.get_by_label("Language", exact=True).select_option("en")
    expect(page.get_by_role("status")).to_have_text("No protest matches.")


def test_needs_are_ticked_and_all_of_them_hold(page: Page, map_url: str) -> None:
    show(page, f"{map_url}?access=described")
    expect(page.get_by_role("status")).to_have_text("Protests: 2")  # one of them said it in words
    page.get_by_text("Filter and legend").click()
    page.locator(".choices__summary").click()
    expect(page.get_by_label("Anything said about it")).to_be_checked()

    page.get_by_label("Step-free way").check()
    page.get_by_label("Sign language").check()

    expect(page.get_by_role("status")).to_have_text("Protests: 1")
    expect(page.locator(".choices__ticked")).to_have_text(
        "Step-free way, Sign language, Anything said about it"
    )
    assert page.url.partition("?")[2].startswith("access=step-free&access=sign-language&access=any")
    pin(page, "First vigil").click()
    expect(page.get_by_role("dialog")).to_contain_text("Step-free way · Sign language")


def test_going_back_returns_to_the_same_view(page: Page, map_url: str) -> None:
    show(page, f"{map_url}?country=DE")
    page.get_by_role("button", name="Zoom in").click()
    expect(page).to_have_url(re.compile("#map="))
    there = page.evaluate("[map_events.getZoom(), map_events.getCenter().lng.toFixed(1)]")

    page.get_by_role("link", name="Show a list instead").click()
    page.wait_for_url("**/en/world**list")
    page.go_back()
    page.wait_for_selector(".map[data-ready]")

    assert page.evaluate("[map_events.getZoom(), map_events.getCenter().lng.toFixed(1)]") == there


def test_the_list_has_the_filters_of_the_map_also_when_they_change(page: Page, map_url: str) -> None:
    show(page, f"{map_url}?country=DE")
    listed = page.get_by_role("link", name="Show a list instead")
    expect(listed).to_have_attribute("href", "/en/world?country=DE#list")
    page.locator("summary", has_text="Filter and legend").click()

    page.get_by_label("State", exact=True).select_option("cancelled")

    for name in ("Show a list instead", "Skip the map and go to the list"):
        link = page.get_by_role("link", name=name)
        expect(link).to_have_attribute("href", "/en/world?country=DE&status=cancelled#list")


def test_a_frame_on_another_page_has_no_head_and_opens_links_outside(page: Page, map_url: str) -> None:
    show(page, map_url.replace("/en/", "/embed/en/"))
    expect(page.get_by_role("heading", name="Map of all protests")).to_be_visible()

    pin(page, "Sydney").click()

    link = page.get_by_role("dialog").get_by_role("link").first
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")


def test_without_javascript_there_is_a_way_to_the_list(chromium: Browser, map_url: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(map_url)

    expect(page.get_by_role("link", name="The list has the same protests and needs none.")).to_be_visible()
    context.close()


def test_the_form_s_pin_is_set_moved_and_typed(page: Page, map_url: str) -> None:
    page.goto(map_url.replace("/world/map", "/organise/events/new?campaign=world"))
    page.locator("summary", has_text="Coordinates").click()
    latitude, longitude = page.locator("[name=latitude]"), page.locator("[name=longitude]")
    latitude.fill("52.5")
    longitude.fill("13.4")
    marker = page.locator(".pin .leaflet-marker-icon")
    expect(marker).to_be_visible()
    expect(page.locator(".pin__said")).to_have_text("52.50000, 13.40000")

    marker.focus()
    page.keyboard.press("ArrowUp")
    expect(longitude).to_have_value("13.40000")
    assert float(latitude.input_value()) > 52.5
    page.locator(".pin__map").click(position={"x": 200, "y": 150})

    assert re.fullmatch(r"-?\d+\.\d{5}", longitude.input_value())
    assert longitude.input_value() != "13.40000"


def test_the_browser_s_position_is_rounded_before_it_is_sent(chromium: Browser, map_url: str) -> None:
    origin = map_url.removesuffix("/en/world/map")
    context = chromium.new_context(geolocation={"latitude": 52.51234, "longitude": 13.38765})
    context.grant_permissions(["geolocation"], origin=origin)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{origin}/en/world/near")

    page.get_by_role("button", name="Use my location").click()

    page.wait_for_url("**/near?**lat=52.51&lon=13.39**")
    assert not any("52.512" in url or "13.387" in url for url in asked)
    context.close()
