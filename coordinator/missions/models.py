"""Embassies and consulates."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from coordinator.kit.db import Base, one_of
from coordinator.missions.rules import LONGEST_CODE, MissionKind, MissionStatus
from coordinator.places.rules import Point, Precision


class Mission(Base):
    """One mission of one state in another (or at an organisation there)."""

    __tablename__ = "mission"
    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="point"),
        Index(None, "sending_state", "receiving_state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(LONGEST_CODE), unique=True)
    """Stable id in the directory and in addresses, as in "ru-de-berlin-embassy"."""
    sending_state: Mapped[str] = mapped_column(String(2))
    receiving_state: Mapped[str] = mapped_column(String(2))
    kind: Mapped[MissionKind] = mapped_column(one_of(MissionKind))
    address: Mapped[str] = mapped_column(String(300), default="")
    latitude: Mapped[float]
    longitude: Mapped[float]
    precision: Mapped[Precision] = mapped_column(one_of(Precision))
    timezone: Mapped[str] = mapped_column(String(60))
    status: Mapped[MissionStatus] = mapped_column(one_of(MissionStatus), default=MissionStatus.OPEN)
    status_on: Mapped[date | None]
    website: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(300))
    verified_at: Mapped[datetime | None]
    """When a human last checked it."""
    names: Mapped[dict[str, MissionName]] = relationship(
        back_populates="mission",
        cascade="all, delete-orphan",
        collection_class=attribute_keyed_dict("locale"),
        lazy="selectin",
    )

    @property
    def point(self) -> Point:
        """Return where the door is, as exactly as `precision` says."""
        return Point(self.latitude, self.longitude)

    def name_in(self, locale: str) -> MissionName:
        """Return name and city in `locale`, or in English, which every mission has."""
        return self.names.get(locale) or self.names["en"]


class MissionName(Base):
    """What a mission and its city are called in one language."""

    __tablename__ = "mission_name"
    __table_args__ = (UniqueConstraint("mission_id", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id", ondelete="CASCADE"))
    mission: Mapped[Mission] = relationship(back_populates="names")
    locale: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(100))
