"""Embassies and consulates."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, attribute_keyed_dict, mapped_column, relationship

from coordinator.kit.db import Base, one_of
from coordinator.missions.rules import (
    LONGEST_CODE,
    Decision,
    Finding,
    MissionKind,
    MissionStatus,
    SourceName,
)
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

    def city_in(self, locale: str, city: str) -> str:
        """Return what `locale` calls `city` if that is where the mission is; `city` itself if it is not."""
        return self.name_in(locale).city if city == self.name_in("en").city else city


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


class MissionFinding(Base):
    """What another source says of a mission, each time as it said it last. Public data, nobody's own."""

    __tablename__ = "mission_finding"
    __table_args__ = (UniqueConstraint("source", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[SourceName] = mapped_column(one_of(SourceName))
    key: Mapped[str] = mapped_column(String(40))
    mission_id: Mapped[int | None] = mapped_column(ForeignKey("mission.id", ondelete="SET NULL"), index=True)
    mission: Mapped[Mission | None] = relationship()
    """Which of ours it is, once somebody has said so."""
    decision: Mapped[Decision] = mapped_column(one_of(Decision), default=Decision.WAITING)
    sending_state: Mapped[str] = mapped_column(String(2), index=True)
    receiving_state: Mapped[str] = mapped_column(String(2))
    kind: Mapped[MissionKind] = mapped_column(one_of(MissionKind))
    names: Mapped[dict[str, str]] = mapped_column(JSON)
    cities: Mapped[dict[str, str]] = mapped_column(JSON)
    address: Mapped[str] = mapped_column(String(300), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    precision: Mapped[Precision | None] = mapped_column(one_of(Precision))
    website: Mapped[str] = mapped_column(String(300), default="")
    is_closed: Mapped[bool] = mapped_column(default=False)
    closed_on: Mapped[date | None]
    same_as: Mapped[str] = mapped_column(String(40), default="")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    is_gone: Mapped[bool] = mapped_column(default=False)
    """The source did not list it when it was last asked for all of its state."""
    settled: Mapped[str] = mapped_column(String(80), default="")
    """The difference that somebody has looked at and left as it is; another one is shown again."""

    @property
    def point(self) -> Point | None:
        """Return where the source has it."""
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.latitude, self.longitude)

    def finding(self) -> Finding:
        """Return it as it was read."""
        return Finding(
            source=self.source,
            key=self.key,
            sending_state=self.sending_state,
            receiving_state=self.receiving_state,
            kind=self.kind,
            names=self.names,
            cities=self.cities,
            address=self.address,
            point=self.point,
            precision=self.precision,
            website=self.website,
            is_closed=self.is_closed,
            closed_on=self.closed_on,
            same_as=self.same_as,
        )
