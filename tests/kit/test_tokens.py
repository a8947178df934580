from __future__ import annotations

import re

from coordinator.kit.tokens import new_token, token_digest


def test_a_token_is_long_random_and_safe_in_a_link() -> None:
    made = {new_token() for _ in range(500)}

    assert len(made) == 500
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in made)


def test_what_is_kept_finds_the_token_and_is_not_the_token() -> None:
    token = new_token()
    digest = token_digest(token)

    assert token_digest(token) == digest
    assert token_digest(new_token()) != digest
    assert token_digest(digest) != digest
    assert token not in digest
    assert len(digest) == 64
