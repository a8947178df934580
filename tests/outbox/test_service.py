"""Posting: once for each fact, with the transaction or not at all."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from coordinator.kit.db import db, unit_of_work
from coordinator.outbox import service
from coordinator.outbox.models import Message
from coordinator.outbox.service import post

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)
LETTER: dict[str, Any] = {
    "key": "fact:1",
    "template": "accounts/reset",
    "recipient": "ada@example.org",
    "locale": "en",
    "about": "account:0000000000",
    "context": {"token": "secret link", "name": "Ада"},
    "now": NOON,
}


def count(session: Session) -> int:
    return session.scalar(select(func.count(Message.id))) or 0


def test_one_fact_is_posted_once_and_sealed(session: Session, seal: Seal) -> None:
    assert post(session, **LETTER, seal=seal) is True
    assert post(session, **LETTER, seal=seal) is False

    message = session.scalars(select(Message)).one()
    kept = " ".join(str(value) for value in vars(message).values())
    assert "ada@example.org" not in kept
    assert "secret link" not in kept
    assert message.due_at == NOON


def test_another_fault_is_not_taken_for_a_key_that_is_there(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "new_public_id", lambda: "samesame00")
    post(session, **LETTER, seal=seal)

    with pytest.raises(IntegrityError):
        post(session, **(LETTER | {"key": "fact:2"}), seal=seal)


@pytest.mark.concurrent
def test_what_was_rolled_back_was_never_posted(real_app: Flask) -> None:
    seal: Seal = real_app.extensions["seal"]
    with real_app.app_context():
        with contextlib.suppress(ZeroDivisionError), unit_of_work() as session:
            post(session, **LETTER, seal=seal)
            1 / 0  # noqa: B018 the act that posted it fails afterwards

        assert count(db.session()) == 0


@pytest.mark.concurrent
def test_eight_at_once_post_one(real_app: Flask) -> None:
    seal: Seal = real_app.extensions["seal"]
    start, outcomes = threading.Barrier(8), []

    def run() -> None:
        with real_app.app_context():
            start.wait()
            with unit_of_work() as session:
                outcomes.append(post(session, **LETTER, seal=seal))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with real_app.app_context():
        assert count(db.session()) == 1
    assert sorted(outcomes) == [False] * 7 + [True]
