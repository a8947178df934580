"""Protests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coordinator.accounts.models import Account
from coordinator.campaigns.models import Campaign
from coordinator.events.rules import (
    LARGEST_CAPACITY,
    LONGEST_ADDRESS,
    LONGEST_CONTACT,
    LONGEST_PUBLIC_REASON,
    LONGEST_TITLE,
    CountShown,
    EventStatus,
    NoteKind,
    NoticeKind,
    is_over,
)
from coordinator.kit.db import Base, WallTime, one_of
from coordinator.kit.personal import Holds, Until, personal
from coordinator.missions.models import Mission
from coordinator.places.rules import Point, Precision


class Event(Base):
    """One protest, as the public sees it; a change that waits for review is kept in `proposed`.

    Times are kept three ways: the wall time as typed, the zone of the place, and the instant
    that follows from both, which lists and feeds are sorted by.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint(f"capacity IS NULL OR capacity BETWEEN 1 AND {LARGEST_CAPACITY}", name="capacity"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="point_whole"),
        CheckConstraint(
            "latitude IS NULL OR latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="point"
        ),
        CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name="times_in_order"),
        CheckConstraint("status != 'published' OR latitude IS NOT NULL", name="published_is_located"),
        Index(None, "campaign_id", "status", "country", "city", "starts_at", "id"),
        Index(None, "campaign_id", "status", "starts_at"),
        Index(None, "campaign_id", "updated_at"),
        Index(None, "mission_id", "starts_at"),
        Index(None, "organiser_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    campaign: Mapped[Campaign] = relationship()
    organiser_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    organiser: Mapped[Account] = relationship()
    mission_id: Mapped[int | None] = mapped_column(ForeignKey("mission.id"))
    mission: Mapped[Mission | None] = relationship()
    status: Mapped[EventStatus] = mapped_column(one_of(EventStatus), default=EventStatus.DRAFT)

    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    description: Mapped[str] = mapped_column(Text, default="")
    """Markdown."""

    starts_local: Mapped[datetime] = mapped_column(WallTime)
    """As typed, on a clock at the place."""
    starts_fold: Mapped[int] = mapped_column(default=0)
    """0 or 1: which of two equal wall times, on the night the clocks go back."""
    ends_local: Mapped[datetime | None] = mapped_column(WallTime)
    ends_fold: Mapped[int] = mapped_column(default=0)
    timezone: Mapped[str] = mapped_column(String(60))
    """IANA name."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    is_time_known: Mapped[bool] = mapped_column(default=True)
    """False: the day is announced and the time is not; `starts_local` then holds noon."""

    address: Mapped[str] = mapped_column(String(LONGEST_ADDRESS), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    """In English or as the place calls itself; lists are grouped by it."""
    country: Mapped[str] = mapped_column(String(2), default="")
    """ISO 3166-1 alpha-2; empty until the place is known."""
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    precision: Mapped[Precision | None] = mapped_column(one_of(Precision))
    located_by: Mapped[str] = mapped_column(String(40), default="")
    """Where the point comes from: "organiser", "mission", "gazetteer" or the name of a geocoder."""
    is_location_due: Mapped[bool] = mapped_column(default=False, index=True)
    """A geocoder was away when the address was typed; the worker asks again."""

    how_to_get_there: Mapped[str] = mapped_column(Text, default="")
    accessibility: Mapped[str] = mapped_column(Text, default="")
    """In the organiser's words."""
    accessibility_features: Mapped[str] = mapped_column(String(120), default="", server_default=text("''"))
    """Codes of `accessibility.Feature`, separated by spaces; all of them have room."""
    languages: Mapped[str] = mapped_column(String(120), default="")
    """Codes of the languages spoken there, separated by spaces; all that can be ticked have room."""
    public_contact: Mapped[str] = mapped_column(
        String(LONGEST_CONTACT), default="", info=personal(Holds.PUBLISHED, Until.RETENTION)
    )
    """What the organiser wants published; never the address of their account."""
    capacity: Mapped[int | None]
    count_shown: Mapped[CountShown] = mapped_column(
        one_of(CountShown), default=CountShown.EXACT, server_default=CountShown.EXACT.value
    )

    help_wanted: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON().with_variant(JSONB(), "postgresql"), default=list, server_default=text("'[]'")
    )
    """Roles as `helping.kept_roles` writes them. With the event, not in a table: whoever reads an event, its
    form or its change needs them, and nobody looks for events by them."""

    proposed: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), info=personal(Holds.PUBLISHED, Until.RETENTION)
    )
    """Changed fields that wait for a coordinator, while the public version stays."""
    proposed_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    """RFC 5545 SEQUENCE: raised whenever the published time, place or status changes."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    """A coordinator asked the organiser something; emptied when they submit again."""
    published_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]
    """When a published time or place last changed; what it was before stands in `EventNotice.before`."""
    postponed_at: Mapped[datetime | None]
    """When it was last postponed; stays when it has a new time. Whether it is postponed says `status`."""
    postponed_because: Mapped[str] = mapped_column(
        String(LONGEST_PUBLIC_REASON), default="", server_default=text("''")
    )
    """What the organiser tells everybody about it; may be empty."""
    cancelled_at: Mapped[datetime | None]
    cancelled_because: Mapped[str] = mapped_column(String(LONGEST_PUBLIC_REASON), default="")
    """What the organiser tells everybody about it; may be empty."""

    @property
    def is_postponed(self) -> bool:
        """Tell whether its time no longer holds and a new one is not known."""
        return self.status is EventStatus.POSTPONED

    def is_over(self, now: datetime) -> bool:
        """Tell whether it is behind us."""
        return is_over(
            self.status,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            is_time_known=self.is_time_known,
            now=now,
        )

    @property
    def point(self) -> Point | None:
        """Return where people stand, or None while nobody knows."""
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.latitude, self.longitude)


class ReviewNote(Base):
    """One step of the conversation between coordinators and an organiser. The words are sealed."""

    __tablename__ = "review_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    event: Mapped[Event] = relationship()
    author_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    kind: Mapped[NoteKind] = mapped_column(one_of(NoteKind))
    text_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    at: Mapped[datetime]


class EventNotice(Base):
    """Something that everybody who comes has to be told. The worker turns it into one message each.

    It is written in the transaction of the change itself, so a change and its news can't be parted,
    and the organiser does not wait while two thousand messages are written.
    """

    __tablename__ = "event_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    event: Mapped[Event] = relationship()
    kind: Mapped[NoticeKind] = mapped_column(one_of(NoticeKind))
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the changed fields said before: public facts of the event, nothing of people."""
    at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the last message was written."""
    last_rsvp_id: Mapped[int] = mapped_column(default=0)
    """How far the worker came; it goes on from there after a fault."""
