"""Days of action, and who is what in them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import factory

from coordinator.campaigns.models import Campaign, CampaignRole, CampaignText
from coordinator.campaigns.rules import CampaignRoleKind, CampaignStatus, DateRule, ReviewPolicy
from tests.factories.rows import RowFactory

MADE_AT = datetime(2030, 1, 2, 9, 0, tzinfo=UTC)


class CampaignFactory(RowFactory):
    """An open campaign for 16 September 2030 at Russian missions, with words in English and Russian."""

    class Meta:
        model = Campaign

    class Params:
        title = factory.Sequence(lambda n: f"Day of action {n}")
        title_ru = factory.Sequence(lambda n: f"День действий {n}")
        call = "Come to the nearest consulate. **Bring a friend.**"
        draft = factory.Trait(status=CampaignStatus.DRAFT)
        archived = factory.Trait(status=CampaignStatus.ARCHIVED)
        trusting = factory.Trait(review_policy=ReviewPolicy.TRUSTED)
        local = factory.Trait(date_rule=DateRule.LOCAL, starts_on=None)
        window = factory.Trait(date_rule=DateRule.WINDOW, ends_on=date(2030, 9, 22))
        english_only = factory.Trait(title_ru="")

    slug = factory.Sequence(lambda n: f"day-of-action-{n}")
    sending_state = "RU"
    status = CampaignStatus.OPEN
    review_policy = ReviewPolicy.EVERYTHING
    date_rule = DateRule.DAY
    starts_on = date(2030, 9, 16)
    ends_on = None
    retention_days = 90
    default_locale = "en"
    revision = 0
    created_at = MADE_AT

    @factory.lazy_attribute
    def texts(self) -> dict[str, CampaignText]:
        """Words in English, and in Russian unless there is no Russian title."""
        words = {"en": CampaignText(locale="en", title=self.title, call=self.call)}
        if self.title_ru:
            words["ru"] = CampaignText(locale="ru", title=self.title_ru, call="Приходите к консульству.")
        return words


class CampaignRoleFactory(RowFactory):
    """An account that coordinates a campaign."""

    class Meta:
        model = CampaignRole

    class Params:
        trusted = factory.Trait(kind=CampaignRoleKind.TRUSTED)

    campaign = factory.SubFactory(CampaignFactory)
    account = factory.SubFactory("tests.factories.accounts.AccountFactory")
    kind = CampaignRoleKind.COORDINATOR
    created_at = MADE_AT

    @factory.post_generation
    def _mark(self, create: bool, _: Any) -> None:
        """An account that coordinates something knows it."""
        if create and self.kind is CampaignRoleKind.COORDINATOR:
            self.account.is_coordinator = True
