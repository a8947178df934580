"""Links with which people see and erase what is kept about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from coordinator.kit.db import Base
from coordinator.kit.personal import Holds, Until, personal


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
