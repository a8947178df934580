"""A sheet of people on its way in: the file, how to read it, the start, and one batch after the other."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from coordinator.audit.service import record
from coordinator.contacts.models import (
    Contact,
    ContactConsent,
    ContactImport,
    ContactImportChange,
    ContactImportPiece,
)
from coordinator.contacts.rules import (
    LEFT_OUT,
    SHORTEST_CONSENT,
    Column,
    ImportStateError,
    ImportStatus,
    Problem,
    Purpose,
)
from coordinator.contacts.service.merging import fill_in, words_text
from coordinator.contacts.service.packing import drop_pages
from coordinator.contacts.sheets.meaning import has_header, meaning_of
from coordinator.contacts.sheets.reading import (
    PIECE_BYTES,
    SAMPLE_BYTES,
    SAMPLE_ROWS,
    format_of,
    packed,
    rows_of,
)
from coordinator.kit.ids import new_public_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.contacts.rules import Draft
    from coordinator.contacts.service.matching import Matcher
    from coordinator.contacts.sheets.reading import Format
    from coordinator.kit.crypto import Seal

BATCH = 250


def take_sheet(  # noqa: PLR0913 whose, for what, which file
    session: Session,
    owner: Account,
    campaign: Campaign,
    file: BinaryIO,
    *,
    filename: str,
    seal: Seal,
    now: datetime,
) -> ContactImport:
    """Keep a file, sealed in pieces, and guess how it is to be read. Nobody is a contact by that.

    Raises:
        UnreadableSheetError: it is no sheet.
    """
    sheet = guess_sheet(owner, campaign, file, filename=filename, seal=seal, now=now)
    keep_file(session, sheet, file, seal=seal)
    return sheet


def guess_sheet(
    owner: Account, campaign: Campaign, file: BinaryIO, *, filename: str, seal: Seal, now: datetime
) -> ContactImport:
    """Return how a file is to be read, as far as can be guessed. It is in no session, and keeps nothing.

    Raises:
        UnreadableSheetError: it is no sheet.
    """
    sample = file.read(SAMPLE_BYTES)
    how = format_of(sample)
    rows = list(islice(rows_of([sample], how), SAMPLE_ROWS))
    is_headed = has_header(rows)
    return ContactImport(
        public_id=new_public_id(),
        owner_id=owner.id,
        campaign_id=campaign.id,
        status=ImportStatus.DRAFT,
        filename_sealed=seal.encrypt(filename),
        encoding=how.encoding,
        separator=how.separator,
        is_headed=is_headed,
        columns=[column.value for column in meaning_of(rows, is_headed=is_headed)],
        created_at=now,
    )


def keep_file(session: Session, sheet: ContactImport, file: BinaryIO, *, seal: Seal) -> None:
    """Keep a sheet and its file, sealed in pieces."""
    session.add(sheet)
    session.flush()
    for number, piece in enumerate(pieces_of(file)):
        session.execute(
            insert(ContactImportPiece),
            [{"import_id": sheet.id, "number": number, "data_sealed": seal.encrypt(packed(piece))}],
        )


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file from its beginning, a piece at a time."""
    file.seek(0)
    return iter(lambda: file.read(PIECE_BYTES), b"")


def describe_sheet(sheet: ContactImport, how: Format, *, is_headed: bool, columns: Sequence[Column]) -> None:
    """Keep how a sheet is to be read. What was foreseen for another description counts no more.

    Raises:
        ImportStateError: it is being imported already.
    """
    _only(sheet, ImportStatus.DRAFT)
    sheet.encoding, sheet.separator, sheet.is_headed = how.encoding, how.separator, is_headed
    sheet.columns = [column.value for column in columns]
    forget_outlook(sheet)


def forget_outlook(sheet: ContactImport) -> None:
    """Forget what importing a sheet would do."""
    sheet.check_asked_at = sheet.rows_checked = sheet.outlook_sealed = None


def start_import(  # noqa: PLR0913 what they agreed to, in four parts
    session: Session,
    sheet: ContactImport,
    *,
    rows: int,
    is_updating: bool,
    purposes: Iterable[Purpose] = (),
    consent: str = "",
    agreed_at: datetime | None = None,
    by: str,
    seal: Seal,
    now: datetime,
) -> None:
    """Let the worker import a sheet. Without consent they are kept and never written to.

    Raises:
        ImportStateError: it was started already, or says no way to reach anybody.
    """
    _only(sheet, ImportStatus.DRAFT)
    if not {Column.EMAIL.value, Column.PHONE.value} & set(sheet.columns):
        raise ImportStateError
    wanted = [purpose.value for purpose in purposes]
    if wanted and (len(consent) < SHORTEST_CONSENT or agreed_at is None):
        raise ImportStateError  # consent without where, when and to what is none
    sheet.status = ImportStatus.RUNNING
    sheet.rows, sheet.is_updating, sheet.purposes = rows, is_updating, wanted
    sheet.consent_sealed = seal.encrypt(consent) if wanted else None
    sheet.agreed_at = agreed_at if wanted else None
    sheet.started_at = now
    forget_outlook(sheet)
    record(
        session,
        "contacts:import-started",
        f"import:{sheet.public_id}",
        by=by,
        at=now,
        rows=rows,
        with_consent=bool(wanted),
    )


