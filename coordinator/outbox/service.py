"""Posting a message: a row in the transaction of what it reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from coordinator.kit.db import insert_once
from coordinator.kit.ids import new_public_id
from coordinator.outbox.models import Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal


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
        "recipient_digest": seal.digest(recipient, purpose="message"),
        "context_sealed": seal.encrypt(json.dumps(dict(context), ensure_ascii=False)),
        "created_at": now,
        "due_at": due_at or now,
        "is_asked_for": is_asked_for,
    }
    return insert_once(session, Message, message, unique="key")
