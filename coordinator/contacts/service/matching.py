"""Who in a sheet is a contact already, stands twice in it, or is never to be written to again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.accounts.models import Account
from coordinator.contacts.models import Contact, Suppression
from coordinator.contacts.rules import LEFT_OUT, Problem, digits_of, person_key
from coordinator.kit.crypto import LostKeyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from coordinator.contacts.models import ContactImport
    from coordinator.contacts.rules import Draft
    from coordinator.kit.crypto import Seal


class Matcher:
    """Looks at the rows of one sheet, in their order, a batch at a time.

    Of the rows before it keeps eight bytes each; of contacts without an address (a digest finds the others)
    their numbers and names, which are few, once a row has no address either.
    """

    def __init__(self, session: Session, sheet: ContactImport, *, seal: Seal) -> None:
        """Get ready for the sheet's owner and campaign."""
        self._owner_id, self._campaign_id = sheet.owner_id, sheet.campaign_id
        self._public_id = session.get_one(Account, sheet.owner_id).public_id
        self._seal = seal
        self._seen: set[bytes] = set()
        self._digests: dict[str, str] = {}
        self._known: dict[str, int] = {}
        self._by_phone: dict[str, int] | None = None

    def contact_id(self, draft: Draft) -> int | None:
        """Return the contact that a row of the batch at hand is about."""
        found = self._known if draft.email else self._by_phone or {}
        return found.get(self._key(draft))

    def digest(self, email: str) -> str | None:
        """Return what finds an address of the batch at hand among the owner's contacts; None for none."""
        return self._digests[email] if email else None

    def seen_before(self, drafts: Iterable[Draft]) -> None:
        """Remember rows that are done already, after a fresh start in the middle of a sheet."""
        for draft in drafts:
            if not LEFT_OUT & set(draft.problems):
                self._seen.add(_short(draft.key))

    def checked(self, session: Session, drafts: Sequence[Draft]) -> Iterator[Draft]:
        """Yield rows with what there is to say about them in this house."""
        good = [draft for draft in drafts if not LEFT_OUT & set(draft.problems)]
        self._digests = {draft.email: self._digest(draft.email) for draft in good if draft.email}
        self._known = self._with_address(session)
        if self._by_phone is None and any(not draft.email for draft in good):
            self._by_phone = self._without_address(session)
        suppressed = self._suppressed(session)
        for draft in drafts:
            more = []
            if not LEFT_OUT & set(draft.problems):
                if _short(draft.key) in self._seen:
                    more.append(Problem.TWICE)
                elif draft.email in suppressed:
                    more.append(Problem.SUPPRESSED)
                elif self.contact_id(draft) is not None:
                    more.append(Problem.KNOWN)
                self._seen.add(_short(draft.key))
            yield replace(draft, problems=(*draft.problems, *more)) if more else draft

    def _digest(self, email: str) -> str:
        return self._seal.digest(email, purpose=f"contacts:{self._public_id}")

    def _key(self, draft: Draft) -> str:
        return person_key(draft.name, self._digests[draft.email]) if draft.email else draft.key

    def _with_address(self, session: Session) -> dict[str, int]:
        found = select(Contact.id, Contact.campaign_id, Contact.name_sealed, Contact.email_digest).where(
            # Not by campaign: SQLite would take the index of campaigns, and read all of one for each batch.
            Contact.owner_id == self._owner_id,
            Contact.email_digest.in_(set(self._digests.values())),
        )
        return {
            person_key(name, row.email_digest): row.id
            for row in session.execute(found)
            if row.campaign_id == self._campaign_id and (name := self._open(row.name_sealed)) is not None
        }

    def _without_address(self, session: Session) -> dict[str, int]:
        found = select(Contact.id, Contact.name_sealed, Contact.phone_sealed).where(
            Contact.owner_id == self._owner_id,
            Contact.campaign_id == self._campaign_id,
            Contact.email_sealed.is_(None),
            Contact.phone_sealed.is_not(None),
        )
        return {
            person_key(name, digits_of(phone)): row.id
            for row in session.execute(found)
            if (name := self._open(row.name_sealed)) is not None
            and (phone := self._open(row.phone_sealed)) is not None
        }

    def _open(self, sealed: str | None) -> str | None:
        """Return what is sealed; None: no key of ours opens it, and nobody can be recognised by it."""
        try:
            return self._seal.decrypt(sealed) or ""
        except LostKeyError:
            return None

    def _suppressed(self, session: Session) -> set[str]:
        digests = {
            email: self._seal.digest(email, purpose=f"suppression:{self._public_id}")
            for email in self._digests
        }  # by spelling: several of them have the same digest
        found = select(Suppression.email_digest).where(
            Suppression.owner_id == self._owner_id,
            Suppression.email_digest.in_(set(digests.values())),
        )
        suppressed = set(session.scalars(found))
        return {email for email, digest in digests.items() if digest in suppressed}


def _short(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8).digest()
