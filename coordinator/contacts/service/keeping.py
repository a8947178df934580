"""Keeping people an organiser may reach, and letting them go."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from coordinator.audit.service import record
from coordinator.contacts.models import Contact, ContactConsent, ContactFilter, ContactImport, ContactMerge
from coordinator.contacts.queries import contact_digest, filters_of, is_suppressed, roles_of, tags_of
from coordinator.contacts.roles import clean_roles, role_of, united_roles
from coordinator.contacts.rules import MOST_FILTERS, Purpose, SuppressedError, TooManyFiltersError, clean_tags
from coordinator.contacts.service.merging import words_text
from coordinator.contacts.service.packing import drop_pages
from coordinator.contacts.service.suppressing import lift_suppression
from coordinator.kit.ids import new_public_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.contacts.rules import Draft
    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal

IDLE_FILTER = timedelta(days=1)
"""Time for somebody who keeps a search first and writes people down afterwards."""


def add_contact(  # noqa: PLR0913 a person has this many sides
    session: Session,
    *,
    owner_id: int,
    event: Event,
    source: str,
    name: str,
    email: str,
    phone: str,
    roles: Iterable[str] = (),
    consent_at: datetime,
    consent_wording: str,
    seal: Seal,
    now: datetime,
) -> Contact:
    """Keep somebody who agreed, or bring what is known of them up to date; the organiser's words stay.

    `roles` are those of somebody who is new; what changes later comes by `follow_offers`.
    They said so themselves: if they had unsubscribed from this organiser before, that is over.
    """
    contact = session.scalar(select(Contact).where(Contact.event_id == event.id, Contact.source == source))
    if contact is None:
        contact = Contact(
            public_id=new_public_id(),
            owner_id=owner_id,
            campaign_id=event.campaign_id,
            event_id=event.id,
            source=source,
            roles_sealed=seal.encrypt(words_text(united_roles([], roles))),
            created_at=now,
        )
        session.add(contact)
    else:
        drop_pages(session, Contact.id == contact.id)
    contact.name_sealed = seal.encrypt(name)
    contact.email_sealed = seal.encrypt(email)
    contact.email_digest = contact_digest(session, owner_id=owner_id, email=email, seal=seal)
    contact.phone_sealed = seal.encrypt(phone)
    contact.changed_at = now
    _agree(contact, Purpose.CONTACT, at=consent_at, wording=consent_wording, source=source)
    if email:
        lift_suppression(session, owner_id=owner_id, email=email, seal=seal)
    return contact


def follow_offers(  # noqa: PLR0913 whose, and what was offered and taken back
    session: Session,
    *,
    event_id: int,
    source: str,
    gained: Iterable[str],
    lost: Iterable[str],
    seal: Seal,
    now: datetime,
) -> None:
    """Let the roles of a contact follow what they themselves offer, and take back, with their answer."""
    found = select(Contact).where(Contact.event_id == event_id, Contact.source == source)
    contact = session.scalar(found)
    if contact is None:
        return
    before = list(roles_of(contact, seal))
    gone = {role_of(role).casefold() for role in lost}
    roles = united_roles([role for role in before if role.casefold() not in gone], gained)
    if roles != before:
        drop_pages(session, Contact.id == contact.id)
        contact.roles_sealed = seal.encrypt(words_text(roles))
        contact.changed_at = now


def write_down(  # noqa: PLR0913 whom, for what, on whose word
    session: Session,
    draft: Draft,
    *,
    campaign: Campaign,
    agreement: tuple[list[Purpose], datetime] | None,
    by: Account,
    seal: Seal,
    now: datetime,
) -> Contact:
    """Keep somebody whom an organiser met, for a campaign; `agreement` is to what they agreed, and when.

    Raises:
        SuppressedError: the owner of the address wants no more mail from this organiser.
    """
    if draft.email and is_suppressed(session, owner_id=by.id, email=draft.email, seal=seal):
        raise SuppressedError
    contact = Contact(
        public_id=new_public_id(),
        owner_id=by.id,
        campaign_id=campaign.id,
        source="hand",
        name_sealed=seal.encrypt(draft.name),
        email_sealed=seal.encrypt(draft.email),
        email_digest=contact_digest(session, owner_id=by.id, email=draft.email, seal=seal),
        phone_sealed=seal.encrypt(draft.phone),
        tags_sealed=seal.encrypt(words_text(draft.tags)),
        roles_sealed=seal.encrypt(words_text(draft.roles)),
        note_sealed=seal.encrypt(draft.note),
        created_at=now,
    )
    session.add(contact)
    purposes, at = agreement or ([], now)
    for purpose in purposes:
        _agree(contact, purpose, at=at, wording="own-words", source="hand")
    record(session, "contact:written-down", f"contact:{contact.public_id}", by=by.public_id, at=now)
    return contact


def _agree(contact: Contact, purpose: Purpose, *, at: datetime, wording: str, source: str) -> None:
    """Write down what somebody agreed to; what they had agreed to before is replaced."""
    consent = next((one for one in contact.consents if one.purpose is purpose), None)
    if consent is None:
        consent = ContactConsent(purpose=purpose)
        contact.consents.append(consent)
    consent.given_at, consent.wording, consent.source, consent.withdrawn_at = at, wording, source, None


def forget_contact(session: Session, *, event_id: int, source: str) -> bool:
    """Delete the contact that came from `source`. Return whether there was one."""
    session.flush()  # one that this transaction made goes too
    drop_pages(session, Contact.event_id == event_id, Contact.source == source)
    session.execute(delete(ContactMerge).where(ContactMerge.gone_source == source))
    session.execute(  # somebody else, whom the organiser took for the same person, goes on without their word
        delete(ContactConsent)
        .where(ContactConsent.source == source)
        .execution_options(synchronize_session="fetch")
    )
    found = delete(Contact).where(Contact.event_id == event_id, Contact.source == source)
    return session.execute(found.returning(Contact.id)).first() is not None


def forget_contacts_of(session: Session, event_id: int) -> int:
    """Delete everybody who was kept for an event. Return how many they were."""
    drop_pages(session, Contact.event_id == event_id)
    return len(
        session.execute(delete(Contact).where(Contact.event_id == event_id).returning(Contact.id)).all()
    )


def forget_contacts_of_campaign(session: Session, campaign_id: int) -> int:
    """Delete everybody who was kept for a campaign and no protest of it. Return how many they were.

    With them goes what is left of imports: names of files, and in whose words they had agreed.
    """
    session.execute(delete(ContactImport).where(ContactImport.campaign_id == campaign_id))
    drop_pages(session, Contact.campaign_id == campaign_id, Contact.event_id.is_(None))
    found = delete(Contact).where(Contact.campaign_id == campaign_id, Contact.event_id.is_(None))
    return len(session.execute(found.returning(Contact.id)).all())


def idle_filters(now: datetime) -> Select[int]:
    """Return the ids of kept searches whose owners have nobody left to search for.

    What somebody searched for may be a name, and is not to outlive the people it found.
    """
    has_anybody = select(Contact.id).where(Contact.owner_id == ContactFilter.owner_id).exists()
    return select(ContactFilter.id).where(~has_anybody, ContactFilter.created_at <= now - IDLE_FILTER)


def forget_filters(session: Session, now: datetime) -> int:
    """Delete the kept searches of those who have no contact left. Return how many."""
    idle = delete(ContactFilter).where(ContactFilter.id.in_(idle_filters(now)))
    return len(session.execute(idle.returning(ContactFilter.id)).all())


def note_contact(  # noqa: PLR0913 an organiser says this much
    session: Session,
    contact: Contact,
    *,
    tags: Iterable[str],
    roles: Iterable[str] = (),
    note: str,
    seal: Seal,
    now: datetime,
) -> None:
    """Keep the organiser's own words about a contact.

    Raises:
        TooManyTagsError, TooManyRolesError: nobody can look through that many.
    """
    drop_pages(session, Contact.id == contact.id)
    contact.tags_sealed = seal.encrypt(words_text(clean_tags(tags)))
    contact.roles_sealed = seal.encrypt(words_text(clean_roles(roles)))
    contact.note_sealed = seal.encrypt(note)
    contact.changed_at = now
    session.flush()


def tag_contact(
    session: Session, contact: Contact, tag: str, *, is_removed: bool = False, seal: Seal, now: datetime
) -> None:
    """Put one tag on a contact, or take it off.

    Raises:
        TooManyTagsError: nobody can look through that many.
    """
    others = [own for own in tags_of(contact, seal) if own.casefold() != tag.strip().casefold()]
    tags = clean_tags(others if is_removed else [*others, tag])
    drop_pages(session, Contact.id == contact.id)
    contact.tags_sealed = seal.encrypt(words_text(tags))
    contact.changed_at = now


def remove_contact(session: Session, contact: Contact, *, by: Account, now: datetime) -> None:
    """Delete a contact because its organiser wants to."""
    record(session, "contact:removed", f"contact:{contact.public_id}", by=by.public_id, at=now)
    drop_pages(session, Contact.id == contact.id)
    session.delete(contact)


def keep_filter(
    session: Session, name: str, search: Mapping[str, str], *, by: Account, seal: Seal, now: datetime
) -> None:
    """Keep a search under a name; one of the same name is replaced.

    Raises:
        TooManyFiltersError: nobody can look through that many.
    """
    kept = filters_of(session, by)
    same = next((one for one in kept if seal.decrypt(one.name_sealed) == name), None)
    if same is None:
        if len(kept) >= MOST_FILTERS:
            raise TooManyFiltersError
        same = ContactFilter(public_id=new_public_id(), owner_id=by.id, created_at=now)
        same.name_sealed = seal.encrypt(name)
        session.add(same)
    same.search_sealed = seal.encrypt(json.dumps(dict(search), ensure_ascii=False))


def record_export(session: Session, *, by: Account, count: int, now: datetime) -> None:
    """Write down that somebody took a copy out of the house: how many people, never who."""
    record(session, "contacts:exported", f"account:{by.public_id}", by=by.public_id, at=now, count=count)
