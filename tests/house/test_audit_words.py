"""Whatever is written down for coordinators is shown to them in words."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from coordinator.dashboard.audit import SENTENCES
from coordinator.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

TAG = re.compile(r"[a-z-]+:[a-z_-]+")
RECORDERS = frozenset({"record", "record_act", "_record", "_record_link"})
OF_NO_CAMPAIGN = frozenset({"account", "checkin", "contact", "contacts", "mail", "outbox", "rsvp"})
"""Nouns whose acts are entered without a campaign: no coordinator's log shows them."""

OF_THE_DIRECTORY = frozenset({"missions:directory", "missions:imported", "missions:read"})
"""Likewise, and the name of the directory itself."""


def recorded() -> Iterator[str]:
    """Return every tag that an act is entered with, or that is chosen to be."""
    for file in (ROOT / "coordinator").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for part in _of_tags(node):
                yield from (
                    one.value
                    for one in ast.walk(part)
                    if isinstance(one, ast.Constant)
                    and isinstance(one.value, str)
                    and TAG.fullmatch(one.value)
                )


def _of_tags(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in RECORDERS:
        return node.args
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "tag":
        return [node.value]
    return []


def test_every_act_in_a_coordinator_s_log_has_words() -> None:
    tags = {tag for tag in recorded() if tag.partition(":")[0] not in OF_NO_CAMPAIGN} - OF_THE_DIRECTORY

    assert {"event:published", "campaign:archived", "help:assigned", "door-link:made"} <= tags
    assert sorted(tags - set(SENTENCES)) == []
