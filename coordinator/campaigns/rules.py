"""What a campaign is. Plain values, no database, no web."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

from coordinator.kit.errors import RefusedError

SHORTEST_SLUG, LONGEST_SLUG = 3, 60
LONGEST_TITLE = 120
LONGEST_CALL = 20_000
LONGEST_URL = 500
LONGEST_HASHTAGS = 200
LONGEST_WINDOW = timedelta(days=366)
INVITATION_LIFE = timedelta(days=14)
SHORTEST_RETENTION_DAYS, LONGEST_RETENTION_DAYS = 1, 365
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

RESERVED_SLUGS = frozenset({
    "about", "account", "api", "assets", "coordinate", "dev", "e", "embed", "events", "healthz", "languages",
    "metrics", "missions", "near", "organise", "privacy", "readyz", "rsvp", "source", "static", "admin",
    "administer", "robots", "favicon", "sitemap", "health", "help", "invitations", "new",
})  # fmt: skip
"""First parts of addresses that are something else already; two-letter slugs are languages."""


class CampaignStatus(StrEnum):
    """Who sees a campaign: its coordinators; everybody; everybody, as history."""

    DRAFT = "draft"
    OPEN = "open"
    ARCHIVED = "archived"


class DateRule(StrEnum):
    """How much of the date a campaign decides."""

    DAY = "day"
    WINDOW = "window"
    LOCAL = "local"
    """Each event has a date of its own."""


class ReviewPolicy(StrEnum):
    """Who may publish without a coordinator looking first."""

    EVERYTHING = "everything"
    """Nobody."""
    TRUSTED = "trusted"
    """Organisers whom a coordinator has marked as trusted."""


class AnswerField(StrEnum):
    """What an answer says of a person, and that may go before the rest of it."""

    NEEDS = "needs"
    NOTE = "note"
    NAME = "name"
    PHONE = "phone"


FIRST_TO_GO: Mapping[AnswerField, int] = MappingProxyType({AnswerField.NEEDS: 7})
"""Days in a new campaign: what somebody needs may tell of their health, and is of no use afterwards."""


class CampaignRoleKind(StrEnum):
    """What an account is in a campaign."""

    COORDINATOR = "coordinator"
    TRUSTED = "trusted"


STATUS_STEPS: Mapping[CampaignStatus, frozenset[CampaignStatus]] = MappingProxyType(
    {
        CampaignStatus.DRAFT: frozenset({CampaignStatus.OPEN}),
        CampaignStatus.OPEN: frozenset({CampaignStatus.ARCHIVED}),
        CampaignStatus.ARCHIVED: frozenset({CampaignStatus.OPEN}),
    }
)
"""What may follow. Nothing that was public once becomes a draft again: its links are on posters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignWords:
    """A campaign in one language. All but the title is Markdown."""

    title: str
    call: str
    demands: str = ""
    guidelines: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDetails:
    """Everything that a coordinator says about a campaign."""

    slug: str
    sending_state: str
    """ISO 3166-1 alpha-2."""
    default_locale: str
    words: Mapping[str, CampaignWords]
    """By language; the default one is among them."""
    date_rule: DateRule = DateRule.DAY
    starts_on: date | None = None
    ends_on: date | None = None
    review_policy: ReviewPolicy = ReviewPolicy.EVERYTHING
    retention_days: int = 90
    field_days: Mapping[AnswerField, int] = field(default_factory=lambda: FIRST_TO_GO)
    """Days after an event until a field of its answers goes, where that is before all the rest."""
    hashtags: str = ""
    petition_url: str = ""
    updates_url: str = ""
    is_demonstration: bool = field(default=False)


class PromiseError(RefusedError):
    """Something about people would be kept longer than those who answered were told."""

    code = "campaign.promise"

    def __init__(self, what: AnswerField | None) -> None:
        """Say what: one field, or None for everything."""
        super().__init__()
        self.what = what


