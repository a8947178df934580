"""A campaign with as many events as wanted: real cities and missions, invented people, always the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from coordinator.accounts.models import Account
from coordinator.campaigns.models import Campaign, CampaignText
from coordinator.campaigns.rules import CampaignStatus, DateRule
from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.kit.ids import ALPHABET, PUBLIC_ID_LENGTH
from coordinator.missions.models import Mission
from coordinator.missions.rules import MissionStatus
from coordinator.places.rules import Precision
from coordinator.rsvps.models import Rsvp, RsvpTally
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

SLUG = "bench"
SEED = 20220916
ORGANISERS = 50
EVENTS_AT_A_MISSION = 2
"""The same for every size: a mission does not get more protests because there are more in the world."""
RSVPS_TO_AN_EVENT = 3
PLACES_ASKED_FOR = 100

DESCRIPTION = (
    "We stand outside for an hour, with **candles and portraits**. Bring a friend and warm clothes.\n\n"
    "- Short speeches in two languages\n- Letters to prisoners, we bring cards and pens\n"
    "- The police know\n\nNo party flags, please. [What to write](https://example.org/letters)."
)


class City(NamedTuple):
    """A row of the gazetteer."""

    name: str
    country: str
    latitude: float
    longitude: float
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What there is to ask for."""

    event_ids: Sequence[str]
    """Public ids, in no order."""
    cities: Sequence[City]
    """The largest."""


def largest_cities(gazetteer: Path, count: int) -> list[City]:
    """Return the most populous cities of the offline index."""
    query = (
        "SELECT name, country, latitude, longitude, timezone FROM city ORDER BY population DESC, id LIMIT ?"
    )
    with closing(sqlite3.connect(gazetteer)) as database:
        return [City(*row) for row in database.execute(query, (count,))]


def fill(session: Session, *, events: int, gazetteer: Path, seal: Seal, now: datetime) -> Filled:
    """Write the campaign, its organisers, `events` published events and RSVPs. The missions are there."""
    random = Random(SEED)  # noqa: S311 the same figures every time
    cities = largest_cities(gazetteer, max(events, PLACES_ASKED_FOR))
    day = next_day_of_action(now.date())
    campaign = _campaign(session, day, now)
    organisers = _organisers(session, random, seal, now)
    doors = session.scalars(
        select(Mission)
        .where(Mission.sending_state == campaign.sending_state, Mission.status == MissionStatus.OPEN)
        .order_by(Mission.code)
    ).all()
    places = [_at_mission(door) for door in doors for _ in range(EVENTS_AT_A_MISSION)][: events // 2]
    places += [_in_city(city, random) for city in cities[: events - len(places)]]
    rows = [
        {
            **place,
            **_times(day, place["timezone"], random),
            "public_id": _public_id(random),
            "campaign_id": campaign.id,
            "organiser_id": random.choice(organisers),
            "status": EventStatus.PUBLISHED,
            "title": f"Freedom for political prisoners: {place['city']}"[:120],
            "description": DESCRIPTION,
            "languages": random.choice(("en", "ru en", "de ru", "fr ru", "es", "pl uk ru")),
            "how_to_get_there": "Five minutes from the station.",
            "accessibility": "Step-free.",
            "created_at": now,
            "updated_at": now,
            "submitted_at": now,
            "published_at": now,
        }
        for place in places
    ]
    session.execute(insert(Event), rows)
    ids = session.execute(select(Event.id, Event.public_id)).all()
    session.execute(insert(Rsvp), list(_rsvps([known for known, _ in ids], random, seal, now)))
    session.execute(
        insert(RsvpTally),
        [{"event_id": known, "confirmed": 2, "unconfirmed": 2 * (RSVPS_TO_AN_EVENT - 1)} for known, _ in ids],
    )
    public_ids = [public_id for _, public_id in ids]
    random.shuffle(public_ids)
    return Filled(event_ids=public_ids, cities=cities[:PLACES_ASKED_FOR])


def next_day_of_action(today: date) -> date:
    """Return the next 16 September, so that every event is still to come."""
    this_year = today.replace(month=9, day=16)
    return this_year if today < this_year else this_year.replace(year=today.year + 1)


def _campaign(session: Session, day: date, now: datetime) -> Campaign:
    campaign = Campaign(
        slug=SLUG,
        sending_state="RU",
        status=CampaignStatus.OPEN,
        date_rule=DateRule.DAY,
        starts_on=day,
        default_locale="en",
        created_at=now,
        texts={
            "en": CampaignText(locale="en", title="International day of action", call=DESCRIPTION),
            "ru": CampaignText(
                locale="ru", title="Международный день действий", call="Приходите к консульству."
            ),
        },
    )
    session.add(campaign)
    session.flush()
    return campaign


def _organisers(session: Session, random: Random, seal: Seal, now: datetime) -> list[int]:
    people = [f"organiser-{number}@example.org" for number in range(ORGANISERS)]
    rows = [
        {
            "public_id": _public_id(random),
            "email_sealed": seal.encrypt(email),
            "email_digest": seal.digest(email),
            "display_name_sealed": seal.encrypt(email.partition("@")[0]),
            "password_hash": "nobody signs in",
            "locale": "en",
            "created_at": now,
            "verified_at": now,
        }
        for email in people
    ]
    session.execute(insert(Account), rows)
    return list(session.scalars(select(Account.id)))


def _at_mission(door: Mission) -> dict[str, Any]:
    return {
        "mission_id": door.id,
        "address": door.address,
        "city": door.name_in("en").city,
        "country": door.receiving_state,
        "latitude": door.latitude,
        "longitude": door.longitude,
        "timezone": door.timezone,
        "precision": door.precision,
        "located_by": "mission",
    }


def _in_city(city: City, random: Random) -> dict[str, Any]:
    return {
        "mission_id": None,
        "address": f"Central square, {city.name}",
        "city": city.name,
        "country": city.country,
        "latitude": round(city.latitude + random.uniform(-0.02, 0.02), 5),
        "longitude": round(max(-180.0, min(180.0, city.longitude + random.uniform(-0.02, 0.02))), 5),
        "timezone": city.timezone,
        "precision": Precision.EXACT,
        "located_by": "organiser",
    }


def _times(day: date, zone: str, random: Random) -> dict[str, Any]:
    starts = datetime.combine(day, time(random.randint(10, 19), random.choice((0, 30))))
    ends = starts + timedelta(minutes=90)
    there = ZoneInfo(zone)
    return {
        "timezone": zone,
        "starts_local": starts,
        "ends_local": ends,
        "starts_at": starts.replace(tzinfo=there).astimezone(UTC),
        "ends_at": ends.replace(tzinfo=there).astimezone(UTC),
    }


def _rsvps(event_ids: Sequence[int], random: Random, seal: Seal, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the answers: the first of each event by mail and confirmed, the others without an address."""
    name = seal.encrypt("Ada")
    for event_id in event_ids:
        for number in range(RSVPS_TO_AN_EVENT):
            email = f"ada-{event_id}@example.org" if number == 0 else None
            yield {
                "public_id": _public_id(random),
                "event_id": event_id,
                "status": RsvpStatus.ACCEPTED,
                "party_size": 2,
                "locale": "en",
                "name_sealed": name,
                "email_sealed": seal.encrypt(email),
                "email_digest": seal.digest(email) if email else None,
                "token_digest": f"{random.getrandbits(256):064x}",
                "submitted_at": now,
                "confirmed_at": now if email else None,
            }


def _public_id(random: Random) -> str:
    return "".join(random.choices(ALPHABET, k=PUBLIC_ID_LENGTH))
