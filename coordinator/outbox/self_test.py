"""A letter to oneself, to see whether mail goes out.

The page posts it for the worker, as any other letter; the command hands the same one over at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from coordinator.kit.errors import NotFoundError
from coordinator.outbox.models import Message
from coordinator.outbox.service import post

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

TEMPLATE = "messages/self_test"
LISTED = 5


def self_test_context(now: datetime) -> dict[str, Any]:
    """Return what the letter says."""
    return {"sent_at": now.isoformat()}


def post_self_test(
    session: Session, *, by: str, recipient: str, locale: str, seal: Seal, now: datetime
) -> str:
    """Put a letter to oneself into the outbox, as any other. Return its public id.

    A second click within the same minute posts none and returns the first.

    Args:
        session: that of the act.
        by: public id of the account that asks, and reads what becomes of it.
        recipient: their own address, shown to be theirs.
        locale: their language.
        seal: our keys.
        now: this moment.
    """
    key = f"self-test:{by}:{now:%Y%m%d%H%M}"
    post(
        session,
        key=key,
        template=TEMPLATE,
        recipient=recipient,
        locale=locale,
        about=_about(by),
        context=self_test_context(now),
        seal=seal,
        now=now,
        is_asked_for=True,
    )
    return session.scalars(select(Message.public_id).where(Message.key == key)).one()


def own_self_test(session: Session, by: str, public_id: str) -> Message:
    """Return one's own letter to oneself.

    Raises:
        NotFoundError: there is none of that number, or it is another message.
    """
    message = session.scalar(
        select(Message).where(Message.public_id == public_id, Message.about == _about(by))
    )
    if message is None:
        raise NotFoundError
    return message


def own_self_tests(session: Session, by: str) -> Sequence[Message]:
    """Return one's last letters to oneself, the newest first."""
    mine = select(Message).where(Message.about == _about(by)).order_by(Message.id.desc())
    return session.scalars(mine.limit(LISTED)).all()


def _about(by: str) -> str:
    return f"self-test:{by}"
