"""What the worker and the pages want to know of any kind of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.messaging.models import Announcement


class Reach(NamedTuple):
    """How many people an announcement is for, and how many of them get it."""

    people: int
    readers: int
    without_address: int
    """Nobody can write to them, or nobody has shown that the address is theirs."""
    without_consent: int
    """They could be written to, and did not ask for it or stopped it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """A letter of an announcement to one person."""

    reader: str
    """noun:public id of who gets it, as in "rsvp:7x2k9c4m1p": the end of the message's key."""
    email: str = field(repr=False)
    locale: str
    context: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The next people, in order."""

    letters: Sequence[Addressed | None]
    """None for somebody who is not to be written to after all, or can't be."""
    last_id: int
    """How far that is."""
    is_last: bool
    """Nobody is behind them."""


class Reader(NamedTuple):
    """Somebody who was written to, as the page about an announcement shows them."""

    name: str
    """As much of it as its writer may see; may be empty."""
    page_id: str
    """Public id of what their name leads to; empty where it leads nowhere."""


class Readers(Protocol):
    """How one kind of people is counted, found and shown."""

    def reach(self, session: Session, announcement: Announcement, seal: Seal) -> Reach:
        """Count whom an announcement is for, and whom it reaches."""
        ...

    def batch(
        self, session: Session, announcement: Announcement, most: int, *, seal: Seal, site_url: str
    ) -> Batch:
        """Return letters to the next people after `Announcement.last_id`, at most so many.

        Whether they may be written to is asked now.
        """
        ...

    def shown(
        self, session: Session, announcement: Announcement, public_ids: Sequence[str], seal: Seal
    ) -> Mapping[str, Reader]:
        """Return readers by the public ids in `Addressed.reader`; those who were forgotten are left out."""
        ...
