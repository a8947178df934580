"""Who came, in numbers, and the links with which helpers say so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coordinator.checkin.rules import LONGEST_ACT_ID, USUAL_HOURS
from coordinator.events.models import Event
from coordinator.kit.db import Base
from coordinator.kit.personal import Holds, Until, personal
from coordinator.rsvps.rules import LARGEST_PARTY


class Attendance(Base):
    """What the door last said about one answer: how many of the party came, or that it was a mistake."""

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint(f"people BETWEEN 0 AND {LARGEST_PARTY}", name="people"),
        CheckConstraint("(arrived_at IS NULL) = (people = 0)", name="arrived_with_people"),
        Index(None, "event_id", "changed_at"),
    )

    rsvp_id: Mapped[int] = mapped_column(ForeignKey("rsvp.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    people: Mapped[int]
    """Who came; 0 when it was undone."""
    arrived_at: Mapped[datetime | None]
    """None when it was undone."""
    said_at: Mapped[datetime]
    """When the button was pressed. A later press on any phone stands against it."""
    act_id: Mapped[str] = mapped_column(String(LONGEST_ACT_ID))
    """Of that press: decides between two at the same moment."""
    changed_at: Mapped[datetime]
    """When it reached us: phones ask for what is new to them."""


class DoorTally(Base):
    """The numbers of one door, written with every act; pages read this row and count nothing."""

    __tablename__ = "door_tally"
    __table_args__ = (CheckConstraint("came >= 0 AND walk_ins >= 0", name="counts"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), primary_key=True)
    came: Mapped[int] = mapped_column(default=0)
    """People of parties that had answered."""
    walk_ins: Mapped[int] = mapped_column(default=0)
    """People who had not."""

    @property
    def here(self) -> int:
        """Return everybody who came through the door."""
        return self.came + self.walk_ins


class TakenAct(Base):
    """That an act was taken, so that it is done once however often it is sent. Not what it was, nor whose."""

    __tablename__ = "door_act"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), primary_key=True)
    act_id: Mapped[str] = mapped_column(String(LONGEST_ACT_ID), primary_key=True)


class DoorLink(Base):
    """A way in for helpers: one event's door and nothing else, until it dies or is revoked."""

    __tablename__ = "door_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    event: Mapped[Event] = relationship()
    label_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """For whom the organiser made it, in their own words."""
    token_digest: Mapped[str] = mapped_column(
        String(64), unique=True, info=personal(Holds.LINK, Until.RETENTION)
    )
    has_names: Mapped[bool]
    """False: this phone gets codes and numbers, and no first names."""
    hours: Mapped[int] = mapped_column(default=USUAL_HOURS)
    """How long it lives after the event is over."""
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When it last said something; looking leaves no trace."""
    revoked_at: Mapped[datetime | None]
