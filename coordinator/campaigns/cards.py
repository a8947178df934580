"""How a campaign is shown: shared by every page that names one."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

from babel.dates import format_interval
from flask_babel import gettext as _

from coordinator.campaigns.rules import DateRule
from coordinator.kit.i18n import date_text, habits
from coordinator.kit.markdown import plain

if TYPE_CHECKING:
    from coordinator.campaigns.models import Campaign

LONGEST_LEAD = 300  # characters; half a screen of a phone
NOT_A_PARAGRAPH = re.compile(r"#|>|```|\||[-*+]\s|\d+[.)]\s")


def dates_text(campaign: Campaign, locale: str) -> str:
    """Return when it is: the day with its weekday, first and last of several, or that each place decides."""
    if campaign.date_rule is DateRule.LOCAL or campaign.starts_on is None:
        each: str = _("Each protest has a date of its own")
        return each
    if campaign.ends_on is None or campaign.ends_on == campaign.starts_on:
        return date_text(campaign.starts_on, locale)
    return str(format_interval(campaign.starts_on, campaign.ends_on, "yMMMd", locale=habits(locale)))


def opening_of(campaign: Campaign, locale: str) -> tuple[str, str]:
    """Return the first paragraph of the call as plain words, and the rest as Markdown.

    A call that begins with a list, a heading or a long paragraph has no lead: nothing is cut short.
    """
    call = campaign.text_in(locale).call.replace("\r\n", "\n").strip()
    first, _gap, rest = call.partition("\n\n")
    lead = " ".join(plain(first).split())
    if NOT_A_PARAGRAPH.match(first) or len(lead) > LONGEST_LEAD:
        return "", call
    return lead, rest.strip()


def campaign_card(campaign: Campaign, locale: str) -> SimpleNamespace:
    """Return what a list of campaigns shows."""
    return SimpleNamespace(
        slug=campaign.slug,
        title=campaign.text_in(locale).title,
        lead=opening_of(campaign, locale)[0],
        dates_text=dates_text(campaign, locale),
        sending_state=campaign.sending_state,
        status=campaign.status,
        is_demonstration=campaign.is_demonstration,
    )
