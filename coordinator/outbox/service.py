"""Posting a message: a row in the transaction of what it reports. And what comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from coordinator.kit.db import insert_once
from coordinator.kit.ids import new_public_id
from coordinator.outbox.models import Message, Undeliverable
from coordinator.outbox.queries import is_free, is_waiting
from coordinator.outbox.rules import BOUNCES_FOR, BounceKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.outbox.bounces import Bounce

PURPOSE = "message"
"""Of the digests of whom messages go to."""

_AT_A_TIME = 500  # parameters of one statement


def post(  # noqa: PLR0913 each is one column of the row
    session: Session,
    *,
    key: str,
    template: str,
    recipient: str,
    locale: str,
    about: str,
    context: Mapping[str, Any],
    seal: Seal,
    now: datetime,
    due_at: datetime | None = None,
    is_asked_for: bool = False,
) -> bool:
    """Put a message into the outbox, for the worker. Return False when `key` was posted before.

    Args:
        session: the transaction of what is reported: rolled back, nothing is sent.
        key: names the fact that is reported, so that a retry or a second click posts once.
        template: folder in templates/email/, as in "rsvps/confirm".
        recipient: the address, in clear; it is sealed here.
        locale: the recipient's language.
        about: noun:public id of what the message is about.
        context: what the template needs, as JSON has it; keys that end in `_at` hold ISO instants.
            Reserved: `thread` (letters that share this text stand together in the reader's mail program)
            and `unsubscribe_url` (a page of ours where this kind of mail is stopped) become headers.
        seal: our keys.
        now: this moment.
        due_at: not before; now when left out.
        is_asked_for: its reader waits for it now (a link to confirm, a new password): it goes before all
            others, and also to an address that letters came back from, which may be alive again.
    """
    message = {
        "public_id": new_public_id(),
        "key": key,
        "template": template,
        "locale": locale,
        "about": about,
        "recipient_sealed": seal.encrypt(recipient),
        "recipient_digest": seal.digest(recipient, purpose=PURPOSE),
        "context_sealed": seal.encrypt(json.dumps(dict(context), ensure_ascii=False)),
        "created_at": now,
        "due_at": due_at or now,
        "is_asked_for": is_asked_for,
    }
    return insert_once(session, Message, message, unique="key")


def withdraw_messages(session: Session, about: str, *, now: datetime) -> int:
    """Take out of the outbox what waits there under `about`. Return how many messages.

    One that a worker is sending this very moment is not stopped: nobody could say whether it arrived.
    """
    withdrawn = delete(Message).where(Message.about == about, is_waiting(), is_free(now))
    return len(session.execute(withdrawn.returning(Message.id)).all())


def retry_given_up(session: Session, *, now: datetime) -> int:
    """Send again what was given up, as far as its words are still kept. Return how many messages."""
    again = (
        update(Message)
        .where(Message.failed_at.is_not(None), Message.recipient_sealed.is_not(None))
        .values(failed_at=None, tries=0, due_at=now, leased_until=None)
        .execution_options(synchronize_session=False)
    )
    return int(session.execute(again).rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def note_bounce(session: Session, bounce: Bounce, *, now: datetime) -> bool:
    """Write down that a letter came back. Return False when it is none that we sent lately, or known already.

    Only a report about a message of ours counts, and each message counts once: whoever sends a report again,
    or invents one, keeps nobody from hearing from us.
    """
    message = session.scalar(select(Message).where(Message.public_id == bounce.public_id).with_for_update())
    if message is None or message.bounced_at is not None:
        return False
    is_on_its_way = message.sent_at is None and message.leased_until is not None
    is_recent = message.sent_at is not None and message.sent_at > now - BOUNCES_FOR
    if not (is_recent or is_on_its_way):
        return False
    message.bounced_at, message.bounce, message.bounce_code = now, bounce.kind, bounce.code
    if bounce.kind is BounceKind.HARD and message.recipient_digest is not None:
        row = {
            "address_digest": message.recipient_digest, "since_at": now, "last_at": now,
            "code": bounce.code, "times": 1,
        }  # fmt: skip
        if not insert_once(session, Undeliverable, row, unique="address_digest"):
            again = {"last_at": now, "code": bounce.code, "times": Undeliverable.times + 1}
            session.execute(
                update(Undeliverable)
                .where(Undeliverable.address_digest == message.recipient_digest)
                .values(**again)
                .execution_options(synchronize_session=False)
            )
    return True


def forget_bounces(session: Session, email: str | None, *, seal: Seal) -> None:
    """Send to this address again: its owner has just shown that they read what goes there."""
    if email:
        digest = seal.digest(email, purpose=PURPOSE)
        session.execute(delete(Undeliverable).where(Undeliverable.address_digest == digest))


def forget_recipient(session: Session, email: str, *, seal: Seal) -> int:
    """Forget what the outbox holds of an address: what waits is not sent. Return how many messages.

    What was sent keeps its key and its state, which say nothing of anybody.
    """
    digest = seal.digest(email, purpose=PURPOSE)
    ids = session.scalars(select(Message.id).where(Message.recipient_digest == digest)).all()
    for start in range(0, len(ids), _AT_A_TIME):
        some = Message.id.in_(ids[start : start + _AT_A_TIME])
        session.execute(
            delete(Message)
            .where(some, Message.sent_at.is_(None))
            .execution_options(synchronize_session=False)
        )
        session.execute(
            update(Message)
            .where(some)
            .values(recipient_sealed=None, recipient_digest=None, context_sealed=None)
            .execution_options(synchronize_session=False)
        )
    forget_bounces(session, email, seal=seal)
    return len(ids)
