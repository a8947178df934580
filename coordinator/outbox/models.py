"""Messages waiting to go, and who carries them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from coordinator.kit.db import Base, one_of
from coordinator.kit.personal import Holds, Until, personal
from coordinator.outbox.rules import BounceKind, MessageState, state_of

_WAITING = text("sent_at IS NULL AND failed_at IS NULL")
_TRACEABLE = text("recipient_digest IS NOT NULL")
_FAILED = text("failed_at IS NOT NULL")
_BOUNCED = text("bounced_at IS NOT NULL")


class Message(Base):
    """One mail to one person: a row in the transaction that caused it, sent by the worker.

    Who it goes to and what it says are sealed, and emptied once it was sent. Only the digest of the
    address stays for `BOUNCES_FOR`: should the letter come back, no other is sent there.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("(bounced_at IS NULL) = (bounce IS NULL)", name="bounce_has_a_time"),
        Index(
            "ix_message_waiting",
            "is_asked_for",
            "due_at",
            "id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_message_traceable", "sent_at", sqlite_where=_TRACEABLE, postgresql_where=_TRACEABLE),
        Index("ix_message_failed", "failed_at", sqlite_where=_FAILED, postgresql_where=_FAILED),
        Index("ix_message_bounced", "bounced_at", sqlite_where=_BOUNCED, postgresql_where=_BOUNCED),
        Index(None, "about"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    """Part of Message-ID, so that a message sent twice is seen to be one."""
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """Names the fact that is reported; posting the same key twice posts once."""
    template: Mapped[str] = mapped_column(String(60))
    """Folder in templates/email/, as in "rsvps/confirm"."""
    locale: Mapped[str] = mapped_column(String(10))
    about: Mapped[str] = mapped_column(String(80))
    """noun:public id of what the message is about, as in "event:7x2k9c4m1p"."""
    recipient_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.EMAIL, Until.SENT))
    recipient_digest: Mapped[str | None] = mapped_column(
        String(64), info=personal(Holds.DIGEST, Until.EXPIRY)
    )
    context_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.SENT))
    """JSON object of what the template needs."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    """A worker is at it until then; after that another may try."""
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    """Given up, for a human to look at."""
    error: Mapped[str | None] = mapped_column(String(80))
    """Kind of the last failure; never an address."""
    is_asked_for: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Its reader asked for it just now: it goes before others, and where letters came back from, too."""
    bounced_at: Mapped[datetime | None]
    """The mail server took it, and it came back."""
    bounce: Mapped[BounceKind | None] = mapped_column(one_of(BounceKind))
    bounce_code: Mapped[str | None] = mapped_column(String(12))
    """Enhanced status code (RFC 3463), as in "5.1.1"."""

    @property
    def state(self) -> MessageState:
        """Where it is on its way."""
        return state_of(
            is_sent=self.sent_at is not None,
            is_failed=self.failed_at is not None,
            is_bounced=self.bounced_at is not None,
            error=self.error,
        )


class Undeliverable(Base):
    """An address that letters came back from, for good. Sending more there, we would look like spammers."""

    __tablename__ = "undeliverable"
    __table_args__ = (Index(None, "last_at"),)

    address_digest: Mapped[str] = mapped_column(
        String(64), primary_key=True, info=personal(Holds.DIGEST, Until.EXPIRY)
    )
    """With the purpose of `Message.recipient_digest`."""
    since_at: Mapped[datetime]
    last_at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(12))
    times: Mapped[int] = mapped_column(default=1)


class MailServer(Base):
    """What became of the last talk with a server that we depend on."""

    __tablename__ = "mail_server"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    """"outgoing" or "bounces"."""
    ok_at: Mapped[datetime | None]
    trouble_at: Mapped[datetime | None]
    trouble: Mapped[str | None] = mapped_column(String(80))
    """Kind of the last trouble; never an address."""


class Heartbeat(Base):
    """Sign of life of a process that nobody sees."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    beat_at: Mapped[datetime]
