"""A form may hold any field: only those that it shows are read, and only by who may say them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.accounts.models import Account, KeptForm
from coordinator.campaigns.models import Campaign
from coordinator.events.accessibility import Feature
from coordinator.events.models import Event
from coordinator.kit.clock import now
from coordinator.kit.roles import Role
from coordinator.rsvps.models import HelpOffer, Rsvp
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

EVERYTHING = {
    "id": "1", "public_id": "0000000000", "organiser_id": "1", "owner_id": "1", "account_id": "1",
    "event_id": "1", "campaign_id": "1", "is_administrator": "1", "is_coordinator": "1", "is_disabled": "",
    "verified_at": "2030-01-01T00:00:00", "confirmed_at": "2030-01-01T00:00:00", "is_verified": "1",
    "session_epoch": "9", "password_hash": "x", "email_digest": "0" * 64, "token_digest": "0" * 64,
    "published_at": "2030-01-01T00:00:00", "sequence": "9", "revision": "9", "is_demonstration": "1",
    "located_by": "mission", "precision": "exact", "roles": "administrator", "kind": "coordinator",
}  # fmt: skip


def test_an_answer_confirms_and_names_nothing_by_itself(client: FlaskClient, session: Session) -> None:
    event, other = EventFactory(), EventFactory()
    form = {"status": "accepted", "party_size": "1", "email": "ada@example.org"}

    answer = client.post(
        f"/en/events/{event.public_id}/rsvp", data=EVERYTHING | form | {"event_id": str(other.id)}
    )

    assert answer.status_code == 303
    rsvp = session.scalars(select(Rsvp)).one()
    assert (rsvp.event_id, rsvp.confirmed_at) == (event.id, None)
    assert rsvp.public_id != "0000000000"
    assert rsvp.token_digest != "0" * 64


@pytest.mark.parametrize("status", ["declined", "waitlisted", "confirmed", "", "ACCEPTED"])
def test_nobody_chooses_a_status_that_follows_from_something_else(
    client: FlaskClient, session: Session, status: str
) -> None:
    event = EventFactory()

    answer = client.post(
        f"/en/events/{event.public_id}/rsvp", data={"status": status, "party_size": "1", "name": "Ada"}
    )

    assert answer.status_code == 422
    assert session.scalars(select(Rsvp)).all() == []


def test_a_box_that_is_ticked_a_thousand_times_is_ticked(client: FlaskClient, session: Session) -> None:
    event = EventFactory()
    form = {"status": "accepted", "party_size": "1", "help": ["medic"] * 1000 + ["marshal"]}

    assert client.post(f"/en/events/{event.public_id}/rsvp", data=form).status_code == 303

    assert session.scalars(select(HelpOffer.code).order_by(HelpOffer.id)).all() == ["medic", "marshal"]


def test_every_language_that_can_be_ticked_fits_however_often(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory(draft=True)
    client = sign_in(event.organiser)
    address = f"/en/organise/events/{event.public_id}/edit"
    codes = re.findall(r'name="languages"[^>]*value="(\w+)"', client.get(address).text)
    assert len(codes) > 5
    form = {"title": "Vigil", "starts_at": "2030-09-16T18:00", "mission": event.mission.code, "act": "draft"}

    answer = client.post(address, data=form | {"languages": codes * 9})

    assert answer.status_code == 303
    session.expire_all()
    assert session.scalars(select(Event)).one().languages == " ".join(sorted(codes))


def test_every_box_about_accessibility_fits_however_often_and_none_can_be_made_up(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory(draft=True)
    client = sign_in(event.organiser)
    address = f"/en/organise/events/{event.public_id}/edit"
    form = {"title": "Vigil", "starts_at": "2030-09-16T18:00", "mission": event.mission.code, "act": "draft"}
    codes = [feature.value for feature in Feature]

    answer = client.post(address, data=form | {"accessibility_features": codes[::-1] * 99})
    made_up = client.post(address, data=form | {"accessibility_features": ["step-free", "lift"]})

    assert (answer.status_code, made_up.status_code) == (303, 422)
    session.expire_all()
    kept = session.scalars(select(Event)).one().accessibility_features
    assert kept == " ".join(codes)
    assert len(kept) <= Event.__table__.c.accessibility_features.type.length


def test_signing_up_makes_nobody_more_than_an_organiser(client: FlaskClient, session: Session) -> None:
    form = {"email": "ada@example.org", "display_name": "Ada", "password": "a lantern in the bay"}

    assert client.post("/en/account/sign-up", data=EVERYTHING | form).status_code == 303

    account = session.scalars(select(Account)).one()
    assert account.roles == {Role.ORGANISER}
    assert not account.is_verified
    assert account.session_epoch == 0


def test_a_profile_changes_a_name_and_a_language(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    account = AccountFactory()
    form = {"display_name": "Ada", "locale": "ru", "email": "other@example.org"}

    sign_in(account).post("/en/account/", data=EVERYTHING | form)

    session.refresh(account)
    assert account.roles == {Role.ORGANISER}
    assert account.locale == "ru"


def test_an_event_keeps_its_organiser_campaign_and_state_whatever_its_form_says(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event, other = EventFactory(draft=True), AccountFactory()
    elsewhere = CampaignFactory()
    client = sign_in(event.organiser)
    organiser, campaign = event.organiser_id, event.campaign_id
    form = {
        "title": "Vigil", "starts_at": "2030-09-16T18:00", "mission": event.mission.code,
        "status": "published",
        "organiser_id": str(other.id), "campaign": elsewhere.slug, "campaign_id": str(elsewhere.id),
        "act": "draft",
    }  # fmt: skip

    answer = client.post(f"/en/organise/events/{event.public_id}/edit", data=EVERYTHING | form)

    assert answer.status_code == 303
    session.expire_all()
    found = session.scalars(select(Event)).one()
    assert (found.organiser_id, found.campaign_id) == (organiser, campaign)
    assert found.status == "draft"


def test_a_campaign_keeps_its_revision_and_stays_no_demonstration(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    role = CampaignRoleFactory(campaign=CampaignFactory(draft=True))
    client, slug = sign_in(role.account), role.campaign.slug
    page = client.get(f"/en/coordinate/{slug}/edit")
    assert page.status_code == 200

    client.post(f"/en/coordinate/{slug}/edit", data=EVERYTHING | {"status": "open", "slug": slug})

    session.expire_all()
    campaign = session.scalars(select(Campaign)).one()
    assert not campaign.is_demonstration
    assert campaign.status == "draft"


def test_of_a_stranger_s_form_only_its_own_fields_are_kept(
    client: FlaskClient, session: Session, seal: Seal
) -> None:
    """Otherwise anybody could leave a quarter of a megabyte in the database with every request."""
    campaign, mission = CampaignFactory(), MissionFactory()
    form = {
        "campaign": campaign.slug, "mission": mission.code, "title": "Vigil",
        "starts_at": "2030-09-16T18:00", "ballast": "x" * 200_000,
    }  # fmt: skip

    answer = client.post("/en/organise/events/new", data=EVERYTHING | form)

    assert answer.status_code == 303
    kept = session.scalars(select(KeptForm)).one()
    fields = json.loads(seal.decrypt(kept.fields_sealed))
    assert "ballast" not in fields
    assert "organiser_id" not in fields
    assert fields["title"] == ["Vigil"]
    assert len(kept.fields_sealed) < 10_000
    assert kept.expires_at > now()
