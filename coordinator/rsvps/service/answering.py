"""A first answer, and the click that shows that its address is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from coordinator.audit.service import ANYONE, record
from coordinator.events.queries.public import answerable_event
from coordinator.events.rules import digest_purpose
from coordinator.kit.db import insert_row
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import new_token, token_digest
from coordinator.outbox.service import forget_bounces
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.rules import ClosedError, RsvpStatus, consent_wording, counted_as, place_for
from coordinator.rsvps.service.helping import add_offers, set_offers
from coordinator.rsvps.service.proposing import propose_answer
from coordinator.rsvps.service.tallying import (
    add_people,
    is_open,
    lock_answer,
    lock_standing,
    lock_tally,
    move,
    share_of,
)
from coordinator.rsvps.service.telling import keep_contact, send, send_link
from coordinator.rsvps.service.waiting import fill

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import RsvpTally
    from coordinator.rsvps.rules import RsvpDetails


ANSWERED = (
    "status", "party_size", "locale", "name_sealed", "phone_sealed", "note_sealed", "needs_sealed",
    "consent_updates_at", "consent_contact_at", "consent_wording", "submitted_at", "waiting_since",
)  # fmt: skip
"""What an answer consists of, beside whose it is and its link."""


class Answer(NamedTuple):
    """What became of a submitted form."""

    rsvp_id: int
    token: str | None
    """Of the manage link, to be shown now. None where only a mail may carry it."""


def answer_event(
    session: Session, public_id: str, details: RsvpDetails, *, seal: Seal, now: datetime
) -> Answer:
    """Give the party a place or put it in the queue, and write to those who left an address.

    A second answer from one address replaces one that nobody has confirmed. Beside a confirmed one it waits
    until the owner of the mailbox says so. The page shows a stranger the same in each case, and a letter goes
    out at most once an hour. The same form sent twice is one answer.

    Objects are loaded only where somebody has to be told or there was an answer before: the mapper takes
    several times as long as the database.

    Raises:
        NotFoundError: there is no such event, or none that this person may know of.
        ClosedError: the event takes no answers.
        PartySizeError: nobody, or too many.
    """
    token = _token_for(public_id, details, seal)
    row = _sealed(public_id, details, token, seal=seal, now=now)
    marks = {"token_digest": row["token_digest"], "email_digest": row["email_digest"]}
    at = lock_standing(session, public_id, **marks)
    if not is_open(at, now):
        raise ClosedError
    if at.offered or (at.waiting and at.has_room):  # what became free is theirs who wait
        _serve_first(session, public_id, seal=seal, now=now)
        at = lock_standing(session, public_id, **marks)
    status = place_for(capacity=at.capacity, taken=at.taken, party_size=details.party_size)
    if details.status is RsvpStatus.TENTATIVE:
        status = RsvpStatus.TENTATIVE
    is_waiting = status is RsvpStatus.WAITLISTED
    row |= {"event_id": at.event_id, "status": status, "waiting_since": now if is_waiting else None}
    if at.before is not None:
        return _answered_again(
            session, at.before, row, details=details, public_id=public_id, token=token, seal=seal, now=now
        )
    row["id"] = insert_row(session, Rsvp, row)
    count = counted_as(status, has_email=bool(details.email), is_confirmed=False)
    if count is not None:
        add_people(session, at.event_id, count, details.party_size)
    record(session, "rsvp:submitted", f"rsvp:{row['public_id']}", by=ANYONE, at=now, status=status.value)
    if details.email or details.help or row["consent_contact_at"]:
        _tell(session, Rsvp(**row), details, public_id, seal=seal, now=now)
    return Answer(row["id"], None if details.email else token)


def _serve_first(session: Session, public_id: str, *, seal: Seal, now: datetime) -> None:
    """Take back offers whose time is over, and serve who waits."""
    event = answerable_event(session, public_id)
    fill(session, event, lock_tally(session, event), seal=seal, now=now)
    session.flush()


def _tell(
    session: Session, rsvp: Rsvp, details: RsvpDetails, public_id: str, *, seal: Seal, now: datetime
) -> None:
    """Do what follows for others from an answer that leaves them something."""
    event = answerable_event(session, public_id)
    if details.help:
        add_offers(session, rsvp, event, details.help, now=now)
    if rsvp.consent_contact_at is not None:
        keep_contact(session, rsvp, event, seal=seal, now=now)
    if details.email:
        send_link(session, rsvp, event, seal=seal, now=now)


def _answered_again(  # noqa: PLR0913 the one that stands, the new one, and what both are about
    session: Session,
    before_id: int,
    newer: dict[str, Any],
    *,
    details: RsvpDetails,
    public_id: str,
    token: str,
    seal: Seal,
    now: datetime,
) -> Answer:
    """Take the same form for the same answer; let a later one wait, or replace one that is pending."""
    before, event = session.get_one(Rsvp, before_id), answerable_event(session, public_id)
    if before.token_digest == newer["token_digest"]:
        if details.email:
            send_link(session, before, event, seal=seal, now=now)
        return Answer(before.id, None if details.email else token)
    if before.confirmed_at is not None:
        propose_answer(session, before, event, details, seal=seal, now=now)
        return Answer(before.id, None)
    _replace(session, before, newer, lock_tally(session, event), now=now)
    set_offers(session, before, event, details.help, now=now)
    send_link(session, before, event, seal=seal, now=now)
    return Answer(before.id, None)


def confirm_rsvp(session: Session, rsvp: Rsvp, *, seal: Seal, now: datetime) -> None:
    """Note that the address is theirs, and give the party its place or put it in the queue, if it comes.

    Until now it held none, whatever the page said: see `RsvpTally`. Confirming twice is confirming once.

    Raises:
        ClosedError: the event takes no answers any more.
    """
    event, tally = lock_answer(session, rsvp)
    if rsvp.email_digest is None or rsvp.confirmed_at is not None:
        return
    if not (is_open(event, now) or event.is_postponed):  # who answered before wants to hear of the new time
        raise ClosedError
    if is_open(event, now):
        fill(session, event, tally, seal=seal, now=now)  # whoever waits was there before
    before = share_of(rsvp)
    rsvp.confirmed_at = now
    forget_bounces(session, seal.decrypt(rsvp.email_sealed), seal=seal)
    if rsvp.status in {RsvpStatus.ACCEPTED, RsvpStatus.WAITLISTED}:
        rsvp.status = place_for(capacity=event.capacity, taken=tally.taken, party_size=rsvp.party_size)
        is_waiting = rsvp.status is RsvpStatus.WAITLISTED
        rsvp.waiting_since = (rsvp.waiting_since or now) if is_waiting else None
    move(tally, before, share_of(rsvp))
    keep_contact(session, rsvp, event, seal=seal, now=now)
    record(session, "rsvp:confirmed", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)
    is_coming = rsvp.status in {RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE}  # who waits hears of a place
    if is_coming and not event.is_postponed:  # and then everybody hears of the new time
        send(session, rsvp, event, "confirmed", "once", seal=seal, now=now)
    fill(session, event, tally, seal=seal, now=now)


def _token_for(public_id: str, details: RsvpDetails, seal: Seal) -> str:
    """Return the token of the manage link: the same one when the same form is sent again.

    An answer by mail and one without have different tokens, so that the one that is shown in the
    browser is never the one that stands for having read the mail.
    """
    if not details.request_id:
        return new_token()
    way = "mail" if details.email else "page"
    return seal.derive_token("rsvp", way, public_id, details.request_id)


def _sealed(public_id: str, details: RsvpDetails, token: str, *, seal: Seal, now: datetime) -> dict[str, Any]:
    """Return what an answer to the event `public_id` says, by column."""
    is_contact = details.is_contact_agreed and bool(details.email or details.phone)
    is_updates = details.is_updates_agreed and bool(details.email)
    return {
        "public_id": new_public_id(),
        "party_size": details.party_size,
        "locale": details.locale,
        "name_sealed": seal.encrypt(details.name),
        "email_sealed": seal.encrypt(details.email),
        "email_digest": (
            seal.digest(details.email, purpose=digest_purpose(public_id)) if details.email else None
        ),
        "phone_sealed": seal.encrypt(details.phone) if is_contact else None,  # nobody else may use it
        "note_sealed": seal.encrypt(details.note),
        "needs_sealed": seal.encrypt(details.needs),
        "token_digest": token_digest(token),
        "token_sealed": seal.encrypt(token) if details.email else None,
        "consent_updates_at": now if is_updates else None,
        "consent_contact_at": now if is_contact else None,
        "consent_wording": consent_wording(details.locale) if is_contact or is_updates else "",
        "submitted_at": now,
    }


def _replace(
    session: Session, pending: Rsvp, newer: dict[str, Any], tally: RsvpTally, *, now: datetime
) -> None:
    """Let a newer answer take the place of one that nobody has confirmed, under the same link."""
    before = share_of(pending)
    for name in ANSWERED:
        setattr(pending, name, newer[name])
    move(tally, before, share_of(pending))
    record(session, "rsvp:answered-again", f"rsvp:{pending.public_id}", by=ANYONE, at=now)
