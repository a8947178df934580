"""Pages for the search: packed by the worker, thrown away with the first change to anybody on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from coordinator.contacts.models import Contact, ContactSearchPage
from coordinator.contacts.searching import words_on_page
from coordinator.contacts.sheets.reading import packed

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

ON_A_PAGE = 500
WORTH_A_PAGE = 100
"""Fewer contacts than that are opened one by one, until there are more."""


def drop_pages(session: Session, *which: ColumnElement[bool]) -> None:
    """Throw away the pages with the words of contacts that fulfil `which`, in the act that changes these.

    Whoever else was on them is opened one by one until the worker has packed them again.
    """
    # Locked, those who are on no page yet as well: the worker must not pack their old words meanwhile.
    pages = set(session.scalars(select(Contact.search_page_id).where(*which).with_for_update())) - {None}
    if pages:
        session.execute(
            delete(ContactSearchPage)
            .where(ContactSearchPage.id.in_(pages))
            .execution_options(synchronize_session=False)
        )


def owners_to_pack(session: Session) -> list[int]:
    """Return ids of organisers with enough contacts that are on no page."""
    loose = select(Contact.owner_id).where(Contact.search_page_id.is_(None)).group_by(Contact.owner_id)
    return list(session.scalars(loose.having(func.count(Contact.id) >= WORTH_A_PAGE)))


def pack_page(session: Session, owner_id: int, *, seal: Seal, now: datetime) -> bool:
    """Put contacts of an organiser on one page. Return whether there are enough left for another."""
    session.execute(  # one that is not half full is packed again with what came since
        delete(ContactSearchPage)
        .where(ContactSearchPage.owner_id == owner_id, ContactSearchPage.contacts < ON_A_PAGE // 2)
        .execution_options(synchronize_session=False)
    )
    loose = (
        select(Contact)
        .where(Contact.owner_id == owner_id, Contact.search_page_id.is_(None))
        .order_by(Contact.id)
        .limit(ON_A_PAGE + WORTH_A_PAGE)
        .with_for_update()
    )
    found = session.scalars(loose).all()
    contacts = found[:ON_A_PAGE]
    if not contacts:
        return False
    page = ContactSearchPage(
        owner_id=owner_id,
        folded_sealed=seal.encrypt(packed(words_on_page(contacts, seal).encode())),
        contacts=len(contacts),
        last_contact_id=contacts[-1].id,
        packed_at=now,
    )
    session.add(page)
    session.flush()  # contacts name it
    session.execute(
        update(Contact)
        .where(Contact.id.in_([contact.id for contact in contacts]))
        .values(search_page_id=page.id)
        .execution_options(synchronize_session=False)
    )
    return len(found) == ON_A_PAGE + WORTH_A_PAGE


def drop_broken_pages(session: Session) -> int:
    """Throw away pages with words of somebody who is not on them any more. Return how many.

    Every act of ours throws its pages away itself; this is for rows that somebody deleted in the database.
    """
    on_it = select(func.count(Contact.id)).where(Contact.search_page_id == ContactSearchPage.id)
    broken = delete(ContactSearchPage).where(ContactSearchPage.contacts != on_it.scalar_subquery())
    broken = broken.execution_options(synchronize_session=False)
    return len(session.execute(broken.returning(ContactSearchPage.id)).all())
