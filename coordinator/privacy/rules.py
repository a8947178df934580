"""What stands between somebody and being forgotten."""

from __future__ import annotations

from coordinator.kit.errors import RefusedError


class HeldBackError(RefusedError):
    """Others rely on an account that wants to go: something has to be ended or given to somebody first."""

    code = "privacy.held_back"
