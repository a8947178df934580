"""One of everything in the house, and somebody of every kind who may come: for tests that walk all routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from coordinator.accounts.models import AccountToken
from coordinator.accounts.rules import TokenPurpose
from coordinator.campaigns.models import CampaignInvitation
from coordinator.campaigns.rules import CampaignRoleKind
from coordinator.contacts.models import ContactFilter
from coordinator.kit.clock import now
from coordinator.kit.db import Base, db
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import token_digest
from coordinator.messaging.unsubscribing import unsubscribe_token
from coordinator.privacy.models import DataRequest
from tests.conftest import Browser
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.checkin import DoorLinkFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.imports import sheet_of
from tests.factories.messaging import AnnouncementFactory, BroadcastFactory
from tests.factories.outbox import MessageFactory
from tests.factories.rsvps import HelpOfferFactory, RsvpFactory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

NOBODY = "nobody"
ORGANISER = "the organiser"
STRANGER = "another organiser"
ELSEWHERE = "another campaign's coordinator"
COORDINATOR = "the coordinator"
ADMINISTRATOR = "an administrator"
PEOPLE = (NOBODY, ORGANISER, STRANGER, ELSEWHERE, COORDINATOR, ADMINISTRATOR)
SIGNED_IN = frozenset(PEOPLE) - {NOBODY}


@dataclass(frozen=True)
class World:
    """One of everything, and somebody of every kind. Only texts: rows do not outlive a request here."""

    identities: dict[str, str]
    """What the session of each keeps."""
    values: dict[str, str]
    """What stands for each argument of a route."""
    by_endpoint: dict[str, dict[str, str]] = field(default_factory=dict)
    """Where an argument means something else."""

    def address(self, rule: Rule) -> str:
        """Return the rule's address, every argument filled with something that is there."""
        values = self.values | self.by_endpoint.get(rule.endpoint.partition(".")[0], {})
        values |= self.by_endpoint.get(rule.endpoint, {})
        path = "".join(
            values.get(text, "nonsense") if is_dynamic else text for is_dynamic, text in rule._trace
        )
        return path.partition("|")[2]