def in_batches(drafts: Iterable[Draft]) -> Iterator[tuple[Draft, ...]]:
    """Yield rows, as many at a time as one transaction takes."""
    rows = iter(drafts)
    yield from iter(lambda: tuple(islice(rows, BATCH)), ())


def import_batch(
    session: Session,
    sheet: ContactImport,
    drafts: Sequence[Draft],
    matcher: Matcher,
    *,
    seal: Seal,
    now: datetime,
) -> None:
    """Import the next rows of a sheet. All of them count as done, also those that are left out."""
    fresh: list[Draft] = []
    for draft in matcher.checked(session, drafts):
        if LEFT_OUT & set(draft.problems):
            sheet.left_out += 1
        elif Problem.KNOWN not in draft.problems:
            fresh.append(draft)
        elif sheet.is_updating and _update(session, sheet, draft, matcher, seal=seal, now=now):
            sheet.updated += 1
        else:
            sheet.left_out += 1
    if fresh:
        _create(session, sheet, fresh, matcher, seal=seal, now=now)
    sheet.created += len(fresh)
    sheet.rows_done += len(drafts)


def finish_import(
    session: Session, sheet: ContactImport, *, status: ImportStatus, by: str, now: datetime
) -> None:
    """Note that a sheet is in, and forget the file."""
    sheet.status = status
    sheet.finished_at = now
    session.execute(delete(ContactImportPiece).where(ContactImportPiece.import_id == sheet.id))
    record(
        session,
        "contacts:imported",
        f"import:{sheet.public_id}",
        by=by,
        at=now,
        created=sheet.created,
        updated=sheet.updated,
        left_out=sheet.left_out,
    )


def drop_sheet(session: Session, sheet: ContactImport) -> None:
    """Forget a sheet that nobody goes on with.

    Raises:
        ImportStateError: it is being imported already.
    """
    _only(sheet, ImportStatus.DRAFT)
    session.delete(sheet)


def stop_import(session: Session, sheet: ContactImport, *, by: str, now: datetime) -> None:
    """End an import before its last row. What is in stays in, and may be taken back.

    Raises:
        ImportStateError: it does not run.
    """
    _only(sheet, ImportStatus.RUNNING)
    finish_import(session, sheet, status=ImportStatus.DONE, by=by, now=now)


def _only(sheet: ContactImport, status: ImportStatus) -> None:
    if sheet.status is not status:
        raise ImportStateError


def _create(
    session: Session,
    sheet: ContactImport,
    drafts: Sequence[Draft],
    matcher: Matcher,
    *,
    seal: Seal,
    now: datetime,
) -> None:
    source = f"import:{sheet.public_id}"
    rows = [
        {
            "public_id": new_public_id(),
            "owner_id": sheet.owner_id,
            "campaign_id": sheet.campaign_id,
            "event_id": None,
            "source": source,
            "name_sealed": seal.encrypt(draft.name),
            "email_sealed": seal.encrypt(draft.email),
            "email_digest": matcher.digest(draft.email),
            "phone_sealed": seal.encrypt(draft.phone),
            "tags_sealed": seal.encrypt(words_text(draft.tags)),
            "roles_sealed": seal.encrypt(words_text(draft.roles)),
            "note_sealed": seal.encrypt(draft.note),
            "created_at": now,
            "changed_at": now,
        }
        for draft in drafts
    ]
    ids = session.scalars(insert(Contact).returning(Contact.id), rows).all()
    if sheet.purposes:
        session.execute(
            insert(ContactConsent),
            [
                {
                    "contact_id": contact_id,
                    "purpose": Purpose(purpose),
                    "given_at": sheet.agreed_at,
                    "wording": "own-words",
                    "source": source,
                    "withdrawn_at": None,
                }
                for contact_id in ids
                for purpose in sheet.purposes
            ],
        )
    session.execute(
        insert(ContactImportChange),
        [
            {"import_id": sheet.id, "contact_id": contact_id, "before_sealed": None, "changed_at": now}
            for contact_id in ids
        ],
    )


def _update(
    session: Session, sheet: ContactImport, draft: Draft, matcher: Matcher, *, seal: Seal, now: datetime
) -> bool:
    """Give a contact what it lacks. Return whether that was anything."""
    contact = session.scalar(
        select(Contact).where(Contact.id == matcher.contact_id(draft), Contact.owner_id == sheet.owner_id)
    )
    if contact is None:
        return False
    before = fill_in(
        contact,
        draft,
        purposes=[Purpose(purpose) for purpose in sheet.purposes],
        source=f"import:{sheet.public_id}",
        agreed_at=sheet.agreed_at,
        seal=seal,
    )
    if before is None:
        return False
    contact.changed_at = now
    drop_pages(session, Contact.id == contact.id)
    session.add(
        ContactImportChange(
            import_id=sheet.id, contact_id=contact.id, before_sealed=seal.encrypt(before), changed_at=now
        )
    )
    return True
