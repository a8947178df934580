"""Every kind of page: on a phone and on a desk, by day and by night, by keyboard, on paper, right to left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from playwright.sync_api import expect

from coordinator.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page, StorageState

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = {"serious", "critical"}
LONGEST_WAY = 150  # presses of the Tab key


class Kind(NamedTuple):
    """A kind of page: its address after the language, whose it is, and with what status it comes."""

    path: str
    role: str = ""
    status: int = 200
    is_bare: bool = False

    def url(self, lang: str, names: dict[str, str]) -> str:
        path = self.path.format(**names)
        return path.removeprefix("!").replace("/en/", f"/{lang}/") if path[0] == "!" else f"/{lang}{path}"


KINDS = {
    "home": Kind("/"),
    "campaign": Kind("/demo"),
    "campaign, filtered": Kind("/demo?country=DE"),
    "campaign, nothing matches": Kind("/demo?country=DE&language=ja"),
    "near, not asked": Kind("/demo/near"),
    "near": Kind("/demo/near?place=Bratislava"),
    "near, ambiguous": Kind("/demo/near?place=Springfield"),
    "near, unknown": Kind("/demo/near?place=" + "Qqqqzzz" * 40),
    "near, a country": Kind("/demo/near?place=Luxembourg"),
    "missions": Kind("/demo/missions"),
    "missions of a country": Kind("/demo/missions?country=DE"),
    "mission": Kind("/demo/missions/ru-at-vienna-embassy"),
    "mission, nobody": Kind("/demo/missions/ru-al-tirana-embassy"),
    "map": Kind("/demo/map", is_bare=True),
    "map in a frame": Kind("!/embed/en/demo/map", is_bare=True),
    "event": Kind("/events/{event}"),
    "event, cancelled": Kind("/events/{cancelled}"),
    "event, postponed": Kind("/events/{postponed}"),
    "event, waiting": Kind("/events/{waiting}"),
    "answer": Kind("/events/{event}/rsvp"),
    "answer, closed": Kind("/events/{cancelled}/rsvp"),
    "answer, mailed": Kind("/events/{event}/rsvp/thanks"),
    "answer, to be confirmed": Kind("/rsvp/{manage}/confirm"),
    "answer, link lost": Kind("/events/{event}/rsvp/recover"),
    "answer, link sent": Kind("/events/{event}/rsvp/recover/sent"),
    "answer, managed": Kind("/rsvp/{manage}"),
    "answer, taken back": Kind("/rsvp/{manage}/cancel"),
    "my data": Kind("/privacy/my-data"),
    "my data, asked": Kind("/privacy/my-data/sent"),
    "my data, erased": Kind("/privacy/my-data/erased"),
    "answer, to be erased": Kind("/rsvp/{manage}/erase"),
    "mail, to be stopped": Kind("/unsubscribe/{stop}"),
    "about": Kind("/about"),
    "privacy": Kind("/privacy"),
    "source": Kind("/source"),
    "sign up": Kind("/account/sign-up"),
    "signed up": Kind("/account/sign-up/sent"),
    "dead link": Kind("/account/verify/" + "x" * 43, status=409),
    "sign in": Kind("/account/sign-in"),
    "reset": Kind("/account/reset"),
    "reset, sent": Kind("/account/reset/sent"),
    "reset, new password": Kind("/account/reset/{reset}"),
    "absent": Kind("/demo/nowhere", status=404),
    "mailbox": Kind("!/dev/mail/"),
    "register, a stranger": Kind("/organise/events/new?campaign=demo&mission=ru-at-vienna-embassy"),
    "account": Kind("/account/", "organiser"),
    "account, to be erased": Kind("/account/erase", "organiser"),
    "password": Kind("/account/password", "organiser"),
    "my protests": Kind("/organise/", "organiser"),
    "my protest": Kind("/organise/events/{mine}", "organiser"),
    "register": Kind("/organise/events/new?campaign=demo", "organiser"),
    "edit": Kind("/organise/events/{mine}/edit", "organiser"),
    "duplicate": Kind("/organise/events/{mine}/duplicate", "organiser"),
    "postpone": Kind("/organise/events/{mine}/postpone", "organiser"),
    "cancel": Kind("/organise/events/{mine}/cancel", "organiser"),
    "help": Kind("/organise/events/{mine}/help", "organiser"),
    "attendees": Kind("/organise/events/{mine}/attendees", "organiser"),
    "attendees who wait": Kind("/organise/events/{mine}/attendees?show=waiting", "organiser"),
    "messages": Kind("/organise/events/{told}/messages", "organiser"),
    "message": Kind("/organise/events/{told}/messages/{message}", "organiser"),
    "message, letters": Kind("/organise/events/{told}/messages/{message}/readers", "organiser"),
    "contacts, to be invited": Kind("/organise/events/{told}/messages/invite", "organiser"),
    "invitation": Kind("/organise/events/{told}/messages/{invitation}", "organiser"),
    "invitation, letters": Kind("/organise/events/{told}/messages/{invitation}/readers", "organiser"),
    "invitations, to be stopped": Kind("/unsubscribe/{stop_invitations}"),
    "message, new": Kind("/organise/events/{told}/messages/new", "organiser"),
    "check-in": Kind("/organise/events/{mine}/check-in", "organiser"),
    "links to the door": Kind("/organise/events/{mine}/check-in/links", "organiser"),
    "door": Kind("/door/{door}", is_bare=True),
    "door, dead": Kind("/door/" + "x" * 32, status=404),
    "contacts": Kind("/organise/contacts", "organiser"),
    "contact": Kind("/organise/contacts/{contact}", "organiser"),
    "contact, letters": Kind("/organise/contacts/{contact}/history", "organiser"),
    "contact, new": Kind("/organise/contacts/new", "organiser"),
    "contacts to take along": Kind("/organise/contacts/export", "organiser"),
    "contacts with one address": Kind("/organise/contacts/duplicates", "organiser"),
    "import": Kind("/organise/contacts/import", "organiser"),
    "import, columns": Kind("/organise/contacts/import/{sheet}/columns", "organiser"),
    "import, check": Kind("/organise/contacts/import/{sheet}/check", "organiser"),
    "import, where it stands": Kind("/organise/contacts/import/{sheet}", "organiser"),
    "nobody else's": Kind("/organise/events/{waiting}", "coordinator", status=404),
    "campaigns of mine": Kind("/coordinate/", "coordinator"),
    "numbers": Kind("/coordinate/demo/", "coordinator"),
    "map with everything": Kind("/coordinate/demo/map", "coordinator", is_bare=True),
    "all protests": Kind("/coordinate/demo/events", "coordinator"),
    "queue": Kind("/coordinate/demo/review", "coordinator"),
    "review": Kind("/coordinate/demo/review/{waiting}", "coordinator"),
    "coverage": Kind("/coordinate/demo/coverage", "coordinator"),
    "map for other sites": Kind("/demo/embed?theme=dark&country=DE"),
    "list, by needs": Kind("/demo?access=step-free&access=sign-language"),
    "list, filtered": Kind("/demo?status=postponed&places=left"),
    "missions to look at": Kind("/coordinate/demo/missions?country=DE", "coordinator"),
    "coverage of a country": Kind("/coordinate/demo/coverage?country=DE", "coordinator"),
    "messages, handed in": Kind("/coordinate/demo/messages", "coordinator"),
    "broadcasts": Kind("/coordinate/demo/broadcast", "coordinator"),
    "broadcast": Kind("/coordinate/demo/broadcast/{broadcast}", "coordinator"),
    "broadcast, letters": Kind("/coordinate/demo/broadcast/{broadcast}/readers", "coordinator"),
    "broadcast, new": Kind("/coordinate/demo/broadcast/new", "coordinator"),
    "broadcasts, to be stopped": Kind("/unsubscribe/{stop_broadcasts}"),
    "message, to be approved": Kind("/coordinate/demo/messages/{waiting_message}", "coordinator"),
    "settings": Kind("/coordinate/demo/edit", "coordinator"),
    "team": Kind("/coordinate/demo/people", "coordinator"),
    "personal data": Kind("/coordinate/demo/personal-data", "coordinator"),
    "log": Kind("/coordinate/demo/audit", "coordinator"),
    "new campaign": Kind("/coordinate/new", "administrator"),
    "installation": Kind("/administer/", "administrator"),
    "installation, personal data": Kind("/administer/personal-data", "administrator"),
    "post office": Kind("/administer/mail", "administrator"),
    "letter to oneself": Kind("/administer/mail/{self_test}", "administrator"),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def visit(
    open_browser: Callable[..., BrowserContext], cookies: dict[str, StorageState], names: dict[str, str]
) -> Callable[..., Page]:
    """Return a function that opens a kind of page in a fresh browser."""

    def go(kind: Kind, *, lang: str = "en", **options: Any) -> Page:
        page = open_browser(storage_state=cookies[kind.role], **options).new_page()
        see(page, kind.url(lang, names), kind.status)
        return page

    return go


def see(page: Page, url: str, status: int = 200) -> None:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == status
    page.evaluate("document.fonts.ready")


def assert_fits(page: Page) -> None:
    """Assert that nothing has to be scrolled sideways, and name what sticks out."""
    sticking = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
             [document.documentElement.scrollWidth, ...[...document.querySelectorAll("body *")]
               .filter((one) => { const box = one.getBoundingClientRect();
                                  return box.width && (box.right > innerWidth + 1 || box.left < -1); })
               .map((one) => `${one.tagName}.${one.className}`).slice(0, 8)]"""
    )
    assert sticking == []