class SlugTakenError(RefusedError):
    """Another campaign, or a page of ours, has that address."""

    code = "campaign.slug_taken"


class SlugFixedError(RefusedError):
    """The address of a campaign that was opened is on posters: it stays."""

    code = "campaign.slug_fixed"


class SlugError(RefusedError):
    """Not lower-case words joined by hyphens, or a page of ours."""

    code = "campaign.slug"


class DatesError(RefusedError):
    """The dates do not fit the date rule."""

    code = "campaign.dates"


class WordsError(RefusedError):
    """The campaign says nothing in its own language."""

    code = "campaign.words"


class FieldDaysError(RefusedError):
    """A field would go before the protest is over, or after everything else."""

    code = "campaign.field_days"


class StatusStepError(RefusedError):
    """A campaign can't go there from where it is."""

    code = "campaign.status_step"


class LastCoordinatorError(RefusedError):
    """Somebody must be left to look after the campaign."""

    code = "campaign.last_coordinator"


class NotOpenError(RefusedError):
    """The campaign takes no events now."""

    code = "campaign.not_open"


def is_good_slug(slug: str) -> bool:
    """Tell whether `slug` can be the address of a campaign: lower-case words joined by hyphens."""
    return (
        SHORTEST_SLUG <= len(slug) <= LONGEST_SLUG
        and SLUG.fullmatch(slug) is not None
        and slug not in RESERVED_SLUGS
    )


def days_of(
    date_rule: DateRule, starts_on: date | None, ends_on: date | None
) -> tuple[date | None, date | None]:
    """Return first and last day as they are kept: none for local dates, no last one for a single day.

    Raises:
        DatesError: a day is missing, the last one comes first, or the window is longer than `LONGEST_WINDOW`.
    """
    if date_rule is DateRule.LOCAL:
        return None, None
    if starts_on is None:
        raise DatesError
    if date_rule is DateRule.DAY:
        return starts_on, None
    if ends_on is None or not starts_on <= ends_on <= starts_on + LONGEST_WINDOW:
        raise DatesError
    return starts_on, ends_on


def field_days_of(days: Mapping[AnswerField, int], retention_days: int) -> dict[str, int]:
    """Return by code after how many days a field goes, as it is kept.

    Raises:
        FieldDaysError: not between the shortest time that anything is kept and `retention_days`.
    """
    if any(not SHORTEST_RETENTION_DAYS <= number <= retention_days for number in days.values()):
        raise FieldDaysError
    return {field.value: days[field] for field in AnswerField if field in days}


def refuse_longer(
    before: tuple[int, Mapping[AnswerField, int]], after: tuple[int, Mapping[AnswerField, int]]
) -> None:
    """Refuse to keep anything longer than people were promised.

    Args:
        before: days after a protest, for everything and for the fields that go sooner.
        after: the same, as it is to be.

    Raises:
        PromiseError: it would be kept longer.
    """
    if after[0] > before[0]:
        raise PromiseError(None)
    for what in AnswerField:
        if after[1].get(what, after[0]) > before[1].get(what, before[0]):
            raise PromiseError(what)


def status_after(status: CampaignStatus, wanted: CampaignStatus) -> CampaignStatus:
    """Return `wanted`, when a campaign may go there from `status`.

    Raises:
        StatusStepError: it may not.
    """
    if wanted not in STATUS_STEPS[status]:
        raise StatusStepError
    return wanted


def hashtags_of(text: str) -> str:
    """Return the hashtags in `text`, each with its sign, once, separated by spaces."""
    words = (word.strip("#,.;") for word in re.split(r"[\s,;]+", text))
    return " ".join(dict.fromkeys(f"#{word}" for word in words if word))


def is_web_address(url: str) -> bool:
    """Tell whether `url` is a link to a web page: http or https, with a host, and no user name before it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(host)
        and parts.username is None
        and not any(character.isspace() or ord(character) < ord(" ") for character in url)
    )
