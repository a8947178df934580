"""Broadcasts: one letter to each organiser of a campaign, until they or a coordinator say stop."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.events.rules import EventStatus
from coordinator.kit.clock import now
from coordinator.messaging.announcing import hand_in, take_back
from coordinator.messaging.audiences.organisers import reach_in
from coordinator.messaging.jobs import write_announcements
from coordinator.messaging.models import Announcement, AnnouncementText, BroadcastStop
from coordinator.messaging.queries import oldest_announcement_due_at
from coordinator.messaging.rules import (
    FREE_RECIPIENTS,
    MOST_A_DAY,
    AnnouncementStatus,
    NoReaderError,
    OrganiserAudience,
    Stage,
    TooManyAnnouncementsError,
)
from coordinator.messaging.unsubscribing import broadcast_token
from coordinator.outbox.models import Message
from coordinator.privacy.service import campaigns_to_forget, forget_campaign
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.messaging import WRITTEN_AT, BroadcastFactory
from tests.messaging.test_jobs import die_at_letter, letter

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.kit.crypto import Seal

HERE = "http://localhost"
LATER = WRITTEN_AT + timedelta(minutes=1)
TYPED = {
    "subject_en": "A new poster",
    "body_en": "Print it **in red**.",
    "stages": ["published", "waiting"],
    "locale": "",
    "send_at": "",
    "timezone": "Europe/Berlin",
}


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return CampaignFactory(title="Day of action")


def organiser(campaign: Campaign, name: str, **more: Any) -> Account:
    """Somebody with an event in `campaign`; `account` changes who they are, all else the event."""
    account = AccountFactory(email=f"{name}@example.org", **more.pop("account", {}))
    EventFactory(campaign=campaign, organiser=account, **more)
    return account


def send(session: Session, seal: Seal, *, batch: int = 25) -> int:
    session.commit()
    return write_announcements(seal=seal, site_url=HERE, now=LATER, batch=batch)


def recipients(session: Session, seal: Seal) -> set[str | None]:
    rows = session.scalars(select(Message).where(Message.template == "messaging/broadcast"))
    found = [seal.decrypt(row.recipient_sealed) for row in rows]
    assert len(found) == len(set(found))
    return set(found)


def test_each_organiser_gets_one_letter_however_many_events_they_have(
    session: Session, seal: Seal, campaign: Campaign
) -> None:
    many = organiser(campaign, "many")
    EventFactory(campaign=campaign, organiser=many, country="FR")
    EventFactory(campaign=campaign, organiser=many, submitted=True)
    organiser(campaign, "waits", submitted=True)
    organiser(campaign, "drafts", draft=True)
    organiser(campaign, "cancelled", status=EventStatus.CANCELLED)
    organiser(campaign, "unverified", account={"unverified": True})
    organiser(campaign, "gone", account={"is_disabled": True})
    organiser(campaign, "later", created_at=LATER + timedelta(hours=1))
    organiser(CampaignFactory(), "elsewhere")
    broadcast = BroadcastFactory(broadcast_in=campaign, scheduled=True)

    written = send(session, seal, batch=1)

    assert recipients(session, seal) == {f"{name}@example.org" for name in ("many", "waits", "drafts")}
    assert written == 3
    assert (broadcast.status, broadcast.written) == (AnnouncementStatus.SENT, 3)
    assert send(session, seal) == 0


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (OrganiserAudience(stages=(Stage.PUBLISHED,)), {"berlin", "paris", "postponed"}),
        (OrganiserAudience(stages=(Stage.WAITING,)), {"waits"}),
        (OrganiserAudience(stages=(Stage.DRAFT,)), {"drafts", "rejected"}),
        (OrganiserAudience(stages=(Stage.CANCELLED,)), {"cancelled"}),
        (OrganiserAudience(countries=("FR", "AT")), {"paris", "waits"}),
        (OrganiserAudience(stages=(Stage.PUBLISHED,), countries=("AT",)), set()),
        (OrganiserAudience(locale="ru"), {"paris"}),
    ],
)
def test_filters_narrow_whom_it_is_for(
    session: Session, seal: Seal, campaign: Campaign, audience: OrganiserAudience, expected: set[str]
) -> None:
    organiser(campaign, "berlin")
    organiser(campaign, "paris", country="FR", account={"locale": "ru"})
    organiser(campaign, "waits", submitted=True, country="AT")
    organiser(campaign, "drafts", draft=True)
    organiser(campaign, "rejected", status=EventStatus.REJECTED)
    organiser(campaign, "postponed", status=EventStatus.POSTPONED)
    organiser(campaign, "cancelled", status=EventStatus.CANCELLED)
    BroadcastFactory(broadcast_in=campaign, scheduled=True, audience=asdict(audience))

    send(session, seal)

    assert recipients(session, seal) == {f"{name}@example.org" for name in expected}
    assert reach_in(session, campaign.id, audience).readers == len(expected)


def test_everybody_reads_it_in_their_own_language_else_in_the_campaign_s(
    session: Session, seal: Seal, campaign: Campaign
) -> None:
    organiser(campaign, "russian", account={"locale": "ru"})
    words = {"en": ("New poster", "Print it"), "ru": ("Новый плакат", "Печатайте **в цвете**")}
    BroadcastFactory(broadcast_in=campaign, scheduled=True, words=words)
    BroadcastFactory(broadcast_in=campaign, scheduled=True, words={"en": ("Only English", "Sorry")})

    send(session, seal)

    russian, english = session.scalars(select(Message).order_by(Message.id))
    subject, text = letter(session, seal, russian)
    assert subject == "Новый плакат"
    assert "в цвете" in text
    assert "/ru/organise/" in text
    assert "/ru/unsubscribe/b" in text
    assert letter(session, seal, english)[0] == "Only English"


def test_killed_in_between_it_goes_on_and_writes_to_nobody_twice(
    session: Session, seal: Seal, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        organiser(campaign, f"organiser-{number}")
    broadcast = BroadcastFactory(broadcast_in=campaign, scheduled=True)
    die_at_letter(4, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        send(session, seal, batch=2)
    assert len(recipients(session, seal)) == 2
    send(session, seal, batch=2)

    assert len(recipients(session, seal)) == 7
    assert (broadcast.status, broadcast.written) == (AnnouncementStatus.SENT, 7)


def test_stopped_midway_the_rest_is_not_sent(session: Session, seal: Seal, campaign: Campaign) -> None:
    for number in range(3):
        organiser(campaign, f"organiser-{number}")
    broadcast = BroadcastFactory(broadcast_in=campaign, scheduled=True)
    send(session, seal)
    session.scalars(select(Message).order_by(Message.id)).first().sent_at = LATER  # type: ignore[union-attr]

    assert take_back(session, broadcast, by=broadcast.author, now=LATER) == 2

    assert (broadcast.status, broadcast.written) == (AnnouncementStatus.STOPPED, 1)
    assert len(recipients(session, seal)) == 1


def test_coordinators_need_nobody_s_word_and_have_a_limit_all_the_same(
    session: Session, seal: Seal, campaign: Campaign
) -> None:
    for number in range(FREE_RECIPIENTS + 1):
        organiser(campaign, f"organiser-{number}")
    administrator = AccountFactory(administrator=True)
    for _ in range(MOST_A_DAY):
        broadcast = BroadcastFactory(broadcast_in=campaign, author=administrator)
        hand_in(session, broadcast, by=administrator, seal=seal, now=WRITTEN_AT)
        assert broadcast.status is AnnouncementStatus.SCHEDULED
    elsewhere = BroadcastFactory()
    organiser(elsewhere.broadcast_in, "elsewhere")
    hand_in(session, elsewhere, by=elsewhere.author, seal=seal, now=WRITTEN_AT)

    one_more = BroadcastFactory(broadcast_in=campaign)
    with pytest.raises(TooManyAnnouncementsError):
        hand_in(session, one_more, by=administrator, seal=seal, now=WRITTEN_AT)
    assert send(session, seal) == MOST_A_DAY * (FREE_RECIPIENTS + 1) + 1


def test_to_nobody_nothing_is_sent(session: Session, seal: Seal) -> None:
    broadcast = BroadcastFactory()

    with pytest.raises(NoReaderError):
        hand_in(session, broadcast, by=broadcast.author, seal=seal, now=WRITTEN_AT)


def test_of_somebody_who_was_put_out_of_the_campaign_nothing_goes_out(
    session: Session, seal: Seal, campaign: Campaign
) -> None:
    organiser(campaign, "berlin")
    role = CampaignRoleFactory(campaign=campaign)
    broadcast = BroadcastFactory(broadcast_in=campaign, author=role.account, scheduled=True)
    session.delete(role)

    assert send(session, seal) == 0
    assert broadcast.status is AnnouncementStatus.STOPPED


def test_its_time_is_on_the_clocks_that_were_chosen_and_health_sees_it_wait(
    session: Session, seal: Seal, campaign: Campaign
) -> None:
    organiser(campaign, "berlin")
    evening = WRITTEN_AT.replace(hour=20, tzinfo=None)
    broadcast = BroadcastFactory(broadcast_in=campaign, send_local=evening, timezone="America/New_York")

    hand_in(session, broadcast, by=broadcast.author, seal=seal, now=WRITTEN_AT)

    due = (WRITTEN_AT + timedelta(days=1)).replace(hour=0)
    assert broadcast.due_at == due
    assert oldest_announcement_due_at(session, due - timedelta(minutes=1)) is None
    assert oldest_announcement_due_at(session, due + timedelta(minutes=1)) == due


def test_who_stops_broadcasts_gets_none_of_that_campaign_until_they_want_them_again(
    client: FlaskClient, session: Session, seal: Seal, campaign: Campaign
) -> None:
    stops = organiser(campaign, "stops")
    organiser(campaign, "reads-on")
    other = CampaignFactory()
    EventFactory(campaign=other, organiser=stops)
    for one in (campaign, other):
        BroadcastFactory(broadcast_in=one, scheduled=True)
    send(session, seal)
    mine = session.scalars(select(Message).where(Message.key.endswith(stops.public_id))).first()
    assert mine is not None
    link = re.search(rf"{HERE}(/en/unsubscribe/\S+)", letter(session, seal, mine)[1])
    assert link is not None

    page = client.get(link[1])
    assert "Stop the coordinators" in page.text
    assert session.scalar(select(func.count(BroadcastStop.id))) == 0
    one_click = {"List-Unsubscribe": "One-Click"}
    assert client.post(link[1], data=one_click).status_code == 200
    assert client.post(link[1], data=one_click).status_code == 200
    assert session.scalar(select(func.count(BroadcastStop.id))) == 1
    assert "You get no more broadcasts" in client.get(link[1]).text
    session.query(Message).delete()
    BroadcastFactory(broadcast_in=campaign, scheduled=True)
    BroadcastFactory(broadcast_in=other, scheduled=True)
    assert send(session, seal) == 2
    assert recipients(session, seal) == {"reads-on@example.org", "stops@example.org"}
    keys = session.scalars(select(Message.key).where(Message.key.endswith(stops.public_id))).all()
    assert len(keys) == 1

    assert client.post(link[1], data={"again": "yes"}).status_code == 303
    assert reach_in(session, campaign.id, OrganiserAudience()) == (2, 2, 0, 0)


def test_a_link_that_is_not_ours_stops_nothing(
    client: FlaskClient, session: Session, seal: Seal, campaign: Campaign
) -> None:
    mine, other = organiser(campaign, "mine"), organiser(campaign, "other")
    broadcast = BroadcastFactory(broadcast_in=campaign)
    token = broadcast_token(broadcast.public_id, mine.public_id, seal)

    for forged in (
        token.replace(mine.public_id, other.public_id),
        "r" + token[1:],
        "x" + token[1:],
        token[:-1],
        "b",
    ):
        assert client.post(f"/en/unsubscribe/{forged}", data={}).status_code == 404
    assert session.scalar(select(func.count(BroadcastStop.id))) == 0


def test_from_the_first_word_to_the_last_letter(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal, campaign: Campaign
) -> None:
    mine = organiser(campaign, "ada", created_at=now(), account={"display_name": "Ada"})
    secret = {"display_name": "Secret Person"}
    drafts = organiser(campaign, "draft", draft=True, created_at=now(), account=secret)
    coordinator = CampaignRoleFactory(campaign=campaign).account
    browser = sign_in(coordinator)
    here = f"/en/coordinate/{campaign.slug}/broadcast"

    assert "Nothing was written to the organisers yet." in browser.get(here).text
    kept = browser.post(f"{here}/new", data=TYPED | {"stages": ["published", "draft"]})
    assert kept.status_code == 303
    page = browser.get(kept.location).text
    assert "2 people get it" in page
    assert "organisers of published protests, organisers of drafts and of protests sent back" in page
    assert "<strong>in red</strong>" in browser.get(f"{kept.location}/letter").text
    assert browser.post(kept.location, data={"act": "test"}).status_code == 303
    tested = session.scalars(select(Message)).one()
    assert seal.decrypt(tested.recipient_sealed) == seal.decrypt(coordinator.email_sealed)
    assert "/unsubscribe/" not in letter(session, seal, tested)[1]
    assert browser.post(kept.location, data={"act": "send"}).status_code == 303
    write_announcements(seal=seal, site_url=HERE, now=now() + timedelta(minutes=1))

    assert "2 of 2" in browser.get(kept.location).text
    letters = browser.get(f"{kept.location}/readers").text
    assert "Ada" in letters
    assert "ada@example.org" not in letters
    assert "Secret Person" not in letters
    assert "Somebody who has only a draft" in letters
    assert "A new poster" in browser.get(here).text
    log = browser.get(f"/en/coordinate/{campaign.slug}/audit?kind=broadcast").text
    assert "sent a broadcast to organisers" in log
    keys = set(session.scalars(select(Message.key).where(Message.about.startswith("broadcast:"))))
    assert {key.rpartition(":")[2] for key in keys} == {mine.public_id, drafts.public_id}


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    sign_in: Callable[..., FlaskClient], session: Session, campaign: Campaign
) -> None:
    organiser(campaign, "paris", country="FR")
    browser = sign_in(CampaignRoleFactory(campaign=campaign).account)
    here = f"/en/coordinate/{campaign.slug}/broadcast/new"

    assert "France (1)" in browser.get(here).text
    for wrong, said in (
        ({"stages": []}, "Tick those who are to read it."),
        ({"stages": ["rejected"]}, ""),
        ({"countries": ["DE"]}, ""),
        ({"timezone": "Mars/Olympus"}, ""),
        ({"send_at": "2030-10-27T02:30"}, "show this time twice"),
    ):
        answer = browser.post(here, data=TYPED | wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert "in red" in answer.text
    assert session.scalars(select(Announcement)).all() == []


def test_a_draft_keeps_its_filter_its_time_and_its_clocks(
    sign_in: Callable[..., FlaskClient], session: Session, campaign: Campaign
) -> None:
    organiser(campaign, "paris", country="FR")
    browser = sign_in(CampaignRoleFactory(campaign=campaign).account)
    here = f"/en/coordinate/{campaign.slug}/broadcast"
    chosen = {"countries": ["FR"], "locale": "ru", "send_at": "2030-09-12T09:00", "timezone": "Asia/Tokyo"}

    kept = browser.post(f"{here}/new", data=TYPED | chosen).location

    page = browser.get(kept).text
    assert "organisers of protests that wait for review, France, Russian" in page
    assert "Thursday, 12 September 2030, 09:00" in page
    assert "Tokyo" in page
    form = browser.get(f"{kept}/edit").text
    assert 'value="2030-09-12T09:00"' in form
    assert re.search(r'<option selected value="Asia/Tokyo">', form)
    assert browser.post(f"{kept}/edit", data=TYPED | {"subject_en": "Another"}).status_code == 303
    assert browser.post(kept, data={"act": "discard"}).location.endswith("/broadcast")
    assert browser.get(kept).status_code == 404


def test_another_campaign_s_broadcasts_and_organisers_messages_are_not_there(
    sign_in: Callable[..., FlaskClient], session: Session, campaign: Campaign
) -> None:
    theirs = BroadcastFactory()
    browser = sign_in(CampaignRoleFactory(campaign=campaign).account)

    for slug in (campaign.slug, theirs.broadcast_in.slug):
        for page in ("", "/edit", "/letter", "/readers"):
            address = f"/en/coordinate/{slug}/broadcast/{theirs.public_id}{page}"
            assert browser.get(address).status_code == 404
    assert browser.get(f"/en/coordinate/{theirs.broadcast_in.slug}/broadcast").status_code == 404
    assert theirs.public_id not in browser.get(f"/en/coordinate/{campaign.slug}/messages").text


def test_after_the_campaign_s_time_words_and_letters_are_gone_and_numbers_stay(
    sign_in: Callable[..., FlaskClient], session: Session, seal: Seal, campaign: Campaign
) -> None:
    organiser(campaign, "berlin")
    broadcast = BroadcastFactory(
        broadcast_in=campaign, scheduled=True, words={"en": ("Secret", "Behind the church")}
    )
    send(session, seal)
    much_later = WRITTEN_AT + timedelta(days=120)

    assert campaigns_to_forget(session, LATER) == []
    assert campaigns_to_forget(session, much_later) == [campaign.id]
    forget_campaign(session, campaign, by="worker", now=much_later)
    session.commit()
    session.expire_all()

    assert session.scalars(select(Message)).all() == []
    assert session.scalars(select(AnnouncementText)).all() == []
    assert campaigns_to_forget(session, much_later) == []
    page = sign_in(broadcast.author).get(f"/en/coordinate/{campaign.slug}/broadcast/{broadcast.public_id}")
    assert page.status_code == 200
    assert "Secret" not in page.text
    assert "1 of 1" in page.text
