"""Searching sealed contacts: their words lie together in sealed pages, which are opened and looked through.

An index of words would be what a thief looks for first. A page says how long the words of some hundred
contacts are together, and which contacts they are; no digest of any word is kept. It costs one opening for a
page and not five for a contact. docs/decisions/013-contacts.md has the figures.
"""

from __future__ import annotations

import heapq
import json
import logging
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from coordinator.contacts.models import Contact, ContactSearchPage
from coordinator.contacts.queries import contacts_of, opened, roles_of, tags_of
from coordinator.contacts.roles import role_of
from coordinator.contacts.sheets.reading import unpacked
from coordinator.events.models import Event
from coordinator.kit.crypto import LostKeyError
from coordinator.kit.paging import LAST_PAGE, ROWS_ON_A_PAGE, Page, page_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.contacts.queries import Person
    from coordinator.kit.crypto import Seal

log = logging.getLogger(__name__)

AT_A_TIME = 500
PAGES_AT_A_TIME = 8

_MARK = "\ue000"
"""Stands around each tag, so that a whole one is found; a character for private use, on no keyboard."""
_ROLE_MARK = "\ue001"
"""The same around each role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for among their contacts. Nothing in it means everybody."""

    text: str = ""
    """Words, each of which stands anywhere in name, address, number, note, tags or roles."""
    tag: str = ""
    """A whole tag."""
    role: str = ""
    """A whole role: a code of `Help`, or the organiser's own words."""
    event: Event | None = None

    @property
    def is_search(self) -> bool:
        """Tell whether contacts have to be opened to answer."""
        return bool(self.text or self.tag or self.role)


def folded(text: str) -> str:
    """Return text as it is compared: without case, accents and different spellings of one letter."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())


def line_of(contact: Contact, seal: Seal) -> str:
    """Return everything by which one contact is found, on one line."""
    phone = seal.decrypt(contact.phone_sealed) or ""
    words = (
        seal.decrypt(contact.name_sealed) or "",
        seal.decrypt(contact.email_sealed) or "",
        phone,
        re.sub(r"\D", "", phone),
        seal.decrypt(contact.note_sealed) or "",
    )
    tags = "".join(f"{_MARK}{folded(tag)}{_MARK}" for tag in tags_of(contact, seal))
    roles = "".join(f"{_ROLE_MARK}{folded(role)}{_ROLE_MARK}" for role in roles_of(contact, seal))
    return f"{folded(' '.join(words))} {tags} {roles}"


def words_on_page(contacts: Iterable[Contact], seal: Seal) -> str:
    """Return the text of a page: who is on it and for which event, and their lines in the same order."""
    ids, lines = [], []
    for contact in contacts:
        try:
            lines.append(line_of(contact, seal))
        except LostKeyError:  # nobody can find it, and it must not keep the others from being found
            log.error("no key for contact %s", contact.public_id)  # noqa: TRY400 the trace says nothing more
            lines.append("")
        ids.append((contact.id, contact.event_id or 0))
    return "\n".join((json.dumps(ids), *lines))


def found_contacts(
    session: Session, owner: Account, wanted: Wanted, *, seal: Seal, number: int
) -> Page[Person]:
    """Return a page of an organiser's contacts, the newest first; of those who match, where asked."""
    if not wanted.is_search:
        page = page_of(session, contacts_of(owner, event=wanted.event), number=number)
        return Page(rows=list(_opened(page.rows, seal)), number=page.number, has_more=page.has_more)
    number = min(max(1, number), LAST_PAGE)
    end = number * ROWS_ON_A_PAGE
    newest: list[int] = []
    for last_id, ids in _hits(session, owner, wanted, seal=seal):
        if len(newest) > end and last_id < newest[-1]:
            break  # pages come in order: nobody on those that are left is newer
        newest = heapq.nlargest(end + 1, [*newest, *ids])
    shown = newest[end - ROWS_ON_A_PAGE : end]
    rows = session.scalars(contacts_of(owner).where(Contact.id.in_(shown))).all()
    return Page(rows=list(_opened(rows, seal)), number=number, has_more=len(newest) > end)


