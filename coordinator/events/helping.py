"""What help an event asks for: roles, how many of each, a word about it. Plain values and decisions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LONGEST_ROLE = 60
LONGEST_ROLE_NOTE = 160
LARGEST_WANTED = 500
MOST_OWN_ROLES = 5


class Help(StrEnum):
    """Roles that every protest knows, and every language has a word for."""

    MARSHAL = "marshal"
    SPEAKER = "speaker"
    MEDIC = "medic"
    LEGAL_OBSERVER = "legal-observer"
    TRANSLATOR = "translator"


KINDS = frozenset(Help)


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpRole:
    """One role that an organiser looks for people for."""

    code: str
    """Of `Help`, or a public id for the organiser's own words."""
    wanted: int
    words: str = ""
    """The organiser's own, in their own language; empty for `Help`."""
    note: str = ""
    """When, what to bring; in the organiser's language too."""

    @property
    def is_own(self) -> bool:
        """Tell whether the organiser named it."""
        return self.code not in KINDS


def roles_from(kept: Iterable[Mapping[str, Any]]) -> list[HelpRole]:
    """Return the roles as `Event.help_wanted` keeps them."""
    return [HelpRole(**one) for one in kept]


def kept_roles(roles: Iterable[HelpRole]) -> list[dict[str, Any]]:
    """Return roles as JSON can hold them."""
    return [asdict(role) for role in roles]


def codes_of(kept: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what may be offered: the organiser's own roles, and always the five that everybody knows.

    The five even when they are not asked for: a form that was opened before the organiser's list changed
    is not refused for it.
    """
    own = (str(one["code"]) for one in kept if one["code"] not in KINDS)
    return (*(kind.value for kind in Help), *own)


def says_nothing_new(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a change adds no words of the organiser's: other numbers, or less of what stood there."""
    texts = {(one["words"], one["note"]) for one in before}
    return all((one["words"], one["note"]) in texts or not (one["words"] or one["note"]) for one in after)
