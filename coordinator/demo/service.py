"""Make the demonstration campaign: invented people, real places, clearly marked."""

from __future__ import annotations

import csv
import random
import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.accounts.service import create_account
from coordinator.campaigns.models import Campaign, CampaignRole, CampaignText
from coordinator.campaigns.queries import coordinators_of
from coordinator.campaigns.rules import CampaignRoleKind, CampaignStatus, DateRule, ReviewPolicy
from coordinator.contacts.models import Contact, ContactConsent
from coordinator.contacts.roles import clean_roles
from coordinator.contacts.rules import Draft, Purpose
from coordinator.contacts.service.keeping import write_down
from coordinator.contacts.service.merging import words_text
from coordinator.demo.texts import (
    BROADCAST,
    CALL,
    DEMANDS,
    FIRST_NAMES,
    GUIDELINES,
    HASHTAGS,
    INVITATION,
    MESSAGES,
    SLUG,
    TITLE,
)
from coordinator.events.accessibility import kept_features
from coordinator.events.helping import Help, HelpRole, kept_roles
from coordinator.events.models import Event
from coordinator.events.rules import ANNOUNCED, PUBLIC, EventStatus, digest_purpose
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import new_token, token_digest
from coordinator.messaging.announcing import (
    describe_announcement,
    draft_announcement,
    draft_broadcast,
    hand_in,
)
from coordinator.messaging.rules import (
    AnnouncementDetails,
    AnswerAudience,
    ContactAudience,
    OrganiserAudience,
    Words,
)
from coordinator.missions.models import Mission
from coordinator.places.rules import Point, Precision
from coordinator.places.timezones import resolve, zone_at
from coordinator.rsvps.models import HelpOffer, Rsvp, RsvpTally
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.kit.crypto import Seal

EVENTS_FILE = Path(__file__).with_name("events.csv")
DAY, MONTH = 16, 9
ORGANISERS = 12
PASSWORD_BYTES = 9  # 72 bits, twelve characters
NOON = time(12)
PEOPLE_MET = 12
TAGS = ("marshal", "press", "drives a van")
OFFICE_ZONE = "Europe/Berlin"
WORDING = "demo"
OFFERS = ("", "", "", "marshal", "translator", "speaker", "medic legal-observer")
HELP_WANTED = (
    HelpRole(code=Help.MARSHAL, wanted=4),
    HelpRole(code=Help.TRANSLATOR, wanted=2),
    HelpRole(code=Help.MEDIC, wanted=1),
)
LOOKS_FOR_HELP = 40  # people: smaller ones manage without a list


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """How somebody signs in to the demonstration."""

    role: str
    email: str
    password: str


def next_day_of_action(today: date) -> date:
    """Return the next 16 September, today included."""
    this_year = date(today.year, MONTH, DAY)
    return this_year if today <= this_year else date(today.year + 1, MONTH, DAY)


def is_loaded(session: Session) -> bool:
    """Tell whether the demonstration campaign is there already."""
    return session.scalar(select(Campaign.id).where(Campaign.slug == SLUG)) is not None


def load_demonstration(
    session: Session,
    *,
    seal: Seal,
    now: datetime,
    progress: Callable[[list[dict[str, str]]], Iterable[dict[str, str]]],
) -> list[DemoAccount]:
    """Write campaign, people, events and RSVPs; return who can sign in, in clear for the only time.

    `progress` wraps the list of events, to show how far we are.
    """
    campaign = _campaign(session, now)
    people, organisers = _people(session, campaign, seal, now)
    missions = {mission.code: mission for mission in session.scalars(select(Mission))}
    # All but the first organiser are not trusted: the second message of a day waits for a coordinator.
    told: dict[Account, Event] = {}
    unsent = {True: MESSAGES[:1], False: MESSAGES}
    dice = random.Random(DAY)  # noqa: S311 the same demonstration every time; keys and tokens come from `secrets`
    for row in progress(read_events()):
        mission = missions[row["mission"]] if row["mission"] else None
        event = _event(row, campaign, mission, organisers[int(row["organiser"]) - 1], now)
        session.add(event)
        session.flush()  # its people need its id
        people_coming = int(row["coming"] or 0) if event.status in ANNOUNCED else 0
        _add_people(session, event, people_coming, seal=seal, dice=dice, now=now)
        if event.help_wanted and (messages := unsent.pop(event.organiser is organisers[0], ())):
            _announce(session, event, AnswerAudience(), messages, seal=seal, now=now)
            told[event.organiser] = event
    _write_down_people(session, campaign, organisers[0], seal=seal, dice=dice, now=now)
    _announce(session, told[organisers[0]], ContactAudience(), [INVITATION], seal=seal, now=now)
    _add_broadcast(session, campaign, seal=seal, now=now)
    return people