def make_world(session: Session, app: Flask) -> World:
    """Make one of everything."""
    organiser = AccountFactory(email="organiser@example.org")
    event = EventFactory(organiser=organiser, submitted=True, campaign=CampaignFactory(slug="their-campaign"))
    campaign = event.campaign
    public = EventFactory(organiser=organiser, campaign=campaign)
    contact = ContactFactory(event=public)
    twin = ContactFactory(event=public, email="twin@example.org")
    twin.email_sealed, twin.email_digest = contact.email_sealed, contact.email_digest
    twin.event, twin.source = None, "hand"
    kept_filter = ContactFilter(
        public_id=new_public_id(),
        owner_id=organiser.id,
        name_sealed=app.extensions["seal"].encrypt("Press"),
        search_sealed=app.extensions["seal"].encrypt('{"tag": "press"}'),
        created_at=now(),
    )
    session.add(kept_filter)
    sheet = sheet_of(owner=organiser, campaign=campaign)
    RsvpFactory(event=public, pending=True, token="p" * 32)
    coming = RsvpFactory(event=public, token="q" * 32)
    public.help_wanted = [{"code": "own0000000", "words": "Sound", "wanted": 2, "note": "A truck"}]
    offer = HelpOfferFactory(rsvp=coming, code="own0000000")
    announcement = AnnouncementFactory(event=public, waiting=True)
    broadcast = BroadcastFactory(broadcast_in=campaign, scheduled=True)
    door_link = DoorLinkFactory(event=public, token="d" * 32)
    coordinator = CampaignRoleFactory(campaign=campaign).account
    CampaignRoleFactory(campaign=campaign)  # a second one, so that the first may go
    elsewhere = CampaignRoleFactory(campaign=CampaignFactory(slug="elsewhere")).account
    newcomer = AccountFactory(unverified=True)
    for account, purpose, token in (
        (newcomer, TokenPurpose.VERIFY, "v" * 32),
        (organiser, TokenPurpose.RESET, "r" * 32),
    ):
        session.add(
            AccountToken(
                account=account,
                purpose=purpose,
                digest=token_digest(token),
                created_at=now(),
                expires_at=now() + timedelta(hours=1),
            )
        )
    seal = app.extensions["seal"]
    invitation = CampaignInvitation(
        public_id=new_public_id(),
        campaign=campaign,
        kind=CampaignRoleKind.TRUSTED,
        email_sealed=seal.encrypt("organiser@example.org"),
        email_digest=seal.digest("organiser@example.org"),
        created_at=now(),
        expires_at=now() + timedelta(days=1),
    )
    session.add(invitation)
    administrator = AccountFactory(administrator=True)
    test_letter = MessageFactory(about=f"self-test:{administrator.public_id}")
    session.flush()
    session.add(
        DataRequest(
            token_digest=token_digest("y" * 32),
            email_sealed=seal.encrypt("organiser@example.org"),
            created_at=now(),
            expires_at=now() + timedelta(hours=1),
        )
    )
    session.flush()
    found = World(
        identities={
            ORGANISER: organiser.get_id(),
            STRANGER: AccountFactory().get_id(),
            ELSEWHERE: elsewhere.get_id(),
            COORDINATOR: coordinator.get_id(),
            ADMINISTRATOR: administrator.get_id(),
        },
        values={
            "lang": "en",
            "slug": campaign.slug,
            "public_id": event.public_id,
            "code": event.mission.code,
            "token": "p" * 32,
            "link_id": door_link.public_id,
        },
        by_endpoint={
            "contacts": {"public_id": contact.public_id},
            "contacts.drop_filter": {"public_id": kept_filter.public_id},
            "history": {"public_id": contact.public_id},
            "merging": {"public_id": contact.public_id, "other_id": twin.public_id},
            "imports": {"public_id": sheet.public_id},
            "attendees": {"public_id": public.public_id},
            "checkin": {"public_id": public.public_id},
            "messages": {"public_id": public.public_id, "message_id": announcement.public_id},
            "broadcasts": {"message_id": broadcast.public_id},
            "approvals": {"message_id": announcement.public_id},
            "helping": {"public_id": public.public_id, "offer_id": offer.public_id},
            "door": {"token": "d" * 32},
            "door.code": {"token": "q" * 32},
            "rsvps": {"public_id": public.public_id},
            "decisions": {"public_id": public.public_id},
            "unsubscribing": {"token": unsubscribe_token(coming.public_id, app.extensions["seal"])},
            "feeds": {"public_id": public.public_id},
            "map_data": {"depth": "1", "x": "0", "y": "0"},
            "administering.letter": {"public_id": test_letter.public_id},
            "my_data.show": {"token": "y" * 32},
            "accounts.verify": {"token": "v" * 32},
            "accounts.reset_password": {"token": "r" * 32},
            "campaigns.drop": {"public_id": coordinator.public_id},
            "campaigns.revoke": {"public_id": invitation.public_id},
            "campaigns.answer": {"public_id": invitation.public_id},
        },
    )
    session.commit()
    return found


def rules(app: Flask, method: str = "GET") -> Iterator[Rule]:
    """Yield every route that takes `method`, but that of static files."""
    yield from (
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and method in (rule.methods or ())
    )


def access_of(app: Flask, rule: Rule) -> Any:
    return app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]


def browser_of(app: Flask, world: World, person: str) -> FlaskClient:
    """Return the browser of `person`, signed in unless that is nobody."""
    app.test_client_class = Browser
    browser = app.test_client()
    if person != NOBODY:
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = world.identities[person]
            cookie["_fresh"] = True
    return browser


def undone(act: Callable[[], TestResponse], *, is_compared: bool = True) -> tuple[TestResponse, bool]:
    """Do a request, undo it, and return its answer and whether it had changed anything."""
    db.session.remove()
    connection: Any = db.engines[None]
    point = connection.begin_nested()
    before = dump(connection) if is_compared else []
    answer = act()
    db.session.remove()
    has_changed = is_compared and dump(connection) != before
    point.rollback()
    return answer, has_changed


def dump(connection: Any) -> list[str]:
    """Return every row of every table."""
    return [
        f"{table.name} {row}"
        for table in Base.metadata.sorted_tables
        for row in connection.execute(select(table).order_by(*table.primary_key.columns)).all()
    ]
