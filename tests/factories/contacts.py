"""People an organiser may reach."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import factory
from flask import current_app

from coordinator.contacts.models import Contact, ContactConsent
from coordinator.contacts.rules import Purpose
from coordinator.kit.ids import new_public_id
from tests.factories.events import EventFactory
from tests.factories.rows import RowFactory

if TYPE_CHECKING:
    from coordinator.kit.crypto import Seal

AGREED_AT = datetime(2030, 9, 1, 12, 0, tzinfo=UTC)


def _seal() -> Seal:
    found: Seal = current_app.extensions["seal"]
    return found


class ContactFactory(RowFactory):
    """Somebody who agreed to hear from the organiser of `event`. Give texts in clear."""

    class Meta:
        model = Contact
        exclude = ("name", "email", "phone", "note", "tags", "roles", "agreed_to")

    name = "Ada"
    email = factory.Sequence(lambda n: f"contact{n}@example.org")
    phone = ""
    note = ""
    tags = ()
    roles = ()
    agreed_to = (Purpose.CONTACT,)

    public_id = factory.LazyFunction(new_public_id)
    event = factory.SubFactory(EventFactory)
    owner = factory.LazyAttribute(lambda row: row.event.organiser)
    campaign = factory.LazyAttribute(lambda row: row.event.campaign)
    source = factory.LazyFunction(lambda: f"rsvp:{new_public_id()}")
    name_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.name))
    email_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.email))
    email_digest = factory.LazyAttribute(
        lambda row: (
            _seal().digest(row.email, purpose=f"contacts:{row.owner.public_id}") if row.email else None
        )
    )
    phone_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.phone))
    note_sealed = factory.LazyAttribute(lambda row: _seal().encrypt(row.note))
    tags_sealed = factory.LazyAttribute(
        lambda row: _seal().encrypt(json.dumps(list(row.tags))) if row.tags else None
    )
    roles_sealed = factory.LazyAttribute(
        lambda row: _seal().encrypt(json.dumps(list(row.roles))) if row.roles else None
    )
    created_at = AGREED_AT
    consents = factory.LazyAttribute(
        lambda row: [
            ContactConsent(purpose=kind, given_at=AGREED_AT, wording="rsvp-1:en", source=row.source)
            for kind in row.agreed_to
        ]
    )
