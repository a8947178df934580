"""The RSVP form in Chromium: two clicks are one answer, and everything works without JavaScript."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select
from werkzeug.serving import make_server

from coordinator.kit.db import db, unit_of_work
from coordinator.rsvps.models import Rsvp
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture
def address(real_app: Flask) -> Iterator[str]:
    """A server for this test."""
    server = make_server("127.0.0.1", 0, real_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def form_url(real_app: Flask, address: str) -> str:
    with real_app.app_context(), unit_of_work():
        return f"{address}/en/events/{EventFactory().public_id}/rsvp"


def answers(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(Rsvp.id))) or 0


def test_a_double_click_is_one_answer(real_app: Flask, chromium: Browser, form_url: str) -> None:
    page = chromium.new_page()
    page.goto(form_url)
    page.wait_for_function("document.querySelector('[data-request-id]').value")

    page.get_by_role("button", name="Send my answer").dblclick(no_wait_after=True)

    page.wait_for_url("**/en/rsvp/**")
    expect(page.get_by_text("shown only now")).to_be_visible()
    assert page.context.cookies() == []
    assert answers(real_app) == 1


def test_going_back_and_sending_again_is_still_one_answer(
    real_app: Flask, chromium: Browser, form_url: str
) -> None:
    page = chromium.new_page()
    page.goto(form_url)
    page.wait_for_function("document.querySelector('[data-request-id]').value")
    used = page.input_value("[data-request-id]")
    page.get_by_role("button", name="Send my answer").click()
    page.wait_for_url("**/en/rsvp/**")
    first = page.url

    page.goto(form_url)
    page.evaluate("id => document.querySelector('[data-request-id]').value = id", used)
    page.get_by_role("button", name="Send my answer").click()
    page.wait_for_url("**/en/rsvp/**")

    assert page.url == first
    assert answers(real_app) == 1


def test_everything_works_without_javascript(real_app: Flask, chromium: Browser, form_url: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(form_url)
    page.get_by_label("How many people").fill("3")
    page.get_by_text("Optional: e-mail").click()
    page.get_by_label("First name").fill("Ada")
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", name="3 of you are coming")).to_be_visible()

    page.get_by_text("Change my answer").click()
    page.get_by_label("Maybe").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="You may come")).to_be_visible()
    page.get_by_role("link", name="Take my answer back").click()
    page.get_by_role("button", name="Yes, take it back").click()

    expect(page.get_by_role("heading", name="You are not coming")).to_be_visible()
    assert answers(real_app) == 1


def test_people_do_not_see_the_trap_and_the_keyboard_passes_it(chromium: Browser, form_url: str) -> None:
    page = chromium.new_page()
    page.goto(form_url)
    box = page.locator("input[name=subject]").bounding_box()

    focused = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        focused.add(page.evaluate("document.activeElement.name"))

    assert box is not None
    assert "party_size" in focused
    assert "subject" not in focused
    assert (
        page.evaluate("document.querySelector('[name=subject]').closest('[aria-hidden=true]').clientWidth")
        <= 1
    )
