"""A day on which everything breaks: web and worker are killed, and the mail server refuses half.

What was acknowledged must be there afterwards, every letter must have gone out, and each to the right person.
"""

from __future__ import annotations

import json
import random
import signal
import socket
import threading
import time
import urllib.error
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select, update

from coordinator.kit.db import db, unit_of_work
from coordinator.kit.tokens import token_digest
from coordinator.outbox.models import Message
from coordinator.rsvps.models import Rsvp
from coordinator.rsvps.service.tallying import recount
from tests.cli.processes import start_flask
from tests.factories.events import EventFactory
from tests.hostile.test_faults import free_port, posted

if TYPE_CHECKING:
    import subprocess

    from aiosmtpd.smtp import SMTP, Envelope, Session
    from flask import Flask

pytestmark = [pytest.mark.concurrent, pytest.mark.slow]

PEOPLE, AT_ONCE, KILLS = 1_000, 8, 10
PATIENCE = 120  # seconds until everybody must have been acknowledged
MOST_ROUNDS = 40  # of the worker at the end, each with half of what is left refused


@dataclass
class MoodyServer:
    """Refuses every second recipient, and keeps what it took."""

    dice: random.Random = field(default_factory=lambda: random.Random(1))
    taken: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    async def handle_RCPT(  # noqa: N802 the name is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.dice.random() < 0.5:
            return "451 4.3.2 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        for address in envelope.rcpt_tos:
            self.taken[address].append(bytes(envelope.content or b""))
        return "250 OK"


class House:
    """A web process and a worker, which may be killed at any time and come back."""

    def __init__(self, app: Flask, smtp_url: str) -> None:
        self.app, self.smtp_url, self.port = app, smtp_url, free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("web", "worker"):
            self.start(name)

    def start(self, name: str) -> None:
        command = ("run", "--port", str(self.port)) if name == "web" else ("worker",)
        self.processes[name] = start_flask(self.app, *command, SMTP_URL=self.smtp_url)

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait(10)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


def acknowledged(house: House, path: str, number: int, deadline: float) -> bool:
    """Send one form until somebody says that it was taken, as a patient person does."""
    form = {
        "status": "accepted",
        "party_size": "1",
        "name": f"P{number}",
        "email": f"person{number}@example.org",
        "request_id": f"form-{number}",
    }
    while time.monotonic() < deadline:
        try:
            if posted(f"http://127.0.0.1:{house.port}{path}", form) == 303:
                return True
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    return False


def kill_at_random(house: House, is_done: threading.Event) -> int:
    """Kill one or the other, and start it again; `KILLS` times, or until all is done."""
    dice, killed = random.Random(2), 0
    while not is_done.wait(dice.uniform(0.3, 1.2)) and killed < KILLS:
        name = dice.choice(("web", "worker"))
        house.kill(name)
        killed += 1
        house.start(name)
        while name == "web" and not house.answers() and not is_done.is_set():
            time.sleep(0.05)
    return killed


@pytest.mark.timeout(600)
def test_a_thousand_answers_while_everything_breaks(real_app: Flask) -> None:
    server = MoodyServer()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    smtp_url = f"smtp+plain://127.0.0.1:{controller.port}"
    with real_app.app_context(), unit_of_work():
        public_id = EventFactory().public_id
    house = House(real_app, smtp_url)
    is_done, deadline = threading.Event(), time.monotonic() + PATIENCE
    try:
        with ThreadPoolExecutor(AT_ONCE + 1) as pool:
            killer = pool.submit(kill_at_random, house, is_done)
            path = f"/en/events/{public_id}/rsvp"
            answers = pool.map(lambda number: acknowledged(house, path, number, deadline), range(PEOPLE))
            is_taken = list(answers)
            is_done.set()
            killed = killer.result()
        for name in house.processes:
            house.kill(name)
        empty_outbox(real_app, smtp_url)
    finally:
        is_done.set()
        for name in house.processes:
            house.kill(name)
        controller.stop()

    assert all(is_taken)
    assert killed > 2
    with real_app.app_context():
        session = db.session()
        assert session.scalar(select(func.count(Rsvp.id))) == PEOPLE
        assert recount(session, is_check=True) == []
        letters = select(func.count(Message.id)).where(Message.template == "rsvps/confirm")
        assert session.scalar(letters) == PEOPLE
        assert session.scalar(letters.where(Message.sent_at.is_not(None))) == PEOPLE
        assert_each_got_their_own(session.scalars(select(Rsvp)).all(), real_app, server)


def assert_each_got_their_own(rsvps: list[Rsvp], app: Flask, server: MoodyServer) -> None:
    """Look that every address got its letter, about its own answer, and nobody else's."""
    seal = app.extensions["seal"]
    owners = {rsvp.token_digest: seal.decrypt(rsvp.email_sealed) for rsvp in rsvps}
    assert set(server.taken) == set(owners.values())
    for address, letters in server.taken.items():
        ids = set()
        for raw in letters:
            letter = message_from_bytes(raw, policy=policy.default)
            assert letter["To"] == address
            text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
            token = text.split("/en/rsvp/")[1].split("/confirm")[0]
            assert owners[token_digest(token)] == address
            ids.add(letter["Message-ID"])
        assert len(ids) == 1  # what went out twice is seen to be one


def empty_outbox(app: Flask, smtp_url: str) -> None:
    """Let the worker send what is left; nobody has the patience to wait between its tries."""
    for _ in range(MOST_ROUNDS):
        with app.app_context(), unit_of_work() as session:
            waiting = update(Message).where(Message.sent_at.is_(None))
            found = session.execute(
                waiting.values(
                    due_at=datetime.now(UTC), leased_until=None, tries=0, failed_at=None
                ).returning(Message.id)
            ).all()
        if not found:
            return
        start_flask(app, "worker", "--once", SMTP_URL=smtp_url).wait(60)
    raise AssertionError(json.dumps({"left": len(found)}))