def read_events() -> list[dict[str, str]]:
    """Return the lines of the demonstration's event list."""
    with EVENTS_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _campaign(session: Session, now: datetime) -> Campaign:
    locales = tuple(TITLE)
    campaign = Campaign(
        slug=SLUG,
        sending_state="RU",
        status=CampaignStatus.OPEN,
        review_policy=ReviewPolicy.TRUSTED,
        date_rule=DateRule.DAY,
        starts_on=next_day_of_action(now.date()),
        hashtags=HASHTAGS,
        is_demonstration=True,
        default_locale=locales[0],
        created_at=now,
    )
    for locale in locales:
        campaign.texts[locale] = CampaignText(
            locale=locale,
            title=TITLE[locale],
            call=CALL[locale],
            demands=DEMANDS[locale],
            guidelines=GUIDELINES[locale],
        )
    session.add(campaign)
    session.flush()  # roles name it by id
    return campaign


def _people(
    session: Session, campaign: Campaign, seal: Seal, now: datetime
) -> tuple[list[DemoAccount], list[Account]]:
    """Make an administrator, a coordinator and the organisers, each with a password of their own."""
    names = ["administrator", "coordinator", *(f"organiser-{n}" for n in range(1, ORGANISERS + 1))]
    people, accounts = [], []
    for name in names:
        person = DemoAccount(
            name.partition("-")[0], f"{name}@demo.example.org", secrets.token_urlsafe(PASSWORD_BYTES)
        )
        account = create_account(
            session,
            email=person.email,
            display_name=name.replace("-", " ").capitalize(),
            password=person.password,
            locale="en",
            seal=seal,
            now=now,
            is_verified=True,
            is_administrator=person.role == "administrator",
        )
        people.append(person)
        accounts.append(account)
    session.flush()  # roles name them by id
    roles = [(accounts[1], CampaignRoleKind.COORDINATOR), (accounts[2], CampaignRoleKind.TRUSTED)]
    accounts[1].is_coordinator = True
    for account, kind in roles:
        session.add(CampaignRole(campaign_id=campaign.id, account_id=account.id, kind=kind, created_at=now))
    return people, accounts[2:]


def _event(
    row: dict[str, str], campaign: Campaign, mission: Mission | None, organiser: Account, now: datetime
) -> Event:
    point = mission.point if mission else Point(float(row["latitude"]), float(row["longitude"]))
    zone = mission.timezone if mission else zone_at(point)
    day = next_day_of_action(now.date())
    starts = datetime.combine(day, time.fromisoformat(row["starts"]) if row["starts"] else NOON)
    ends = datetime.combine(day, time.fromisoformat(row["ends"])) if row["starts"] and row["ends"] else None
    if ends and ends <= starts:
        ends += timedelta(days=1)
    status = EventStatus(row["status"])
    was_public = status in PUBLIC
    return Event(
        public_id=new_public_id(),
        campaign=campaign,
        organiser=organiser,
        mission=mission,
        status=status,
        title=row["title"],
        description=row["description"],
        starts_local=starts,
        ends_local=ends,
        timezone=zone,
        starts_at=resolve(starts, zone, 0),
        ends_at=resolve(ends, zone, 0) if ends else None,
        is_time_known=bool(row["starts"]),
        address=mission.address if mission else row["address"],
        city=mission.name_in("en").city if mission else row["city"],
        country=mission.receiving_state if mission else row["country"],
        latitude=point.latitude,
        longitude=point.longitude,
        precision=mission.precision if mission else Precision.EXACT,
        located_by="mission" if mission else "organiser",
        how_to_get_there=row["how_to_get_there"],
        accessibility=row["accessibility"],
        accessibility_features=kept_features(row["accessibility_features"].split()),
        languages=row["languages"],
        capacity=int(row["capacity"]) if row["capacity"] else None,
        help_wanted=kept_roles(HELP_WANTED) if int(row["coming"] or 0) >= LOOKS_FOR_HELP else [],
        created_at=now,
        updated_at=now,
        submitted_at=None if status is EventStatus.DRAFT else now,
        published_at=now if was_public else None,
        postponed_at=now if status is EventStatus.POSTPONED else None,
        cancelled_at=now if status is EventStatus.CANCELLED else None,
    )


def _add_people(
    session: Session, event: Event, people: int, *, seal: Seal, dice: random.Random, now: datetime
) -> None:
    """Let `people` invented people come, in parties, and count them as the site does."""
    tally = RsvpTally(event_id=event.id, confirmed=0, unconfirmed=0, tentative=0, waitlisted=0)
    session.add(tally)
    for party_size in _parties(people, dice):
        rsvp = _rsvp(event, party_size, seal=seal, dice=dice, now=now)
        session.add(rsvp)
        offered = dice.choice(OFFERS).split()
        for code in offered:
            is_assigned = bool(event.help_wanted) and dice.random() < 0.3  # noqa: PLR2004 invented
            session.add(_offer(event, rsvp, code, now, is_assigned=is_assigned))
        if rsvp.status is RsvpStatus.TENTATIVE:
            tally.tentative += party_size
        elif rsvp.confirmed_at:
            tally.confirmed += party_size
        else:
            tally.unconfirmed += party_size
        if rsvp.consent_contact_at and rsvp.confirmed_at:
            session.add(_contact(event, rsvp, offered, seal=seal, now=now))


