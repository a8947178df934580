"""A sentence that counts is never asked for as one that does not: translated, it would want its number."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from coordinator.settings import ROOT

pytestmark = pytest.mark.once

CALLED = r"(?<!\w)(?:_|_l|gettext|lazy_gettext)\(\s*"
CATALOGUES = sorted((ROOT / "translations").glob("*/LC_MESSAGES/messages.po"))


def test_no_counted_sentence_is_asked_for_without_its_number() -> None:
    sources = [*(ROOT / "templates").rglob("*.*"), *(ROOT / "coordinator").rglob("*.py")]
    said = {path: path.read_text(encoding="utf-8") for path in sources if path.is_file()}
    counted = set()
    for catalogue in CATALOGUES:
        with catalogue.open("rb") as file:
            counted |= {message.id[0] for message in read_po(file) if isinstance(message.id, tuple)}
    wrong = [
        (path.name, sentence)
        for path, text in said.items()
        for sentence in counted
        if sentence in text and re.search(CALLED + re.escape(f'"{sentence}"'), text)
    ]

    assert CATALOGUES
    assert wrong == []
