"""Offers, answers that wait for their owner, and needs: rows survive the way there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from coordinator.kit.db import db
from tests.migrations.test_0001 import WHEN, insert_all

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session


def test_an_open_offer_becomes_waiting_again_and_nobody_is_lost(real_app: Flask) -> None:
    with real_app.app_context():
        with db.engine.begin() as connection:
            insert_all(connection)
            connection.execute(
                text("UPDATE rsvp SET status = 'waitlisted', offered_until = :at, needs_sealed = 'x'"),
                {"at": WHEN},
            )
            connection.execute(text("UPDATE rsvp_tally SET unconfirmed = 0, waitlisted = 1, offered = 2"))

        downgrade(revision="0004")
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT waitlisted FROM rsvp_tally")).scalar() == 3
            assert connection.execute(text("SELECT status FROM rsvp")).scalar() == "waitlisted"

        upgrade()
        with db.engine.connect() as connection:
            row = connection.execute(text("SELECT status, offered_until, needs_sealed FROM rsvp")).one()
            assert tuple(row) == ("waitlisted", None, None)
            assert connection.execute(text("SELECT offered FROM rsvp_tally")).scalar() == 0


def test_only_who_waits_can_be_offered_a_place(session: Session) -> None:
    connection = session.connection()
    insert_all(connection)

    with pytest.raises(IntegrityError), connection.begin_nested():
        connection.execute(text("UPDATE rsvp SET offered_until = :at"), {"at": WHEN})
    with pytest.raises(IntegrityError), connection.begin_nested():
        connection.execute(text("UPDATE rsvp_tally SET offered = -1"))
