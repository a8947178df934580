"""What people do with RSVPs. Each function is one act; none of them commits.

Every act takes the lock of the event's tally first (`SELECT … FOR UPDATE` on PostgreSQL; on SQLite a
writing transaction is alone anyway), reads what it decides on under that lock, and moves the tally in the
same transaction. So the last place is given once, and the numbers are always those of the answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coordinator.audit.service import ANYONE, WORKER, record
from coordinator.contacts.service import add_contact, forget_contact
from coordinator.events.rules import digest_purpose
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import new_token, token_digest
from coordinator.outbox.service import post
from coordinator.rsvps.mail import facts_for
from coordinator.rsvps.models import Rsvp, RsvpTally
from coordinator.rsvps.queries import counted, empty_tally, rsvp_of, waiting_parties
from coordinator.rsvps.rules import (
    ClosedError,
    Count,
    NoPlaceError,
    RsvpStatus,
    answers_close_at,
    consent_wording,
    counted_as,
    place_for,
    takes_answers,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.rules import RsvpChange, RsvpDetails


class Answer(NamedTuple):
    """What became of a submitted form."""

    rsvp: Rsvp
    token: str | None
    """Of the manage link, to be shown now. None where only a mail may carry it."""


def is_open(event: Event, now: datetime) -> bool:
    """Tell whether `event` takes answers."""
    closes_at = answers_close_at(
        starts_at=event.starts_at, ends_at=event.ends_at, is_time_known=event.is_time_known
    )
    return takes_answers(event.status, closes_at=closes_at, now=now)


def submit_rsvp(session: Session, event: Event, details: RsvpDetails, *, seal: Seal, now: datetime) -> Answer:
    """Give the party a place or put it in the queue, and write to those who left an address.

    A second answer from one address changes nothing and sends the first message again, at most once an
    hour, so the page shows a stranger nothing about who is coming. The same form sent twice is one answer.

    Raises:
        ClosedError: the event takes no answers.
        PartySizeError: nobody, or too many.
    """
    is_by_mail = bool(details.email)
    token = _token_for(event, details, seal)
    tally = lock_tally(session, event)
    if not is_open(event, now):
        raise ClosedError
    status = place_for(capacity=event.capacity, taken=tally.taken, party_size=details.party_size)
    if details.status is RsvpStatus.TENTATIVE:
        status = RsvpStatus.TENTATIVE
    rsvp = _sealed(event, details, token, seal=seal, now=now)
    rsvp.status = status
    rsvp.waiting_since = now if status is RsvpStatus.WAITLISTED else None
    before = _same_answer(session, rsvp)
    if before is not None:
        if is_by_mail:
            _send_link(session, before, event, seal=seal, now=now)
        return Answer(before, None if is_by_mail else token)
    session.add(rsvp)
    session.flush()  # the contact and the message name it by its public id
    _move(tally, None, _share(rsvp))
    _keep_contact(session, rsvp, event, seal=seal, now=now)
    record(session, "rsvp:submitted", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now, status=status.value)
    if is_by_mail:
        _send_link(session, rsvp, event, seal=seal, now=now)
    return Answer(rsvp, None if is_by_mail else token)


def confirm_rsvp(session: Session, rsvp: Rsvp, *, seal: Seal, now: datetime) -> None:
    """Note that the address is theirs, and give the party its place or put it in the queue, if it comes.

    Until now it held none, whatever the page said: see `RsvpTally`. Confirming twice is confirming once.

    Raises:
        ClosedError: the event takes no answers any more.
    """
    event, tally = _lock(session, rsvp)
    if rsvp.email_digest is None or rsvp.confirmed_at is not None:
        return
    if not is_open(event, now):
        raise ClosedError
    before = _share(rsvp)
    rsvp.confirmed_at = now
    if rsvp.status in {RsvpStatus.ACCEPTED, RsvpStatus.WAITLISTED}:
        rsvp.status = place_for(capacity=event.capacity, taken=tally.taken, party_size=rsvp.party_size)
        is_waiting = rsvp.status is RsvpStatus.WAITLISTED
        rsvp.waiting_since = (rsvp.waiting_since or now) if is_waiting else None
    _move(tally, before, _share(rsvp))
    _keep_contact(session, rsvp, event, seal=seal, now=now)
    record(session, "rsvp:confirmed", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)
    _fill(session, event, tally, seal=seal, now=now)


def change_rsvp(session: Session, rsvp: Rsvp, change: RsvpChange, *, seal: Seal, now: datetime) -> None:
    """Make the answer what it is to be: another size, coming instead of maybe, back after cancelling.

    Whoever comes back, or turns a maybe into coming when every place is taken, joins the end of the queue.

    Raises:
        ClosedError: the event takes no answers any more.
        NoPlaceError: a party with a place wants to grow and does not fit; nothing was changed.
        PartySizeError: nobody, or too many.
    """
    event, tally = _lock(session, rsvp)
    if not is_open(event, now):
        raise ClosedError
    before = _share(rsvp)
    status = _status_after(rsvp, change, capacity=event.capacity, taken=tally.taken)
    if status is RsvpStatus.WAITLISTED:
        rsvp.waiting_since = rsvp.waiting_since or now
    else:
        rsvp.waiting_since = None
    rsvp.status = status
    rsvp.party_size = change.party_size
    rsvp.name_sealed = seal.encrypt(change.name)
    rsvp.note_sealed = seal.encrypt(change.note)
    rsvp.help = " ".join(change.help)
    has_address = bool(change.phone) or rsvp.email_digest is not None
    is_contact = change.is_contact_agreed and has_address
    rsvp.phone_sealed = seal.encrypt(change.phone) if is_contact else None
    rsvp.consent_contact_at = (rsvp.consent_contact_at or now) if is_contact else None
    is_updates = change.is_updates_agreed and rsvp.email_digest is not None
    rsvp.consent_updates_at = (rsvp.consent_updates_at or now) if is_updates else None
    rsvp.consent_wording = consent_wording(change.locale) if is_contact or is_updates else ""
    rsvp.changed_at = now
    _move(tally, before, _share(rsvp))
    _keep_contact(session, rsvp, event, seal=seal, now=now)
    record(session, "rsvp:changed", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now, status=status.value)
    _fill(session, event, tally, seal=seal, now=now)


def cancel_rsvp(session: Session, rsvp: Rsvp, *, seal: Seal, now: datetime) -> None:
    """Take the answer back, with every consent that came with it. Possible at any time.

    The places go to those who wait, in the same transaction.
    """
    event, tally = _lock(session, rsvp)
    if rsvp.status is RsvpStatus.DECLINED:
        return
    before = _share(rsvp)
    rsvp.status = RsvpStatus.DECLINED
    rsvp.waiting_since = None
    rsvp.phone_sealed = None
    rsvp.consent_contact_at = rsvp.consent_updates_at = None
    rsvp.consent_wording = ""
    rsvp.changed_at = now
    _move(tally, before, _share(rsvp))
    _keep_contact(session, rsvp, event, seal=seal, now=now)
    record(session, "rsvp:cancelled", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)
    _fill(session, event, tally, seal=seal, now=now)


def settle_waitlist(session: Session, event: Event, *, seal: Seal, now: datetime) -> int:
    """Take in those who wait and fit, after the capacity was raised. Return how many parties came in.

    A capacity that was lowered takes no place away from anybody; it only keeps others waiting.
    """
    return _fill(session, event, lock_tally(session, event), seal=seal, now=now)


def recount(session: Session, *, is_check: bool = False) -> list[int]:
    """Make every tally what its answers say, or only look where `is_check`.

    Return the ids of events whose tally said something else.
    """
    tallies = {
        tally.event_id: tally
        for tally in session.scalars(select(RsvpTally).order_by(RsvpTally.event_id).with_for_update())
    }
    right = counted(session)
    wrong = []
    for event_id in sorted(tallies.keys() | right.keys()):
        numbers = right.get(event_id, dict.fromkeys(Count, 0))
        tally = tallies.get(event_id) or empty_tally(event_id)
        if all(getattr(tally, count) == people for count, people in numbers.items()):
            continue
        wrong.append(event_id)
        if not is_check:
            for count, people in numbers.items():
                setattr(tally, count, people)
            session.add(tally)
    return wrong


def lock_tally(session: Session, event: Event) -> RsvpTally:
    """Return the event's tally, locked to the end of the transaction; the event is read again under it."""
    tally = session.get(RsvpTally, event.id, with_for_update=True, populate_existing=True)
    if tally is None:
        try:
            with session.begin_nested():
                session.add(empty_tally(event.id))
        except IntegrityError:  # somebody else answered first, at the same moment
            session.expire_all()
        tally = session.get_one(RsvpTally, event.id, with_for_update=True, populate_existing=True)
    session.refresh(event)
    return tally


