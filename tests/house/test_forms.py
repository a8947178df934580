"""Every form, sent as its page shows it: whatever it lacks, its reader is led to something on the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest

from tests.world import (
    ADMINISTRATOR,
    COORDINATOR,
    NOBODY,
    ORGANISER,
    World,
    browser_of,
    make_world,
    rules,
    undone,
)

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session
    from werkzeug.test import TestResponse

LED_TO = re.compile(r'<a href="#([^"]+)"')
SUMMARY = re.compile(r'<(\w+)[^>]*class="[^"]*error-summary.*?</\1>', re.DOTALL)


@pytest.fixture
def world(session: Session, app: Flask) -> World:
    app.config["WTF_CSRF_ENABLED"] = False
    return make_world(session, app)


class Forms(HTMLParser):
    """Collects what a browser would send of each form that is posted."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._fields: list[tuple[str, str]] | None = None
        self._choices: tuple[str, list[tuple[str, bool]]] = ("", [])
        self._area = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = dict(attributes)
        name, value = said.get("name") or "", said.get("value") or ""
        if tag == "form":
            self._fields = []
            if (said.get("method") or "").lower() == "post":
                self.forms.append((said.get("action") or "", self._fields))
        elif self._fields is None:
            return
        elif tag == "select":
            self._choices = (name, [])
        elif tag == "option":
            self._choices[1].append((value, "selected" in said))
        elif tag == "textarea":
            self._area = name
            self._fields.append((name, ""))
        elif tag == "input" and name and _is_sent(said):
            self._fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "select" and self._fields is not None and self._choices[1]:
            name, choices = self._choices
            self._fields.append(
                (name, next((value for value, is_chosen in choices if is_chosen), choices[0][0]))
            )
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._fields:
            name, before = self._fields[-1]
            self._fields[-1] = (name, before + data)


def _is_sent(said: dict[str, str | None]) -> bool:
    kind = said.get("type")
    return kind not in {"submit", "file", "image"} and (
        kind not in {"checkbox", "radio"} or "checked" in said
    )


def forms_of(page: str) -> list[tuple[str, list[tuple[str, str]]]]:
    found = Forms()
    found.feed(page)
    return found.forms


@pytest.mark.once
@pytest.mark.parametrize("person", [NOBODY, ORGANISER, COORDINATOR, ADMINISTRATOR])
def test_a_form_sent_as_it_is_shown_says_nothing_about_what_is_not_there(
    app: Flask, world: World, person: str
) -> None:
    lost, sent = [], 0
    for rule in rules(app):
        here = world.address(rule)
        page, _ = undone(lambda here=here: browser_of(app, world, person).get(here), is_compared=False)
        if page.status_code != 200 or page.mimetype != "text/html":
            continue
        for action, fields in forms_of(page.text):
            there = urljoin(here, action)

            def send(there: str = there, fields: Any = fields) -> TestResponse:
                many: dict[str, list[str]] = {}
                for name, value in fields:
                    many.setdefault(name, []).append(value)
                return browser_of(app, world, person).post(there, data=many)

            answer, _ = undone(send, is_compared=False)
            sent += 1
            if answer.status_code == 422:
                summary = SUMMARY.search(answer.text)
                wrong = LED_TO.findall(summary.group()) if summary else ["no summary"]
                lost += [(rule.rule, there, one) for one in wrong if f'id="{one}"' not in answer.text]
            elif answer.status_code >= 500:
                lost.append((rule.rule, there, str(answer.status_code)))

    assert lost == []
    assert sent > 3
