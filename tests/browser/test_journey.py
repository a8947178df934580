"""The whole day, as people live it: with JavaScript and without, on a phone and on a desk."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.browser.installation import Site
from tests.browser.people import link_in, open_folded, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext

MISSION = "Permanent Mission of Russia to the International Organisations in Vienna"
PASSWORD = "candles under umbrellas"


@dataclass(frozen=True)
class Day:
    """The people of one journey, each in a browser of their own."""

    site: Site
    organiser: Page
    coordinator: Page
    attendee: Page
    word: str

    @property
    def title(self) -> str:
        return f"Vigil {self.word}"

    @property
    def organisers_address(self) -> str:
        return f"organiser-{self.word}@example.org"

    @property
    def attendees_address(self) -> str:
        return f"attendee-{self.word}@example.org"


@pytest.fixture(
    params=[
        pytest.param((360, True), id="phone"),
        pytest.param((1280, False), id="desk without JavaScript"),
        pytest.param((360, False), id="phone without JavaScript", marks=pytest.mark.once),
        pytest.param((1280, True), id="desk", marks=pytest.mark.once),
    ]
)
def day(request: pytest.FixtureRequest, site: Site, open_browser: Callable[..., BrowserContext]) -> Day:
    """Three strangers and a fresh day."""
    width, javascript = request.param
    people = (open_browser(width=width, javascript=javascript).new_page() for _ in range(3))
    return Day(site, *people, word=secrets.token_hex(4))


def test_from_a_stranger_s_idea_to_a_day_called_off(day: Day) -> None:
    a_stranger_registers(day)
    a_coordinator_publishes(day)
    somebody_in_another_city_finds_it_and_comes(day)
    a_friend_comes_and_leaves_no_address(day)
    the_organiser_sees_who_comes(day)
    the_time_moves(day)
    the_organiser_calls_it_off(day)
    the_attendee_takes_the_answer_back(day)


def a_stranger_registers(day: Day) -> None:
    """From the campaign's page to a form, filled in before there is an account."""
    page = day.organiser
    page.goto("/")
    page.get_by_role("link", name="Where nobody stands yet").click()
    open_folded(page, "Europe")
    page.get_by_role("link", name=f"Register the first protest: {MISSION}").click()
    expect(page.get_by_label("Embassy or consulate").locator("option:checked")).to_contain_text(MISSION)

    page.get_by_label("Title").fill(day.title)
    page.get_by_label("What will happen").fill("Bring a **candle**.")
    page.get_by_role("button", name="Send for review").click()
    page.get_by_label("E-mail address").fill(day.organisers_address)
    page.get_by_label("Name").fill("Vienna group")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")

    page.goto(link_in(day.site.mail_to(day.organisers_address), "/account/verify/"))
    page.get_by_role("button", name="Yes, this is my address").click()
    expect(page.get_by_role("main")).to_contain_text("Everything that you typed is here again.")
    expect(page.get_by_label("Title")).to_have_value(day.title)
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(day.title)
    expect(page.get_by_role("main")).to_contain_text("Waiting for review")


def a_coordinator_publishes(day: Day) -> None:
    page = day.coordinator
    sign_in(page, *day.site.accounts["coordinator"])
    review(page, day, "Publish")

    mail = day.site.mail_to(day.organisers_address, subject="Published")
    day.organiser.goto(link_in(mail, "/en/events/"))
    expect(day.organiser.get_by_role("heading", level=1)).to_have_text(day.title)


def review(page: Page, day: Day, decision: str) -> None:
    """Find the protest in the queue and decide."""
    page.goto("/en/coordinate/")
    page.get_by_role("main").get_by_role("link", name="Day of action for anti-war").click()
    page.get_by_role("link", name="Open the review queue").click()
    page.get_by_role("link", name=day.title).click()
    page.get_by_role("button", name=decision).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review")
    expect(page.get_by_role("link", name=day.title)).to_have_count(0)


