"""The whole day, as people live it: with JavaScript and without."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from playwright.sync_api import BrowserContext, Page

    from tests.browser.conftest import Site

MISSION = "ru-at-vienna-embassy"


def link_in(mail: EmailMessage, part: str) -> str:
    """Return the first link in `mail` whose address holds `part`."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(rf"https?://\S*{part}\S*", body.get_content())
    assert found, body.get_content()
    return found[0]


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/en/account/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("width", [360, 1280])
def test_from_a_stranger_s_idea_to_a_list_of_those_who_come(
    site: Site, open_browser: Callable[..., BrowserContext], javascript: bool, width: int
) -> None:
    word = secrets.token_hex(4)
    organiser = f"organiser-{word}@example.org"
    attendee = f"attendee-{word}@example.org"

    # A stranger finds a mission without a protest, and fills in the form before having an account.
    theirs = open_browser(width=width, javascript=javascript).new_page()
    theirs.goto(f"/en/organise/events/new?campaign=demo&mission={MISSION}")
    theirs.get_by_label("Title").fill(f"Vigil {word}")
    theirs.get_by_label("Description").fill("Bring a candle.")
    theirs.get_by_role("button", name="Send for review").click()
    theirs.get_by_label("E-mail").fill(organiser)
    theirs.get_by_label("Name").first.fill("Vienna group")
    theirs.get_by_label("Password", exact=True).fill("a long enough password")
    theirs.get_by_role("button", name="Create account").click()
    theirs.goto(link_in(site.mail_to(organiser), "/account/verify/"))
    theirs.get_by_role("button").filter(has_text="e-mail").click()
    sign_in(theirs, organiser, "a long enough password")
    theirs.goto(f"/en/organise/events/new?campaign=demo&mission={MISSION}")
    expect(theirs.get_by_label("Title")).to_have_value(f"Vigil {word}")
    theirs.get_by_role("button", name="Send for review").click()
    expect(theirs.get_by_role("main")).to_contain_text(f"Vigil {word}")

    # A coordinator looks at it and publishes it.
    coordinators = open_browser(width=width, javascript=javascript).new_page()
    sign_in(coordinators, *site.accounts["coordinator"])
    coordinators.goto("/en/coordinate/demo/review")
    coordinators.get_by_role("link", name=f"Vigil {word}").click()
    coordinators.get_by_role("button", name="Publish").click()
    site.mail_to(organiser, subject="published")

    # Somebody in another city finds it, and says that they come.
    somebody = open_browser(width=width, javascript=javascript).new_page()
    somebody.goto("/en/demo")
    somebody.get_by_label(re.compile("city", re.IGNORECASE)).first.fill("Братислава")
    somebody.get_by_role("button", name="Find").first.click()
    somebody.get_by_role("link", name=f"Vigil {word}").first.click()
    somebody.get_by_label("E-mail").fill(attendee)
    somebody.get_by_role("button", name=re.compile("coming", re.IGNORECASE)).click()
    somebody.goto(link_in(site.mail_to(attendee), "/confirm"))
    somebody.get_by_role("button", name="Confirm").click()
    expect(somebody.get_by_role("main")).to_contain_text("confirmed")

    # The organiser sees one more person.
    theirs.goto("/en/organise/")
    theirs.get_by_role("link", name=f"Vigil {word}").first.click()
    theirs.get_by_role("link", name=re.compile("who comes|attendees", re.IGNORECASE)).first.click()
    expect(theirs.get_by_role("main")).to_contain_text("1")
