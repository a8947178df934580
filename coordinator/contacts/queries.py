"""Contacts of one organiser: always theirs, never anybody else's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from coordinator.accounts.models import Account
from coordinator.contacts.models import (
    Contact,
    ContactFilter,
    ContactImport,
    ContactImportPiece,
    ContactMerge,
    Suppression,
)
from coordinator.contacts.rules import Column, Purpose, draft_of
from coordinator.contacts.sheets.reading import SAMPLE_ROWS, Format, rows_of, unpacked
from coordinator.events.models import Event
from coordinator.kit.errors import NotFoundError
from coordinator.kit.paging import LAST_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from coordinator.contacts.rules import Draft
    from coordinator.kit.crypto import Seal


GROUPS_ON_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Consent:
    """What a contact agreed to."""

    purpose: Purpose
    given_at: datetime
    wording: str
    source: str


@dataclass(frozen=True, slots=True)
class Person:
    """A contact, opened."""

    public_id: str
    name: str
    email: str
    phone: str
    tags: tuple[str, ...]
    roles: tuple[str, ...]
    """Codes of `Help`, or the organiser's own words."""
    note: str
    event_id: str
    event_title: str
    """Empty where they are kept for the campaign and no protest of it."""
    source: str
    """"rsvp", "import" or "hand"."""
    consents: tuple[Consent, ...]
    """What stands; what was taken back is not among them."""


def contacts_of(owner: Account, *, event: Event | None = None) -> Select[Contact]:
    """Select an organiser's contacts, the newest first, with their events."""
    query = (
        select(Contact)
        .where(Contact.owner_id == owner.id)
        .options(joinedload(Contact.event), selectinload(Contact.consents))
    )
    if event is not None:
        query = query.where(Contact.event_id == event.id)
    return query.order_by(Contact.id.desc())


def own_contact(session: Session, owner: Account, public_id: str) -> Contact:
    """Return one of the organiser's own contacts.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    contact = session.scalar(
        select(Contact).where(Contact.owner_id == owner.id, Contact.public_id == public_id)
    )
    if contact is None:
        raise NotFoundError
    return contact


def last_merge(session: Session, contact: Contact) -> ContactMerge | None:
    """Return how a contact last became one of two, where that is still known."""
    found = select(ContactMerge).where(ContactMerge.contact_id == contact.id)
    return session.scalar(found.order_by(ContactMerge.id.desc()).limit(1))


def filters_of(session: Session, owner: Account) -> Sequence[ContactFilter]:
    """Return the searches that an organiser keeps, in the order in which they were kept."""
    query = select(ContactFilter).where(ContactFilter.owner_id == owner.id)
    return session.scalars(query.order_by(ContactFilter.id)).all()


def own_filter(session: Session, owner: Account, public_id: str) -> ContactFilter:
    """Return one of the searches that an organiser keeps.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    found = session.scalar(
        select(ContactFilter).where(ContactFilter.owner_id == owner.id, ContactFilter.public_id == public_id)
    )
    if found is None:
        raise NotFoundError
    return found


def others_with_address(session: Session, contact: Contact) -> Sequence[Contact]:
    """Return an organiser's other contacts of the same campaign that have the same address."""
    if contact.email_digest is None:
        return []
    query = select(Contact).where(
        Contact.owner_id == contact.owner_id,
        Contact.campaign_id == contact.campaign_id,
        Contact.email_digest == contact.email_digest,
        Contact.id != contact.id,
    )
    return session.scalars(query.order_by(Contact.id).limit(GROUPS_ON_A_PAGE)).all()


def shared_addresses(session: Session, owner: Account, *, number: int) -> tuple[list[list[Contact]], bool]:
    """Return contacts that share an address in one campaign, in groups, and whether there are more."""
    number = min(max(1, number), LAST_PAGE)
    shared = (
        select(Contact.email_digest, Contact.campaign_id)
        .where(Contact.owner_id == owner.id, Contact.email_digest.is_not(None))
        .group_by(Contact.email_digest, Contact.campaign_id)
        .having(func.count(Contact.id) > 1)
        .order_by(func.max(Contact.id).desc())
        .offset((number - 1) * GROUPS_ON_A_PAGE)
        .limit(GROUPS_ON_A_PAGE + 1)
    )
    keys = [(digest or "", campaign_id) for digest, campaign_id in session.execute(shared)]
    groups: dict[tuple[str, int], list[Contact]] = {key: [] for key in keys[:GROUPS_ON_A_PAGE]}
    rows = contacts_of(owner).where(Contact.email_digest.in_([digest for digest, _campaign in groups]))
    for row in session.scalars(rows):
        if (key := (row.email_digest or "", row.campaign_id)) in groups:
            groups[key].append(row)
    return list(groups.values()), len(keys) > GROUPS_ON_A_PAGE


def events_with_contacts(session: Session, owner: Account) -> list[Event]:
    """Return the organiser's events that somebody may be reached for."""
    ids = select(Contact.event_id).where(Contact.owner_id == owner.id)
    return list(session.scalars(select(Event).where(Event.id.in_(ids)).order_by(Event.starts_at, Event.id)))


def opened(contact: Contact, seal: Seal) -> Person:
    """Return what a contact says. Costs up to six decryptions."""
    return Person(
        public_id=contact.public_id,
        name=seal.decrypt(contact.name_sealed) or "",
        email=seal.decrypt(contact.email_sealed) or "",
        phone=seal.decrypt(contact.phone_sealed) or "",
        tags=tags_of(contact, seal),
        roles=roles_of(contact, seal),
        note=seal.decrypt(contact.note_sealed) or "",
        event_id=contact.event.public_id if contact.event else "",
        event_title=contact.event.title if contact.event else "",
        source=contact.source.partition(":")[0],
        consents=tuple(
            Consent(one.purpose, one.given_at, one.wording, one.source)
            for one in contact.consents
            if one.withdrawn_at is None
        ),
    )


