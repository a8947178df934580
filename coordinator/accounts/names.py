"""How people who sign in are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _

from coordinator.accounts.rules import NOBODY

if TYPE_CHECKING:
    from coordinator.accounts.models import Account
    from coordinator.kit.crypto import Seal


def name_of(account: Account, seal: Seal) -> str:
    """Return how somebody wants to be called; of whoever erased their account, that they did."""
    if account.public_id == NOBODY:
        return _("somebody who left")
    return seal.decrypt(account.display_name_sealed)
