"""Contacts of a campaign: who agreed before has agreed to the same afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from coordinator.kit.db import db
from tests.migrations.test_0001 import insert, insert_all

if TYPE_CHECKING:
    from flask import Flask

WHEN = "2030-09-16 16:00:00.000000"
BEFORE = {"consent_at": WHEN, "consent_wording": "rsvp-1:en", "email_digest": "d1"}


def test_consents_move_and_come_back(real_app: Flask) -> None:
    with real_app.app_context():
        downgrade(revision="0005")
        with db.engine.begin() as connection:
            insert_all(connection)
            connection.execute(
                text("UPDATE contact SET consent_at = :consent_at, consent_wording = :consent_wording,"
                     " email_digest = :email_digest"),
                BEFORE,
            )  # fmt: skip

        upgrade(revision="0006")
        with db.engine.begin() as connection:
            contact = connection.execute(text("SELECT * FROM contact")).one()
            assert (contact.campaign_id, contact.event_id, contact.email_digest) == (1, 1, None)
            consent = connection.execute(text("SELECT * FROM contact_consent")).one()
            assert (consent.contact_id, consent.purpose, str(consent.given_at)[:19], consent.wording) == (
                1, "contact", WHEN[:19], "rsvp-1:en",
            )  # fmt: skip
            assert (consent.source, consent.withdrawn_at) == ("rsvp:r000000001", None)
            insert(connection, "contact", id=2, public_id="c2", event_id=None, source="hand")
            insert(connection, "contact", id=3, public_id="c3", source="rsvp:withdrawn")
            connection.execute(
                text("INSERT INTO suppression (owner_id, email_digest, because, suppressed_at)"
                     " VALUES (1, 'd', 'unsubscribed', :when)"),
                {"when": WHEN},
            )  # fmt: skip

        downgrade(revision="0005")
        with db.engine.begin() as connection:
            kept = connection.execute(text("SELECT * FROM contact")).one()
            assert (kept.id, str(kept.consent_at)[:19], kept.consent_wording) == (1, WHEN[:19], "rsvp-1:en")