def remove_rsvp(session: Session, rsvp: Rsvp, tally: RsvpTally) -> None:
    """Delete an answer and take it out of the locked `tally`."""
    _move(tally, _share(rsvp), None)
    session.delete(rsvp)


def _token_for(event: Event, details: RsvpDetails, seal: Seal) -> str:
    """Return the token of the manage link: the same one when the same form is sent again.

    An answer by mail and one without have different tokens, so that the one that is shown in the
    browser is never the one that stands for having read the mail.
    """
    if not details.request_id:
        return new_token()
    way = "mail" if details.email else "page"
    return seal.derive_token("rsvp", way, event.public_id, details.request_id)


def _sealed(event: Event, details: RsvpDetails, token: str, *, seal: Seal, now: datetime) -> Rsvp:
    """Return the answer as a row that is not in the session yet."""
    is_contact = details.is_contact_agreed and bool(details.email or details.phone)
    is_updates = details.is_updates_agreed and bool(details.email)
    return Rsvp(
        public_id=new_public_id(),
        event_id=event.id,
        party_size=details.party_size,
        locale=details.locale,
        name_sealed=seal.encrypt(details.name),
        email_sealed=seal.encrypt(details.email),
        email_digest=(
            seal.digest(details.email, purpose=digest_purpose(event.public_id)) if details.email else None
        ),
        phone_sealed=seal.encrypt(details.phone) if is_contact else None,  # nobody else may use it
        note_sealed=seal.encrypt(details.note),
        help=" ".join(details.help),
        token_digest=token_digest(token),
        token_sealed=seal.encrypt(token) if details.email else None,
        consent_updates_at=now if is_updates else None,
        consent_contact_at=now if is_contact else None,
        consent_wording=consent_wording(details.locale) if is_contact or is_updates else "",
        submitted_at=now,
    )


