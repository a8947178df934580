"""Everything that is kept about one address, wherever it lies.

Each event and each organiser's list has digests of its own, so that a stolen database does not show who was
where. To find somebody everywhere takes one digest for each of them: microseconds each, and only for events
and lists that still hold anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from coordinator.accounts.models import Account
from coordinator.accounts.queries import account_by_email
from coordinator.campaigns.models import CampaignInvitation
from coordinator.contacts.models import Contact
from coordinator.contacts.queries import roles_of, tags_of
from coordinator.events.helping import roles_from
from coordinator.events.models import Event
from coordinator.events.rules import digest_purpose
from coordinator.kit.errors import NotFoundError
from coordinator.kit.tokens import token_digest
from coordinator.outbox.models import Message
from coordinator.privacy.models import DataRequest
from coordinator.rsvps.models import HelpOffer, Rsvp

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

Item = TypeVar("Item")

LINK_LASTS = timedelta(hours=1)
_AT_A_TIME = 500  # parameters of one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is kept about somebody."""

    email: str
    rsvps: Sequence[Rsvp]
    offers: Mapping[int, Sequence[HelpOffer]]
    """Of help, those taken back among them, by the id of the answer."""
    contacts: Sequence[Contact]
    invitations: Sequence[CampaignInvitation]
    messages: Sequence[Message]
    """That wait to be sent to them, or were sent lately."""
    account: Account | None

    @property
    def is_anybody(self) -> bool:
        """Tell whether anything is kept."""
        return bool(self.rsvps or self.contacts or self.invitations or self.messages or self.account)


def request_of_link(session: Session, token: str, now: datetime) -> DataRequest:
    """Return what a link was made for.

    Raises:
        NotFoundError: no link of ours, or one that has grown old.
    """
    found = session.scalar(
        select(DataRequest).where(
            DataRequest.token_digest == token_digest(token), DataRequest.expires_at > now
        )
    )
    if found is None:
        raise NotFoundError
    return found


def find_person(session: Session, email: str, *, seal: Seal) -> Person:
    """Look for an address everywhere."""
    invited = select(CampaignInvitation).where(CampaignInvitation.email_digest == seal.digest(email))
    written = select(Message).where(Message.recipient_digest == seal.digest(email, purpose="message"))
    rsvps = _rsvps(session, email, seal)
    return Person(
        email=email,
        rsvps=rsvps,
        offers=_offers(session, [rsvp.id for rsvp in rsvps]),
        contacts=_contacts(session, email, seal),
        invitations=session.scalars(invited.options(joinedload(CampaignInvitation.campaign))).all(),
        messages=session.scalars(written.order_by(Message.id)).all(),
        account=account_by_email(session, email, seal=seal),
    )


def described(person: Person, *, seal: Seal) -> dict[str, Any]:
    """Return all of it in plain words, as JSON can hold it."""
    return {
        "email": person.email,
        "answers": [
            {
                "event": rsvp.event.title,
                "event_id": rsvp.event.public_id,
                "status": rsvp.status.value,
                "party_size": rsvp.party_size,
                "name": seal.decrypt(rsvp.name_sealed),
                "phone": seal.decrypt(rsvp.phone_sealed),
                "note": seal.decrypt(rsvp.note_sealed),
                "needs": seal.decrypt(rsvp.needs_sealed),
                "answered_at": rsvp.submitted_at.isoformat(),
                "confirmed_at": _moment(rsvp.confirmed_at),
                "agreed_to_news_at": _moment(rsvp.consent_updates_at),
                "agreed_to_contact_at": _moment(rsvp.consent_contact_at),
                "agreed_to_wording": rsvp.consent_wording,
                "help_offered": [
                    {
                        "role": offer.code,
                        "role_words": _role_words(rsvp.event, offer.code),
                        "offered_at": offer.offered_at.isoformat(),
                        "assigned_at": _moment(offer.assigned_at),
                        "thanked_at": _moment(offer.thanked_at),
                        "withdrawn_at": _moment(offer.withdrawn_at),
                    }
                    for offer in person.offers.get(rsvp.id, ())
                ],
            }
            for rsvp in person.rsvps
        ],
        "contacts": [
            {
                "campaign": contact.campaign.slug,
                "event": contact.event.title if contact.event else None,
                "source": contact.source.partition(":")[0],
                "name": seal.decrypt(contact.name_sealed),
                "phone": seal.decrypt(contact.phone_sealed),
                "tags": list(tags_of(contact, seal)),
                "roles": list(roles_of(contact, seal)),
                "note": seal.decrypt(contact.note_sealed),
                "consents": [
                    {
                        "purpose": consent.purpose.value,
                        "given_at": _moment(consent.given_at),
                        "wording": consent.wording,
                        "withdrawn_at": _moment(consent.withdrawn_at),
                    }
                    for consent in contact.consents
                ],
            }
            for contact in person.contacts
        ],
        "invitations": [one.campaign.slug for one in person.invitations],
        "messages": [
            {"about": one.template, "posted_at": one.created_at.isoformat()} for one in person.messages
        ],
        "account": None
        if person.account is None
        else {
            "name": seal.decrypt(person.account.display_name_sealed),
            "created_at": person.account.created_at.isoformat(),
        },
    }


def _rsvps(session: Session, email: str, seal: Seal) -> list[Rsvp]:
    kept = select(Rsvp.event_id).where(Rsvp.email_digest.is_not(None)).distinct()
    events = session.scalars(select(Event.public_id).where(Event.id.in_(kept))).all()
    digests = [seal.digest(email, purpose=digest_purpose(public_id)) for public_id in events]
    return [
        rsvp
        for some in _chunks(digests)
        for rsvp in session.scalars(
            select(Rsvp).where(Rsvp.email_digest.in_(some)).options(joinedload(Rsvp.event)).order_by(Rsvp.id)
        )
    ]


def _offers(session: Session, rsvp_ids: Sequence[int]) -> dict[int, list[HelpOffer]]:
    found: dict[int, list[HelpOffer]] = {}
    for some in _chunks(rsvp_ids):
        query = select(HelpOffer).where(HelpOffer.rsvp_id.in_(some)).order_by(HelpOffer.id)
        for offer in session.scalars(query):
            found.setdefault(offer.rsvp_id, []).append(offer)
    return found


def _role_words(event: Event, code: str) -> str:
    """Return what the organiser calls a role of their own; empty for what they do not list any more."""
    return next((role.words for role in roles_from(event.help_wanted) if role.code == code), "")


def _contacts(session: Session, email: str, seal: Seal) -> list[Contact]:
    kept = select(Contact.owner_id).where(Contact.email_digest.is_not(None)).distinct()
    owners = session.scalars(select(Account.public_id).where(Account.id.in_(kept))).all()
    digests = [seal.digest(email, purpose=f"contacts:{public_id}") for public_id in owners]
    whole = (joinedload(Contact.campaign), joinedload(Contact.event))
    return [
        contact
        for some in _chunks(digests)
        for contact in session.scalars(
            select(Contact).where(Contact.email_digest.in_(some)).options(*whole).order_by(Contact.id)
        )
    ]


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), _AT_A_TIME):
        yield items[start : start + _AT_A_TIME]


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
