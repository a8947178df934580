"""What somebody organises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from coordinator.events.models import Event
from coordinator.kit.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account


def own_event(session: Session, account: Account, public_id: str) -> Event:
    """Return an event that `account` organises.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    event = own_event_or_none(session, account, public_id)
    if event is None:
        raise NotFoundError
    return event


def own_event_or_none(session: Session, account: Account, public_id: str) -> Event | None:
    """Return an event that `account` organises, or None when there is none or it is somebody else's."""
    return session.scalar(_own(account).where(Event.public_id == public_id))


def own_events(session: Session, account: Account) -> Sequence[Event]:
    """Return everything that `account` organises, the next first."""
    return session.scalars(_own(account).order_by(Event.starts_at, Event.id)).all()


def _own(account: Account) -> Select[Event]:
    return (
        select(Event)
        .where(Event.organiser_id == account.id)
        .options(joinedload(Event.campaign), joinedload(Event.mission))
    )
