"""What stands between somebody and being forgotten, and what is remembered of it."""

from __future__ import annotations

from enum import StrEnum

from coordinator.kit.errors import RefusedError


class HeldBackError(RefusedError):
    """Others rely on an account that wants to go: something has to be ended or given to somebody first."""

    code = "privacy.held_back"


class ErasureKind(StrEnum):
    """What was erased, and so what its mark is a digest of."""

    ADDRESS = "address"
    """Everything about an address: of the address."""
    ANSWER = "answer"
    """One answer: of its public id."""
    ACCOUNT = "account"
    """Of its public id."""
