"""What follows from an answer for others: a message to the person, a contact for the organiser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.contacts.service.keeping import add_contact, follow_offers, forget_contact
from coordinator.events.helping import KINDS, roles_from
from coordinator.outbox.service import post
from coordinator.rsvps.codes import code_facts
from coordinator.rsvps.mail import facts_for
from coordinator.rsvps.models import HelpOffer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp

ASKED_FOR = frozenset({"confirm", "manage", "again"})
"""What somebody waits for who has just answered. The waiting list's news came by itself."""


WITH_CODE = frozenset({"confirmed", "place"})
"""Letters that bring the code for the door: to an address that is theirs, about a place that is theirs."""


def keep_contact(session: Session, rsvp: Rsvp, event: Event, *, seal: Seal, now: datetime) -> None:
    """Make the organiser's contact follow the consent: there while it stands, gone when it does not."""
    source = f"rsvp:{rsvp.public_id}"
    is_known = rsvp.email_digest is None or rsvp.confirmed_at is not None
    agreed_at = rsvp.consent_contact_at
    if agreed_at is None:
        forget_contact(session, event_id=rsvp.event_id, source=source)
    elif is_known:
        add_contact(
            session,
            owner_id=event.organiser_id,
            event=event,
            source=source,
            name=seal.decrypt(rsvp.name_sealed) or "",
            email=seal.decrypt(rsvp.email_sealed) or "",
            phone=seal.decrypt(rsvp.phone_sealed) or "",
            roles=_role_words(event, _offered(session, rsvp)),
            consent_at=agreed_at,
            consent_wording=rsvp.consent_wording,
            seal=seal,
            now=now,
        )


def keep_roles(  # noqa: PLR0913 whose, and what was offered and taken back
    session: Session,
    rsvp: Rsvp,
    event: Event,
    *,
    gained: Iterable[str] = (),
    lost: Iterable[str] = (),
    seal: Seal,
    now: datetime,
) -> None:
    """Make the roles of the organiser's contact follow what somebody offers, and takes back."""
    gained, lost = _role_words(event, gained), _role_words(event, lost)
    if gained or lost:
        source = f"rsvp:{rsvp.public_id}"
        follow_offers(
            session, event_id=rsvp.event_id, source=source, gained=gained, lost=lost, seal=seal, now=now
        )


def _offered(session: Session, rsvp: Rsvp) -> Iterable[str]:
    offers = select(HelpOffer.code).where(HelpOffer.rsvp_id == rsvp.id, HelpOffer.withdrawn_at.is_(None))
    return session.scalars(offers.order_by(HelpOffer.id))


def _role_words(event: Event, codes: Iterable[str]) -> list[str]:
    """Return roles as contacts keep them: an event's own ones by their words, for they outlive its list."""
    own = {role.code: role.words for role in roles_from(event.help_wanted)}
    return [code if code in KINDS else own[code] for code in codes if code in KINDS or code in own]


def send_link(session: Session, rsvp: Rsvp, event: Event, *, seal: Seal, now: datetime) -> None:
    """Send the confirm link, or the manage link to whom confirmed already; at most one an hour."""
    template = "confirm" if rsvp.confirmed_at is None else "manage"
    send(session, rsvp, event, template, f"{now:%Y%m%d%H}", seal=seal, now=now)


def send(  # noqa: PLR0913 whom, about what, which words, how
    session: Session, rsvp: Rsvp, event: Event, template: str, fact: str, *, seal: Seal, now: datetime
) -> None:
    """Post one message to the person, if they left an address. The same `fact` is told once."""
    email, token = seal.decrypt(rsvp.email_sealed), seal.decrypt(rsvp.token_sealed)
    if email is None or token is None:
        return
    post(
        session,
        key=f"rsvp:{rsvp.public_id}:{template}:{fact}",
        template=f"rsvps/{template}",
        recipient=email,
        locale=rsvp.locale,
        about=f"rsvp:{rsvp.public_id}",
        context=facts_for(rsvp, event, token)
        | (code_facts(event.public_id, rsvp.public_id, seal) if template in WITH_CODE else {}),
        seal=seal,
        now=now,
        is_asked_for=template in ASKED_FOR,
    )
