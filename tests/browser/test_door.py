"""The door on a phone: without a connection, two at once, with a camera, by keyboard, without JavaScript."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import segno
from playwright.sync_api import expect

from coordinator.rsvps.codes import short_code
from tests.browser.conftest import door_link
from tests.browser.installation import FLAGS, installed_chromium
from tests.browser.people import open_folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState

    from tests.browser.installation import Site

PICTURE = (640, 480)
GREY, WHITE, BLACK = 128, 235, 16  # of a video's brightness


@pytest.fixture
def token(chromium: Browser, site: Site, cookies: dict[str, StorageState], names: dict[str, str]) -> str:
    """A link of its own for each test, to the door of the same protest."""
    return door_link(chromium, site, cookies, names["mine"])


@pytest.fixture
def open_door(chromium: Browser, site: Site, token: str) -> Iterator[Callable[[], Page]]:
    """Return a function that opens the door on another phone. Being without a connection is no fault here."""
    contexts: list[BrowserContext] = []

    def go() -> Page:
        context = chromium.new_context(
            base_url=site.url, viewport={"width": 360, "height": 800}, has_touch=True, locale="en-GB"
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"/en/door/{token}")
        expect(state_of(page)).to_have_text("Everything is sent.")
        return page

    yield go
    for context in contexts:
        context.close()


def state_of(page: Page) -> Any:
    return page.locator("[data-state]")


def waiting(page: Page) -> Any:
    """Return the rows of those who are not here yet."""
    return page.locator(".door-row:not(.door-row--here)")


def number(page: Page, name: str) -> int:
    return int(re.sub(r"\D", "", page.locator(f"[data-count={name}]").inner_text()))


def keep(page: Page) -> None:
    """Wait until the phone has everything that it needs without a connection."""
    page.wait_for_function(
        """async () => { const names = await caches.keys();
           const files = names.length ? await (await caches.open(names[0])).keys() : [];
           return files.length > 5 && files.some((one) => one.url.includes("decode.js"))
             && files.some((one) => one.url.endsWith("people.json")); }"""
    )


def check_in_first(page: Page) -> tuple[str, int]:
    """Press the button of the first one who is not here; return their code and how many they are."""
    row = waiting(page).first
    who = row.get_attribute("data-who")
    assert who
    size = row.locator("option").count()
    row.get_by_role("button").click()
    expect(page.locator(f"[data-who='{who}']")).to_have_class(re.compile("door-row--here"))
    return who, size


def test_three_people_come_while_there_is_no_connection(open_door: Callable[[], Page]) -> None:
    page = open_door()
    keep(page)
    here = number(page, "here")

    page.context.set_offline(True)
    came = [check_in_first(page) for _ in range(3)]
    expect(state_of(page)).to_contain_text("Not sent yet: 3")
    total = here + sum(size for _, size in came)
    assert number(page, "here") == total

    page.reload()
    expect(state_of(page)).to_contain_text("Not sent yet: 3")
    assert number(page, "here") == total
    for who, _ in came:
        page.get_by_role("searchbox").fill(short_code(who))
        expect(page.locator(f"[data-who='{who}']")).to_have_class(re.compile("door-row--here"))

    page.context.set_offline(False)
    expect(state_of(page)).to_have_text("Everything is sent.")
    other = open_door()
    for who, _ in came:
        other.get_by_role("searchbox").fill(short_code(who))
        expect(other.locator(f"[data-who='{who}']")).to_have_class(re.compile("door-row--here"))


def test_two_phones_agree_and_the_later_press_stands(open_door: Callable[[], Page]) -> None:
    first, second = open_door(), open_door()
    first.context.set_offline(True)
    who, _ = check_in_first(first)
    second.get_by_role("searchbox").fill(short_code(who))
    row = second.locator(f"[data-who='{who}']")
    row.get_by_role("button").click()
    row.get_by_role("button", name="Undo").click(delay=700)
    expect(row).not_to_have_class(re.compile("door-row--here"))
    expect(state_of(second)).to_have_text("Everything is sent.")

    first.context.set_offline(False)

    expect(state_of(first)).to_have_text("Everything is sent.")
    expect(first.get_by_role("alert")).to_contain_text("another phone said something newer")
    expect(first.locator(f"[data-who='{who}']")).not_to_have_class(re.compile("door-row--here"))
    assert number(first, "here") == number(second, "here")


def test_people_without_an_answer_are_counted_on_both_phones(open_door: Callable[[], Page]) -> None:
    first, second = open_door(), open_door()
    before = number(first, "walk_ins")

    first.get_by_role("button", name="+1 without an answer").click()
    expect(state_of(first)).to_have_text("Everything is sent.")
    second.evaluate("dispatchEvent(new Event('online'))")

    expect(second.locator("[data-count=walk_ins]")).to_have_text(str(before + 1))


def test_a_revoked_link_empties_the_phone(
    open_door: Callable[[], Page],
    chromium: Browser,
    site: Site,
    cookies: dict[str, StorageState],
    names: dict[str, str],
) -> None:
    page = open_door()
    keep(page)
    organiser = chromium.new_context(base_url=site.url, storage_state=cookies["organiser"]).new_page()
    organiser.goto(f"/en/organise/events/{names['mine']}/check-in/links")
    organiser.get_by_role("button", name="Revoke").first.click()
    organiser.context.close()

    page.evaluate("dispatchEvent(new Event('online'))")

    expect(page.get_by_role("main")).to_contain_text("This link opens nothing any more")
    expect(page.locator(".door-row")).to_have_count(0)
    page.wait_for_function("async () => !(await caches.keys()).length && !localStorage.length")
    answer = page.reload()
    assert answer is not None
    assert answer.status == 404


def test_by_keyboard_the_way_goes_on_where_it_was(open_door: Callable[[], Page]) -> None:
    page = open_door()
    button = waiting(page).first.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")

    expect(page.locator(":focus")).to_have_text("Undo")


def test_without_javascript_the_door_works_by_forms(
    open_browser: Callable[..., BrowserContext], token: str
) -> None:
    page = open_browser(width=360, javascript=False).new_page()
    page.goto(f"/en/door/{token}")
    row = waiting(page).first
    letters = row.locator("[data-code]").inner_text()

    page.get_by_role("searchbox").fill(letters.lower())
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".door-row")).to_have_count(1)
    page.locator(".door-row").get_by_role("button").click()
    expect(page.locator(".door-row")).to_contain_text("here")
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".door-row--here")).to_have_count(0)


def test_nothing_of_the_rest_of_the_site_is_kept(open_door: Callable[[], Page]) -> None:
    page = open_door()
    keep(page)
    page.goto("/en/")

    kept = page.evaluate(
        """async () => { const names = await caches.keys(); const cache = await caches.open(names[0]);
                         return (await cache.keys()).map((one) => new URL(one.url).pathname); }"""
    )

    assert [path for path in kept if not path.startswith(("/static/", "/en/door/"))] == []
    page.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.goto("/en/about")


def film(text: str, path: Path) -> None:
    """Write one second of a camera that is held at a code: Y4M, brightness only."""
    width, height = PICTURE
    code = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(scale=8, border=4)]
    top, left = (height - len(code)) // 2, (width - len(code)) // 2
    lines = [bytes([GREY]) * width] * top
    for row in code:
        middle = bytes(BLACK if dark else WHITE for dark in row)
        lines.append(bytes([GREY]) * left + middle + bytes([GREY]) * (width - left - len(middle)))
    lines += [bytes([GREY]) * width] * (height - len(lines))
    frame = b"FRAME\n" + b"".join(lines) + bytes([128]) * (width * height // 2)
    path.write_bytes(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % PICTURE + frame * 10)


@contextmanager
def camera(playwright: Playwright, text: str, folder: Path) -> Iterator[Browser]:
    film(text, folder / "code.y4m")
    flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={folder / 'code.y4m'}",
    ]
    browser = playwright.chromium.launch(executable_path=installed_chromium(), args=[*FLAGS, *flags])
    try:
        yield browser
    finally:
        browser.close()


def answer(page: Page, event: str, name: str) -> str:
    """Answer without an address; return the text of the picture on the page of the answer."""
    page.goto(f"/en/events/{event}/rsvp")
    page.get_by_label("How many people, with you?").fill("2")
    open_folded(page, "Optional")
    page.get_by_label("First name or nickname").fill(name)
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("img", name="QR code for the door")).to_be_visible()
    text: str = page.evaluate(
        """async () => { const { decodeQR } = await import("/static/vendor/qr/decode.js");
             const picture = document.querySelector(".door-code__picture");
             await picture.decode();
             const canvas = document.createElement("canvas");
             canvas.width = canvas.height = 480;
             const pen = canvas.getContext("2d");
             pen.drawImage(picture, 0, 0, 480, 480);
             return decodeQR(pen.getImageData(0, 0, 480, 480)); }"""
    )
    return text


def test_the_code_of_an_answer_is_read_by_the_camera_of_the_door(
    page: Page, names: dict[str, str], token: str, site: Site, playwright_: Playwright, tmp_path: Path
) -> None:
    code = answer(page, names["mine"], "Zoé")
    assert code.startswith(f"DOA1:{names['mine']}:")

    with camera(playwright_, code, tmp_path) as browser:
        door = browser.new_context(base_url=site.url, permissions=["camera"], locale="en-GB").new_page()
        door.goto(f"/en/door/{token}")
        expect(state_of(door)).to_have_text("Everything is sent.")
        here = number(door, "here")
        door.get_by_role("button", name="Scan a code").click()

        expect(door.get_by_role("alert")).to_contain_text("Zoé")
        expect(door.locator(".door-row")).to_have_count(1)
        expect(door.locator(".door-row")).to_contain_text("2 of 2 here")
        assert number(door, "here") == here + 2
        door.get_by_role("button", name="Stop the camera").click()
        expect(door.locator("[data-camera]")).to_be_hidden()


def test_where_there_is_no_camera_the_page_says_what_to_do(open_door: Callable[[], Page]) -> None:
    page = open_door()

    page.get_by_role("button", name="Scan a code").click()

    expect(page.get_by_role("alert").filter(has_text="camera")).to_contain_text("Ask for the first name")
