"""Answers to events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coordinator.events.models import Event
from coordinator.kit.db import Base, one_of
from coordinator.kit.personal import Holds, Until, personal
from coordinator.rsvps.rules import LARGEST_PARTY, RsvpStatus

_OPEN_OFFER = text("offered_until IS NOT NULL")


class Rsvp(Base):
    """One person's answer to one event, with those they bring. Everything about them is sealed."""

    __tablename__ = "rsvp"
    __table_args__ = (
        UniqueConstraint("event_id", "email_digest"),
        CheckConstraint(f"party_size BETWEEN 1 AND {LARGEST_PARTY}", name="party_size"),
        CheckConstraint("offered_until IS NULL OR status = 'waitlisted'", name="offered_while_waiting"),
        Index(None, "event_id", "status", "id"),
        Index("ix_rsvp_offered", "offered_until", sqlite_where=_OPEN_OFFER, postgresql_where=_OPEN_OFFER),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    event: Mapped[Event] = relationship()
    status: Mapped[RsvpStatus] = mapped_column(one_of(RsvpStatus))
    party_size: Mapped[int]
    locale: Mapped[str] = mapped_column(String(10))
    name_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.NAME, Until.FIELD))
    email_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.EMAIL, Until.RETENTION))
    email_digest: Mapped[str | None] = mapped_column(
        String(64), index=True, info=personal(Holds.DIGEST, Until.RETENTION)
    )
    """Finds a repeat, tells nobody the address. Unique in one event."""
    phone_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.PHONE, Until.FIELD))
    note_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.FIELD))
    needs_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.NEEDS, Until.FIELD))
    """What somebody of the party needs to take part: a seat, a ramp, sign language."""
    help: Mapped[str] = mapped_column(String(100), default="")
    """Not used any more: `HelpOffer` took its place. It stays while an older version may run beside."""
    token_digest: Mapped[str] = mapped_column(
        String(64), unique=True, info=personal(Holds.LINK, Until.RETENTION)
    )
    """Of the private manage link."""
    token_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.LINK, Until.RETENTION))
    """The link itself, only where a later mail has to carry it."""
    consent_updates_at: Mapped[datetime | None]
    consent_contact_at: Mapped[datetime | None]
    consent_wording: Mapped[str] = mapped_column(String(40), default="")
    """Version and language of the sentences that were ticked."""
    submitted_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When the address was shown to be theirs; None for those without one."""
    changed_at: Mapped[datetime | None]
    waiting_since: Mapped[datetime | None]
    """When the party joined the end of the queue it stands in now; None for those not waiting."""
    offered_until: Mapped[datetime | None]
    """A place is held for a party that waits, until then. It takes it, or the next in line is offered it."""
    lapsed_at: Mapped[datetime | None]
    """An offer ran out unanswered; the party waits on, and is offered nothing until it says that it still
    wants to come."""
    proposed_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """JSON of another answer, given later with this address: it waits for the owner of the mailbox."""
    proposed_at: Mapped[datetime | None]
    reminders_off_at: Mapped[datetime | None]
    """When the person asked not to be reminded; changes and cancellations still reach them."""
    forgotten_at: Mapped[datetime | None]
    """When everything personal was removed; the answer stays for the statistics."""


class RsvpTally(Base):
    """How many people said what about one event: written with every answer, read by every page.

    It is also the lock that makes sure that the last place is given once. Answers whose address nobody
    has confirmed move no number that the public sees; otherwise anybody could learn whether an address
    has answered by answering for it and watching the counts.
    """

    __tablename__ = "rsvp_tally"
    __table_args__ = (
        CheckConstraint(
            "confirmed >= 0 AND unconfirmed >= 0 AND pending >= 0 AND tentative >= 0 AND waitlisted >= 0"
            " AND offered >= 0",
            name="counts",
        ),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), primary_key=True)
    confirmed: Mapped[int] = mapped_column(default=0)
    """People coming whose address was confirmed, guests included."""
    unconfirmed: Mapped[int] = mapped_column(default=0)
    """People who said so without leaving an address, guests included."""
    pending: Mapped[int] = mapped_column(default=0)
    """People who would have a place, had they confirmed their address. They hold none and are shown to
    nobody but the organiser: a place that one could see vanish would tell whether an address has answered."""
    tentative: Mapped[int] = mapped_column(default=0)
    waitlisted: Mapped[int] = mapped_column(default=0)
    offered: Mapped[int] = mapped_column(default=0, server_default="0")
    """People who waited and for whom a place is held while they decide; not among `waitlisted`."""

    @property
    def coming(self) -> int:
        """Return everybody of whom the public is told."""
        return self.confirmed + self.unconfirmed

    @property
    def taken(self) -> int:
        """Return everybody who holds a place, or has one held for them; capacity is compared with this.

        No address that nobody confirmed is among them: whoever answers and looks whether there was a place
        does not learn whether that address has answered before.
        """
        return self.coming + self.offered


class HelpOffer(Base):
    """One role that somebody offers to take on at the event that they answered, and what became of it."""

    __tablename__ = "help_offer"
    __table_args__ = (
        UniqueConstraint("rsvp_id", "code"),
        CheckConstraint("assigned_at IS NULL OR withdrawn_at IS NULL", name="not_both"),
        Index(None, "event_id", "code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    rsvp_id: Mapped[int] = mapped_column(ForeignKey("rsvp.id", ondelete="CASCADE"))
    rsvp: Mapped[Rsvp] = relationship()
    code: Mapped[str] = mapped_column(String(20), info=personal(Holds.WORDS, Until.RETENTION))
    """Of a role: see events.helping. It may be one that the organiser does not list any more."""
    offered_at: Mapped[datetime]
    assigned_at: Mapped[datetime | None]
    """When the organiser said: you do that. None while they have not."""
    thanked_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    """When somebody who had been assigned took it back; kept so that the organiser sees the gap."""
