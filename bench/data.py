"""A campaign with as many events as wanted: real cities and missions, invented people, always the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from coordinator.accounts.models import Account
from coordinator.campaigns.models import Campaign, CampaignText
from coordinator.campaigns.rules import CampaignStatus, DateRule
from coordinator.demo.growing import BATCH, DESCRIPTION, SEED, Place, answer, grow, places_in, public_id
from coordinator.events.models import Event
from coordinator.missions.models import Mission
from coordinator.missions.rules import MissionStatus
from coordinator.places.gazetteer.searching import City, Gazetteer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

SLUG = "bench"
ORGANISERS = 50
EVENTS_AT_A_MISSION = 2
"""The same for every size: a mission does not get more protests because there are more in the world."""
RSVPS_TO_AN_EVENT = 3
PLACES_ASKED_FOR = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What there is to ask for."""

    event_ids: Sequence[str]
    """Public ids, in no order."""
    cities: Sequence[City]
    """The largest."""


def fill(session: Session, *, events: int, gazetteer: Path, seal: Seal, now: datetime) -> Filled:
    """Write the campaign, its organisers, `events` published events and RSVPs. The missions are there."""
    random = Random(SEED)  # noqa: S311 the same figures every time
    cities = Gazetteer(gazetteer).largest(max(events, PLACES_ASKED_FOR))
    day = next_day_of_action(now.date())
    campaign = _campaign(session, day, now)
    organisers = _organisers(session, random, seal, now)
    doors = session.scalars(
        select(Mission)
        .where(Mission.sending_state == campaign.sending_state, Mission.status == MissionStatus.OPEN)
        .order_by(Mission.code)
    ).all()
    places = [_at_mission(door) for door in doors for _ in range(EVENTS_AT_A_MISSION)][: events // 2]
    places += places_in(cities, events - len(places), random)
    for batch in batched(places):
        ids = grow(session, campaign, batch, organisers=organisers, day=day, now=now)
        answer(session, ids, RSVPS_TO_AN_EVENT, seal=seal, now=now)
    public_ids = list(session.scalars(select(Event.public_id).order_by(Event.id)))
    random.shuffle(public_ids)
    return Filled(event_ids=public_ids, cities=cities[:PLACES_ASKED_FOR])


def batched(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    """Yield the places a thousand at a time."""
    for start in range(0, len(places), BATCH):
        yield places[start : start + BATCH]


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
            "public_id": public_id(random),
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


def _at_mission(door: Mission) -> Place:
    return Place(
        city=door.name_in("en").city,
        country=door.receiving_state,
        latitude=door.latitude,
        longitude=door.longitude,
        timezone=door.timezone,
        address=door.address,
        precision=door.precision,
        mission_id=door.id,
    )
