"""Coordinators see how much is still kept of people, and when it goes; never of whom."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from coordinator.dashboard import views
from coordinator.dashboard.personal import MOST_DAYS, Day, Kept, personal_data_of
from coordinator.privacy.jobs import forget_due
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import HelpOfferFactory, RsvpFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    SignIn = Callable[[Any], FlaskClient]

ON = datetime(2030, 9, 16, 18)  # noqa: DTZ001 a wall time


def test_what_is_kept_is_counted_by_kind_and_day_and_for_one_campaign(session: Session) -> None:
    campaign = CampaignFactory(retention_days=30, field_days={"phone": 5})
    event = EventFactory(campaign=campaign, public_contact="Signal: ada.01")
    RsvpFactory(event=event, confirmed=True, name="Ada", phone="+1 2")
    HelpOfferFactory(rsvp=RsvpFactory(event=event, confirmed=True, needs="a chair"))
    RsvpFactory(event=EventFactory(campaign=campaign, starts_local=ON + timedelta(days=1), ends_local=None))
    ContactFactory(event=event)
    RsvpFactory(confirmed=True, name="Grace")  # elsewhere

    found = personal_data_of(session, campaign, now=event.created_at)

    counted = {kind: number for kind, number in found.counts.items() if number}
    assert counted == {
        Kept.NAME: 1, Kept.PHONE: 1, Kept.EMAIL: 2, Kept.NEEDS: 1, Kept.HELP: 1, Kept.CONTACTS: 1,
        Kept.PUBLIC_CONTACTS: 1,
    }  # fmt: skip
    assert found.days_until == {Kept.PHONE: 5}
    assert (found.answers, found.overdue) == (3, 0)
    assert list(found.days) == [
        Day(on=date(2030, 10, 16), events=1, answers=2),
        Day(on=date(2030, 10, 17), events=1, answers=1),
    ]


def test_many_days_end_in_one_line(session: Session) -> None:
    campaign = CampaignFactory()
    for number in range(MOST_DAYS + 2):
        event = EventFactory(campaign=campaign, starts_local=ON + timedelta(days=number), ends_local=None)
        RsvpFactory(event=event)

    days = personal_data_of(session, campaign, now=event.created_at).days

    assert (len(days), days[-1]) == (MOST_DAYS + 1, Day(on=None, events=2, answers=2))


def test_what_the_worker_should_have_forgotten_is_said_and_counted_again_after_five_minutes(
    session: Session, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = CampaignFactory(retention_days=1)
    past = EventFactory(campaign=campaign, starts_local=datetime(2020, 9, 16, 18), ends_local=None)  # noqa: DTZ001
    RsvpFactory(event=past, confirmed=True, name="Ada")
    role = CampaignRoleFactory(campaign=campaign)
    session.commit()
    client = sign_in(role.account)
    url = f"/en/coordinate/{campaign.slug}/personal-data"

    moment = past.starts_at + timedelta(days=3)
    monkeypatch.setattr(views, "now", lambda: moment)
    late = client.get(url)
    forget_due(now=moment)
    same = client.get(url).text
    moment += timedelta(minutes=5)
    done = client.get(url).text

    assert late.status_code == 200
    assert "should have been forgotten by now" in late.text
    assert "Ada" not in late.text
    assert "should have been forgotten by now" in same
    assert "should have been forgotten by now" not in done
    assert "Nothing is kept of anybody." in done


def test_another_campaigns_coordinator_finds_no_such_page(session: Session, sign_in: SignIn) -> None:
    role = CampaignRoleFactory()
    other = CampaignFactory()

    assert sign_in(role.account).get(f"/en/coordinate/{other.slug}/personal-data").status_code == 404
