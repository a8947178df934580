"""What a sheet adds to a contact that is there, and how that is taken away again."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from coordinator.contacts.models import ContactConsent
from coordinator.contacts.queries import roles_of, tags_of
from coordinator.contacts.roles import united_roles
from coordinator.contacts.rules import LONGEST_NOTE, TooManyTagsError, clean_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from coordinator.contacts.models import Contact
    from coordinator.contacts.rules import Draft, Purpose
    from coordinator.kit.crypto import Seal


def words_text(words: Sequence[str]) -> str | None:
    """Return tags or roles as they are kept, before they are sealed."""
    return json.dumps(list(words), ensure_ascii=False) if words else None


def fill_in(
    contact: Contact,
    draft: Draft,
    *,
    purposes: Iterable[Purpose],
    source: str,
    agreed_at: datetime | None,
    seal: Seal,
) -> str | None:
    """Give a contact what it lacks, and return as JSON what it was before; None: it lacked nothing.

    What somebody said of themselves is never replaced, and no consent that was taken back comes back.
    """
    before: dict[str, Any] = {
        "phone": seal.decrypt(contact.phone_sealed),
        "tags": list(tags_of(contact, seal)),
        "roles": list(roles_of(contact, seal)),
        "note": seal.decrypt(contact.note_sealed),
        "changed_at": contact.changed_at.isoformat() if contact.changed_at else None,
        "agreed": [],
    }
    has_changed = False
    if draft.phone and not before["phone"]:
        contact.phone_sealed, has_changed = seal.encrypt(draft.phone), True
    tags = _united(before["tags"], draft.tags)
    if tags != before["tags"]:
        contact.tags_sealed, has_changed = seal.encrypt(words_text(tags)), True
    roles = united_roles(before["roles"], draft.roles)
    if roles != before["roles"]:
        contact.roles_sealed, has_changed = seal.encrypt(words_text(roles)), True
    old_note = before["note"] or ""
    if draft.note and draft.note not in old_note:
        note = f"{old_note}\n{draft.note}".strip()
        if len(note) <= LONGEST_NOTE:
            contact.note_sealed, has_changed = seal.encrypt(note), True
    asked = {one.purpose for one in contact.consents}
    for purpose in purposes:
        if purpose not in asked and agreed_at is not None:
            contact.consents.append(
                ContactConsent(purpose=purpose, given_at=agreed_at, wording="own-words", source=source)
            )
            before["agreed"].append(purpose.value)
            has_changed = True
    return json.dumps(before, ensure_ascii=False) if has_changed else None


def take_back(contact: Contact, before: str, *, seal: Seal) -> None:
    """Make a contact what it was before `fill_in`."""
    was = json.loads(before)
    contact.phone_sealed = seal.encrypt(was["phone"])
    contact.tags_sealed = seal.encrypt(words_text(was["tags"]))
    if "roles" in was:  # an import older than they are changed none
        contact.roles_sealed = seal.encrypt(words_text(was["roles"]))
    contact.note_sealed = seal.encrypt(was["note"])
    contact.changed_at = datetime.fromisoformat(was["changed_at"]) if was["changed_at"] else None
    contact.consents = [one for one in contact.consents if one.purpose.value not in was["agreed"]]


def _united(tags: list[str], more: Iterable[str]) -> list[str]:
    try:
        return clean_tags([*tags, *more])
    except TooManyTagsError:
        return tags
