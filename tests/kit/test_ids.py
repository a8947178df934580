from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from coordinator.kit.ids import (
    ALPHABET,
    PUBLIC_ID_LENGTH,
    PUBLIC_ID_PATTERN,
    new_public_id,
    read_public_id,
)

IDS = st.text(alphabet=ALPHABET, min_size=PUBLIC_ID_LENGTH, max_size=PUBLIC_ID_LENGTH)
MISREADINGS = {"0": "0oO", "1": "1iIlL"}


def test_a_new_id_is_ten_characters_that_nobody_can_misread() -> None:
    made = {new_public_id() for _ in range(500)}

    assert len(made) == 500
    assert {len(public_id) for public_id in made} == {10}
    assert set("".join(made)) == set(ALPHABET)
    assert set("ilou").isdisjoint(ALPHABET)


@given(IDS)
def test_an_id_is_read_as_itself_and_fits_the_route(public_id: str) -> None:
    assert read_public_id(public_id) == public_id
    assert re.fullmatch(PUBLIC_ID_PATTERN, public_id)


@given(IDS, st.data())
def test_an_id_copied_from_a_poster_is_still_the_same(public_id: str, data: st.DataObject) -> None:
    copied = "".join(
        data.draw(st.sampled_from(MISREADINGS.get(letter, letter + letter.upper()))) for letter in public_id
    )

    assert read_public_id(f"  {copied} ") == public_id
    assert re.fullmatch(PUBLIC_ID_PATTERN, copied)


@given(st.text())
def test_whatever_is_typed_is_an_id_or_nothing(text: str) -> None:
    meant = read_public_id(text)

    assert meant is None or set(meant) <= set(ALPHABET)
    assert meant is None or len(meant) == PUBLIC_ID_LENGTH


@pytest.mark.parametrize(
    "text",
    [
        "", "7x2k9c4m1", "7x2k9c4m1pp", "7x2k9c4m1u", "7x2k-c4m1p", "7x2k9 4m1p", "７x2k9c4m1p",
        "7x2k9c4m1p\x00", "'; DROP TAB",
    ],
)  # fmt: skip
def test_what_cannot_be_an_id_is_none(text: str) -> None:
    assert read_public_id(text) is None
