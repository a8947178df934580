"""The figures as tables: for a terminal, and for Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from statistics import linear_regression
from typing import TYPE_CHECKING

from bench.load import Figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.machine import Commits

GROWTH_NOTICED = 1.15
"""Below this, two runs of one thing on a shared machine differ as much."""

HEAD = ("page", "events", "requests/s", "p50 ms", "p99 ms", "CPU ms", "hellos", "first ms", "bytes")
GROWTH_HEAD = ("page", "smallest", "largest", "hellos there", "hellos here", "ratio", "exponent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One page of one size."""

    page: str
    events: int
    figures: Figures
    hellos: float
    """CPU time of a request over that of a bare hello-world, measured just before and after."""
    first_ms: float
    """How long the very first answer took, before anything was kept in memory."""
    size: int
    """Bytes of the body as sent."""
    may_grow: bool
    note: str = ""


def rows(measured: Sequence[Measured]) -> list[tuple[str, ...]]:
    """Return the cells of the main table."""
    return [
        (
            one.page,
            f"{one.events:,}" if one.events else "",
            f"{one.figures.per_second:,.0f}",
            f"{one.figures.p50_ms:.1f}",
            f"{one.figures.p99_ms:.1f}",
            f"{one.figures.cpu_ms:.3f}",
            f"{one.hellos:.2f}",
            f"{one.first_ms:.0f}",
            f"{one.size:,}",
        )
        for one in measured
    ]


def growth(measured: Sequence[Measured]) -> list[tuple[str, int, int, float, float, float, bool]]:
    """Return for each page what it costs with the fewest and the most events, and the ratio."""
    found = []
    for page in dict.fromkeys(one.page for one in measured if one.events):
        of_page = sorted((one for one in measured if one.page == page), key=lambda one: one.events)
        few, many = of_page[0], of_page[-1]
        if few.events < many.events:
            ratio = many.hellos / few.hellos if few.hellos else float("nan")
            found.append((page, few.events, many.events, few.hellos, many.hellos, ratio, few.may_grow))
    return found


def exponent(measured: Sequence[Measured], page: str) -> float:
    """Return b of the fitted cost = a * events^b: 0 does not grow, 1 grows as the number of events does."""
    points = [(one.events, one.hellos) for one in measured if one.page == page and one.hellos]
    return linear_regression(*zip(*((log(events), log(cost)) for events, cost in points), strict=True)).slope


def verdict(measured: Sequence[Measured]) -> str:
    """Return a sentence on whether anything but the full feeds grows with the number of events."""
    growing = [
        f"{page} ({ratio:.2f})"
        for page, *_, ratio, may_grow in growth(measured)
        if ratio > GROWTH_NOTICED and not may_grow
    ]
    if not growth(measured):
        return "One size only: nothing is said about growth."
    if growing:
        return f"GROWS with the number of events (more than {GROWTH_NOTICED}): {', '.join(growing)}."
    return f"Nothing but the full feeds grows with the number of events (by more than {GROWTH_NOTICED})."


def text(machine: Sequence[tuple[str, str]], floor: Sequence[Commits], measured: Sequence[Measured]) -> str:
    """Return everything for a terminal."""
    parts = [
        "\n".join(f"{name:<12} {what}" for name, what in machine),
        _table(HEAD, rows(measured)),
        _table(GROWTH_HEAD, _growth_rows(measured)) if growth(measured) else "",
        "\n".join([*_errors(measured), verdict(measured)]),
        "\n".join(f"One row committed to SQLite, {_commit_words(one)}" for one in floor),
    ]
    return "\n\n".join(part for part in parts if part)


def markdown(
    machine: Sequence[tuple[str, str]], floor: Sequence[Commits], measured: Sequence[Measured]
) -> str:
    """Return everything as Markdown."""
    parts = [
        "\n".join(f"- {name}: {what}" for name, what in machine),
        _markdown_table(HEAD, rows(measured)),
        _markdown_table(GROWTH_HEAD, _growth_rows(measured)) if growth(measured) else "",
        " ".join([*_errors(measured), verdict(measured)]),
        "\n".join(f"- One row committed to SQLite, {_commit_words(one)}" for one in floor),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _growth_rows(measured: Sequence[Measured]) -> list[tuple[str, ...]]:
    return [
        (
            page,
            f"{few:,}",
            f"{many:,}",
            f"{small:.2f}",
            f"{large:.2f}",
            f"{ratio:.2f}",
            f"{exponent(measured, page):.2f}",
        )
        for page, few, many, small, large, ratio, _ in growth(measured)
    ]


def _errors(measured: Sequence[Measured]) -> list[str]:
    return [
        f"ERRORS: {one.figures.errors} of {one.figures.requests} at {one.page}, {one.events:,} events."
        for one in measured
        if one.figures.errors
    ] + [one.note for one in measured if one.note]


def _commit_words(one: Commits) -> str:
    return (
        f"synchronous = {one.durability}: {one.per_second:,.0f} a second by one writer, "
        f"p50 {one.p50_ms:.2f} ms, p99 {one.p99_ms:.2f} ms."
    )


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *body)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([line(head), *(line(row) for row in body)])


def _markdown_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
