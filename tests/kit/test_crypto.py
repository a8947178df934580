from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import assume, given, strategies as st

from coordinator.kit.crypto import LostKeyError, Seal, new_encryption_key

OLD_KEY, NEW_KEY = (Fernet.generate_key().decode() for _ in range(2))
SEAL = Seal([OLD_KEY], "a digest key of some length")


@given(st.text(min_size=1))
def test_what_was_sealed_can_be_read_and_does_not_show(text: str) -> None:
    sealed = SEAL.encrypt(text)

    assert SEAL.decrypt(sealed) == text
    assert len(text) < 4 or text not in sealed


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_sealed_as_nothing(nothing: str | None) -> None:
    assert SEAL.encrypt(nothing) is None
    assert SEAL.decrypt(None) is None


def test_the_same_words_never_look_the_same_twice() -> None:
    assert SEAL.encrypt("ada@example.org") != SEAL.encrypt("ada@example.org")


def test_an_older_key_still_opens_and_the_newest_one_seals() -> None:
    sealed = SEAL.encrypt("ada@example.org")
    both = Seal([NEW_KEY, OLD_KEY], "a digest key of some length")

    assert both.decrypt(sealed) == "ada@example.org"
    assert Fernet(NEW_KEY).decrypt(both.encrypt("again")) == b"again"


def test_after_rotation_the_old_key_can_be_thrown_away() -> None:
    both = Seal([NEW_KEY, OLD_KEY], "a digest key of some length")

    rotated = both.rotate(SEAL.encrypt("ada@example.org"))

    assert Seal([NEW_KEY], "another digest key").decrypt(rotated) == "ada@example.org"
    with pytest.raises(LostKeyError):
        SEAL.decrypt(rotated)


@pytest.mark.parametrize("sealed", ["", "nonsense", "gAAAAA", "ключ"])
def test_what_none_of_our_keys_sealed_is_a_lost_key(sealed: str) -> None:
    with pytest.raises(LostKeyError):
        SEAL.decrypt(sealed)
    with pytest.raises(LostKeyError):
        SEAL.rotate(sealed)


def test_a_changed_byte_is_not_read_as_something_else() -> None:
    sealed = SEAL.encrypt("ada@example.org")
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]

    with pytest.raises(LostKeyError):
        SEAL.decrypt(changed)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        pytest.param("Ada@Example.ORG", "ada@example.org", id="case"),
        pytest.param("  ada@example.org\n", "ada@example.org", id="outer spaces"),
        pytest.param("ａｄａ@example.org", "ada@example.org", id="full-width letters"),
        pytest.param("zoe\u0308@example.org", "zoë@example.org", id="one letter or two"),
        pytest.param("ИВАН@пример.рф", "иван@пример.рф", id="Cyrillic case"),
        pytest.param("STRASSE@example.org", "straße@example.org", id="a letter without a capital"),
    ],
)
def test_spelling_does_not_make_another_person(typed: str, same: str) -> None:
    assert SEAL.digest(typed) == SEAL.digest(same)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x52F)))
def test_case_never_makes_another_person(text: str) -> None:
    assume(text.upper().casefold() == text.casefold())  # not for ı, whose capital is that of i

    assert SEAL.digest(text.upper()) == SEAL.digest(text.lower())


def test_different_people_have_different_digests() -> None:
    assert SEAL.digest("ada@example.org") != SEAL.digest("adah@example.org")


def test_digests_of_different_purposes_cannot_be_joined() -> None:
    assert SEAL.digest("ada@example.org") != SEAL.digest("ada@example.org", purpose="place")


def test_purpose_and_text_cannot_run_into_each_other() -> None:
    assert SEAL.digest("bc", purpose="a") != SEAL.digest("c", purpose="ab")


def test_a_digest_needs_our_key_and_fits_its_column() -> None:
    digest = SEAL.digest("ada@example.org")

    assert digest != Seal([OLD_KEY], "another digest key").digest("ada@example.org")
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")


def test_a_digest_does_not_depend_on_the_encryption_keys() -> None:
    rotated = Seal([NEW_KEY, OLD_KEY], "a digest key of some length")

    assert rotated.digest("ada@example.org") == SEAL.digest("ada@example.org")


def test_a_derived_token_is_one_for_its_parts_and_our_key() -> None:
    token = SEAL.derive_token("rsvp", "7x2k9c4m1p")

    assert token == SEAL.derive_token("rsvp", "7x2k9c4m1p")
    assert token != SEAL.derive_token("rsvp7x2k9c4m1p")
    assert token != Seal([OLD_KEY], "another digest key").derive_token("rsvp", "7x2k9c4m1p")
    assert len(token) == 32


def test_a_new_key_is_a_key() -> None:
    first, second = new_encryption_key(), new_encryption_key()

    assert first != second
    assert Seal([first], "d").decrypt(Seal([first], "d").encrypt("words")) == "words"
