"""An organiser's contacts in a campaign who did not answer the event: invited, as far as they agreed to hear.

Whoever agreed to be contacted by the organiser, or to be sent news, may be invited. That is asked when their
letter is written, and so is whether they have answered by now, whether they unsubscribed, and whether another
contact with the same address was written to.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import selectinload

from coordinator.contacts.models import Contact, ContactConsent
from coordinator.contacts.queries import contact_digest, suppressed_among, suppression_purpose, tags_of
from coordinator.contacts.searching import Wanted, folded, matching_ids
from coordinator.events.rules import digest_purpose
from coordinator.kit.crypto import LostKeyError
from coordinator.messaging.audiences.batch import Addressed, Batch, Reach, Reader
from coordinator.messaging.audiences.kept import contact_audience
from coordinator.messaging.mail import announcement_facts, language_for
from coordinator.messaging.unsubscribing import contact_token, stop_link
from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.messaging.models import Announcement
    from coordinator.messaging.rules import ContactAudience

log = logging.getLogger(__name__)

AT_A_TIME = 500
HAS_AGREED = (
    select(ContactConsent.id)
    .where(ContactConsent.contact_id == Contact.id, ContactConsent.withdrawn_at.is_(None))
    .exists()
)
"""To either purpose: who may be contacted by the organiser may be invited by them."""
MAY_BE_WRITTEN_TO = and_(Contact.email_sealed.is_not(None), HAS_AGREED)


def contacts_for(owner: Account, event: Event) -> Select[Contact]:
    """Select an organiser's contacts in the campaign of an event, but for those who came by its own form."""
    came_otherwise = or_(Contact.event_id.is_(None), Contact.event_id != event.id)
    return select(Contact).where(
        Contact.owner_id == owner.id, Contact.campaign_id == event.campaign_id, came_otherwise
    )


def reach_among(
    session: Session, owner: Account, event: Event, audience: ContactAudience, seal: Seal
) -> Reach:
    """Count whom an invitation to an event is for, and whom it reaches as far as can be seen beforehand."""
    has_address = Contact.email_sealed.is_not(None)
    counts = contacts_for(owner, event).with_only_columns(
        func.count(Contact.id),
        func.count(Contact.id).filter(MAY_BE_WRITTEN_TO),
        func.count(Contact.id).filter(~has_address),
        func.count(Contact.id).filter(has_address, ~HAS_AGREED),
    )
    if not audience.tag:
        return Reach(*session.execute(counts).one())
    tagged = list(matching_ids(session, owner, Wanted(tag=audience.tag), seal=seal))
    rows = [
        session.execute(counts.where(Contact.id.in_(tagged[start : start + AT_A_TIME]))).one()
        for start in range(0, len(tagged), AT_A_TIME)
    ]
    return Reach(*(sum(column) for column in zip((0, 0, 0, 0), *rows, strict=True)))


class Contacts:
    """`Readers` among the contacts of whoever wrote it."""

    def reach(self, session: Session, announcement: Announcement, seal: Seal) -> Reach:
        """Count whom it is for, and whom it reaches."""
        audience = contact_audience(announcement, seal)
        return reach_among(session, announcement.author, announcement.subject_event, audience, seal)

    def batch(
        self, session: Session, announcement: Announcement, most: int, *, seal: Seal, site_url: str
    ) -> Batch:
        """Return letters to the next of them, one for each address."""
        rows = session.scalars(
            contacts_for(announcement.author, announcement.subject_event)
            .where(
                MAY_BE_WRITTEN_TO,
                Contact.id > announcement.last_id,
                Contact.created_at <= announcement.started_at,  # as many as were counted, and no more
            )
            .options(selectinload(Contact.consents))
            .order_by(Contact.id)
            .limit(most)
        ).all()
        tag = folded(contact_audience(announcement, seal).tag)
        wanted = [row for row in rows if not tag or tag in _tags(row, seal)]
        emails = {row.id: email for row in wanted if (email := _email(row, seal))}
        left_out = _left_out(session, announcement, emails, seal)
        letters = [
            None
            if row.id in left_out or row.id not in emails
            else _letter(row, announcement, emails[row.id], seal=seal, site_url=site_url)
            for row in wanted
        ]
        last_id = rows[-1].id if rows else announcement.last_id
        return Batch(letters=letters, last_id=last_id, is_last=len(rows) < most)

    def shown(
        self, session: Session, announcement: Announcement, public_ids: Sequence[str], seal: Seal
    ) -> Mapping[str, Reader]:
        """Return names, which lead to the contacts: they are the organiser's own."""
        found = session.scalars(
            select(Contact).where(
                Contact.public_id.in_(public_ids), Contact.owner_id == announcement.author_id
            )
        )
        return {row.public_id: Reader(_name(row, seal), row.public_id) for row in found}


