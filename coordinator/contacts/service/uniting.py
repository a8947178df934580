"""Two contacts that are one person: looked at first, made one on the organiser's word, and taken back.

Never by itself: families share an address, and a machine can't tell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from coordinator.audit.service import record
from coordinator.contacts.models import (
    Contact,
    ContactConsent,
    ContactImport,
    ContactImportChange,
    ContactMerge,
)
from coordinator.contacts.queries import contact_digest, last_merge, roles_of, tags_of
from coordinator.contacts.roles import MOST_ROLES, clean_roles
from coordinator.contacts.rules import (
    LONGEST_NOTE,
    MAY_BE_UNDONE,
    MOST_TAGS,
    NotOnePersonError,
    Purpose,
    UndoneTooLateError,
)
from coordinator.contacts.service.merging import words_text
from coordinator.contacts.service.packing import drop_pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.kit.crypto import Seal

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class United:
    """What becomes of two contacts."""

    kept: Contact
    """The one that stays: it is deleted first, so that nobody is kept longer than they were promised."""
    gone: Contact
    name: str
    email: str
    phone: str
    tags: tuple[str, ...]
    roles: tuple[str, ...]
    note: str
    consents: tuple[ContactConsent, ...]
    """For each purpose what was decided last, given or taken back."""
    is_cut: bool
    """Tags, roles or notes are too many for one contact."""


def united(one: Contact, other: Contact, seal: Seal) -> United:
    """Return what two contacts would be together, and change nothing.

    Raises:
        NotOnePersonError: they are of different organisers or campaigns, the same row, or have two addresses.
    """
    kept, gone = sorted((one, other), key=_ends_at)
    emails = {(seal.decrypt(row.email_sealed) or "").casefold() for row in (kept, gone)} - {""}
    is_apart = (kept.owner_id, kept.campaign_id) != (gone.owner_id, gone.campaign_id)
    if is_apart or kept.id == gone.id or len(emails) > 1:
        raise NotOnePersonError
    tags = {tag.casefold(): tag for row in (gone, kept) for tag in tags_of(row, seal)}
    roles = list({role.casefold(): role for row in (gone, kept) for role in roles_of(row, seal)}.values())
    notes = [seal.decrypt(row.note_sealed) or "" for row in (kept, gone)]
    note = "\n".join(text for text in dict.fromkeys(notes) if text)
    return United(
        kept=kept,
        gone=gone,
        name=_longest(kept.name_sealed, gone.name_sealed, seal),
        email=seal.decrypt(kept.email_sealed) or seal.decrypt(gone.email_sealed) or "",
        phone=seal.decrypt(kept.phone_sealed) or seal.decrypt(gone.phone_sealed) or "",
        tags=tuple(sorted(tags.values())[:MOST_TAGS]),
        roles=tuple(clean_roles(roles[:MOST_ROLES])),
        note=note[:LONGEST_NOTE],
        consents=_last_words(kept, gone),
        is_cut=len(tags) > MOST_TAGS or len(roles) > MOST_ROLES or len(note) > LONGEST_NOTE,
    )


def unite(session: Session, pair: United, *, by: Account, seal: Seal, now: datetime) -> ContactMerge:
    """Make two contacts one."""
    kept, gone = pair.kept, pair.gone
    before = {
        "kept": _kept_words(kept, seal),
        "gone": _kept_words(gone, seal) | {"imported": _imported(session, gone)},
    }
    drop_pages(session, Contact.id.in_((kept.id, gone.id)))
    consents = [_as_json(consent) for consent in pair.consents]
    kept.name_sealed, kept.phone_sealed = seal.encrypt(pair.name), seal.encrypt(pair.phone)
    kept.email_sealed = seal.encrypt(pair.email)
    kept.email_digest = contact_digest(session, owner_id=kept.owner_id, email=pair.email, seal=seal)
    kept.tags_sealed, kept.note_sealed = seal.encrypt(words_text(pair.tags)), seal.encrypt(pair.note)
    kept.roles_sealed = seal.encrypt(words_text(pair.roles))
    kept.changed_at = now
    session.delete(gone)
    _set_consents(session, kept, consents)
    merge = ContactMerge(
        owner_id=kept.owner_id,
        contact=kept,
        gone_source=gone.source,
        before_sealed=seal.encrypt(json.dumps(before, ensure_ascii=False)),
        merged_at=now,
        expires_at=now + MAY_BE_UNDONE,
    )
    session.add(merge)
    record(session, "contact:merged", f"contact:{kept.public_id}", by=by.public_id, at=now)
    return merge


def part(session: Session, kept: Contact, *, by: Account, seal: Seal, now: datetime) -> Contact:
    """Make two contacts of one again, as they were. Return the one that comes back.

    Raises:
        UndoneTooLateError: it is not one of two, it was changed since, or the time is over.
    """
    merge = last_merge(session, kept)
    if merge is None or kept.changed_at != merge.merged_at or now >= merge.expires_at:
        raise UndoneTooLateError
    before = json.loads(seal.decrypt(merge.before_sealed))
    drop_pages(session, Contact.id == kept.id)
    _give_back(session, kept, before["kept"], seal)
    gone = before["gone"]
    back = Contact(owner_id=kept.owner_id, campaign_id=kept.campaign_id, public_id=gone["public_id"])
    back.event_id, back.source = gone["event_id"], gone["source"]
    back.created_at = datetime.fromisoformat(before["gone"]["created_at"])
    session.add(back)
    _give_back(session, back, gone, seal)
    _give_back_imports(session, back, gone.get("imported", ()))  # older merges knew none
    session.delete(merge)
    record(session, "contact:parted", f"contact:{kept.public_id}", by=by.public_id, at=now)
    return back


def _ends_at(contact: Contact) -> tuple[datetime, int]:
    """Return until when somebody is kept, nearly: those of an event go with it, others with the campaign."""
    event = contact.event
    return (event.ends_at or event.starts_at + timedelta(hours=6)) if event else _NEVER, contact.id


def _longest(one: str | None, other: str | None, seal: Seal) -> str:
    return max(seal.decrypt(one) or "", seal.decrypt(other) or "", key=len)


def _last_words(kept: Contact, gone: Contact) -> tuple[ContactConsent, ...]:
    last: dict[Purpose, ContactConsent] = {}
    for consent in (*kept.consents, *gone.consents):
        known = last.get(consent.purpose)
        if known is None or _decided_at(consent) > _decided_at(known):
            last[consent.purpose] = consent
    return tuple(last.values())


def _decided_at(consent: ContactConsent) -> datetime:
    return consent.withdrawn_at or consent.given_at


def _as_json(consent: ContactConsent) -> dict[str, Any]:
    return {
        "purpose": consent.purpose.value,
        "given_at": consent.given_at.isoformat(),
        "wording": consent.wording,
        "source": consent.source,
        "withdrawn_at": consent.withdrawn_at.isoformat() if consent.withdrawn_at else None,
    }


def _kept_words(contact: Contact, seal: Seal) -> dict[str, Any]:
    return {
        "public_id": contact.public_id,
        "event_id": contact.event_id,
        "source": contact.source,
        "name": seal.decrypt(contact.name_sealed),
        "email": seal.decrypt(contact.email_sealed),
        "phone": seal.decrypt(contact.phone_sealed),
        "tags": list(tags_of(contact, seal)),
        "roles": list(roles_of(contact, seal)),
        "note": seal.decrypt(contact.note_sealed),
        "created_at": contact.created_at.isoformat(),
        "changed_at": contact.changed_at.isoformat() if contact.changed_at else None,
        "consents": [_as_json(consent) for consent in contact.consents],
    }


def _imported(session: Session, contact: Contact) -> list[dict[str, Any]]:
    """Return what imports did to a contact, so that they can still be taken back when it comes back."""
    changes = select(ContactImportChange).where(ContactImportChange.contact_id == contact.id)
    return [
        {
            "import_id": change.import_id,
            "before_sealed": change.before_sealed,
            "changed_at": change.changed_at.isoformat(),
        }
        for change in session.scalars(changes.order_by(ContactImportChange.id))
    ]


def _give_back_imports(session: Session, contact: Contact, changes: Iterable[dict[str, Any]]) -> None:
    for change in changes:
        if session.get(ContactImport, change["import_id"]) is not None:
            at = datetime.fromisoformat(change["changed_at"])
            session.add(ContactImportChange(**change | {"contact_id": contact.id, "changed_at": at}))
    session.flush()


def _give_back(session: Session, contact: Contact, was: dict[str, Any], seal: Seal) -> None:
    contact.name_sealed, contact.email_sealed = seal.encrypt(was["name"]), seal.encrypt(was["email"])
    contact.email_digest = contact_digest(
        session, owner_id=contact.owner_id, email=was["email"] or "", seal=seal
    )
    contact.phone_sealed, contact.note_sealed = seal.encrypt(was["phone"]), seal.encrypt(was["note"])
    contact.tags_sealed = seal.encrypt(words_text(was["tags"]))
    contact.roles_sealed = seal.encrypt(words_text(was.get("roles", ())))  # older merges knew none
    contact.changed_at = datetime.fromisoformat(was["changed_at"]) if was["changed_at"] else None
    _set_consents(session, contact, was["consents"])


def _set_consents(session: Session, contact: Contact, consents: list[dict[str, Any]]) -> None:
    contact.consents.clear()
    session.flush()  # one row a purpose: the old ones go before the new ones come
    for one in consents:
        contact.consents.append(
            ContactConsent(
                purpose=Purpose(one["purpose"]),
                given_at=datetime.fromisoformat(one["given_at"]),
                wording=one["wording"],
                source=one["source"],
                withdrawn_at=datetime.fromisoformat(one["withdrawn_at"]) if one["withdrawn_at"] else None,
            )
        )
    session.flush()
