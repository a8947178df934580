"""Names whose direction ends where they end."""

from __future__ import annotations

import unicodedata

import pytest

from coordinator.outbox.bidi import all_isolated, isolated, standing_alone
from tests.factories.letters import ARABIC, CYRILLIC

APART = "\u2068{}\u2069".format
HEBREW = "שלום"


@pytest.mark.parametrize(
    ("text", "direction", "expected"),
    [
        ("Vigil", "ltr", "Vigil"),
        (CYRILLIC, "ltr", CYRILLIC),
        ("16. 9. 2030", "rtl", "16. 9. 2030"),
        (ARABIC, "ltr", APART(ARABIC)),
        (ARABIC, "rtl", ARABIC),
        ("Vigil", "rtl", APART("Vigil")),
        (f"Vigil {HEBREW}", "ltr", APART(f"Vigil {HEBREW}")),
        (f"{ARABIC}\n\n{CYRILLIC}", "ltr", f"{APART(ARABIC)}\n\n{APART(CYRILLIC)}"),
        ("Vigil\u202e moved", "ltr", "Vigil moved"),
        (f"{HEBREW}\u2069\u202e", "ltr", APART(HEBREW)),
        (f"{HEBREW}\u200f!", "ltr", APART(f"{HEBREW}\u200f!")),
        ("", "ltr", ""),
    ],
)
def test_isolated(text: str, direction: str, expected: str) -> None:
    assert isolated(text, direction) == expected


def test_every_sign_that_turns_text_is_taken_out() -> None:
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    signs = "".join(chr(one) for one in range(0x2_0000) if unicodedata.bidirectional(chr(one)) in turning)

    assert len(signs) == len(turning)
    assert isolated(f"a{signs}b", "ltr") == "ab"


def test_every_sign_of_a_script_from_right_to_left_is_kept_apart() -> None:
    signs = [chr(one) for one in range(0x2_0000) if unicodedata.bidirectional(chr(one)) in {"R", "AL"}]

    assert len(signs) > 1_000
    assert [one for one in signs if isolated(one, "ltr") != APART(one)] == []


def test_a_context_is_isolated_as_deep_as_it_lies_and_markdown_keeps_its_signs() -> None:
    context = {
        "title": ARABIC,
        "was": {"title": ARABIC},
        "all": [ARABIC],
        "text": f"- {ARABIC}\u202e",
        "party": 2,
    }

    assert all_isolated(context, "ltr") == {
        "title": APART(ARABIC),
        "was": {"title": APART(ARABIC)},
        "all": [APART(ARABIC)],
        "text": f"- {ARABIC}",
        "party": 2,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (APART(ARABIC), ARABIC),
        (f"Moved: {APART(ARABIC)}", f"Moved: {APART(ARABIC)}"),
        (f"{APART(ARABIC)}, {APART(HEBREW)}", f"{APART(ARABIC)}, {APART(HEBREW)}"),
        ("Vigil", "Vigil"),
        ("", ""),
    ],
)
def test_standing_alone(text: str, expected: str) -> None:
    assert standing_alone(text) == expected