def count_contacts(session: Session, owner: Account, wanted: Wanted, *, seal: Seal) -> int:
    """Return how many contacts match."""
    if wanted.is_search:
        return sum(1 for _ in matching_ids(session, owner, wanted, seal=seal))
    query = contacts_of(owner, event=wanted.event).order_by(None).with_only_columns(func.count(Contact.id))
    return session.scalar(query) or 0


def every_contact(session: Session, owner: Account, wanted: Wanted, *, seal: Seal) -> Iterator[Person]:
    """Yield all who match, the newest first, and hold some hundred of them at a time."""
    ids = sorted(matching_ids(session, owner, wanted, seal=seal), reverse=True) if wanted.is_search else None
    last: int | None = None
    while True:
        query = contacts_of(owner, event=wanted.event).limit(AT_A_TIME)
        if ids is not None:
            query, ids = query.where(Contact.id.in_(ids[:AT_A_TIME])), ids[AT_A_TIME:]
        elif last is not None:
            query = query.where(Contact.id < last)
        rows = session.scalars(query).all()
        yield from _opened(rows, seal)
        if not (rows if ids is None else ids):
            return
        if rows:
            last = rows[-1].id
        for row in rows:  # and nothing else: whose they are is asked for again
            session.expunge(row)


def matching_ids(session: Session, owner: Account, wanted: Wanted, *, seal: Seal) -> Iterator[int]:
    """Yield the ids of an organiser's contacts that match, in no order."""
    for _last_id, ids in _hits(session, owner, wanted, seal=seal):
        yield from ids


def _hits(
    session: Session, owner: Account, wanted: Wanted, *, seal: Seal
) -> Iterator[tuple[float, list[int]]]:
    """Yield of each page the id of the newest contact on it, and the ids of those who match."""
    words = folded(wanted.text).split()
    if wanted.tag:
        words.append(f"{_MARK}{folded(wanted.tag)}{_MARK}")
    if wanted.role:
        words.append(f"{_ROLE_MARK}{folded(role_of(wanted.role))}{_ROLE_MARK}")
    event_id = wanted.event.id if wanted.event is not None else None
    for last_id, page in _pages(session, owner, seal):
        head, _, text = page.partition("\n")
        if not all(word in text for word in words):
            continue
        hits = list(enumerate(text.split("\n")))
        for word in words:
            hits = [(place, line) for place, line in hits if word in line]
        ids = json.loads(head)
        found = (ids[place] for place, _line in hits)
        yield last_id, [one for one, kept_for in found if event_id is None or kept_for == event_id]


def _pages(session: Session, owner: Account, seal: Seal) -> Iterator[tuple[float, str]]:
    """Yield what is on no page yet as one of its own, then the pages of an organiser, the newest first."""
    loose = contacts_of(owner).where(Contact.search_page_id.is_(None))
    yield math.inf, words_on_page(session.scalars(loose), seal)
    pages = (
        select(ContactSearchPage.last_contact_id, ContactSearchPage.folded_sealed)
        .where(ContactSearchPage.owner_id == owner.id)
        .order_by(ContactSearchPage.last_contact_id.desc())
        .execution_options(yield_per=PAGES_AT_A_TIME)
    )
    for last_id, sealed in session.execute(pages):
        try:
            yield last_id, unpacked(seal.decrypt(sealed)).decode()
        except LostKeyError:
            log.error("no key for a search page")  # noqa: TRY400 the trace says nothing more


def _opened(rows: Sequence[Contact], seal: Seal) -> Iterator[Person]:
    for row in rows:
        try:
            yield opened(row, seal)
        except LostKeyError:  # one row that can't be opened must not take the list away
            log.error("no key for contact %s", row.public_id)  # noqa: TRY400 the trace says nothing more
