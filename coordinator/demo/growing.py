"""Fill a campaign with as many invented events as wanted, in real cities, to see how it does at world scale.

Rows, not objects: a hundred thousand events and three hundred thousand answers take a minute or two. The same
call makes the same events, so that two measurements measure the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from coordinator.campaigns.service import raise_revision
from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.kit.ids import ALPHABET, PUBLIC_ID_LENGTH
from coordinator.places.rules import Precision
from coordinator.rsvps.models import Rsvp, RsvpTally
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.kit.crypto import Seal
    from coordinator.places.gazetteer.searching import City

SEED = 20220916
BATCH = 1_000
AROUND_CITY = 0.02  # of a degree: in the city, and not all on one square
FEATURES = ("", "", "step-free", "step-free seating", "step-free toilet", "seating quiet-place sign-language")
LANGUAGES = ("en", "ru en", "de ru", "fr ru", "es", "pl uk ru")
TITLE = "Freedom for political prisoners"
DESCRIPTION = (
    "We stand outside for an hour, with **candles and portraits**. Bring a friend and warm clothes.\n\n"
    "- Short speeches in two languages\n- Letters to prisoners, we bring cards and pens\n"
    "- The police know\n\nNo party flags, please. [What to write](https://example.org/letters)."
)
PARTY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an invented event is."""

    city: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    address: str
    precision: Precision = Precision.EXACT
    mission_id: int | None = None


def places_in(cities: Sequence[City], count: int, dice: random.Random) -> Iterator[Place]:
    """Yield `count` places, the largest cities first and again when there are no more."""
    for number in range(count):
        city = cities[number % len(cities)]
        north, east = (dice.uniform(-AROUND_CITY, AROUND_CITY) for _ in range(2))
        yield Place(
            city=city.name[:100],
            country=city.country,
            latitude=round(max(-90.0, min(90.0, city.point.latitude + north)), 5),
            longitude=round(max(-180.0, min(180.0, city.point.longitude + east)), 5),
            timezone=city.timezone,
            address=f"Central square, {city.name}"[:200],
        )


def grow(
    session: Session,
    campaign: Campaign,
    places: Iterable[Place],
    *,
    organisers: Sequence[int],
    day: date,
    now: datetime,
) -> list[int]:
    """Write one published event at each of `places`, each of one of `organisers`; return their ids.

    Public ids come from the dice and not from `secrets`: nothing here is anybody's.
    """
    before = session.scalar(select(func.count(Event.id)).where(Event.campaign_id == campaign.id)) or 0
    dice = random.Random(SEED + before)  # noqa: S311 the same events every time
    rows = [_event(place, campaign, dice.choice(organisers), day, dice) | _dates(now) for place in places]
    if not rows:
        return []
    session.execute(insert(Event), rows)
    raise_revision(session, campaign)
    public_ids = [row["public_id"] for row in rows]
    found = session.execute(select(Event.public_id, Event.id).where(Event.public_id.in_(public_ids)))
    ids = {row.public_id: row.id for row in found}
    return [ids[public_id] for public_id in public_ids]


def answer(session: Session, event_ids: Sequence[int], each: int, *, seal: Seal, now: datetime) -> None:
    """Let `each` parties of two come to each event: the first confirmed, the others without an address."""
    if each < 1 or not event_ids:
        return
    dice = random.Random(SEED + event_ids[0])  # noqa: S311 nobody holds these links
    name = seal.encrypt("Ada")
    session.execute(
        insert(Rsvp),
        [
            {
                "public_id": public_id(dice),
                "event_id": event_id,
                "status": RsvpStatus.ACCEPTED,
                "party_size": PARTY,
                "locale": "en",
                "name_sealed": name,
                "email_sealed": seal.encrypt(email) if email else None,
                "email_digest": seal.digest(email) if email else None,
                "token_digest": f"{dice.getrandbits(256):064x}",
                "submitted_at": now,
                "confirmed_at": now if email else None,
            }
            for event_id in event_ids
            for email in (f"ada-{event_id}@example.org", *[None] * (each - 1))
        ],
    )
    session.execute(
        insert(RsvpTally),
        [
            {"event_id": event_id, "confirmed": PARTY, "unconfirmed": PARTY * (each - 1)}
            for event_id in event_ids
        ],
    )


def public_id(dice: random.Random) -> str:
    """Return a public id that the same dice give again."""
    return "".join(dice.choices(ALPHABET, k=PUBLIC_ID_LENGTH))


def _event(
    place: Place, campaign: Campaign, organiser: int, day: date, dice: random.Random
) -> dict[str, Any]:
    starts = datetime.combine(day, time(dice.randint(10, 19), dice.choice((0, 30))))
    ends = starts + timedelta(minutes=90)
    there = ZoneInfo(place.timezone)
    return {
        "public_id": public_id(dice),
        "campaign_id": campaign.id,
        "organiser_id": organiser,
        "mission_id": place.mission_id,
        "status": EventStatus.PUBLISHED,
        "title": f"{TITLE}: {place.city}"[:120],
        "description": DESCRIPTION,
        "languages": dice.choice(LANGUAGES),
        "how_to_get_there": "Five minutes from the station.",
        "accessibility_features": (features := dice.choice(FEATURES)),
        "accessibility": "Ask the marshals." if features else "",
        "address": place.address,
        "city": place.city,
        "country": place.country,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "precision": place.precision,
        "located_by": "mission" if place.mission_id else "organiser",
        "timezone": place.timezone,
        "starts_local": starts,
        "ends_local": ends,
        "starts_at": starts.replace(tzinfo=there).astimezone(UTC),
        "ends_at": ends.replace(tzinfo=there).astimezone(UTC),
    }


def _dates(now: datetime) -> dict[str, datetime]:
    return dict.fromkeys(("created_at", "updated_at", "submitted_at", "published_at"), now)
