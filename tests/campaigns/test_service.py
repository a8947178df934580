"""What coordinators do with campaigns."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from coordinator.audit.models import AuditEntry
from coordinator.campaigns.models import CampaignInvitation
from coordinator.campaigns.queries import (
    campaign_by_slug,
    coordinated_campaign,
    coordinated_campaigns,
    coordinators_of,
    invitations_for,
    is_trusted,
    open_campaigns,
)
from coordinator.campaigns.rules import (
    INVITATION_LIFE,
    CampaignDetails,
    CampaignRoleKind,
    CampaignStatus,
    CampaignWords,
    DateRule,
    LastCoordinatorError,
    SlugError,
    SlugFixedError,
    SlugTakenError,
    WordsError,
)
from coordinator.campaigns.service import (
    answer_invitation,
    create_campaign,
    drop_role,
    invite,
    raise_revision,
    set_role,
    set_status,
    update_campaign,
)
from coordinator.kit.errors import NotFoundError
from coordinator.outbox.models import Message
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)


def details(**changes: Any) -> CampaignDetails:
    values: dict[str, Any] = {
        "slug": "solidarity-day",
        "sending_state": "RU",
        "default_locale": "en",
        "words": {"en": CampaignWords(title="Solidarity day", call="Come.")},
        "starts_on": date(2030, 9, 16),
    }
    return CampaignDetails(**(values | changes))


def test_whoever_begins_a_campaign_coordinates_it_and_nobody_else_sees_it(session: Session) -> None:
    ada, bob = AccountFactory(), AccountFactory()

    campaign = create_campaign(session, details(), by=ada, now=NOON)

    assert campaign.status is CampaignStatus.DRAFT
    assert ada.is_coordinator
    assert coordinated_campaign(session, ada, "solidarity-day") is campaign
    with pytest.raises(NotFoundError):
        coordinated_campaign(session, bob, "solidarity-day")
    with pytest.raises(NotFoundError):
        campaign_by_slug(session, "solidarity-day")


def test_a_taken_address_is_refused_and_a_bad_one_too(session: Session) -> None:
    CampaignFactory(slug="solidarity-day")

    with pytest.raises(SlugTakenError):
        create_campaign(session, details(), now=NOON)
    with pytest.raises(SlugError):
        create_campaign(session, details(slug="events"), now=NOON)


def test_a_campaign_speaks_its_own_language(session: Session) -> None:
    with pytest.raises(WordsError):
        create_campaign(session, details(default_locale="ru"), now=NOON)


def test_words_in_a_language_that_is_dropped_are_gone(session: Session) -> None:
    campaign = CampaignFactory(slug="solidarity-day")

    update_campaign(session, campaign, details(), by=AccountFactory(), now=NOON)

    session.refresh(campaign)
    assert set(campaign.texts) == {"en"}
    assert campaign.text_in("ru").title == "Solidarity day"


def test_the_address_of_an_open_campaign_stays(session: Session) -> None:
    campaign = CampaignFactory(slug="printed-on-posters")

    with pytest.raises(SlugFixedError):
        update_campaign(session, campaign, details(), by=AccountFactory(), now=NOON)


def test_local_dates_are_no_dates(session: Session) -> None:
    campaign = create_campaign(session, details(date_rule=DateRule.LOCAL), now=NOON)

    assert (campaign.starts_on, campaign.ends_on) == (None, None)


def test_every_public_change_is_a_new_revision(session: Session) -> None:
    campaign = CampaignFactory(slug="solidarity-day", draft=True)

    update_campaign(session, campaign, details(), by=AccountFactory(), now=NOON)
    set_status(session, campaign, CampaignStatus.OPEN, now=NOON)
    raise_revision(session, campaign)

    assert campaign.revision == 3


def test_campaigns_come_in_the_order_of_their_days(session: Session) -> None:
    later = CampaignFactory(starts_on=date(2031, 1, 1))
    undated = CampaignFactory(local=True)
    sooner = CampaignFactory(starts_on=date(2030, 1, 1))
    CampaignFactory(draft=True)

    assert list(open_campaigns(session)) == [sooner, later, undated]


def test_an_administrator_looks_after_all_campaigns(session: Session) -> None:
    campaign = CampaignFactory(draft=True)

    administrator = AccountFactory(administrator=True)

    assert list(coordinated_campaigns(session, administrator)) == [campaign]


def test_a_part_is_given_once_and_taken_back(session: Session) -> None:
    campaign, ada, bob = CampaignFactory(), AccountFactory(), AccountFactory()
    for _ in range(2):
        set_role(session, campaign, ada, CampaignRoleKind.COORDINATOR, now=NOON)
    set_role(session, campaign, bob, CampaignRoleKind.COORDINATOR, now=NOON)

    drop_role(session, campaign, ada, CampaignRoleKind.COORDINATOR, now=NOON)

    assert coordinators_of(session, campaign) == [bob]
    assert (ada.is_coordinator, bob.is_coordinator) == (False, True)


def test_a_coordinator_of_two_campaigns_stays_one_after_leaving_one(session: Session) -> None:
    role = CampaignRoleFactory()
    CampaignRoleFactory(campaign=role.campaign)
    CampaignRoleFactory(account=role.account)

    drop_role(session, role.campaign, role.account, CampaignRoleKind.COORDINATOR, now=NOON)

    assert role.account.is_coordinator


def test_the_last_coordinator_stays(session: Session) -> None:
    role = CampaignRoleFactory()

    with pytest.raises(LastCoordinatorError):
        drop_role(session, role.campaign, role.account, CampaignRoleKind.COORDINATOR, now=NOON)


def test_trust_is_of_one_campaign(session: Session) -> None:
    role = CampaignRoleFactory(trusted=True)

    assert is_trusted(session, role.account, role.campaign)
    assert not is_trusted(session, role.account, CampaignFactory())
    assert not role.account.is_coordinator


@pytest.mark.parametrize("has_account", [True, False])
def test_an_invitation_is_the_same_whether_or_not_the_address_has_an_account(
    session: Session, seal: Seal, has_account: bool
) -> None:
    role = CampaignRoleFactory()
    if has_account:
        AccountFactory(email="vera@example.org")

    for _ in range(2):
        invite(
            session, role.campaign, " Vera@Example.org", CampaignRoleKind.TRUSTED,
            by=role.account, locale="ru", seal=seal, now=NOON,
        )  # fmt: skip

    assert session.scalar(select(func.count(CampaignInvitation.id))) == 1
    message = session.scalars(select(Message)).one()
    assert (message.template, message.locale) == ("campaigns/invited", "ru")


def test_an_invitation_waits_for_an_account_with_that_address(session: Session, seal: Seal) -> None:
    role = CampaignRoleFactory()
    invite(
        session, role.campaign, "vera@example.org", CampaignRoleKind.COORDINATOR,
        by=role.account, locale="en", seal=seal, now=NOON,
    )  # fmt: skip
    vera = AccountFactory(email="vera@example.org")
    invitation = invitations_for(session, vera, now=NOON)[0]

    answer_invitation(session, vera, invitation.public_id, is_accepted=True, now=NOON)

    assert vera.is_coordinator
    assert invitations_for(session, vera, now=NOON) == []


def test_nobody_else_can_take_an_invitation(session: Session, seal: Seal) -> None:
    role = CampaignRoleFactory()
    invite(
        session, role.campaign, "vera@example.org", CampaignRoleKind.COORDINATOR,
        by=role.account, locale="en", seal=seal, now=NOON,
    )  # fmt: skip
    invitation = session.scalars(select(CampaignInvitation)).one()
    stranger = AccountFactory()
    unproven = AccountFactory(email="vera@example.org", unverified=True)

    for account in (stranger, unproven):
        with pytest.raises(NotFoundError):
            answer_invitation(session, account, invitation.public_id, is_accepted=True, now=NOON)


def test_addresses_of_people_who_never_answered_are_forgotten(session: Session, seal: Seal) -> None:
    role = CampaignRoleFactory()
    later = NOON + INVITATION_LIFE + timedelta(minutes=1)
    for email, moment in (("vera@example.org", NOON), ("olga@example.org", later)):
        invite(
            session, role.campaign, email, CampaignRoleKind.TRUSTED,
            by=role.account, locale="en", seal=seal, now=moment,
        )  # fmt: skip

    left = session.scalars(select(CampaignInvitation)).one()

    assert seal.decrypt(left.email_sealed) == "olga@example.org"


def test_the_log_holds_no_addresses(session: Session, seal: Seal) -> None:
    role = CampaignRoleFactory()

    invite(
        session, role.campaign, "vera@example.org", CampaignRoleKind.TRUSTED,
        by=role.account, locale="en", seal=seal, now=NOON,
    )  # fmt: skip

    entry = session.scalars(select(AuditEntry)).one()
    assert "vera" not in f"{entry.subject} {entry.details}"
