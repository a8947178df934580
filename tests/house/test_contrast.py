"""Every pair of colours that tokens.css promises to be readable, is: light, dark, and with more contrast."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
PAIR = re.compile(r"^\s*pair: ([\w-]+) on ([\w-]+) ([\d.]+)$", re.MULTILINE)
COLOUR = re.compile(r"--colour-([\w-]+):\s*(#[0-9a-f]{3,6});")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SCHEMES = {
    "light": [""],
    "dark": ["", "(prefers-color-scheme: dark)"],
    "light, more contrast": ["", "(prefers-contrast: more)"],
    "dark, more contrast": [
        "",
        "(prefers-color-scheme: dark)",
        "(prefers-contrast: more)",
        "(prefers-contrast: more) and (prefers-color-scheme: dark)",
    ],
}


def blocks() -> dict[str, str]:
    """Return the text of each media query's block; the plain one under the empty name."""
    found: dict[str, str] = {}
    rest = COMMENT.sub("", TOKENS)
    for part in re.split(r"(?=@media)", rest):
        query = re.match(r"@media ([^{]+)\{", part)
        found[query[1].strip() if query else ""] = part
    return found


def colours(scheme: str) -> dict[str, str]:
    """Return what the names mean in a scheme: later blocks win, as in the browser."""
    return {name: value for query in SCHEMES[scheme] for name, value in COLOUR.findall(blocks()[query])}


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_21() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)


def test_promises_are_made() -> None:
    assert len(PAIR.findall(TOKENS)) > 20


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("front", "back", "least"), PAIR.findall(TOKENS))
def test_a_pair_is_readable(front: str, back: str, least: str, scheme: str) -> None:
    named = colours(scheme)

    assert contrast(named[front], named[back]) >= float(least)