def _announce(
    session: Session,
    event: Event,
    audience: AnswerAudience | ContactAudience,
    messages: Iterable[Mapping[str, tuple[str, str]]],
    *,
    seal: Seal,
    now: datetime,
) -> None:
    """Let the organiser write to those who come, or to contacts."""
    for words in messages:
        announcement = draft_announcement(session, event, kind=audience.kind, by=event.organiser, now=now)
        details = AnnouncementDetails(words=_said(words), audience=audience)
        describe_announcement(session, announcement, details, seal=seal)
        hand_in(session, announcement, by=event.organiser, seal=seal, now=now)


def _write_down_people(
    session: Session, campaign: Campaign, by: Account, *, seal: Seal, dice: random.Random, now: datetime
) -> None:
    """Let an organiser have met some people elsewhere."""
    agreement = ([Purpose.CONTACT, Purpose.NEWS], now)
    for name in dice.sample(FIRST_NAMES, k=PEOPLE_MET):
        email = f"{new_public_id()}@demo.example.org"
        met = Draft(name=name, email=email, tags=(dice.choice(TAGS),))
        write_down(session, met, campaign=campaign, agreement=agreement, by=by, seal=seal, now=now)


def _add_broadcast(session: Session, campaign: Campaign, *, seal: Seal, now: datetime) -> None:
    """Let the coordinator write to the organisers."""
    coordinator = coordinators_of(session, campaign)[0]
    broadcast = draft_broadcast(session, campaign, by=coordinator, now=now)
    details = AnnouncementDetails(words=_said(BROADCAST), audience=OrganiserAudience(), timezone=OFFICE_ZONE)
    describe_announcement(session, broadcast, details, seal=seal)
    hand_in(session, broadcast, by=coordinator, seal=seal, now=now)


def _said(words: Mapping[str, tuple[str, str]]) -> dict[str, Words]:
    return {locale: Words(subject=subject, body=body) for locale, (subject, body) in words.items()}


def _parties(people: int, dice: random.Random) -> Iterator[int]:
    while people > 0:
        size = min(people, dice.choice((1, 1, 1, 2, 2, 3)))
        people -= size
        yield size


def _rsvp(event: Event, party_size: int, *, seal: Seal, dice: random.Random, now: datetime) -> Rsvp:
    name = dice.choice(FIRST_NAMES)
    has_email = dice.random() < 0.6  # noqa: PLR2004 most leave an address; nobody measured it
    email = f"{new_public_id()}@demo.example.org" if has_email else None
    token = new_token()
    agrees = has_email and dice.random() < 0.5  # noqa: PLR2004 invented, like the people
    return Rsvp(
        public_id=new_public_id(),
        event_id=event.id,
        status=dice.choices((RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE), weights=(6, 1))[0],
        party_size=party_size,
        locale="en",
        name_sealed=seal.encrypt(name) if has_email or dice.random() < 0.5 else None,  # noqa: PLR2004 as above
        email_sealed=seal.encrypt(email),
        email_digest=seal.digest(email, purpose=digest_purpose(event.public_id)) if email else None,
        token_digest=token_digest(token),
        token_sealed=seal.encrypt(token) if email else None,
        consent_updates_at=now if agrees else None,
        consent_contact_at=now if agrees else None,
        consent_wording=WORDING if agrees else "",
        submitted_at=now,
        confirmed_at=now if has_email else None,
    )


def _offer(event: Event, rsvp: Rsvp, code: str, now: datetime, *, is_assigned: bool) -> HelpOffer:
    return HelpOffer(
        public_id=new_public_id(),
        event_id=event.id,
        rsvp=rsvp,
        code=code,
        offered_at=now,
        assigned_at=now if is_assigned else None,
    )


def _contact(event: Event, rsvp: Rsvp, offered: Sequence[str], *, seal: Seal, now: datetime) -> Contact:
    return Contact(
        public_id=new_public_id(),
        owner_id=event.organiser_id,
        campaign=event.campaign,
        event_id=event.id,
        source=f"rsvp:{rsvp.public_id}",
        name_sealed=rsvp.name_sealed,
        email_sealed=rsvp.email_sealed,
        roles_sealed=seal.encrypt(words_text(clean_roles(offered))),
        created_at=now,
        consents=[
            ContactConsent(
                purpose=Purpose.CONTACT, given_at=now, wording=WORDING, source=f"rsvp:{rsvp.public_id}"
            )
        ],
    )
