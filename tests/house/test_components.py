"""The components that carry weight: a fault that is tied to its field, a text that stays text, a way out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from flask import get_template_attribute, render_template
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

HOSTILE = "<img src=x onerror=alert(1)>\"'"
ERROR_PAGES = (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)


class SomeForm(Form):
    name = StringField("Name", description="As on the door.", validators=[InputRequired("Say a name.")])
    nickname = StringField("Nickname")
    note = TextAreaField("Note")
    answer = RadioField(
        "Answer",
        choices=[SelectChoice("yes", "Yes"), SelectChoice("no", "No")],
        validators=[InputRequired("Choose.")],
    )
    consent = BooleanField("News", description="One click stops them.")


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Iterator[None]:
    with app.test_request_context("/en/"):
        yield


@pytest.fixture
def empty_answer() -> SomeForm:
    form = SomeForm(MultiDict({"name": ""}))
    form.validate()
    return form


def component(name: str, *values: Any, **named: Any) -> str:
    return str(get_template_attribute(f"components/{name}.html", name)(*values, **named))


def test_a_fault_is_tied_to_its_field(empty_answer: SomeForm) -> None:
    html = component("field", empty_answer.name)

    assert 'aria-describedby="name-hint name-error"' in html
    assert 'aria-invalid="true"' in html


def test_a_field_without_hint_or_fault_is_tied_to_nothing() -> None:
    html = component("field", SomeForm().nickname)

    assert "aria-" not in html


def test_only_fields_that_may_stay_empty_say_so() -> None:
    form = SomeForm()

    assert "optional" in component("field", form.nickname)
    assert "optional" not in component("field", form.name)


def test_radio_buttons_are_a_set_with_a_legend(empty_answer: SomeForm) -> None:
    html = component("field", empty_answer.answer)

    assert "<fieldset" in html
    assert html.index("<legend") < html.index('type="radio"')
    assert 'aria-describedby="answer-error"' in html


def test_a_box_is_followed_by_its_label() -> None:
    html = component("field", SomeForm().consent)

    assert html.index('type="checkbox"') < html.index('<label class="check__label" for="consent"')


def test_the_summary_leads_to_each_fault(empty_answer: SomeForm) -> None:
    html = component("error_summary", empty_answer)

    assert 'href="#name"' in html
    assert 'href="#answer-0"' in html, "a set has no id of its own; its first button has"
    assert 'role="alert"' in html


def test_a_form_without_faults_has_no_summary() -> None:
    assert component("error_summary", SomeForm()).strip() == ""


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("button", [HOSTILE, HOSTILE]),
        ("notice", [HOSTILE, "info", HOSTILE]),
        ("badge", [HOSTILE]),
        ("status", [HOSTILE]),
        ("copy_link", [HOSTILE, HOSTILE, "x"]),
        ("facts", [[(HOSTILE, HOSTILE)]]),
        ("table", [HOSTILE, [{"key": "k", "label": HOSTILE, "kind": ""}], [{"k": HOSTILE}]]),
        ("search_box", [HOSTILE, HOSTILE, "place", HOSTILE]),
        ("page_head", [HOSTILE, HOSTILE, HOSTILE]),
        ("poster", [HOSTILE, HOSTILE, HOSTILE, HOSTILE]),
        ("map_frame", [HOSTILE, HOSTILE]),
    ],
)
def test_text_from_strangers_stays_text(name: str, values: list[Any]) -> None:
    html = component(name, *values)

    assert "<img" not in html
    assert "&lt;img" in html


def test_a_cancelled_protest_says_so_in_words() -> None:
    event = SimpleNamespace(title="Vigil", url="/e", city="Berlin", country="Germany", is_cancelled=True)

    html = component("event_card", event)

    assert "event-card--cancelled" in html
    assert ">Cancelled</span>" in html


def test_a_button_that_changes_something_is_a_post() -> None:
    html = component("act", "Publish", "/x", csrf="token", fields={"decision": "publish"})

    assert 'method="post"' in html
    assert '<input type="hidden" name="csrf_token" value="token">' in html
    assert '<input type="hidden" name="decision" value="publish">' in html


@pytest.mark.parametrize("code", ERROR_PAGES)
def test_an_error_page_says_what_happened_and_leads_on(code: int) -> None:
    html = render_template(f"errors/{code}.html", code="x")

    assert html.count("<h1") == 1
    assert 'href="/en/"' in html
    assert 'name="robots" content="noindex"' in html


def test_the_pages_of_an_event_stand_side_by_side_and_none_is_offered_that_is_not_there(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = SimpleNamespace(public_id="0123456789")
    monkeypatch.delitem(app.view_functions, "attendees.attendees")

    html = component("event_nav", event, "dashboard.event")

    assert 'href="/en/organise/events/0123456789" aria-current="page"' in html
    assert "/attendees" not in html
