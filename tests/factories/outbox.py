"""Invented messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import factory

from coordinator.kit.ids import new_public_id
from coordinator.outbox.models import Message, Undeliverable
from tests.factories.accounts import keys
from tests.factories.rows import RowFactory

POSTED_AT = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)


class MessageFactory(RowFactory):
    """A message that is due: an answer to a lost password. Traits: sent, failed."""

    class Meta:
        model = Message

    class Params:
        recipient = factory.Sequence(lambda n: f"reader{n}@example.org")
        context = factory.LazyFunction(lambda: {"token": "t" * 32, "name": "Ada"})
        sent = factory.Trait(sent_at=POSTED_AT, recipient_sealed=None, context_sealed=None, tries=1)
        failed = factory.Trait(failed_at=POSTED_AT, error="data:554", tries=12)

    public_id = factory.LazyFunction(new_public_id)
    key = factory.Sequence(lambda n: f"test:{n}")
    template = "accounts/reset"
    locale = "en"
    about = "account:0000000000"
    recipient_sealed = factory.LazyAttribute(lambda row: keys().encrypt(row.recipient))
    recipient_digest = factory.LazyAttribute(lambda row: keys().digest(row.recipient, purpose="message"))
    context_sealed = factory.LazyAttribute(lambda row: keys().encrypt(json.dumps(row.context)))
    created_at = POSTED_AT
    due_at = POSTED_AT
    leased_until = None
    tries = 0
    sent_at = None
    failed_at = None
    error = None
    is_asked_for = False
    bounced_at = None
    bounce = None
    bounce_code = None


class UndeliverableFactory(RowFactory):
    """An address that letters came back from."""

    class Meta:
        model = Undeliverable

    class Params:
        address = factory.Sequence(lambda n: f"gone{n}@example.org")

    address_digest = factory.LazyAttribute(lambda row: keys().digest(row.address, purpose="message"))
    since_at = POSTED_AT
    last_at = POSTED_AT
    code = "5.1.1"
    times = 1
