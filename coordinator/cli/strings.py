"""Collect what has to be translated: `make strings`; with --check only say whether anything is missing.

English sentences are the keys, so there is no English catalogue.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from babel.messages.pofile import read_po

from coordinator.kit.i18n import LANGUAGES
from coordinator.settings import ROOT

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

TRANSLATIONS = ROOT / "translations"
NAMELESS = tuple(
    f'"{field}:'
    for field in (
        "Report-Msgid-Bugs-To", "POT-Creation-Date", "PO-Revision-Date", "Last-Translator",
        "Language-Team", "Generated-By",
    )
)  # fmt: skip
"""Parts of a catalogue's head that say who translated when: nobody's business, and noise in every commit."""

PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]")


def main() -> int:
    """Update the catalogues, or check them. Return 0 when they are complete."""
    with TemporaryDirectory() as folder:
        template = Path(folder) / "messages.pot"
        _extract(template)
        if "--check" not in sys.argv:
            for language in LANGUAGES[1:]:
                _update(language, template)
        with template.open("rb") as file:
            wanted = read_po(file)
    faults = [fault for language in LANGUAGES[1:] for fault in faults_of(language, wanted)]
    for fault in faults:
        print(fault)
    print(f"{len(wanted)} strings, {len(faults)} faults")
    return 1 if faults else 0


def faults_of(language: str, wanted: Catalog) -> list[str]:
    """Return a line for each string that is missing, unsure, or loses a placeholder in `language`."""
    with _catalogue(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    faults = []
    for message in wanted:
        if not message.id:
            continue
        translated = catalogue.get(message.id, message.context)
        problem = _problem(message, translated)
        if problem:
            faults.append(f"{language}: {problem}: {_first(message.id)!r}")
    return faults


def _problem(wanted: Message, translated: Message | None) -> str:
    if translated is None or not all(_forms(translated.string)):
        return "not translated"
    if translated.fuzzy:
        return "unsure"
    needed = set(PLACEHOLDER.findall(_first(wanted.id)))
    for form in _forms(translated.string):
        found = set(PLACEHOLDER.findall(form))
        lost = needed - found - {"%(num)s", "%(num)d"} if wanted.pluralizable else needed - found
        if lost or found - needed - {"%(num)s", "%(num)d"}:
            return "placeholders differ"
    return ""


def _forms(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string or ""] if string is None or isinstance(string, str) else list(string)


def _first(identifier: str | tuple[str, ...] | list[str]) -> str:
    return identifier if isinstance(identifier, str) else identifier[0]


def _catalogue(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def _extract(template: Path) -> None:
    _pybabel(
        "extract", "--mapping-file", str(ROOT / "babel.cfg"),
        "--keywords", "lazy_gettext _l lazy_ngettext:1,2", "--add-comments", "Translators:",
        "--no-location", "--sort-output", "--project", "coordinator", "--output-file", str(template), ".",
    )  # fmt: skip


def _update(language: str, template: Path) -> None:
    target = _catalogue(language)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _pybabel("init", "--input-file", str(template), "--locale", language, "--output-file", str(target))
    _pybabel(
        "update", "--input-file", str(template), "--locale", language, "--output-file", str(target),
        "--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date",
    )  # fmt: skip
    lines = target.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(NAMELESS)]
    target.write_text("".join(kept), encoding="utf-8")


def _pybabel(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", "--quiet", *arguments], cwd=ROOT, check=True
    )


if __name__ == "__main__":
    sys.exit(main())
