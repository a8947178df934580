"""Imports that are taken back, and those that can't be any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from coordinator.audit.service import record
from coordinator.contacts.models import Contact, ContactImport, ContactImportChange, ContactImportPiece
from coordinator.contacts.rules import KEPT_UPLOADED, MAY_BE_UNDONE, ImportStateError, ImportStatus
from coordinator.contacts.service.merging import take_back
from coordinator.contacts.service.packing import drop_pages

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

OVER = (ImportStatus.DONE, ImportStatus.FAILED)


def may_be_undone(sheet: ContactImport, now: datetime) -> bool:
    """Tell whether an import can still be taken back."""
    return sheet.status in OVER and sheet.finished_at is not None and now < sheet.finished_at + MAY_BE_UNDONE


def undo_import(session: Session, sheet: ContactImport, *, by: str, now: datetime) -> None:
    """Let the worker take an import back.

    Raises:
        ImportStateError: it runs, was taken back, or is too old.
    """
    if not may_be_undone(sheet, now):
        raise ImportStateError
    sheet.status = ImportStatus.UNDOING
    record(session, "contacts:import-undone", f"import:{sheet.public_id}", by=by, at=now)


def undo_batch(session: Session, sheet: ContactImport, *, most: int, seal: Seal) -> bool:
    """Take back what was done to some contacts. Return whether there may be more.

    Who was new goes; who was there is what they were. Whoever was changed since stays as they are.
    """
    changes = session.scalars(
        select(ContactImportChange)
        .where(ContactImportChange.import_id == sheet.id)
        .order_by(ContactImportChange.id.desc())
        .limit(most)
    ).all()
    found = select(Contact).where(Contact.id.in_([change.contact_id for change in changes]))
    contacts = {contact.id: contact for contact in session.scalars(found)}
    new: list[int] = []
    for change in changes:
        contact = contacts[change.contact_id]
        if contact.changed_at != change.changed_at:
            sheet.kept += 1
        elif change.before_sealed is None:
            new.append(contact.id)
        else:
            take_back(contact, seal.decrypt(change.before_sealed), seal=seal)
            sheet.removed += 1
    sheet.removed += len(new)
    session.flush()
    drop_pages(session, Contact.id.in_(list(contacts)))
    ids = [change.id for change in changes]
    session.execute(delete(ContactImportChange).where(ContactImportChange.id.in_(ids)))
    session.execute(delete(Contact).where(Contact.id.in_(new)))
    return len(changes) == most


def forgotten_drafts(now: datetime) -> Select[int]:
    """Select ids of sheets that nobody went on with."""
    return select(ContactImport.id).where(
        ContactImport.status == ImportStatus.DRAFT, ContactImport.created_at <= now - KEPT_UPLOADED
    )


def forget_imports(session: Session, now: datetime) -> int:
    """Delete files that nobody went on with, and what imports changed that can't be taken back any more."""
    drafts = delete(ContactImport).where(ContactImport.id.in_(forgotten_drafts(now)))
    gone = len(session.execute(drafts.returning(ContactImport.id)).all())
    running = select(ContactImport.id).where(ContactImport.status == ImportStatus.RUNNING)
    old = select(ContactImport.id).where(ContactImport.finished_at <= now - MAY_BE_UNDONE)
    for leftover in (
        delete(ContactImportChange).where(ContactImportChange.import_id.in_(old)),
        delete(ContactImportPiece)
        .where(ContactImportPiece.import_id.not_in(running))
        .where(
            ContactImportPiece.import_id.in_(
                select(ContactImport.id).where(ContactImport.created_at <= now - KEPT_UPLOADED)
            )
        ),
    ):
        session.execute(leftover)
    return gone