def somebody_in_another_city_finds_it_and_comes(day: Day) -> None:
    page = day.attendee
    page.goto("/en/demo")
    page.get_by_label("Which city are you in, or near?").fill("Братислава")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bratislava")
    page.get_by_role("link", name=day.title).click()

    page.get_by_role("link", name="I'm coming").click()
    page.get_by_label("How many people, with you?").fill("3")
    open_folded(page, "Optional")
    page.get_by_label("E-mail").fill(day.attendees_address)
    page.get_by_label("First name or nickname").fill("Zoé")
    page.get_by_label("The organiser may contact me directly").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Now open your mail")

    page.goto(link_in(day.site.mail_to(day.attendees_address, subject="Please confirm"), "/confirm"))
    page.get_by_role("button", name="Confirm my answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 of you are coming")
    expect(page.get_by_role("main")).to_contain_text("your address is confirmed")


def a_friend_comes_and_leaves_no_address(day: Day) -> None:
    """Their private link is shown once, and does what it says."""
    page = day.attendee.context.new_page()
    page.goto(day.organiser.url)
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("main")).to_contain_text("shown only now")
    private = page.get_by_label("Your private link").input_value()

    page.goto("/en/demo")
    page.goto(private)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are coming")
    assert page.context.cookies() == []
    page.close()


def the_organiser_sees_who_comes(day: Day) -> None:
    page = day.organiser
    page.get_by_role("link", name="Organise").click()
    page.get_by_role("link", name=day.title).click()
    page.get_by_role("link", name="See the list").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text(re.compile(r"3\s*confirmed"))
    expect(main).to_contain_text(re.compile(r"1\s*said so"))
    expect(page.get_by_role("row").filter(has_text="Zoé")).to_contain_text(day.attendees_address)

    page.get_by_role("link", name="Contacts of this protest").click()
    expect(page.get_by_role("row").filter(has_text="Zoé")).to_contain_text(day.attendees_address)


def the_time_moves(day: Day) -> None:
    """A new organiser proposes, a coordinator agrees, and those who come are told."""
    page = day.organiser
    page.get_by_role("link", name="Your protests").click()
    page.get_by_role("link", name=day.title).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    starts = page.get_by_label("Starts")
    starts.fill(re.sub(r"T\d\d:\d\d", "T16:45", starts.input_value()))
    page.get_by_role("button", name="Save the change").click()
    expect(page.get_by_role("main")).to_contain_text("Your change waits for a coordinator")

    review(day.coordinator, day, "Make the change public")
    mail = day.site.mail_to(day.attendees_address, subject="Changed")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "16:45" in body.get_content()
    day.attendee.goto(link_in(mail, "/en/events/"))
    day.attendee.reload()  # a browser may keep the page for half a minute
    expect(day.attendee.get_by_role("main")).to_contain_text("16:45")


def the_organiser_calls_it_off(day: Day) -> None:
    page = day.organiser
    page.reload()
    page.get_by_role("link", name="Cancel the protest").click()
    page.get_by_label("Reason").fill("The police have closed the street.")
    page.get_by_role("button", name="Cancel the protest").click()
    expect(page.get_by_role("main")).to_contain_text("Cancelled")

    day.attendee.reload()
    loud = day.attendee.get_by_role("status").filter(has_text="This protest is cancelled")
    expect(loud).to_contain_text("The police have closed the street.")
    expect(day.attendee.get_by_role("button", name="Send my answer")).to_have_count(0)


def the_attendee_takes_the_answer_back(day: Day) -> None:
    mail = day.site.mail_to(day.attendees_address, subject="Cancelled")
    page = day.attendee
    page.goto(link_in(mail, "/en/rsvp/"))
    expect(page.get_by_role("main")).to_contain_text("This protest was cancelled.")
    page.get_by_role("link", name="Take my answer back").click()
    page.get_by_role("button", name="Yes, take it back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not coming")

    day.organiser.get_by_role("link", name="See the list").click()
    expect(day.organiser.get_by_role("main")).to_contain_text(re.compile(r"0\s*confirmed"))