def _same_answer(session: Session, rsvp: Rsvp) -> Rsvp | None:
    """Return what this form or this address has answered before."""
    repeated = session.scalar(select(Rsvp).where(Rsvp.token_digest == rsvp.token_digest))
    if repeated is not None or rsvp.email_digest is None:
        return repeated
    return rsvp_of(session, rsvp.event_id, rsvp.email_digest)


def _status_after(rsvp: Rsvp, change: RsvpChange, *, capacity: int | None, taken: int) -> RsvpStatus:
    """Decide what a changed answer is. One whose address nobody confirmed has no place to keep."""
    share = _share(rsvp)
    has_place = share is not None and share[0] in {Count.CONFIRMED, Count.UNCONFIRMED}
    others = taken - rsvp.party_size if has_place else taken
    status = place_for(capacity=capacity, taken=others, party_size=change.party_size)
    if change.status is RsvpStatus.TENTATIVE:
        return RsvpStatus.TENTATIVE
    if has_place and status is RsvpStatus.WAITLISTED:
        if change.party_size > rsvp.party_size:
            raise NoPlaceError
        return RsvpStatus.ACCEPTED  # the capacity was lowered after they came in
    return status


def _lock(session: Session, rsvp: Rsvp) -> tuple[Event, RsvpTally]:
    """Lock the tally of the answer's event, then read the answer again."""
    event = rsvp.event
    tally = lock_tally(session, event)
    session.refresh(rsvp)
    return event, tally


def _share(rsvp: Rsvp) -> tuple[Count, int] | None:
    """Return what the answer adds to which number of the tally."""
    count = counted_as(
        rsvp.status, has_email=rsvp.email_digest is not None, is_confirmed=rsvp.confirmed_at is not None
    )
    return None if count is None else (count, rsvp.party_size)


def _move(tally: RsvpTally, before: tuple[Count, int] | None, after: tuple[Count, int] | None) -> None:
    """Take out of the locked tally what an answer was, and put in what it is."""
    if before is not None:
        setattr(tally, before[0], getattr(tally, before[0]) - before[1])
    if after is not None:
        setattr(tally, after[0], getattr(tally, after[0]) + after[1])


def _fill(session: Session, event: Event, tally: RsvpTally, *, seal: Seal, now: datetime) -> int:
    """Take in waiting parties that fit, first come first; a smaller one may pass a larger (decision 004)."""
    if tally.waitlisted == 0 or not is_open(event, now):
        return 0
    room = None if event.capacity is None else event.capacity - tally.taken
    if room is not None and room < 1:
        return 0
    taken_in = 0
    for rsvp in session.scalars(waiting_parties(event.id, largest=room)).all():
        status = place_for(capacity=event.capacity, taken=tally.taken, party_size=rsvp.party_size)
        if status is not RsvpStatus.ACCEPTED:
            continue
        before = _share(rsvp)
        since = rsvp.waiting_since or rsvp.submitted_at
        rsvp.status = RsvpStatus.ACCEPTED
        rsvp.waiting_since = None
        _move(tally, before, _share(rsvp))
        record(session, "rsvp:taken-in", f"rsvp:{rsvp.public_id}", by=WORKER, at=now)
        _send(session, rsvp, event, "place", since.isoformat(), seal=seal, now=now)
        taken_in += 1
    return taken_in


def _keep_contact(session: Session, rsvp: Rsvp, event: Event, *, seal: Seal, now: datetime) -> None:
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
            consent_at=agreed_at,
            consent_wording=rsvp.consent_wording,
            seal=seal,
            now=now,
        )


def _send_link(session: Session, rsvp: Rsvp, event: Event, *, seal: Seal, now: datetime) -> None:
    """Send the confirm link, or the manage link to whom confirmed already; at most one an hour."""
    template = "confirm" if rsvp.confirmed_at is None else "manage"
    _send(session, rsvp, event, template, f"{now:%Y%m%d%H}", seal=seal, now=now)


def _send(  # noqa: PLR0913 whom, about what, which words, how
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
        context=facts_for(rsvp, event, token),
        seal=seal,
        now=now,
    )
