"""What no template may contain: inline code, inline style, and text that skips escaping."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
LETTERS = "email"
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE)
STYLE_ATTRIBUTE = re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)
DATA_SCRIPT = re.compile(r'type="application/(?:[\w.-]+\+)?json"')


def markup(page: Path) -> str:
    return COMMENT.sub("", page.read_text(encoding="utf-8"))


def names(page: Path) -> str:
    return str(page.relative_to(TEMPLATES))


def is_letter(page: Path) -> bool:
    return LETTERS in page.relative_to(TEMPLATES).parts[:-1] or page.stem == LETTERS


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_no_code_stands_in_a_page(page: Path) -> None:
    text = markup(page)
    inline = [rest for rest in SCRIPT.findall(text) if "src=" not in rest and not DATA_SCRIPT.search(rest)]

    assert inline == []
    assert HANDLER.findall(text) == []
    assert "javascript:" not in text


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_no_style_stands_in_a_page(page: Path) -> None:
    text = markup(page)

    assert STYLE_ATTRIBUTE.findall(text) == []
    if not is_letter(page):  # a letter has no style sheet to link to
        assert "<style" not in text


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_nothing_skips_escaping(page: Path) -> None:
    text = markup(page)

    assert re.findall(r"\|\s*safe\b", text) == []
    assert re.findall(r"\{%-?\s*autoescape", text) == []


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_nothing_is_loaded_from_elsewhere(page: Path) -> None:
    assert re.findall(r'(?:src|srcset|action)="(?:https?:)?//', markup(page)) == []


@pytest.mark.parametrize("page", sorted((TEMPLATES / "components").glob("*.html")), ids=names)
def test_a_component_explains_itself_and_bears_its_file_s_name(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert text.startswith("{#\n  ")
    assert f'{{% from "components/{page.name}" import {page.stem} %}}' in text.split("#}")[0]
    assert f"{{% macro {page.stem}(" in text


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_components_see_only_their_arguments(page: Path) -> None:
    assert re.findall(r"import [^%]*with context", markup(page)) == []
