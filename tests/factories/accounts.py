"""Invented people who sign in."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, cast

import factory
from flask import current_app

from coordinator.accounts.models import Account
from coordinator.accounts.passwords import hash_password
from coordinator.kit.ids import new_public_id
from tests.factories.rows import RowFactory

if TYPE_CHECKING:
    from coordinator.kit.crypto import Seal

JOINED_AT = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
PASSWORD = "a lantern in the harbour"
"""Everybody's password here."""


def keys() -> Seal:
    """Return the keys of the app that is being tested."""
    return cast("Seal", current_app.extensions["seal"])


@cache
def password_hash() -> str:
    """Return the hash of `PASSWORD`, made once: hashing is slow on purpose."""
    return hash_password(PASSWORD)


class AccountFactory(RowFactory):
    """A verified organiser. Traits: unverified, administrator, coordinator, disabled.

    `AccountFactory(email="ada@example.org", display_name="Ada")` seals both for you.
    """

    class Meta:
        model = Account

    class Params:
        email = factory.Sequence(lambda n: f"person{n}@example.org")
        display_name = factory.Sequence(lambda n: f"Person {n}")
        unverified = factory.Trait(verified_at=None)
        administrator = factory.Trait(is_administrator=True)
        coordinator = factory.Trait(is_coordinator=True)
        disabled = factory.Trait(is_disabled=True)

    public_id = factory.LazyFunction(new_public_id)
    email_sealed = factory.LazyAttribute(lambda row: keys().encrypt(row.email))
    email_digest = factory.LazyAttribute(lambda row: keys().digest(row.email))
    display_name_sealed = factory.LazyAttribute(lambda row: keys().encrypt(row.display_name))
    password_hash = factory.LazyFunction(password_hash)
    locale = "en"
    is_administrator = False
    is_coordinator = False
    is_disabled = False
    session_epoch = 0
    created_at = JOINED_AT
    verified_at = JOINED_AT
