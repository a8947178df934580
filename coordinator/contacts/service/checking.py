"""What importing a sheet would do, looked at before anything is done.

A page looks itself at sheets of up to `ROWS_AT_ONCE` rows. Longer ones are looked at by the worker, once for
each description, and what it finds is kept, sealed, until the import starts.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from coordinator.contacts.queries import drafts_of
from coordinator.contacts.rules import Draft, Problem, Unreadable, UnreadableSheetError
from coordinator.contacts.service.importing import forget_outlook, in_batches
from coordinator.contacts.service.matching import Matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.contacts.models import ContactImport
    from coordinator.kit.crypto import Seal

ROWS_AT_ONCE = 1_000
ROWS_SHOWN = 100


@dataclass(slots=True)
class Outlook:
    """What importing a sheet would do."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """How many rows have which problem, or none ("")."""
    shown: list[tuple[int, Draft]] = field(default_factory=list)
    """The first rows to look at, with their numbers; only name, address and problems of each."""
    unreadable: Unreadable | None = None
    """Why the file can't be read to its end."""

    def add(self, number: int, draft: Draft) -> None:
        """Take a row into account."""
        self.rows += 1
        self.counts.update(draft.problems or ("",))
        if draft.problems and len(self.shown) < ROWS_SHOWN and set(draft.problems) != {Problem.KNOWN}:
            self.shown.append((number, Draft(name=draft.name, email=draft.email, problems=draft.problems)))


def rows_looked_at(
    session: Session, sheet: ContactImport, drafts: Iterable[Draft], *, seal: Seal
) -> Iterator[tuple[int, Draft]]:
    """Yield every row, as people count them in the file, with what there is to say about it."""
    matcher = Matcher(session, sheet, seal=seal)
    number = int(sheet.is_headed)
    for some in in_batches(drafts):
        for draft in matcher.checked(session, some):
            number += 1
            yield number, draft


def is_long(session: Session, sheet: ContactImport, *, seal: Seal) -> bool:
    """Tell whether a sheet has more rows than somebody should wait for."""
    try:
        return next(islice(drafts_of(session, sheet, seal=seal), ROWS_AT_ONCE, None), None) is not None
    except UnreadableSheetError:
        return False


def ask_for_check(session: Session, sheet: ContactImport, *, seal: Seal, now: datetime) -> None:
    """Let the worker look at the rows of a sheet, if they are many."""
    forget_outlook(sheet)
    if is_long(session, sheet, seal=seal):
        sheet.check_asked_at = now


def outlook(session: Session, sheet: ContactImport, *, seal: Seal) -> Outlook:
    """Return what importing a sheet would do, and change nothing."""
    found = Outlook()
    try:
        for number, draft in rows_looked_at(session, sheet, drafts_of(session, sheet, seal=seal), seal=seal):
            found.add(number, draft)
    except UnreadableSheetError as fault:
        found.unreadable = fault.why
    return found


def keep_outlook(sheet: ContactImport, found: Outlook, *, seal: Seal) -> None:
    """Keep what the worker found."""
    said = {
        "rows": found.rows,
        "counts": found.counts,
        "shown": [[number, row.name, row.email, list(row.problems)] for number, row in found.shown],
        "unreadable": found.unreadable,
    }
    sheet.rows_checked = found.rows
    sheet.outlook_sealed = seal.encrypt(json.dumps(said, ensure_ascii=False))


def kept_outlook(sheet: ContactImport, *, seal: Seal) -> Outlook | None:
    """Return what the worker found; None: it is not done yet."""
    if sheet.outlook_sealed is None:
        return None
    said = json.loads(seal.decrypt(sheet.outlook_sealed))
    return Outlook(
        rows=said["rows"],
        counts=Counter(said["counts"]),
        shown=[
            (number, Draft(name=name, email=email, problems=tuple(map(Problem, problems))))
            for number, name, email, problems in said["shown"]
        ],
        unreadable=Unreadable(said["unreadable"]) if said["unreadable"] else None,
    )
