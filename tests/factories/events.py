"""Protests, what coordinators said about them, and the news for those who come."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import factory

from coordinator.events.models import Event, EventNotice, ReviewNote
from coordinator.events.rules import EventStatus, NoteKind, NoticeKind
from coordinator.kit.ids import new_public_id
from coordinator.places.rules import Precision
from tests.factories.rows import RowFactory

REGISTERED = datetime(2030, 8, 1, 9, 0, tzinfo=UTC)


def _instant(local: datetime | None, zone: str, fold: int) -> datetime | None:
    return None if local is None else local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


class EventFactory(RowFactory):
    """A published protest at the embassy in Berlin, 16 September 2030, 18:00 to 19:30 on the clocks there.

    Another mission (`mission__paris=True`) brings its own place and zone.
    """

    class Meta:
        model = Event

    class Params:
        draft = factory.Trait(status=EventStatus.DRAFT, submitted_at=None, published_at=None)
        submitted = factory.Trait(status=EventStatus.SUBMITTED, published_at=None)
        rejected = factory.Trait(status=EventStatus.REJECTED, published_at=None)
        cancelled = factory.Trait(
            status=EventStatus.CANCELLED, cancelled_at=datetime(2030, 9, 1, 9, 0, tzinfo=UTC), sequence=1
        )
        postponed = factory.Trait(
            status=EventStatus.POSTPONED, postponed_at=datetime(2030, 9, 1, 9, 0, tzinfo=UTC), sequence=1
        )
        elsewhere = factory.Trait(
            mission=None, address="Alexanderplatz, Berlin", latitude=52.5219, longitude=13.4132,
            precision=Precision.EXACT, located_by="organiser",
        )  # fmt: skip
        rough = factory.Trait(precision=Precision.CITY, located_by="gazetteer")
        unlocated = factory.Trait(
            mission=None, address="Alexanderplatz, Berlin", city="", country="", latitude=None,
            longitude=None, precision=None, located_by="", is_location_due=True,
        )  # fmt: skip

    public_id = factory.LazyFunction(new_public_id)
    campaign = factory.SubFactory("tests.factories.campaigns.CampaignFactory")
    organiser = factory.SubFactory("tests.factories.accounts.AccountFactory")
    mission = factory.SubFactory("tests.factories.missions.MissionFactory")
    status = EventStatus.PUBLISHED
    title = factory.Sequence(lambda n: f"Vigil {n}")
    description = "Bring candles."
    starts_local = datetime(2030, 9, 16, 18, 0)  # noqa: DTZ001 a wall time
    starts_fold = 0
    ends_local = datetime(2030, 9, 16, 19, 30)  # noqa: DTZ001 a wall time
    ends_fold = 0
    timezone = factory.LazyAttribute(lambda row: row.mission.timezone if row.mission else "Europe/Berlin")
    starts_at = factory.LazyAttribute(lambda row: _instant(row.starts_local, row.timezone, row.starts_fold))
    ends_at = factory.LazyAttribute(lambda row: _instant(row.ends_local, row.timezone, row.ends_fold))
    is_time_known = True
    address = factory.LazyAttribute(
        lambda row: row.mission.address if row.mission else "Alexanderplatz, Berlin"
    )
    city = factory.LazyAttribute(lambda row: row.mission.name_in("en").city if row.mission else "Berlin")
    country = factory.LazyAttribute(lambda row: row.mission.receiving_state if row.mission else "DE")
    latitude = factory.LazyAttribute(lambda row: row.mission.latitude if row.mission else 52.5219)
    longitude = factory.LazyAttribute(lambda row: row.mission.longitude if row.mission else 13.4132)
    precision = Precision.BUILDING
    located_by = "mission"
    is_location_due = False
    languages = "de ru"
    sequence = 0
    created_at = REGISTERED
    updated_at = REGISTERED
    submitted_at = REGISTERED
    published_at = REGISTERED


class ReviewNoteFactory(RowFactory):
    """One step of the conversation."""

    class Meta:
        model = ReviewNote

    event = factory.SubFactory(EventFactory)
    kind = NoteKind.SUBMITTED
    at = REGISTERED


class EventNoticeFactory(RowFactory):
    """News that the worker has not spread yet."""

    class Meta:
        model = EventNotice

    event = factory.SubFactory(EventFactory)
    kind = NoticeKind.CHANGED
    before = factory.LazyFunction(dict)
    at = REGISTERED
