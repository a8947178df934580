"""Hashing, and checking against nothing."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher

from coordinator.accounts.passwords import hash_password, is_password, needs_rehash

OLD_HASHER = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1)


def test_a_password_is_known_again_and_another_is_not() -> None:
    stored = hash_password("ночь улица фонарь")

    assert stored.startswith("$argon2id$")
    assert is_password("ночь улица фонарь", stored)
    assert not is_password("ночь улица аптека", stored)


def test_one_password_typed_on_two_keyboards_is_one_password() -> None:
    stored = hash_password(unicodedata.normalize("NFC", "Kühlschrank im Moor"))

    assert is_password(unicodedata.normalize("NFD", "Kühlschrank im Moor"), stored)


def test_nothing_fits_an_account_that_is_not_there() -> None:
    assert not is_password("nobody's", None)
    assert not is_password("", None)


def test_a_broken_hash_lets_nobody_in() -> None:
    assert not is_password("anything", "not a hash")


def test_old_parameters_are_noticed() -> None:
    assert needs_rehash(OLD_HASHER.hash("a lantern in the harbour"))
    assert not needs_rehash(hash_password("a lantern in the harbour"))
