"""What organisers and coordinators announce."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import factory
from flask import current_app

from coordinator.kit.ids import new_public_id
from coordinator.messaging.models import Announcement, AnnouncementText
from coordinator.messaging.rules import AnnouncementStatus, AnswerAudience, AudienceKind, OrganiserAudience
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.rows import RowFactory

WRITTEN_AT = datetime(2030, 9, 10, 12, 0, tzinfo=UTC)


class AnnouncementFactory(RowFactory):
    """A draft in English to everybody who comes or may come.

    Give other `words` as {locale: (subject, text)}.
    """

    class Meta:
        model = Announcement

    class Params:
        waiting = factory.Trait(status=AnnouncementStatus.WAITING, submitted_at=WRITTEN_AT, due_at=WRITTEN_AT)
        scheduled = factory.Trait(
            status=AnnouncementStatus.SCHEDULED, submitted_at=WRITTEN_AT, due_at=WRITTEN_AT
        )

    public_id = factory.LazyFunction(new_public_id)
    event = factory.SubFactory(EventFactory)
    author = factory.LazyAttribute(lambda row: row.event.organiser)
    status = AnnouncementStatus.DRAFT
    audience = factory.LazyFunction(lambda: asdict(AnswerAudience()))
    created_at = WRITTEN_AT

    @factory.post_generation
    def words(self, _create: bool, said: Any) -> None:
        seal = current_app.extensions["seal"]
        for locale, (subject, body) in (said or {"en": ("Where we meet", "At the **fountain**.")}).items():
            self.texts[locale] = AnnouncementText(
                locale=locale, subject_sealed=seal.encrypt(subject), body_sealed=seal.encrypt(body)
            )


class InvitationFactory(AnnouncementFactory):
    """A draft in English to all contacts of the event's organiser. Give a `tag` in clear."""

    class Meta:
        exclude = ("tag",)

    tag = ""
    kind = AudienceKind.CONTACTS
    audience = factory.LazyFunction(dict)
    tag_sealed = factory.LazyAttribute(lambda row: current_app.extensions["seal"].encrypt(row.tag))


class BroadcastFactory(AnnouncementFactory):
    """A draft in English to all who organise in `broadcast_in`, on the clocks of Berlin."""

    event = None
    broadcast_in = factory.SubFactory(CampaignFactory)
    kind = AudienceKind.ORGANISERS
    timezone = "Europe/Berlin"
    author = factory.LazyAttribute(lambda row: CampaignRoleFactory(campaign=row.broadcast_in).account)
    audience = factory.LazyFunction(lambda: asdict(OrganiserAudience()))
