"""Links with which people see and erase what is kept about them, and that they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from coordinator.kit.db import Base, one_of
from coordinator.kit.personal import Holds, Until, personal
from coordinator.privacy.rules import ErasureKind

_UNCOPIED = text("copied_at IS NULL")


class DataRequest(Base):
    """Somebody asked what is kept about an address; only its mailbox gets the link."""

    __tablename__ = "data_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(
        String(64), unique=True, info=personal(Holds.LINK, Until.EXPIRY)
    )
    email_sealed: Mapped[str] = mapped_column(Text, info=personal(Holds.EMAIL, Until.EXPIRY))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Erasure(Base):
    """Somebody was erased on their own wish. A backup may still hold them, and be restored: see `ledger`."""

    __tablename__ = "erasure"
    __table_args__ = (Index("ix_erasure_uncopied", "id", sqlite_where=_UNCOPIED, postgresql_where=_UNCOPIED),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(10), unique=True)
    kind: Mapped[ErasureKind] = mapped_column(one_of(ErasureKind))
    mark: Mapped[str] = mapped_column(String(64), info=personal(Holds.DIGEST, Until.EXPIRY))
    """What finds it again in a restored database, and leads nowhere in this one: see `ErasureKind`."""
    erased_at: Mapped[datetime] = mapped_column(index=True)
    copied_at: Mapped[datetime | None]
    """When the worker wrote it into the ledger, which no restored backup takes away."""
