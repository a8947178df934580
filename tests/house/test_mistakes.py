"""docs/mistakes.md names tests that are there and that run."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from coordinator.settings import ROOT

MISTAKES = 17
ROW = re.compile(r"^\| (\d+) \|.*$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[tuple[str, list[tuple[str, str]]]]:
    text = (ROOT / "docs" / "mistakes.md").read_text(encoding="utf-8")
    return [(row.group(1), NAMED.findall(row.group())) for row in ROW.finditer(text)]


@cache
def found_in(path: str) -> dict[str, list[str]]:
    """Return every test of a file, each with its marks."""
    file = ROOT / path
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {
        node.name: [ast.unparse(mark) for mark in node.decorator_list]
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_each_mistake_has_its_row() -> None:
    assert [int(number) for number, _ in rows()] == list(range(1, MISTAKES + 1))


@pytest.mark.parametrize(("number", "named"), rows())
def test_each_mistake_has_tests_that_exist(number: str, named: list[tuple[str, str]]) -> None:
    missing = [f"{path}::{name}" for path, name in named if name not in found_in(path)]
    skipped = [
        name
        for path, name in named
        for mark in found_in(path).get(name, [])
        if "skip" in mark or "xfail" in mark
    ]

    assert named, number
    assert (missing, skipped) == ([], [])


def test_the_first_migration_keeps_time_three_ways() -> None:
    """Wall time as typed, zone, instant: all three from the first day, so that none is guessed later."""
    first = min((ROOT / "migrations" / "versions").glob("*.py")).read_text(encoding="utf-8")
    event = first.partition("'event',")[2] or first.partition('"event",')[2]

    for column in (
        "starts_local",
        "starts_fold",
        "timezone",
        "starts_at",
        "ends_local",
        "ends_fold",
        "ends_at",
    ):
        assert column in event.partition("create_table")[0]