def tags_of(contact: Contact, seal: Seal) -> tuple[str, ...]:
    """Return the organiser's own words for a contact."""
    return tuple(json.loads(seal.decrypt(contact.tags_sealed) or "[]"))


def roles_of(contact: Contact, seal: Seal) -> tuple[str, ...]:
    """Return what roles a contact takes: codes of `Help`, or the organiser's own words."""
    return tuple(json.loads(seal.decrypt(contact.roles_sealed) or "[]"))


def contact_digest(session: Session, *, owner_id: int, email: str, seal: Seal) -> str | None:
    """Return what finds an address among one organiser's contacts; None for none."""
    return seal.digest(email, purpose=f"contacts:{_public_id(session, owner_id)}") if email else None


def suppression_digest(session: Session, *, owner_id: int, email: str, seal: Seal) -> str:
    """Return what finds an address among those an organiser never writes to again."""
    return seal.digest(email, purpose=suppression_purpose(_public_id(session, owner_id)))


def suppression_purpose(owner_public_id: str) -> str:
    """Return the purpose of the digests of those to whom one organiser never writes again."""
    return f"suppression:{owner_public_id}"


def is_suppressed(session: Session, *, owner_id: int, email: str, seal: Seal) -> bool:
    """Tell whether an organiser may never write to an address again."""
    digest = suppression_digest(session, owner_id=owner_id, email=email, seal=seal)
    return is_listed(session, owner_id=owner_id, digest=digest)


def is_listed(session: Session, *, owner_id: int, digest: str) -> bool:
    """Tell the same of an address of which nothing but the digest is known."""
    found = select(Suppression.id).where(Suppression.owner_id == owner_id, Suppression.email_digest == digest)
    return session.scalar(found) is not None


def suppressed_among(session: Session, *, owner_id: int, emails: Iterable[str], seal: Seal) -> set[str]:
    """Return those of some addresses to which an organiser may never write again. Some hundred at a time."""
    purpose = suppression_purpose(_public_id(session, owner_id))
    digests = {email: seal.digest(email, purpose=purpose) for email in emails}
    listed = select(Suppression.email_digest).where(
        Suppression.owner_id == owner_id, Suppression.email_digest.in_(digests.values())
    )
    found = set(session.scalars(listed))
    return {email for email, digest in digests.items() if digest in found}


def suppressed_count(session: Session, owner: Account) -> int:
    """Return how many addresses an organiser never writes to again. Whose they are, nobody can tell."""
    return session.scalar(select(func.count(Suppression.id)).where(Suppression.owner_id == owner.id)) or 0


def _public_id(session: Session, owner_id: int) -> str:
    return session.get_one(Account, owner_id).public_id


def imports_of(session: Session, owner: Account) -> Sequence[ContactImport]:
    """Return an organiser's last imports, the newest first."""
    query = (
        select(ContactImport)
        .where(ContactImport.owner_id == owner.id)
        .options(joinedload(ContactImport.campaign))
        .order_by(ContactImport.id.desc())
    )
    return session.scalars(query.limit(20)).all()


def own_import(session: Session, owner: Account, public_id: str) -> ContactImport:
    """Return one of the organiser's own imports.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    found = session.scalar(
        select(ContactImport).where(ContactImport.owner_id == owner.id, ContactImport.public_id == public_id)
    )
    if found is None:
        raise NotFoundError
    return found


def first_rows(session: Session, sheet: ContactImport, *, seal: Seal) -> list[list[str]]:
    """Return the first rows of a sheet as they stand there, the names of its columns among them."""
    pieces = _pieces(session, sheet.id, seal=seal)
    return list(islice(rows_of(pieces, Format(sheet.encoding, sheet.separator)), SAMPLE_ROWS))


def drafts_of(session: Session, sheet: ContactImport, *, seal: Seal) -> Iterator[Draft]:
    """Yield the rows of a sheet, understood. Holds one piece of the file at a time.

    Raises:
        UnreadableSheetError: the file can't be read to its end.
    """
    return drafts_in(_pieces(session, sheet.id, seal=seal), sheet)


def row_count(session: Session, sheet: ContactImport, *, seal: Seal) -> int:
    """Return how many rows a sheet has, without understanding them.

    Raises:
        UnreadableSheetError: the file can't be read to its end.
    """
    return sum(1 for _ in rows_in(_pieces(session, sheet.id, seal=seal), sheet))


def rows_in(pieces: Iterable[bytes], sheet: ContactImport) -> Iterator[list[str]]:
    """Yield the rows of a file as they stand there, without the names of its columns.

    Raises:
        UnreadableSheetError: the file can't be read to its end.
    """
    rows = rows_of(pieces, Format(sheet.encoding, sheet.separator))
    return islice(rows, int(sheet.is_headed), None)


def drafts_in(pieces: Iterable[bytes], sheet: ContactImport) -> Iterator[Draft]:
    """Yield the rows of a file, understood as the description of `sheet` says.

    Raises:
        UnreadableSheetError: the file can't be read to its end.
    """
    columns = [Column(code) for code in sheet.columns]
    return (draft_of(cells, columns) for cells in rows_in(pieces, sheet))


def _pieces(session: Session, import_id: int, *, seal: Seal) -> Iterator[bytes]:
    for number in count():
        sealed = session.scalar(
            select(ContactImportPiece.data_sealed).where(
                ContactImportPiece.import_id == import_id, ContactImportPiece.number == number
            )
        )
        if sealed is None:
            return
        yield unpacked(seal.decrypt(sealed))
