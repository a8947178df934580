"""Links to a door, and who came through it."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from flask import current_app

from coordinator.checkin.models import DoorLink
from coordinator.checkin.rules import USUAL_HOURS
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import new_token, token_digest
from tests.factories.events import EventFactory
from tests.factories.rows import RowFactory

MADE_AT = datetime(2030, 9, 16, 12, 0, tzinfo=UTC)


class DoorLinkFactory(RowFactory):
    """A way in with first names, until six hours after the end. `token` opens it; `label` is sealed here."""

    class Meta:
        model = DoorLink
        exclude = ("token", "label")

    token = factory.LazyFunction(new_token)
    label = ""

    public_id = factory.LazyFunction(new_public_id)
    event = factory.SubFactory(EventFactory)
    label_sealed = factory.LazyAttribute(lambda row: current_app.extensions["seal"].encrypt(row.label))
    token_digest = factory.LazyAttribute(lambda row: token_digest(row.token))
    has_names = True
    hours = USUAL_HOURS
    created_at = MADE_AT
