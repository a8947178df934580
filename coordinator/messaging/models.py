"""What is going to be said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from coordinator.accounts.models import Account
from coordinator.campaigns.models import Campaign
from coordinator.events.models import Event
from coordinator.kit.db import Base, WallTime, one_of
from coordinator.kit.personal import Holds, Until, personal
from coordinator.messaging.rules import AnnouncementStatus, AudienceKind, ReminderKind

_OPEN = text("done_at IS NULL")
_UNDER_WAY = text("status IN ('scheduled', 'sending')")


class EventReminder(Base):
    """When those who come to one event are reminded of it; the worker turns it into one message each.

    Three rows for an event, and none for an answer: they move with the event, and answering costs nothing.
    """

    __tablename__ = "event_reminder"
    __table_args__ = (
        UniqueConstraint("event_id", "kind"),
        Index("ix_event_reminder_open", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    event: Mapped[Event] = relationship()
    kind: Mapped[ReminderKind] = mapped_column(one_of(ReminderKind))
    starts_at: Mapped[datetime]
    """The start that it was planned for; when the event has another one by now, the plan is old."""
    timezone: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    """When the last message was written, or when it was of no use any more."""
    last_rsvp_id: Mapped[int] = mapped_column(default=0)
    """How far the worker came; it goes on from there after a fault."""


class Announcement(Base):
    """What somebody tells many; the worker turns it into one message each.

    An organiser writes about one event, to those who answered it or to their contacts; a coordinator writes
    to the organisers of a campaign. What became of each letter stands in the outbox, under `about`.
    """

    __tablename__ = "announcement"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'organisers') = (event_id IS NULL) AND (event_id IS NULL) = (campaign_id IS NOT NULL)",
            name="of_event_or_campaign",
        ),
        CheckConstraint("(campaign_id IS NULL) = (timezone IS NULL)", name="has_clocks"),
        Index(None, "event_id", "id"),
        Index(None, "campaign_id", "id"),
        Index(None, "author_id", "id"),
        Index("ix_announcement_under_way", "due_at", sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    kind: Mapped[AudienceKind] = mapped_column(
        one_of(AudienceKind), default=AudienceKind.ANSWERS, server_default=AudienceKind.ANSWERS.value
    )
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    event: Mapped[Event | None] = relationship()
    """None: a broadcast."""
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    """Of a broadcast alone; what is about an event belongs to the event's campaign."""
    broadcast_in: Mapped[Campaign | None] = relationship()
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    author: Mapped[Account] = relationship()
    status: Mapped[AnnouncementStatus] = mapped_column(one_of(AnnouncementStatus))
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Fields of the `rules.Audience` of its kind, but for words of the organiser's own."""
    tag_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """The tag of `ContactAudience`: how somebody calls those whom they know."""
    send_local: Mapped[datetime | None] = mapped_column(WallTime)
    """When it is to go out, on the clocks of `zone`, as typed; None for at once."""
    send_fold: Mapped[int] = mapped_column(default=0)
    timezone: Mapped[str | None] = mapped_column(String(60))
    """IANA name of a broadcast's clocks; otherwise those of the event count."""
    due_at: Mapped[datetime | None]
    """The same as a moment, from when it was handed in."""
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    """When its writer last handed it in; emptied when it is taken back."""
    is_approved: Mapped[bool] = mapped_column(default=False)
    """By a coordinator, as it stands."""
    refusal_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """Why a coordinator refused it."""
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    readers: Mapped[int] = mapped_column(default=0)
    """People it was for when it began to go out."""
    written: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    """People among them who are not to be written to any more, or who can't be."""
    last_id: Mapped[int] = mapped_column("last_rsvp_id", default=0)
    """How far the worker came, in ids of answers, contacts or accounts; it goes on from there after a fault.
    In the database it has the name of when there were answers alone, so that old code finds it."""
    texts: Mapped[dict[str, AnnouncementText]] = relationship(
        cascade="all, delete-orphan",
        collection_class=attribute_keyed_dict("locale"),
        lazy="selectin",
    )

    @property
    def about(self) -> str:
        """What its messages are about, as the outbox and the log name it."""
        noun = "broadcast" if self.event is None else "announcement"
        return f"{noun}:{self.public_id}"

    @property
    def subject_event(self) -> Event:
        """The event that it is about.

        Raises:
            LookupError: it is a broadcast.
        """
        if self.event is None:
            raise LookupError(self.about)
        return self.event

    @property
    def campaign(self) -> Campaign:
        """The campaign that it belongs to."""
        found = self.event.campaign if self.event is not None else self.broadcast_in
        if found is None:
            raise LookupError(self.about)  # a CHECK keeps this from being
        return found

    @property
    def zone(self) -> str:
        """Name of the clocks that it keeps."""
        return self.event.timezone if self.event is not None else self.timezone or "UTC"


class AnnouncementText(Base):
    """An announcement in one language. Sealed: it may speak of people."""

    __tablename__ = "announcement_text"
    __table_args__ = (UniqueConstraint("announcement_id", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"))
    locale: Mapped[str] = mapped_column(String(10))
    subject_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    body_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """Markdown."""


class BroadcastStop(Base):
    """An organiser who gets no more broadcasts of one campaign. Letters about their own events still come."""

    __tablename__ = "broadcast_stop"
    __table_args__ = (UniqueConstraint("campaign_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    stopped_at: Mapped[datetime]
