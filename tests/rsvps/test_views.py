from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.rules import RsvpStatus
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import HelpOfferFactory, RsvpFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session
    from werkzeug.test import TestResponse

ADA = {"status": "accepted", "party_size": "2", "email": "ada@example.org"}


def answer(client: FlaskClient, event: Any, **form: Any) -> TestResponse:
    return client.post(
        f"/en/events/{event.public_id}/rsvp", data={"status": "accepted", "party_size": "1"} | form
    )


def path(rsvp: Any, token: str, tail: str = "") -> str:
    assert rsvp
    return f"/en/rsvp/{token}{tail}"


def count(session: Session) -> int:
    return session.scalar(select(func.count(Rsvp.id))) or 0


def test_three_fields_and_a_button_are_enough(client: FlaskClient, session: Session) -> None:
    event = EventFactory()

    page = client.get(f"/en/events/{event.public_id}/rsvp")
    sent = answer(client, event, party_size="3")

    assert page.status_code == 200
    assert sent.status_code == 303
    shown = client.get(sent.location)
    assert "shown only now" in shown.text
    assert f"/events/{event.public_id}.ics" in shown.text
    assert session.scalars(select(Rsvp)).one().party_size == 3


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_calendar_of_a_page_speaks_its_language(client: FlaskClient, lang: str) -> None:
    event = EventFactory()

    page = client.get(f"/{lang}/events/{event.public_id}/rsvp").text

    assert f"/events/{event.public_id}.ics?lang={lang}" in page


