"""Many at once, on real transactions: the last place is given once, and no answer is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from coordinator.kit.db import db, unit_of_work
from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp, RsvpTally
from coordinator.rsvps.rules import RsvpStatus
from coordinator.rsvps.service.tallying import recount
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.concurrent

PEOPLE, PLACES, THREADS = 60, 20, 20


def event_with(app: Flask, capacity: int | None) -> str:
    with app.app_context(), unit_of_work():
        public_id: str = EventFactory(capacity=capacity).public_id
        return public_id


def post_all(app: Flask, path: str, forms: list[dict[str, str]]) -> list[str]:
    """Post all forms, as many at once as there are threads. Return where each answer leads."""
    gate = Barrier(min(THREADS, len(forms)))

    def post(form: dict[str, str]) -> str:
        client = app.test_client()
        if gate.n_waiting < gate.parties and not gate.broken:
            gate.wait(timeout=30)
        answer = client.post(path, data=form)
        assert answer.status_code == 303, answer.status_code
        return answer.location

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(post, forms))


@pytest.mark.parametrize("has_email", [False, True])
def test_sixty_people_and_twenty_places(real_app: Flask, *, has_email: bool) -> None:
    public_id = event_with(real_app, PLACES)
    forms = [
        {"status": "accepted", "party_size": "1", "email": f"guest{n}@example.org" if has_email else ""}
        for n in range(PEOPLE)
    ]

    post_all(real_app, f"/en/events/{public_id}/rsvp", forms)
    if has_email:  # an address holds a place once it is confirmed, and all of them confirm at once
        with real_app.app_context():
            open_token = real_app.extensions["seal"].decrypt
            tokens = [open_token(sealed) for sealed in db.session.scalars(select(Rsvp.token_sealed))]
        with ThreadPoolExecutor(THREADS) as pool:
            confirm = [f"/en/rsvp/{token}/confirm" for token in tokens]
            assert set(pool.map(lambda path: real_app.test_client().post(path).status_code, confirm)) == {303}

    with real_app.app_context():
        session = db.session()
        counts = dict(session.execute(select(Rsvp.status, func.count()).group_by(Rsvp.status)).all())
        assert counts == {RsvpStatus.ACCEPTED: PLACES, RsvpStatus.WAITLISTED: PEOPLE - PLACES}
        assert session.scalars(select(RsvpTally)).one().taken == PLACES
        assert recount(session, is_check=True) == []
        # one to confirm for everybody, and one with the code for each who got a place
        letters = PEOPLE + PLACES if has_email else 0
        assert session.scalar(select(func.count(Message.id))) == letters


def test_two_hundred_people_and_fifty_places(real_app: Flask) -> None:
    public_id = event_with(real_app, 50)
    forms = [{"status": "accepted", "party_size": str(1 + n % 3)} for n in range(200)]

    post_all(real_app, f"/en/events/{public_id}/rsvp", forms)

    with real_app.app_context():
        session = db.session()
        people = dict(
            session.execute(select(Rsvp.status, func.sum(Rsvp.party_size)).group_by(Rsvp.status)).all()
        )
        assert people[RsvpStatus.ACCEPTED] == 50  # parties of one fill what larger ones leave
        assert sum(people.values()) == sum(int(form["party_size"]) for form in forms)
        assert recount(session, is_check=True) == []


@pytest.mark.parametrize("email", ["", "ada@example.org"])
def test_twenty_clicks_are_one_answer(real_app: Flask, email: str) -> None:
    public_id = event_with(real_app, None)
    form = {"status": "accepted", "party_size": "2", "email": email, "request_id": "5f7a3a1e-one-form"}

    places = post_all(real_app, f"/en/events/{public_id}/rsvp", [form] * THREADS)

    assert len(set(places)) == 1
    with real_app.app_context():
        assert db.session.scalar(select(func.count(Rsvp.id))) == 1
        assert recount(db.session(), is_check=True) == []


def test_one_address_answering_from_twenty_places_is_one_answer_and_one_letter(real_app: Flask) -> None:
    public_id = event_with(real_app, 5)
    forms = [
        {"status": "accepted", "party_size": str(1 + n % 4), "email": "ada@example.org"}
        for n in range(THREADS)
    ]

    post_all(real_app, f"/en/events/{public_id}/rsvp", forms)

    with real_app.app_context():
        assert db.session.scalar(select(func.count(Rsvp.id))) == 1
        assert db.session.scalar(select(func.count(Message.id))) == 1


def test_places_freed_at_once_go_to_those_who_wait_and_to_nobody_twice(real_app: Flask) -> None:
    public_id = event_with(real_app, 10)
    path = f"/en/events/{public_id}/rsvp"
    forms = [{"status": "accepted", "party_size": "1"} for _ in range(20)]
    links = [location.partition("?")[0] for location in post_all(real_app, path, forms)]
    gate = Barrier(len(links))

    def leave_or_grow(numbered: tuple[int, str]) -> int:
        number, link = numbered
        gate.wait(timeout=30)
        client = real_app.test_client()
        if number % 2:
            return client.post(f"{link}/cancel").status_code
        return client.post(link, data={"status": "accepted", "party_size": "2"}).status_code

    with ThreadPoolExecutor(len(links)) as pool:
        answers = set(pool.map(leave_or_grow, enumerate(links)))

    assert answers <= {303, 422}
    with real_app.app_context():
        tally = db.session.scalars(select(RsvpTally)).one()
        assert tally.taken <= 10
        assert recount(db.session(), is_check=True) == []
        assert db.session.scalar(select(func.count(Rsvp.id))) == 20
