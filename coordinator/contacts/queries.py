"""Contacts of one organiser: always theirs, never anybody else's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from coordinator.contacts.models import Contact
from coordinator.events.models import Event
from coordinator.kit.errors import NotFoundError

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.kit.crypto import Seal


@dataclass(frozen=True, slots=True)
class Person:
    """A contact, opened."""

    public_id: str
    name: str
    email: str
    phone: str
    tags: tuple[str, ...]
    note: str
    event_id: str
    event_title: str
    consent_at: datetime
    consent_wording: str

    def matches(self, *, text: str = "", tag: str = "") -> bool:
        """Tell whether `text` stands in what is known of them, and they carry `tag`; case does not matter."""
        if tag and tag.casefold() not in (own.casefold() for own in self.tags):
            return False
        wanted = text.casefold().split()
        known = " ".join((self.name, self.email, self.phone, self.note, *self.tags)).casefold()
        return all(word in known for word in wanted)


def contacts_of(owner: Account, *, event: Event | None = None) -> Select[Contact]:
    """Select an organiser's contacts, the newest first, with their events."""
    query = select(Contact).where(Contact.owner_id == owner.id).options(joinedload(Contact.event))
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


def events_with_contacts(session: Session, owner: Account) -> list[Event]:
    """Return the organiser's events that somebody may be reached for."""
    ids = select(Contact.event_id).where(Contact.owner_id == owner.id)
    return list(session.scalars(select(Event).where(Event.id.in_(ids)).order_by(Event.starts_at, Event.id)))


def opened(contact: Contact, seal: Seal) -> Person:
    """Return what a contact says. Costs up to five decryptions."""
    return Person(
        public_id=contact.public_id,
        name=seal.decrypt(contact.name_sealed) or "",
        email=seal.decrypt(contact.email_sealed) or "",
        phone=seal.decrypt(contact.phone_sealed) or "",
        tags=tags_of(contact, seal),
        note=seal.decrypt(contact.note_sealed) or "",
        event_id=contact.event.public_id,
        event_title=contact.event.title,
        consent_at=contact.consent_at,
        consent_wording=contact.consent_wording,
    )


def tags_of(contact: Contact, seal: Seal) -> tuple[str, ...]:
    """Return the organiser's own words for a contact."""
    return tuple(json.loads(seal.decrypt(contact.tags_sealed) or "[]"))