def test_no_page_here_sets_a_cookie_or_asks_who_is_looking(
    client: FlaskClient, session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory()
    urls = [f"/en/events/{event.public_id}/rsvp", f"/en/events/{event.public_id}/rsvp/thanks"]
    session.flush()

    stranger = [client.get(url) for url in urls]
    organiser = [sign_in(event.organiser).get(url) for url in urls]

    assert all("Set-Cookie" not in page.headers for page in (*stranger, *organiser, answer(client, event)))
    assert [page.data for page in stranger] == [page.data for page in organiser]


def test_an_address_that_answered_before_is_answered_word_for_word_the_same(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory()

    first = client.post(f"/en/events/{event.public_id}/rsvp", data=ADA)
    first_page = client.get(first.location)
    again = client.post(f"/en/events/{event.public_id}/rsvp", data=ADA | {"email": " ADA@example.org"})
    again_page = client.get(again.location)

    assert (first.status_code, first.location, first.data) == (again.status_code, again.location, again.data)
    assert first_page.data == again_page.data
    assert "ada@" not in first_page.text.lower()
    assert count(session) == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        pytest.param({"party_size": "0"}, "1 to 10", id="nobody"),
        pytest.param({"party_size": "11"}, "1 to 10", id="a crowd"),
        pytest.param({"party_size": "many"}, "integer", id="not a number"),
        pytest.param({"status": "declined"}, "choice", id="no answer of ours"),
        pytest.param({"email": "not an address"}, "not an e-mail", id="not an address"),
        pytest.param({"email": "a@example.org\r\nBcc: b@example.org"}, "not an e-mail", id="two lines"),
        pytest.param({"name": "x" * 81}, "80", id="long name"),
        pytest.param({"note": "x" * 501}, "500", id="long note"),
        pytest.param({"help": "spy"}, "choice", id="unknown help"),
        pytest.param({"consent_updates": "y"}, "We need your e-mail", id="news to nobody"),
        pytest.param({"consent_contact": "y"}, "needs an e-mail address or a phone", id="a call to nobody"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    client: FlaskClient, session: Session, form: dict[str, str], words: str
) -> None:
    sent = answer(client, EventFactory(), **({"note": "by bike"} | form))

    assert sent.status_code == 422
    assert words in sent.text
    assert "by bike" in sent.text or "note" in form
    assert count(session) == 0


def test_a_machine_that_fills_in_everything_is_thanked_and_forgotten(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory()

    bait = client.post(f"/en/events/{event.public_id}/rsvp", data=ADA | {"subject": "Buy now"})
    real = client.post(f"/en/events/{event.public_id}/rsvp", data=ADA)

    assert (bait.status_code, bait.location) == (real.status_code, real.location)
    assert count(session) == 1


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Origin": "https://evil.example"}, id="an old browser on another site"),
    ],
)
def test_a_form_of_another_site_is_refused(
    client: FlaskClient, session: Session, headers: dict[str, str]
) -> None:
    event = EventFactory()
    RsvpFactory(event=event, token="t" * 32)

    refused = [
        client.post(url, data=ADA, headers=headers)
        for url in (
            f"/en/events/{event.public_id}/rsvp",
            f"/en/rsvp/{'t' * 32}",
            f"/en/rsvp/{'t' * 32}/cancel",
        )
    ]

    assert [page.status_code for page in refused] == [403, 403, 403]
    assert count(session) == 1


@pytest.mark.parametrize(
    ("trait", "status"), [("draft", 404), ("rejected", 404), ("submitted", 409), ("cancelled", 409)]
)
def test_an_event_that_is_not_open_takes_no_answer(
    client: FlaskClient, session: Session, trait: str, status: int
) -> None:
    event = EventFactory(**{trait: True})

    assert answer(client, event).status_code == status
    assert client.get(f"/en/events/{event.public_id}/rsvp").status_code == (404 if status == 404 else 200)
    assert count(session) == 0


def test_an_event_that_is_over_takes_no_answer(client: FlaskClient) -> None:
    past = EventFactory(starts_local=datetime(2020, 9, 16, 18), ends_local=datetime(2020, 9, 16, 19))  # noqa: DTZ001

    assert answer(client, past).status_code == 409
    assert "takes no answers" in client.get(f"/en/events/{past.public_id}/rsvp").text


def test_a_full_place_says_so_before_and_after(client: FlaskClient) -> None:
    event = EventFactory(capacity=1)
    RsvpFactory(event=event)

    before = client.get(f"/en/events/{event.public_id}/rsvp").text
    after = client.get(answer(client, event).location).text

    assert "join the waiting list" in before
    assert "You are on the waiting list" in after


def test_following_every_link_changes_nothing(client: FlaskClient, session: Session) -> None:
    event = EventFactory()
    client.post(f"/ru/events/{event.public_id}/rsvp", data=ADA)
    rsvp = session.scalars(select(Rsvp)).one()
    token = client.application.extensions["seal"].decrypt(rsvp.token_sealed)
    before = {column.name: getattr(rsvp, column.name) for column in Rsvp.__table__.columns}

    for tail in ("", "/confirm", "/cancel"):
        for method in ("GET", "HEAD"):
            page = client.open(f"/en/rsvp/{token}{tail}", method=method)
            assert page.status_code == 200
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["Referrer-Policy"] == "no-referrer"

    session.expire_all()
    assert {column.name: getattr(rsvp, column.name) for column in Rsvp.__table__.columns} == before


def test_confirm_change_cancel_and_come_back(client: FlaskClient, session: Session) -> None:
    rsvp = RsvpFactory(pending=True, token="k" * 32, name="Ada")
    manage = path(rsvp, "k" * 32)

    confirmed = client.post(f"{manage}/confirm")
    changed = client.post(
        manage, data={"status": "tentative", "party_size": "4", "name": "Ada", "consent_updates": "y"}
    )
    cancelled = client.post(f"{manage}/cancel")
    back = client.post(manage, data={"status": "accepted", "party_size": "1"})

    assert [page.status_code for page in (confirmed, changed, cancelled, back)] == [303] * 4
    assert "address is confirmed" in client.get(confirmed.location).text
    session.expire_all()
    assert (rsvp.status, rsvp.party_size, rsvp.confirmed_at is not None) == (RsvpStatus.ACCEPTED, 1, True)


def test_a_party_that_can_not_grow_is_told_beside_the_field(client: FlaskClient, session: Session) -> None:
    event = EventFactory(capacity=2)
    rsvp = RsvpFactory(event=event, party_size=2, token="g" * 32)

    page = client.post(path(rsvp, "g" * 32), data={"status": "accepted", "party_size": "3"})

    assert page.status_code == 422
    assert "no place for that many" in page.text
    session.expire_all()
    assert rsvp.party_size == 2


@pytest.mark.parametrize("tail", ["", "/confirm", "/cancel"])
@pytest.mark.parametrize("token", ["nobody", "x" * 32, "é", "a" * 3000])
def test_a_link_that_is_not_ours_opens_nothing(client: FlaskClient, token: str, tail: str) -> None:
    assert client.get(f"/en/rsvp/{token}{tail}").status_code == 404
    assert client.post(f"/en/rsvp/{token}{tail}").status_code == 404


def test_a_public_id_or_a_digest_is_no_link(client: FlaskClient) -> None:
    rsvp = RsvpFactory(token="d" * 32)

    assert client.get(f"/en/rsvp/{rsvp.public_id}").status_code == 404
    assert client.get(f"/en/rsvp/{rsvp.token_digest}").status_code == 404


def test_a_flood_is_refused_without_saying_whose_address_it_was(
    client: FlaskClient, session: Session
) -> None:
    client.application.config["LIMITS_ENABLED"] = True
    try:
        answers = [
            client.post(f"/en/events/{EventFactory().public_id}/rsvp", data=ADA).status_code
            for _ in range(22)
        ]
    finally:
        client.application.config["LIMITS_ENABLED"] = False
        client.application.extensions["limiter"].reset()

    assert answers == [303] * 20 + [429] * 2
    assert session.scalar(select(func.count(Message.id))) == 20


def test_hostile_words_stay_words(client: FlaskClient) -> None:
    event = EventFactory(title="<script>alert(1)</script> ${alert(2)} {{ 7*7 }}")

    page = client.get(answer(client, event, name="<b>{{ 7*7 }}", note="</textarea><script>").location).text

    assert "<script>alert" not in page
    assert "<b>{{" not in page
    assert "</textarea><script>" not in page


def test_the_organiser_sees_numbers_then_what_was_given(sign_in: Callable[[Any], FlaskClient]) -> None:
    event = EventFactory()
    ada = RsvpFactory(
        event=event, confirmed=True, name="Ada Lovelace", email="ada@example.org", note="I bring a drum"
    )
    HelpOfferFactory(rsvp=ada, code="medic")
    RsvpFactory(
        event=event, confirmed=True, name="Grace", email="grace@example.org", phone="+49 30 1",
        consent_contact_at=event.created_at,
    )  # fmt: skip
    RsvpFactory(event=event, pending=True, name="Mallory", party_size=4)

    page = sign_in(event.organiser).get(f"/en/organise/events/{event.public_id}/attendees").text

    assert "Ada" in page
    assert "Lovelace" not in page
    assert "ada@example.org" not in page
    assert "grace@example.org" in page
    assert "+49 30 1" in page
    assert "I bring a drum" in page
    assert "Mallory" not in page
    assert "Offers: First aid" in page


def test_nobody_but_the_organiser_gets_in(client: FlaskClient, sign_in: Callable[[Any], FlaskClient]) -> None:
    event = EventFactory(campaign=CampaignFactory())
    url = f"/en/organise/events/{event.public_id}/attendees"
    coordinator = CampaignRoleFactory(campaign=event.campaign).account
    other = EventFactory(campaign=event.campaign).organiser
    administrator = AccountFactory(is_administrator=True)

    assert client.get(url).status_code == 303
    assert [sign_in(account).get(url).status_code for account in (coordinator, other, administrator)] == [
        404
    ] * 3
    assert sign_in(event.organiser).get(url).status_code == 200


def test_a_long_list_is_shown_a_page_at_a_time(sign_in: Callable[[Any], FlaskClient]) -> None:
    event = EventFactory()
    RsvpFactory.create_batch(51, event=event)
    url = f"/en/organise/events/{event.public_id}/attendees"

    first, second = (sign_in(event.organiser).get(f"{url}?page={page}").text for page in (1, 2))

    assert first.count("table__row") == 50
    assert second.count("table__row") == 1


def test_a_party_that_is_too_large_is_not_told_that_every_place_is_taken(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory(capacity=5)
    session.commit()
    url = f"/en/events/{event.public_id}/rsvp"

    large = client.get(client.post(url, data={"status": "accepted", "party_size": 6}).location).text
    client.post(url, data={"status": "accepted", "party_size": 5})
    late = client.get(client.post(url, data={"status": "accepted", "party_size": 1}).location).text

    assert "There is no room for all 6 of you yet" in large
    assert "Every place is taken" in late
