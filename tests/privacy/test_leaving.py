"""An account is erased by its owner: what was theirs goes, what was public stays and is nobody's."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.accounts.models import Account
from coordinator.accounts.rules import NOBODY
from coordinator.audit.chain import chain_entries, verify
from coordinator.contacts.models import Contact
from coordinator.events.models import Event
from coordinator.kit.clock import now
from coordinator.kit.ids import new_public_id
from coordinator.messaging.models import Announcement
from coordinator.outbox.models import Message
from coordinator.outbox.service import post
from coordinator.privacy.leaving import erase_account, ties_of
from coordinator.privacy.rules import HeldBackError
from tests.factories.accounts import PASSWORD, AccountFactory
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory, ReviewNoteFactory
from tests.factories.messaging import AnnouncementFactory
from tests.factories.rsvps import RsvpFactory
from tests.world import dump

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

    SignIn = Callable[[Any], FlaskClient]

FAR = datetime(2090, 1, 1, 12)  # noqa: DTZ001 a wall time
PAST = {"starts_local": datetime(2020, 9, 16, 18), "ends_local": datetime(2020, 9, 16, 19)}  # noqa: DTZ001


def test_what_was_theirs_goes_and_what_was_public_is_nobodys(session: Session, seal: Seal) -> None:
    me = AccountFactory(email="ada@example.org", display_name="Ada Lovelace")
    public_id, digest = me.public_id, me.email_digest
    past = EventFactory(organiser=me, public_contact="Signal: ada.01", **PAST)
    note = ReviewNoteFactory(event=past, author_id=me.id)
    answer = RsvpFactory(event=past, confirmed=True)
    EventFactory(organiser=me, draft=True)
    EventFactory(organiser=me, rejected=True)
    EventFactory(organiser=me, submitted=True, **PAST)
    ContactFactory(event=past)
    ContactFactory(event=None, owner=me, campaign=past.campaign, source="hand")
    AnnouncementFactory(event=past, scheduled=True)
    post(
        session, key="k", template="accounts/reset", recipient="ada@example.org", locale="en",
        about=f"account:{public_id}", context={}, seal=seal, now=now(),
    )  # fmt: skip

    erase_account(session, me, seal=seal, now=now())

    session.expire_all()
    assert session.scalars(select(Event.public_id)).all() == [past.public_id]
    assert past.organiser.public_id == NOBODY
    assert (note.author_id, note.text_sealed, past.public_contact) == (None, None, "")
    assert session.get(type(answer), answer.id) is not None
    for model in (Contact, Announcement, Message):
        assert session.scalar(select(func.count()).select_from(model)) == 0
    rows = "\n".join(dump(session.connection()))
    assert not [trace for trace in (public_id, digest) if trace in rows]


def test_two_who_leave_have_one_heir_whom_nobody_can_be(
    session: Session, seal: Seal, client: FlaskClient
) -> None:
    for _ in range(2):
        erase_account(session, EventFactory(**PAST).organiser, seal=seal, now=now())

    heir = session.scalars(select(Account)).one()
    answer = client.post("/en/account/sign-in", data={"email": NOBODY, "password": ""})
    assert heir.public_id == NOBODY
    assert answer.status_code == 422


def test_the_log_keeps_what_was_done_and_its_chain_holds(
    session: Session, seal: Seal, sign_in: SignIn
) -> None:
    me = AccountFactory()
    public_id = me.public_id
    session.commit()
    sign_in(me).post("/en/account/", data={"display_name": "Ada", "locale": "ru"})
    chain_entries(session, seal=seal, now=now())

    erase_account(session, me, seal=seal, now=now())
    chain_entries(session, seal=seal, now=now())

    session.expire_all()
    assert public_id not in "\n".join(dump(session.connection()))
    found = verify(session, seal=seal, now=now())
    assert (found.is_ok, found.erased) == (True, 1)


@pytest.mark.parametrize("state", ["published", "submitted", "postponed"])
def test_a_protest_still_to_come_holds_its_only_organiser_back(
    session: Session, seal: Seal, state: str
) -> None:
    event = EventFactory(**({} if state == "published" else {state: True}))

    assert [one.public_id for one in ties_of(session, event.organiser, now=event.created_at).events] == [
        event.public_id
    ]
    with pytest.raises(HeldBackError):
        erase_account(session, event.organiser, seal=seal, now=event.created_at)


def test_a_campaign_is_not_left_without_a_coordinator(session: Session) -> None:
    role = CampaignRoleFactory()

    assert [one.id for one in ties_of(session, role.account, now=now()).campaigns] == [role.campaign_id]
    CampaignRoleFactory(campaign=role.campaign)
    assert not ties_of(session, role.account, now=now())


def test_the_house_is_not_left_without_an_administrator(session: Session) -> None:
    only = AccountFactory(administrator=True)
    AccountFactory(administrator=True, disabled=True)

    assert ties_of(session, only, now=now()).is_last_administrator
    AccountFactory(administrator=True)
    assert not ties_of(session, only, now=now())


def test_somebody_leaves_by_the_page_with_their_password(session: Session, sign_in: SignIn) -> None:
    me = AccountFactory()
    session.commit()
    client = sign_in(me)

    shown = client.get("/en/account/erase")
    wrong = client.post("/en/account/erase", data={"password": new_public_id()})
    session.expire_all()
    assert (shown.status_code, wrong.status_code) == (200, 422)
    assert "This is not your password." in wrong.text
    assert session.get(Account, me.id) is not None

    done = client.post("/en/account/erase", data={"password": PASSWORD})

    assert (done.status_code, done.location) == (303, "/en/privacy/my-data/erased")
    assert client.get("/en/account/").status_code == 303  # to the door
    assert client.post("/en/account/erase", data={"password": PASSWORD}).status_code == 303


def test_the_page_says_what_holds_somebody_back_and_offers_no_button(
    session: Session, sign_in: SignIn
) -> None:
    event = EventFactory(title="Candles at the gate", starts_local=FAR, ends_local=None)
    role = CampaignRoleFactory(account=event.organiser, campaign__title="Day of letters")
    session.commit()
    client = sign_in(role.account)

    shown = client.get("/en/account/erase").text
    tried = client.post("/en/account/erase", data={"password": PASSWORD})

    assert "Candles at the gate" in shown
    assert "Day of letters" in shown
    assert 'name="password"' not in shown
    assert tried.status_code == 422
    session.expire_all()
    assert session.get(Account, role.account_id) is not None


def test_a_coordinator_reads_that_the_organiser_left(session: Session, seal: Seal, sign_in: SignIn) -> None:
    event = EventFactory(**PAST)
    role = CampaignRoleFactory(campaign=event.campaign)
    erase_account(session, event.organiser, seal=seal, now=now())
    session.commit()

    page = sign_in(role.account).get(f"/en/coordinate/{event.campaign.slug}/review/{event.public_id}")

    assert page.status_code == 200
    assert "somebody who left" in page.text
