"""An audience, as an announcement keeps it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from coordinator.messaging.rules import (
    AnswerAudience,
    AudienceKind,
    Came,
    ContactAudience,
    OrganiserAudience,
    Stage,
)
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from coordinator.kit.crypto import Seal
    from coordinator.messaging.models import Announcement
    from coordinator.messaging.rules import Audience


def keep_audience(announcement: Announcement, audience: Audience, seal: Seal) -> None:
    """Write down whom an announcement is for; the organiser's own words are sealed."""
    kept = asdict(audience)
    announcement.tag_sealed = seal.encrypt(kept.pop("tag", None))
    announcement.audience = kept


def audience_of(announcement: Announcement, seal: Seal) -> Audience:
    """Return whom an announcement is for."""
    match announcement.kind:
        case AudienceKind.ANSWERS:
            return answer_audience(announcement)
        case AudienceKind.CONTACTS:
            return contact_audience(announcement, seal)
        case AudienceKind.ORGANISERS:
            return organiser_audience(announcement)


def answer_audience(announcement: Announcement) -> AnswerAudience:
    """Return whom of those who answered an announcement is for."""
    kept = announcement.audience
    return AnswerAudience(
        statuses=tuple(RsvpStatus(status) for status in kept["statuses"]),
        role=kept["role"],
        came=Came(kept["came"]),
        locale=kept["locale"],
    )


def contact_audience(announcement: Announcement, seal: Seal) -> ContactAudience:
    """Return whom of its writer's contacts an announcement is for."""
    return ContactAudience(tag=seal.decrypt(announcement.tag_sealed) or "")


def organiser_audience(announcement: Announcement) -> OrganiserAudience:
    """Return whom of the campaign's organisers a broadcast is for."""
    kept = announcement.audience
    return OrganiserAudience(
        stages=tuple(Stage(stage) for stage in kept["stages"]),
        countries=tuple(kept["countries"]),
        locale=kept["locale"],
    )
