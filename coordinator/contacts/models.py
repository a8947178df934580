"""People an organiser may reach, what they agreed to, and who is never to be written to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coordinator.accounts.models import Account
from coordinator.campaigns.models import Campaign
from coordinator.contacts.rules import ImportStatus, Purpose
from coordinator.events.models import Event
from coordinator.kit.db import Base, one_of
from coordinator.kit.personal import Holds, Until, personal

_LOOSE = text("search_page_id IS NULL")


class Contact(Base):
    """Somebody an organiser may reach, for one campaign. All of it is sealed."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("event_id", "source"),
        Index(None, "owner_id", "event_id", "id"),
        Index(None, "owner_id", "campaign_id", "id"),
        Index(None, "owner_id", "email_digest"),
        Index(None, "campaign_id", "event_id"),
        Index(None, "search_page_id"),
        Index("ix_contact_loose", "owner_id", "id", sqlite_where=_LOOSE, postgresql_where=_LOOSE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    owner: Mapped[Account] = relationship()
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    """What they are kept for; it says until when."""
    campaign: Mapped[Campaign] = relationship()
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    """The protest whose form they filled in. None: imported, or written down by hand, for the campaign."""
    event: Mapped[Event | None] = relationship()
    source: Mapped[str] = mapped_column(String(40))
    """Where they came from: "rsvp:" or "import:" and a public id, or "hand"."""
    name_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.NAME, Until.FIELD))
    email_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.EMAIL, Until.RETENTION))
    email_digest: Mapped[str | None] = mapped_column(String(64), info=personal(Holds.DIGEST, Until.RETENTION))
    """Finds the address again among the contacts of one organiser; another organiser's differs."""
    phone_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.PHONE, Until.FIELD))
    tags_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """JSON list of the organiser's own words."""
    roles_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """JSON list of roles that they take: codes of `Help`, or words."""
    note_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """The organiser's own note."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    """When anything of it was last changed; an import that is taken back leaves alone what changed since."""
    search_page_id: Mapped[int | None] = mapped_column(
        ForeignKey("contact_search_page.id", ondelete="SET NULL")
    )
    """Where its words lie for the search; None while they lie nowhere."""
    consents: Mapped[list[ContactConsent]] = relationship(
        back_populates="contact",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="ContactConsent.purpose",
    )


class ContactSearchPage(Base):
    """The words of some hundred contacts of one organiser, sealed together: see contacts/searching.py."""

    __tablename__ = "contact_search_page"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    folded_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """Packed: a line of JSON with ids of contacts and of their events, and a line of words for each."""
    contacts: Mapped[int]
    last_contact_id: Mapped[int]
    """The newest contact on it: whoever needs only the newest opens no page before its turn."""
    packed_at: Mapped[datetime]


class ContactConsent(Base):
    """What a contact agreed to, when and how; and when they took it back."""

    __tablename__ = "contact_consent"
    __table_args__ = (UniqueConstraint("contact_id", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    contact: Mapped[Contact] = relationship(back_populates="consents")
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose))
    given_at: Mapped[datetime]
    wording: Mapped[str] = mapped_column(String(40))
    """Version and language of the sentence that was ticked, or "own-words" of whoever imported them."""
    source: Mapped[str] = mapped_column(String(40))
    """As of the contact."""
    withdrawn_at: Mapped[datetime | None]


class ContactMerge(Base):
    """Two contacts that were made one, for as long as that can be taken back."""

    __tablename__ = "contact_merge"
    __table_args__ = (Index(None, "gone_source"), Index(None, "expires_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    contact: Mapped[Contact] = relationship()
    """The one that stayed."""
    gone_source: Mapped[str] = mapped_column(String(40))
    """Where the other one came from; whoever is forgotten there is forgotten here."""
    before_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.EXPIRY))
    """JSON of both as they were."""
    merged_at: Mapped[datetime]
    """What the contact's own `changed_at` says as long as nobody else changed it."""
    expires_at: Mapped[datetime]


class ContactFilter(Base):
    """A search that an organiser keeps. Sealed: what somebody looks for says whom they know."""

    __tablename__ = "contact_filter"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    name_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    search_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """JSON: text, tag, role and public id of an event, as the list's address has them."""
    created_at: Mapped[datetime]


class Suppression(Base):
    """An address that one organiser never writes to again. It outlives contacts, imports and retention.

    Nothing but a keyed digest is kept: whether an address is among them can be asked; who is, can't.
    """

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("owner_id", "email_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    email_digest: Mapped[str] = mapped_column(String(64), info=personal(Holds.DIGEST, Until.NO_END))
    because: Mapped[str] = mapped_column(String(20))
    """A code: "unsubscribed", "by-hand" …"""
    suppressed_at: Mapped[datetime]


class ContactImport(Base):
    """A sheet of people on its way in, and afterwards what became of it, in numbers."""

    __tablename__ = "contact_import"
    __table_args__ = (
        Index(None, "owner_id", "id"),
        Index(None, "status", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    owner: Mapped[Account] = relationship()
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"), index=True)
    campaign: Mapped[Campaign] = relationship()
    status: Mapped[ImportStatus] = mapped_column(one_of(ImportStatus), default=ImportStatus.DRAFT)
    filename_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    consent_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.RETENTION))
    """In the organiser's words: where, when and to what these people agreed. None: to nothing."""
    agreed_at: Mapped[datetime | None]
    purposes: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Codes of `Purpose` that they agreed to."""
    encoding: Mapped[str] = mapped_column(String(20))
    separator: Mapped[str] = mapped_column(String(1))
    is_headed: Mapped[bool]
    columns: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Codes of `Column`, one for each column of the sheet."""
    is_updating: Mapped[bool] = mapped_column(default=False)
    """Whoever is a contact already gets what they lack; otherwise they stay as they are."""
    check_asked_at: Mapped[datetime | None]
    """Since when its rows are to be looked at by the worker; None: few enough for the page to look itself."""
    rows_checked: Mapped[int | None]
    """How many of them the worker has looked at."""
    outlook_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.USE))
    """JSON of what importing it would do, as `contacts.service.checking` writes it, until it starts."""
    rows: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    removed: Mapped[int] = mapped_column(default=0)
    """By taking the import back."""
    kept: Mapped[int] = mapped_column(default=0)
    """Left alone by taking it back, because somebody had changed them since."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ContactImportPiece(Base):
    """A part of the file, until it is read. Packed and sealed; none outlives the import, or a day."""

    __tablename__ = "contact_import_piece"
    __table_args__ = (UniqueConstraint("import_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("contact_import.id", ondelete="CASCADE"))
    number: Mapped[int]
    data_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.WORDS, Until.USE))


class ContactImportChange(Base):
    """What an import did to one contact, for as long as it can be taken back."""

    __tablename__ = "contact_import_change"
    __table_args__ = (Index(None, "import_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("contact_import.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    before_sealed: Mapped[str | None] = mapped_column(Text, info=personal(Holds.WORDS, Until.EXPIRY))
    """JSON of what the contact was; None: it was not there."""
    changed_at: Mapped[datetime]
    """What the contact's own `changed_at` says as long as nobody else changed it."""
