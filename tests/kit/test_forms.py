"""Fields that every room may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import NumberRange

from coordinator.kit.forms import HouseForm, WholeNumberField

if TYPE_CHECKING:
    from flask import Flask


class Party(Form):
    size = WholeNumberField(validators=[NumberRange(min=1, max=10)])


@pytest.mark.parametrize("typed", ["9" * 400, "-" + "9" * 400, "1e5", "½", "zehn", "1.5"])
def test_what_is_no_whole_number_is_an_error_and_no_fault(app: Flask, typed: str) -> None:
    with app.test_request_context():
        form = Party(MultiDict({"size": typed}))

        assert not form.validate()
        assert form.size.errors


@pytest.mark.parametrize(("typed", "read"), [("3", 3), (" 10 ", 10), ("٣", 3)])
def test_a_whole_number_is_read_in_any_digits(app: Flask, typed: str, read: int) -> None:
    with app.test_request_context():
        form = Party(MultiDict({"size": typed}))

        assert form.validate()
        assert form.size.data == read


@pytest.mark.parametrize(
    ("lang", "error"),
    [("en", "Number must be between 1 and 10."), ("ru", "Значение должно быть между 1 и 10.")],
)
def test_errors_that_come_with_the_library_speak_the_page_s_language(
    app: Flask, lang: str, error: str
) -> None:
    class Answer(HouseForm):
        size = WholeNumberField(validators=[NumberRange(min=1, max=10)])

    with app.test_request_context(f"/{lang}/", method="POST", data={"size": "11"}):
        form = Answer(meta={"csrf": False})

        assert not form.validate()
        assert form.size.errors == [error]
