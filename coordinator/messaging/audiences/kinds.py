"""Which kind of people an announcement is for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from coordinator.messaging.audiences.answers import Answers
from coordinator.messaging.audiences.contacts import Contacts
from coordinator.messaging.audiences.organisers import Organisers
from coordinator.messaging.rules import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coordinator.messaging.audiences.batch import Readers
    from coordinator.messaging.models import Announcement

_KINDS: Mapping[AudienceKind, Readers] = MappingProxyType(
    {
        AudienceKind.ANSWERS: Answers(),
        AudienceKind.CONTACTS: Contacts(),
        AudienceKind.ORGANISERS: Organisers(),
    }
)


def readers_of(announcement: Announcement) -> Readers:
    """Return how the people are found whom an announcement is for."""
    return _KINDS[announcement.kind]
