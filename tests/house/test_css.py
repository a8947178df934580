"""The style sheets keep the house's rules: one order of layers, both reading directions, no force."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "css"
SHEETS = sorted(CSS.rglob("*.css"))
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)[\w-]*"
    r"|border-(?:top|bottom)-(?:left|right)-radius|left|right|top|bottom|(?:min-|max-)?(?:width|height)"
    r"|overflow-(?:left|right))\s*:(?!\s*\w+\s*\))"
)
SIDED = re.compile(r"(?:text-align|float|clear)\s*:\s*(?:left|right)")
ID = re.compile(r"#[a-zA-Z_][\w-]*(?=[^;{}]*\{)")


def rules(sheet: Path) -> str:
    return COMMENT.sub("", sheet.read_text(encoding="utf-8"))


def names(sheet: Path) -> str:
    return str(sheet.relative_to(CSS))


@pytest.mark.parametrize("sheet", SHEETS, ids=names)
def test_a_sheet_serves_both_reading_directions(sheet: Path) -> None:
    text = re.sub(r"@(?:media|container)[^{]*\{", "{", rules(sheet))

    assert PHYSICAL.findall(text) == []
    assert SIDED.findall(text) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=names)
def test_a_sheet_forces_nothing_and_knows_no_ids(sheet: Path) -> None:
    text = rules(sheet)

    assert "!important" not in text
    assert ID.findall(text) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=names)
def test_a_sheet_says_what_it_is_for(sheet: Path) -> None:
    assert sheet.read_text(encoding="utf-8").startswith("/* ")


@pytest.mark.parametrize("sheet", SHEETS, ids=names)
def test_a_colour_has_a_name(sheet: Path) -> None:
    if sheet.name in {"tokens.css", "print.css"}:
        return

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(|oklch\(", rules(sheet)) == []


def test_every_import_goes_into_a_layer_and_leads_somewhere() -> None:
    text = rules(CSS / "site.css")
    imports = re.findall(r'@import "([^"]+)"([^;]*);', text)

    assert len(imports) > 10
    assert [path for path, rest in imports if not re.match(r" layer\(\w+\)", rest)] == []
    assert [path for path, _ in imports if not (CSS / path).resolve().is_file()] == []


def test_every_component_sheet_is_imported() -> None:
    text = rules(CSS / "site.css")
    components = {f"components/{sheet.name}" for sheet in (CSS / "components").glob("*.css")}

    assert {path for path in components if f'"{path}"' not in text} == set()
