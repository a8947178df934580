"""Who in a sheet is a contact already, stands twice in it, or is never to be written to again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.accounts.models import Account
from coordinator.contacts.models import Contact, Suppression
from coordinator.contacts.rules import LEFT_OUT, Problem, digits_of, person_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from coordinator.contacts.models import ContactImport
    from coordinator.contacts.rules import Draft
    from coordinator.kit.crypto import Seal


class Matcher:
    """Looks at the rows of one sheet, in their order, a batch at a time.

    Of the rows before it keeps eight bytes each; of contacts without an address (a digest finds the others)
    their numbers and names, which are few.
    """

    def __init__(self, session: Session, sheet: ContactImport, *, seal: Seal) -> None:
        """Get ready for the sheet's owner and campaign."""
        self._owner_id, self._campaign_id = sheet.owner_id, sheet.campaign_id
        self._public_id = session.get_one(Account, sheet.owner_id).public_id
        self._seal = seal
        self._seen: set[bytes] = set()
        self.known: dict[str, int] = {}
        """Ids of contacts, by what they have in common with a row of this batch."""
        self._by_phone = self._without_address(session)

    def digest(self, email: str) -> str | None:
        """Return what finds an address among the owner's contacts."""
        return self._seal.digest(email, purpose=f"contacts:{self._public_id}") if email else None

    def seen_before(self, drafts: Iterable[Draft]) -> None:
        """Remember rows that are done already, after a fresh start in the middle of a sheet."""
        for draft in drafts:
            if not LEFT_OUT & set(draft.problems):
                self._seen.add(_short(draft.key))

    def checked(self, session: Session, drafts: Sequence[Draft]) -> Iterator[Draft]:
        """Yield rows with what there is to say about them in this house."""
        good = [draft for draft in drafts if not LEFT_OUT & set(draft.problems)]
        digests = {draft.email: self.digest(draft.email) for draft in good if draft.email}
        self.known = self._by_phone | self._with_address(session, [text for text in digests.values() if text])
        suppressed = self._suppressed(session, list(digests))
        for draft in drafts:
            more = []
            if not LEFT_OUT & set(draft.problems):
                if _short(draft.key) in self._seen:
                    more.append(Problem.TWICE)
                elif draft.email in suppressed:
                    more.append(Problem.SUPPRESSED)
                elif draft.key in self.known:
                    more.append(Problem.KNOWN)
                self._seen.add(_short(draft.key))
            yield replace(draft, problems=(*draft.problems, *more)) if more else draft

    def _contacts(self) -> tuple[object, ...]:
        return Contact.owner_id == self._owner_id, Contact.campaign_id == self._campaign_id

    def _with_address(self, session: Session, digests: Sequence[str]) -> dict[str, int]:
        found = select(Contact.id, Contact.name_sealed, Contact.email_sealed).where(
            *self._contacts(),  # type: ignore[arg-type]  # conditions
            Contact.email_digest.in_(digests),
        )
        return {
            person_key(
                self._seal.decrypt(row.name_sealed) or "", self._seal.decrypt(row.email_sealed) or ""
            ): row.id
            for row in session.execute(found)
        }

    def _without_address(self, session: Session) -> dict[str, int]:
        found = select(Contact.id, Contact.name_sealed, Contact.phone_sealed).where(
            *self._contacts(),  # type: ignore[arg-type]  # conditions
            Contact.email_sealed.is_(None),
            Contact.phone_sealed.is_not(None),
        )
        return {
            person_key(
                self._seal.decrypt(row.name_sealed) or "",
                digits_of(self._seal.decrypt(row.phone_sealed) or ""),
            ): row.id
            for row in session.execute(found)
        }

    def _open(self, sealed: str | None) -> str:
        return self._seal.decrypt(sealed) or ""

    def _suppressed(self, session: Session, emails: Sequence[str]) -> set[str]:
        digests = {
            email: self._seal.digest(email, purpose=f"suppression:{self._public_id}") for email in emails
        }  # by spelling: several of them have the same digest
        found = select(Suppression.email_digest).where(
            Suppression.owner_id == self._owner_id,
            Suppression.email_digest.in_(list(set(digests.values()))),
        )
        suppressed = set(session.scalars(found))
        return {email for email, digest in digests.items() if digest in suppressed}


def _short(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8).digest()
