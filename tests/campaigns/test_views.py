"""The pages on which coordinators look after a campaign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.campaigns.models import Campaign, CampaignInvitation, CampaignRole
from coordinator.campaigns.rules import CampaignRoleKind, CampaignStatus
from coordinator.kit.ids import new_public_id
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    SignIn = Callable[[Any], FlaskClient]

FILLED_IN = {
    "slug": "solidarity-day",
    "sending_state": "RU",
    "default_locale": "en",
    "date_rule": "day",
    "starts_on": "2030-09-16",
    "review_policy": "everything",
    "retention_days": "90",
    "title_en": "Solidarity day",
    "call_en": "Come.",
}


def test_a_coordinator_begins_a_campaign(session: Session, sign_in: SignIn) -> None:
    client = sign_in(CampaignRoleFactory().account)

    answer = client.post("/en/coordinate/new", data=FILLED_IN)

    assert (answer.status_code, answer.location) == (303, "/en/coordinate/solidarity-day/")
    campaign = session.scalars(select(Campaign).where(Campaign.slug == "solidarity-day")).one()
    assert (campaign.status, set(campaign.texts)) == (CampaignStatus.DRAFT, {"en"})


def test_an_organiser_can_t_and_does_not_learn_that_the_page_exists(
    session: Session, sign_in: SignIn
) -> None:
    client = sign_in(AccountFactory())

    assert client.post("/en/coordinate/new", data=FILLED_IN).status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"slug": "New Slug"}, "Use lower-case letters", id="slug"),
        pytest.param({"slug": "taken-one"}, "Another campaign has this address.", id="taken"),
        pytest.param({"starts_on": ""}, "Say which day.", id="no day"),
        pytest.param({"date_rule": "window"}, "The last day comes after the first", id="no last day"),
        pytest.param({"date_rule": "never"}, "Not a valid choice", id="another rule"),
        pytest.param({"call_en": ""}, "Needed in this language", id="no words"),
        pytest.param({"default_locale": "ru"}, "Needed in this language", id="not in its own language"),
        pytest.param({"title_ru": "День"}, "Needed in this language", id="half a language"),
        pytest.param({"petition_url": "javascript:alert(1)"}, "Write the whole address", id="a script"),
        pytest.param({"retention_days": "4000"}, "between 1 and 365", id="kept for ever"),
        pytest.param({"days_phone": "91"}, "Everything is erased before that.", id="after the end"),
        pytest.param({"days_needs": "0"}, "between 1 and 365", id="before it is over"),
        pytest.param({"sending_state": "ZZ"}, "Not a valid choice", id="nobody's state"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    session: Session, sign_in: SignIn, changes: dict[str, str], said: str
) -> None:
    CampaignFactory(slug="taken-one")
    client = sign_in(AccountFactory(administrator=True))

    answer = client.post("/en/coordinate/new", data=FILLED_IN | changes)

    assert answer.status_code == 422
    assert said in answer.text
    assert "Solidarity day" in answer.text


def test_a_campaign_is_edited_but_keeps_its_printed_address(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="on-posters")
    client = sign_in(role.account)

    shown = client.get("/en/coordinate/on-posters/edit")
    answer = client.post("/en/coordinate/on-posters/edit", data=FILLED_IN | {"hashtags": "Free, all"})

    assert shown.status_code == 200
    assert answer.location == "/en/coordinate/on-posters/"
    session.expire_all()
    assert (role.campaign.slug, role.campaign.hashtags) == ("on-posters", "#Free #all")
    assert role.campaign.text_in("en").title == "Solidarity day"


def test_what_goes_sooner_is_said_and_shown_again(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="on-posters")
    client = sign_in(role.account)

    client.post("/en/coordinate/on-posters/edit", data=FILLED_IN | {"days_needs": "5", "days_phone": ""})
    shown = client.get("/en/coordinate/on-posters/edit").text

    session.expire_all()
    assert role.campaign.field_days == {"needs": 5}
    assert re.search(r'id="days_needs"[^>]*value="5"', shown)


@pytest.mark.parametrize(
    ("longer", "field"),
    [({"retention_days": "120"}, "retention_days"), ({"days_needs": "80"}, "days_needs")],
    ids=["everything", "one field"],
)
def test_what_people_were_promised_can_only_become_shorter(
    session: Session, sign_in: SignIn, longer: dict[str, str], field: str
) -> None:
    role = CampaignRoleFactory(campaign__slug="on-posters", campaign__field_days={"needs": 7})
    days = role.campaign.retention_days
    client = sign_in(role.account)
    typed = FILLED_IN | {"retention_days": str(days), "days_needs": "7"}

    refused = client.post("/en/coordinate/on-posters/edit", data=typed | longer)
    shorter = client.post("/en/coordinate/on-posters/edit", data=typed | {"retention_days": "30"})

    assert refused.status_code == 422
    assert f'<a href="#{field}"' in refused.text
    assert "People were promised less." in refused.text
    assert shorter.status_code == 303
    session.expire_all()
    assert (role.campaign.retention_days, role.campaign.field_days) == (30, {"needs": 7})


def test_a_new_campaign_lets_needs_go_after_a_week(session: Session, sign_in: SignIn) -> None:
    shown = sign_in(AccountFactory(administrator=True)).get("/en/coordinate/new").text

    assert re.search(r'id="days_needs"[^>]*value="7"', shown)


def test_a_campaign_is_opened_and_archived_and_never_hidden_again(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day", campaign__draft=True)
    client = sign_in(role.account)

    answers = [
        client.post("/en/coordinate/one-day/status", data={"status": status}).status_code
        for status in ("open", "archived", "draft", "nonsense")
    ]

    assert answers == [303, 303, 409, 404]
    session.expire_all()
    assert role.campaign.status is CampaignStatus.ARCHIVED


@pytest.mark.parametrize("path", ["edit", "people", "status"])
def test_a_coordinator_of_another_campaign_finds_nothing(
    session: Session, sign_in: SignIn, path: str
) -> None:
    CampaignFactory(slug="theirs")
    client = sign_in(CampaignRoleFactory().account)

    assert client.post(f"/en/coordinate/theirs/{path}", data={"status": "archived"}).status_code == 404


def test_an_invitation_says_the_same_for_every_address(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day")
    AccountFactory(email="known@example.org", display_name="Known Name")
    client = sign_in(role.account)

    pages = []
    for email in ("known@example.org", "nobody@example.org"):
        sent = client.post("/en/coordinate/one-day/people", data={"email": email, "kind": "trusted"})
        assert sent.status_code == 303
        pages.append(client.get(sent.location).text)

    assert all("The invitation is on its way" in page for page in pages)
    assert "Known Name" not in pages[1]
    assert session.scalar(select(func.count(CampaignInvitation.id))) == 2


def test_an_invitation_is_found_accepted_and_gone(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day", campaign__title="One day")
    vera = AccountFactory(email="vera@example.org")
    sign_in(role.account).post(
        "/en/coordinate/one-day/people", data={"email": "Vera@example.org", "kind": "coordinator"}
    )
    client = sign_in(vera)
    found = session.scalars(select(CampaignInvitation)).one().public_id

    assert "You are invited to “One day”" in client.get("/en/organise/").text
    answer = client.post(f"/en/coordinate/invitations/{found}", data={"answer": "accept"})

    assert answer.location == "/en/coordinate/one-day/"
    assert client.get(answer.location).status_code == 200
    assert client.post(f"/en/coordinate/invitations/{found}", data={"answer": "accept"}).status_code == 404


def test_somebody_else_s_invitation_is_nobody_s(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day")
    sign_in(role.account).post(
        "/en/coordinate/one-day/people", data={"email": "vera@example.org", "kind": "coordinator"}
    )
    found = session.scalars(select(CampaignInvitation)).one().public_id

    answer = sign_in(AccountFactory()).post(f"/en/coordinate/invitations/{found}", data={"answer": "accept"})

    assert answer.status_code == 404
    assert session.scalar(select(func.count(CampaignRole.id))) == 1


def test_an_invitation_can_be_taken_back(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day")
    client = sign_in(role.account)
    client.post("/en/coordinate/one-day/people", data={"email": "vera@example.org", "kind": "trusted"})
    found = session.scalars(select(CampaignInvitation)).one().public_id

    client.post(f"/en/coordinate/one-day/people/invitations/{found}/revoke")

    assert session.scalar(select(func.count(CampaignInvitation.id))) == 0


def test_people_are_removed_but_never_the_last_coordinator(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day")
    trusted = CampaignRoleFactory(campaign=role.campaign, trusted=True)
    client = sign_in(role.account)

    def drop(account: Any, kind: CampaignRoleKind) -> str:
        path = f"/en/coordinate/one-day/people/{account.public_id}/drop"
        sent = client.post(path, data={"kind": kind.value})
        return client.get(sent.location or "/en/").text

    drop(trusted.account, CampaignRoleKind.TRUSTED)
    said = drop(role.account, CampaignRoleKind.COORDINATOR)

    assert "Somebody must be left to look after the campaign." in said
    assert session.scalars(select(CampaignRole.account_id)).all() == [role.account_id]


def test_whoever_is_nothing_in_the_campaign_can_t_be_removed_from_it(
    session: Session, sign_in: SignIn
) -> None:
    role = CampaignRoleFactory(campaign__slug="one-day")
    elsewhere = CampaignRoleFactory()
    client = sign_in(role.account)

    for public_id in (elsewhere.account.public_id, new_public_id()):
        path = f"/en/coordinate/one-day/people/{public_id}/drop"
        assert client.post(path, data={"kind": "coordinator"}).status_code == 404
    assert session.scalar(select(func.count(CampaignRole.id))) == 2