def _left_out(
    session: Session, announcement: Announcement, emails: Mapping[int, str], seal: Seal
) -> set[int]:
    """Return ids of contacts who unsubscribed, have answered the event, or whose address was written to."""
    owner_id, addresses = announcement.author_id, set(emails.values())
    unwanted = suppressed_among(session, owner_id=owner_id, emails=addresses, seal=seal)
    unwanted |= _answered_among(session, announcement.subject_event, addresses, seal)
    digests = {
        email: contact_digest(session, owner_id=owner_id, email=email, seal=seal) for email in addresses
    }
    seen = _written_among(session, announcement, digests.values())
    left_out = set()
    for contact_id, email in emails.items():
        if email in unwanted or digests[email] in seen:
            left_out.add(contact_id)
        seen.add(digests[email])
    return left_out


def _answered_among(session: Session, event: Event, emails: Iterable[str], seal: Seal) -> set[str]:
    """Return those of some addresses that answered an event, and showed that it was they."""
    purpose = digest_purpose(event.public_id)
    digests = {email: seal.digest(email, purpose=purpose) for email in emails}
    answers = select(Rsvp.email_digest).where(
        Rsvp.event_id == event.id, Rsvp.email_digest.in_(digests.values()), Rsvp.confirmed_at.is_not(None)
    )
    found = set(session.scalars(answers))
    return {email for email, digest in digests.items() if digest in found}


def _written_among(
    session: Session, announcement: Announcement, digests: Iterable[str | None]
) -> set[str | None]:
    """Return those of some addresses to which the announcement was written before, to another contact."""
    earlier = select(Contact.email_digest).where(
        Contact.owner_id == announcement.author_id,
        Contact.email_digest.in_(digests),
        Contact.id <= announcement.last_id,
    )
    written = Message.key == f"{announcement.about}:contact:" + Contact.public_id
    return set(session.scalars(earlier.join(Message, written).distinct()))


def _letter(row: Contact, announcement: Announcement, email: str, *, seal: Seal, site_url: str) -> Addressed:
    locale = language_for(announcement, _language(row))
    facts = announcement_facts(announcement, locale, seal=seal)
    owner = announcement.author
    digest = seal.digest(email, purpose=suppression_purpose(owner.public_id))
    facts["unsubscribe_url"] = stop_link(
        contact_token(announcement.public_id, digest, seal), locale, site_url
    )
    return Addressed(reader=f"contact:{row.public_id}", email=email, locale=locale, context=facts)


def _language(row: Contact) -> str:
    """Return the language of the sentence to which somebody agreed; empty where nobody knows it."""
    wordings = (consent.wording for consent in row.consents if consent.withdrawn_at is None)
    return next((locale for _, _, locale in (said.partition(":") for said in wordings) if locale), "")


def _email(row: Contact, seal: Seal) -> str:
    """Return the address of a contact, or nothing where no key opens it: others are behind it."""
    try:
        return seal.decrypt(row.email_sealed) or ""
    except LostKeyError:
        log.error("no key for contact %s", row.public_id)  # noqa: TRY400 the trace says nothing more
        return ""


def _tags(row: Contact, seal: Seal) -> set[str]:
    """Return the tags of a contact as they are compared; none where no key opens them."""
    try:
        return {folded(tag) for tag in tags_of(row, seal)}
    except LostKeyError:
        log.error("no key for contact %s", row.public_id)  # noqa: TRY400 the trace says nothing more
        return set()


def _name(row: Contact, seal: Seal) -> str:
    try:
        return seal.decrypt(row.name_sealed) or ""
    except LostKeyError:  # one that we can't read must not take the page away
        return ""
