"""Help that people offer with their answer, and what the organiser makes of it.

Every act takes the lock of the event's tally, as all acts of RSVPs do: two clicks assign once, and nobody
is assigned whose answer is being taken back at the same moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.exc import InvalidRequestError

from coordinator.audit.service import ANYONE, record
from coordinator.events.helping import codes_of, roles_from
from coordinator.events.rules import ANNOUNCED, WrongStateError
from coordinator.kit.ids import new_public_id
from coordinator.outbox.service import post
from coordinator.rsvps.mail import facts_for
from coordinator.rsvps.models import HelpOffer, Rsvp
from coordinator.rsvps.rules import EXPECTED, NotOfferedError
from coordinator.rsvps.service.tallying import lock_answer
from coordinator.rsvps.service.telling import keep_roles

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.events.models import Event
    from coordinator.kit.crypto import Seal


class OffersChanged(NamedTuple):
    """Codes of what somebody offers anew, and of what they take back."""

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def add_offers(session: Session, rsvp: Rsvp, event: Event, codes: Iterable[str], *, now: datetime) -> None:
    """Write down what somebody offers with a first answer. Nothing is asked or written when it is nothing."""
    known = codes_of(event.help_wanted)
    session.add_all(_offer(rsvp, code, now) for code in dict.fromkeys(codes) if code in known)


def set_offers(
    session: Session, rsvp: Rsvp, event: Event, codes: Iterable[str], *, now: datetime
) -> OffersChanged:
    """Make `codes` what somebody offers from now on; under the lock of the event's tally.

    What the organiser does not list any more can't be chosen, and stays as it is.
    """
    gained, lost = [], []
    known = codes_of(event.help_wanted)
    wanted = set(codes) & set(known)
    offers = {offer.code: offer for offer in session.scalars(_offers_of(rsvp))}
    for code, offer in offers.items():
        if code in known and code not in wanted:
            _take_back(session, offer, now)
            lost.append(code)
        elif offer.withdrawn_at is not None:
            offer.withdrawn_at, offer.offered_at = None, now
            gained.append(code)
    new = [code for code in known if code in wanted - offers.keys()]
    session.add_all(_offer(rsvp, code, now) for code in new)
    return OffersChanged((*gained, *new), tuple(lost))


def free_offers(session: Session, rsvp: Rsvp, *, now: datetime) -> None:
    """Let go of every role of somebody who does not come."""
    for offer in session.scalars(_offers_of(rsvp)):
        _take_back(session, offer, now)


def withdraw_offer(session: Session, rsvp: Rsvp, code: str, *, seal: Seal, now: datetime) -> None:
    """Let somebody take one offer back, whatever became of it. Possible at any time."""
    event, _tally = lock_answer(session, rsvp)
    for offer in session.scalars(_offers_of(rsvp).where(HelpOffer.code == code)):
        if offer.withdrawn_at is None:
            _take_back(session, offer, now)
            keep_roles(session, rsvp, event, lost=(code,), seal=seal, now=now)
            record(session, "help:withdrawn", f"rsvp:{rsvp.public_id}", by=ANYONE, at=now)


def assign_helper(session: Session, offer: HelpOffer, *, by: Account, seal: Seal, now: datetime) -> bool:
    """Let the organiser say that somebody takes on what they offered. Return False if that was said before.

    More than are wanted may be assigned: organisers know who falls ill.

    Raises:
        NotOfferedError: it was taken back, or its answer was.
        WrongStateError: the protest is cancelled or over, and nobody is needed there.
    """
    event = _lock(session, offer)
    if offer.assigned_at is not None:
        return False
    if not takes_helpers(event, now):
        raise WrongStateError
    if offer.withdrawn_at is not None or offer.rsvp.status not in EXPECTED or not _is_known(offer.rsvp):
        raise NotOfferedError
    offer.assigned_at, offer.thanked_at = now, None
    _tell(session, offer, event, "help_assigned", seal=seal, now=now)
    _record(session, offer, event, "help:assigned", by=by, now=now)
    return True


def release_helper(session: Session, offer: HelpOffer, *, by: Account, seal: Seal, now: datetime) -> bool:
    """Let the organiser say that somebody need not do it after all. Return False if nobody was to."""
    event = _lock(session, offer)
    if offer.assigned_at is None:
        return False
    _tell(session, offer, event, "help_released", seal=seal, now=now)
    offer.assigned_at = offer.thanked_at = None
    _record(session, offer, event, "help:released", by=by, now=now)
    return True


def thank_helper(session: Session, offer: HelpOffer, *, by: Account, seal: Seal, now: datetime) -> bool:
    """Thank somebody for what they took on, once. Return False if they were thanked, or took on nothing."""
    event = _lock(session, offer)
    if offer.assigned_at is None or offer.thanked_at is not None:
        return False
    offer.thanked_at = now
    _tell(session, offer, event, "help_thanked", seal=seal, now=now)
    _record(session, offer, event, "help:thanked", by=by, now=now)
    return True


def takes_helpers(event: Event, now: datetime) -> bool:
    """Tell whether somebody may still be counted on for an event."""
    return event.status in ANNOUNCED and not event.is_over(now)


def forget_offers(session: Session, event_id: int) -> int:
    """Delete everything that was offered for an event. Return how many offers there were."""
    gone = delete(HelpOffer).where(HelpOffer.event_id == event_id).returning(HelpOffer.id)
    return len(session.execute(gone).all())


def _offers_of(rsvp: Rsvp) -> Select[HelpOffer]:
    return select(HelpOffer).where(HelpOffer.rsvp_id == rsvp.id)


def _offer(rsvp: Rsvp, code: str, now: datetime) -> HelpOffer:
    return HelpOffer(
        public_id=new_public_id(), event_id=rsvp.event_id, rsvp_id=rsvp.id, code=code, offered_at=now
    )


def _take_back(session: Session, offer: HelpOffer, now: datetime) -> None:
    """Forget an offer; one that the organiser counted on leaves a gap that they can see."""
    if offer.assigned_at is None and offer.withdrawn_at is None:
        session.delete(offer)
    elif offer.assigned_at is not None:
        offer.assigned_at = offer.thanked_at = None
        offer.withdrawn_at = now


def _lock(session: Session, offer: HelpOffer) -> Event:
    event, _tally = lock_answer(session, offer.rsvp)
    try:
        session.refresh(offer)
    except InvalidRequestError:  # taken back at the same moment
        raise NotOfferedError from None
    return event


def _is_known(rsvp: Rsvp) -> bool:
    return rsvp.email_digest is None or rsvp.confirmed_at is not None


def _record(
    session: Session, offer: HelpOffer, event: Event, tag: str, *, by: Account, now: datetime
) -> None:
    record(
        session, tag, f"rsvp:{offer.rsvp.public_id}", by=by.public_id, at=now, campaign=event.campaign.slug
    )


def _tell(
    session: Session, offer: HelpOffer, event: Event, template: str, *, seal: Seal, now: datetime
) -> None:
    """Write to the helper, if their address was shown to be theirs; once for each time it was assigned."""
    rsvp = offer.rsvp
    email, token = seal.decrypt(rsvp.email_sealed), seal.decrypt(rsvp.token_sealed)
    if rsvp.confirmed_at is None or email is None or token is None:
        return
    words = next((role.words for role in roles_from(event.help_wanted) if role.code == offer.code), "")
    assigned = offer.assigned_at or now
    post(
        session,
        key=f"help:{offer.public_id}:{template}:{assigned.isoformat()}",
        template=f"rsvps/{template}",
        recipient=email,
        locale=rsvp.locale,
        about=f"rsvp:{rsvp.public_id}",
        context=facts_for(rsvp, event, token) | {"role": offer.code, "role_words": words},
        seal=seal,
        now=now,
    )
