"""An answer that becomes another one, or is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator.audit.service import ANYONE, record
from coordinator.rsvps.rules import ClosedError, Count, NoPlaceError, RsvpStatus, consent_wording, place_for
from coordinator.rsvps.service.helping import free_offers, set_offers
from coordinator.rsvps.service.tallying import is_open, lock_answer, move, share_of
from coordinator.rsvps.service.telling import keep_contact, keep_roles
from coordinator.rsvps.service.waiting import fill

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp
    from coordinator.rsvps.rules import RsvpChange


def change_rsvp(session: Session, rsvp: Rsvp, change: RsvpChange, *, seal: Seal, now: datetime) -> None:
    """Make the answer what it is to be: another size, coming instead of maybe, back after cancelling.

    Whoever comes back, or turns a maybe into coming when every place is taken, joins the end of the queue.
    Whoever says "coming" while a place is held for them takes it.

    Raises:
        ClosedError: the event takes no answers any more.
        NoPlaceError: a party with a place wants to grow and does not fit; nothing was changed.
        PartySizeError: nobody, or too many.
    """
    event, tally = lock_answer(session, rsvp)
    if not is_open(event, now):
        raise ClosedError
    before = share_of(rsvp)
    status = _status_after(rsvp, change, capacity=event.capacity, taken=tally.taken)
    if status is RsvpStatus.WAITLISTED:
        rsvp.waiting_since = now if rsvp.lapsed_at else rsvp.waiting_since or now
    else:
        rsvp.waiting_since = None
    rsvp.offered_until = rsvp.lapsed_at = None
    rsvp.proposed_sealed = rsvp.proposed_at = None
    rsvp.status = status
    rsvp.party_size = change.party_size
    rsvp.name_sealed = seal.encrypt(change.name)
    rsvp.note_sealed = seal.encrypt(change.note)
    rsvp.needs_sealed = seal.encrypt(change.needs)
    gained, lost = set_offers(session, rsvp, event, change.help, now=now)
    has_address = bool(change.phone) or rsvp.email_digest is not None
    is_contact = change.is_contact_agreed and has_address
    rsvp.phone_sealed = seal.encrypt(change.phone) if is_contact else None
    rsvp.consent_contact_at = (rsvp.consent_contact_at or now) if is_contact else None
    is_updates = change.is_updates_agreed and rsvp.email_digest is not None
    rsvp.consent_updates_at = (rsvp.consent_updates_at or now) if is_updates else None
    rsvp.consent_wording = consent_wording(change.locale) if is_contact or is_updates else ""
    rsvp.changed_at = now
    move(tally, before, share_of(rsvp))
    keep_contact(session, rsvp, event, seal=seal, now=now)
    keep_roles(session, rsvp, event, gained=gained, lost=lost, seal=seal, now=now)
    record(session, "rsvp:changed", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now, status=status.value)
    fill(session, event, tally, seal=seal, now=now)


def cancel_rsvp(session: Session, rsvp: Rsvp, *, seal: Seal, now: datetime) -> None:
    """Take the answer back, with every consent that came with it. Possible at any time.

    The places go to those who wait, in the same transaction.
    """
    event, tally = lock_answer(session, rsvp)
    if rsvp.status is RsvpStatus.DECLINED:
        return
    before = share_of(rsvp)
    rsvp.status = RsvpStatus.DECLINED
    rsvp.waiting_since = rsvp.offered_until = rsvp.lapsed_at = None
    rsvp.proposed_sealed = rsvp.proposed_at = None
    rsvp.phone_sealed = None
    rsvp.consent_contact_at = rsvp.consent_updates_at = None
    rsvp.consent_wording = ""
    rsvp.changed_at = now
    free_offers(session, rsvp, now=now)
    move(tally, before, share_of(rsvp))
    keep_contact(session, rsvp, event, seal=seal, now=now)
    record(session, "rsvp:cancelled", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)
    fill(session, event, tally, seal=seal, now=now)


def _status_after(rsvp: Rsvp, change: RsvpChange, *, capacity: int | None, taken: int) -> RsvpStatus:
    """Decide what a changed answer is. One whose address nobody confirmed has no place to keep."""
    share = share_of(rsvp)
    has_place = share is not None and share[0] in {Count.CONFIRMED, Count.UNCONFIRMED, Count.OFFERED}
    others = taken - rsvp.party_size if has_place else taken
    status = place_for(capacity=capacity, taken=others, party_size=change.party_size)
    if change.status is RsvpStatus.TENTATIVE:
        return RsvpStatus.TENTATIVE
    if has_place and status is RsvpStatus.WAITLISTED:
        if change.party_size > rsvp.party_size:
            raise NoPlaceError
        return RsvpStatus.ACCEPTED  # the capacity was lowered after they came in
    return status
