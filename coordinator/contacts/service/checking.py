"""What importing a sheet would do, looked at before anything is done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from coordinator.contacts.rules import Problem
from coordinator.contacts.service.importing import in_batches
from coordinator.contacts.service.matching import Matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.orm import Session

    from coordinator.contacts.models import ContactImport
    from coordinator.contacts.rules import Draft
    from coordinator.kit.crypto import Seal


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


def outlook(
    session: Session, sheet: ContactImport, drafts: Iterable[Draft], *, seal: Seal, shown: int = 100
) -> tuple[int, Counter[str], list[tuple[int, Draft]]]:
    """Return what importing a sheet would do, and change nothing.

    Returns:
        The number of rows, how many have which problem or none (""), and the first rows that are left out.
    """
    counts: Counter[str] = Counter()
    bad: list[tuple[int, Draft]] = []
    rows = 0
    for number, draft in rows_looked_at(session, sheet, drafts, seal=seal):
        rows += 1
        counts.update(draft.problems or ("",))
        if draft.problems and len(bad) < shown and set(draft.problems) != {Problem.KNOWN}:
            bad.append((number, draft))
    return rows, counts, bad