def assert_built(page: Page, kind: Kind, lang: str) -> None:
    """Assert what every page has: one heading, a title, landmarks with names, its language."""
    assert page.locator("h1").count() == 1
    assert page.title().strip()
    if not kind.path.startswith("!/dev"):
        assert page.locator("html").get_attribute("lang") == lang
    assert page.get_by_role("main").count() == 1
    assert page.locator("nav:not([aria-label]):not([aria-labelledby])").count() == 0
    if not kind.is_bare:
        assert page.get_by_role("banner").count() == 1
        assert page.get_by_role("navigation").count() >= 1


def assert_accessible(page: Page) -> None:
    """Assert that axe finds no grave fault against WCAG 2.2 AA."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(
        "tags => axe.run(document, {iframes: false, preload: false, runOnly: {type: 'tag', values: tags}})",
        STANDARD,
    )
    grave = [
        (one["id"], node["target"], node["failureSummary"])
        for one in result["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
    assert grave == []


def test_on_a_phone_by_day(visit: Callable[..., Page], kind: Kind, names: dict[str, str]) -> None:
    page = visit(kind, width=360, has_touch=True)

    assert_fits(page)
    assert_built(page, kind, "en")
    see(page, kind.url("ru", names), kind.status)
    assert_fits(page)


@pytest.mark.once
def test_on_a_phone_for_everybody(visit: Callable[..., Page], kind: Kind) -> None:
    page = visit(kind, width=360, has_touch=True)

    assert_accessible(page)

    page.evaluate("document.documentElement.dir = 'rtl'")
    assert_fits(page)


@pytest.mark.once
def test_on_a_desk_by_night(visit: Callable[..., Page], kind: Kind) -> None:
    page = visit(kind, lang="ru", color_scheme="dark", locale="ru")

    assert_fits(page)
    assert_built(page, kind, "ru")
    assert_accessible(page)

    page.evaluate("document.documentElement.dir = 'rtl'")
    assert_fits(page)


@pytest.mark.parametrize("name", ["campaign", "event", "my protests", "queue"])
def test_the_skip_link_leads_past_the_head(visit: Callable[..., Page], name: str) -> None:
    page = visit(KINDS[name])

    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("campaign", "Find a protest"),
        ("campaign", "Register a protest"),
        ("near", "Use my location"),
        ("mission, nobody", "Register the first protest here"),
        ("event", "Send my answer"),
        ("answer, managed", "Take my answer back"),
        ("sign up", "Create an account"),
        ("register, a stranger", "Send for review"),
        ("my protest", "Edit"),
        ("contacts", "Take them along"),
        ("review", "Publish"),
        ("settings", "Save"),
    ],
)
def test_the_tab_key_reaches_what_the_page_is_for_and_shows_where_it_is(
    visit: Callable[..., Page], name: str, action: str
) -> None:
    page = visit(KINDS[name], reduced_motion="reduce")

    for _ in range(LONGEST_WAY):
        page.keyboard.press("Tab")
        now = page.evaluate(
            """() => { const one = document.activeElement; const style = getComputedStyle(one);
                       const box = one.getBoundingClientRect();
                       const line = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
                       return { text: one.textContent.trim(), tag: one.tagName, isMarked: line >= 2,
                                name: one.outerHTML.slice(0, 120),
                                isSeen: box.bottom > 0 && box.top < innerHeight && box.width > 0 } }"""
        )
        if now["tag"] not in {"BODY", "IFRAME"}:
            assert now["isMarked"], now["name"]
            if not now["isSeen"]:  # the page may still be on its way there
                expect(page.locator(":focus")).to_be_in_viewport()
        if now["text"] == action:
            return
    pytest.fail(f"{LONGEST_WAY} presses of the Tab key did not reach it")


@pytest.mark.parametrize(
    ("name", "button", "typed", "faulty"),
    [
        ("sign up", "Create an account", {"display_name": "Ada", "email": "no address"}, "email"),
        ("answer", "Send my answer", {"party_size": "3", "name": "Ada", "email": "no address"}, "email"),
        (
            "register, a stranger",
            "Send for review",
            {"title": "", "description": "Bring *candles*."},
            "title",
        ),
        ("register", "Save as draft", {"title": "Vigil", "latitude": "95", "longitude": "13"}, "latitude"),
        ("message, new", "Keep and look at it", {"subject_en": "", "body_en": "Come early."}, "subject_en"),
        ("settings", "Save", {"petition_url": "nowhere"}, "petition_url"),
    ],
)
def test_after_a_fault_the_summary_has_the_focus_and_nothing_typed_is_lost(
    visit: Callable[..., Page], name: str, button: str, typed: dict[str, str], faulty: str
) -> None:
    page = visit(KINDS[name], width=360)
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
    for field, text in typed.items():
        page.locator(f"[name={field}]").fill(text)

    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_role("button", name=button, exact=True).click()

    assert answer.value.status == 422
    expect(page.locator(".error-summary")).to_be_focused()
    for field, text in typed.items():
        expect(page.locator(f"[name={field}]")).to_have_value(text)
    wrong = page.locator(f"[name={faulty}]")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_be_visible()
    page.locator(f".error-summary a[href='#{faulty}']").click()
    expect(wrong).to_be_focused()
    assert_fits(page)
    assert_accessible(page)


@pytest.mark.parametrize("name", ["campaign", "event", "attendees", "missions of a country"])
def test_on_paper_only_what_is_read_is_left(visit: Callable[..., Page], name: str) -> None:
    page = visit(KINDS[name], width=700)

    page.emulate_media(media="print")

    assert_fits(page)
    expect(page.locator("h1")).to_be_visible()
    for control in page.locator(".site-header, .site-footer, .rooms, .button").all():
        expect(control).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize("name", ["campaign", "event", "register", "numbers"])
def test_who_asks_for_less_motion_gets_none(visit: Callable[..., Page], name: str) -> None:
    page = visit(KINDS[name], reduced_motion="reduce")

    moving = page.evaluate(
        """() => [...document.querySelectorAll("body *:not(.leaflet-container, .leaflet-container *)")]
             .filter((one) => { const style = getComputedStyle(one);
               return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none"; })
             .map((one) => one.className)"""
    )

    assert moving == []
