"""Imports, done by the worker in small transactions: killed in between, the next one goes on."""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.audit.service import WORKER
from coordinator.contacts.models import Contact, ContactImport
from coordinator.contacts.queries import drafts_of, row_count
from coordinator.contacts.rules import ImportStatus, UnreadableSheetError
from coordinator.contacts.service.checking import Outlook, keep_outlook, rows_looked_at
from coordinator.contacts.service.importing import BATCH, finish_import, import_batch, in_batches
from coordinator.contacts.service.matching import Matcher
from coordinator.contacts.service.packing import drop_broken_pages, owners_to_pack, pack_page
from coordinator.contacts.service.undoing import undo_batch
from coordinator.kit.db import db, unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.contacts.rules import Draft
    from coordinator.kit.crypto import Seal

MOST_BATCHES = 20  # in a row, before other work has its turn


def run_imports(*, seal: Seal, now: datetime) -> bool:
    """Look at long sheets that wait for it, and go on with every import that runs or is taken back.

    Return whether there is more to do.
    """
    check_sheets(seal=seal)
    busy = (ImportStatus.RUNNING, ImportStatus.UNDOING)
    found = select(ContactImport.id, ContactImport.status).where(ContactImport.status.in_(busy))
    is_more = False
    for import_id, status in db.session().execute(found.order_by(ContactImport.id)).all():
        if status is ImportStatus.RUNNING:
            is_more |= run_import(import_id, seal=seal, now=now, most=MOST_BATCHES)
        else:
            is_more |= take_import_back(import_id, seal=seal, most=MOST_BATCHES)
    return is_more


def check_sheets(*, seal: Seal) -> None:
    """Look at all rows of sheets whose organisers wait to be told what importing them would do."""
    waiting = select(ContactImport.id).where(
        ContactImport.status == ImportStatus.DRAFT,
        ContactImport.check_asked_at.is_not(None),
        ContactImport.outlook_sealed.is_(None),
    )
    for import_id in db.session().scalars(waiting.order_by(ContactImport.check_asked_at)).all():
        check_sheet(import_id, seal=seal)


def check_sheet(import_id: int, *, seal: Seal) -> bool:
    """Look at all rows of a sheet and keep what there is to say, and on the way how far it is.

    Return False if somebody described it anew, or threw it away, meanwhile: then it counts for nothing.
    """
    session = db.session()
    sheet = session.get_one(ContactImport, import_id)
    asked_at, found = sheet.check_asked_at, Outlook()
    _find_again(sheet.owner_id, sheet.owner.public_id, seal=seal)
    try:
        rows = row_count(session, sheet, seal=seal)
        drafts = drafts_of(session, sheet, seal=seal)
        for number, draft in rows_looked_at(session, sheet, drafts, seal=seal):
            if found.rows % (MOST_BATCHES * BATCH) == 0 and not _still_checks(
                import_id, asked_at, found.rows, rows
            ):
                return False
            found.add(number, draft)
    except UnreadableSheetError as fault:
        found.unreadable = fault.why
    with unit_of_work() as writing:
        checked = _locked(writing, import_id)
        if checked is None or checked.check_asked_at != asked_at:
            return False
        keep_outlook(checked, found, seal=seal)
    return True


def _still_checks(import_id: int, asked_at: datetime | None, checked: int, rows: int) -> bool:
    """Note how many rows were looked at. Return whether the answer is still wanted."""
    with unit_of_work() as session:
        sheet = _locked(session, import_id)
        if sheet is None or sheet.check_asked_at != asked_at:
            return False
        sheet.rows_checked, sheet.rows = checked, rows
    return True


def pack_contacts(*, seal: Seal, now: datetime) -> bool:
    """Pack a page of contacts of each organiser who has enough of them. Return whether there is more."""
    is_more = False
    for owner_id in owners_to_pack(db.session()):
        with unit_of_work() as session:
            is_more |= pack_page(session, owner_id, seal=seal, now=now)
    return is_more


def mend_pages() -> int:
    """Throw away search pages that say more than there is. Return how many."""
    with unit_of_work() as session:
        return drop_broken_pages(session)


def run_import(
    import_id: int,
    *,
    seal: Seal,
    now: datetime,
    most: int | None = None,
    tell: Callable[[int], None] = lambda _rows: None,
) -> bool:
    """Import rows of a sheet that are not in yet, at most so many batches. Return whether more are left."""
    session = db.session()
    sheet = session.get_one(ContactImport, import_id)
    _find_again(sheet.owner_id, sheet.owner.public_id, seal=seal)
    sheet = session.get_one(ContactImport, import_id)
    matcher, done = Matcher(session, sheet, seal=seal), sheet.rows_done
    rows = drafts_of(session, sheet, seal=seal)
    try:
        matcher.seen_before(islice(rows, done))
        for number, drafts in enumerate(in_batches(rows)):
            if number == most:
                return True
            if not _import(import_id, drafts, matcher, done, seal=seal, now=now):
                return False
            done += len(drafts)
            tell(len(drafts))
    except UnreadableSheetError:
        _finish(import_id, ImportStatus.FAILED, now)
        return False
    _finish(import_id, ImportStatus.DONE, now)
    return False


def take_import_back(
    import_id: int,
    *,
    seal: Seal,
    most: int | None = None,
    tell: Callable[[int], None] = lambda _changes: None,
) -> bool:
    """Take back what an import did, at most so many batches of it. Return whether more is left."""
    for number in count():
        if number == most:
            return True
        with unit_of_work() as session:
            sheet = _locked(session, import_id)
            if sheet is None or sheet.status is not ImportStatus.UNDOING:
                return False
            before = sheet.removed + sheet.kept
            is_more = undo_batch(session, sheet, most=BATCH, seal=seal)
            done = sheet.removed + sheet.kept - before
            if not is_more:
                sheet.status = ImportStatus.UNDONE
        tell(done)
        if not is_more:
            break
    return False


def _import(
    import_id: int, drafts: tuple[Draft, ...], matcher: Matcher, done: int, *, seal: Seal, now: datetime
) -> bool:
    """Import one batch, unless somebody stopped the import or another worker is ahead."""
    with unit_of_work() as session:
        sheet = _locked(session, import_id)
        if sheet is None or sheet.status is not ImportStatus.RUNNING or sheet.rows_done != done:
            return False
        import_batch(session, sheet, drafts, matcher, seal=seal, now=now)
    return True


def _finish(import_id: int, status: ImportStatus, now: datetime) -> None:
    with unit_of_work() as session:
        sheet = _locked(session, import_id)
        if sheet is not None and sheet.status is ImportStatus.RUNNING:
            finish_import(session, sheet, status=status, by=WORKER, now=now)


def _locked(session: Session, import_id: int) -> ContactImport | None:
    return session.scalar(select(ContactImport).where(ContactImport.id == import_id).with_for_update())


def _find_again(owner_id: int, public_id: str, *, seal: Seal) -> None:
    """Digest addresses of contacts that were kept before they could be found: only the keys can do it."""
    purpose = f"contacts:{public_id}"
    while True:
        with unit_of_work() as session:
            rows = session.scalars(
                select(Contact)
                .where(
                    Contact.owner_id == owner_id,
                    Contact.email_digest.is_(None),
                    Contact.email_sealed.is_not(None),
                )
                .limit(BATCH)
            ).all()
            for row in rows:
                row.email_digest = seal.digest(seal.decrypt(row.email_sealed or ""), purpose=purpose)
        if len(rows) < BATCH:
            return
