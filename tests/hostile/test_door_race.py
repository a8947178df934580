"""Phones at one door that send at the same moment: everybody is counted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from coordinator.checkin.models import Attendance, DoorTally
from coordinator.kit.clock import now
from coordinator.kit.db import db
from coordinator.rsvps.codes import check_in_code, code_hash
from tests.factories.checkin import DoorLinkFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from flask import Flask

PHONES, GUESTS = 4, 6


@pytest.mark.concurrent
def test_four_phones_send_the_same_and_everybody_is_counted_once(real_app: Flask) -> None:
    """Nobody has come yet, so the first of them also has to make the row that all wait for."""
    seal = real_app.extensions["seal"]
    with real_app.app_context():
        event = EventFactory()
        rsvps = RsvpFactory.create_batch(GUESTS, event=event, party_size=2)
        for phone in range(PHONES):
            DoorLinkFactory(event=event, token=f"{phone}" * 32)
        whos = [code_hash(check_in_code(event.public_id, rsvp.public_id, seal)) for rsvp in rsvps]
        db.session.commit()
    pressed_at = int(now().timestamp() * 1000)
    acts = [
        {"kind": "arrive", "id": f"{number:020}", "at": pressed_at, "who": who, "people": 2}
        for number, who in enumerate(whos)
    ]
    acts.append({"kind": "walk-in", "id": "w" * 20, "at": pressed_at, "people": 3})

    def send(phone: int) -> int:
        address = f"/en/door/{phone % PHONES}{f'{phone % PHONES}' * 31}/acts"
        return real_app.test_client().post(address, json={"sent_at": pressed_at, "acts": acts}).status_code

    with ThreadPoolExecutor(PHONES) as pool:
        answers = list(pool.map(send, range(PHONES * 3)))

    assert set(answers) == {200}
    with real_app.app_context():
        tally = db.session.query(DoorTally).one()
        assert (tally.came, tally.walk_ins) == (GUESTS * 2, 3)
        assert sum(row.people for row in db.session.query(Attendance)) == GUESTS * 2
