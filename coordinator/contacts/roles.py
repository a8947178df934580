"""What help a contact gives: the roles that protests know, and an organiser's own words. Plain values."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from coordinator.events.helping import LONGEST_ROLE, Help
from coordinator.kit.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_ROLES = 12

NAMES = {
    Help.MARSHAL: "marshal, steward, распорядитель, распорядительница, порядок на акции, стюард, "
    "розпорядник, ordner, ordnerin",
    Help.SPEAKER: "speaker, оратор, спикер, выступление, выступающий, доповідач, спікер, redner, rednerin",
    Help.MEDIC: "medic, first aid, first aider, медик, первая помощь, перша допомога, sanitäter, "
    "sanitäterin, erste hilfe",
    Help.LEGAL_OBSERVER: "legal observer, правовое наблюдение, правовой наблюдатель, юрист-наблюдатель, "
    "правовий спостерігач, rechtsbeobachter, rechtsbeobachterin",
    Help.TRANSLATOR: "translator, interpreter, переводчик, переводчица, перевод, перекладач, перекладачка, "
    "übersetzer, übersetzerin, dolmetscher, dolmetscherin",
}
"""What sheets and organisers call the roles that protests know."""


class TooManyRolesError(RefusedError):
    """More roles than one person takes on."""

    code = "contact.too_many_roles"


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


_CODES = {_folded(name): kind.value for kind, names in NAMES.items() for name in names.split(",")}
_CODES |= {kind.value: kind.value for kind in Help}
_ORDER = [kind.value for kind in Help]


def role_of(text: str) -> str:
    """Return a role as it is kept: the code of one that protests know, or the words, trimmed."""
    words = " ".join(unicodedata.normalize("NFC", text).split())[:LONGEST_ROLE].strip()
    return _CODES.get(_folded(words), words)


def clean_roles(roles: Iterable[str]) -> list[str]:
    """Return roles as they are kept: those that protests know in their order, then others; none twice.

    Raises:
        TooManyRolesError: there are more than `MOST_ROLES`.
    """
    kept: dict[str, str] = {}
    for text in roles:
        if role := role_of(text):
            kept.setdefault(role.casefold(), role)
    if len(kept) > MOST_ROLES:
        raise TooManyRolesError
    known = [code for code in _ORDER if code in kept]
    return known + sorted((kept[key] for key in kept.keys() - set(known)), key=str.casefold)


def united_roles(roles: list[str], more: Iterable[str]) -> list[str]:
    """Return roles with others added; as they were, if that would be too many."""
    try:
        return clean_roles([*roles, *more])
    except TooManyRolesError:
        return roles
