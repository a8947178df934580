"""What a campaign may be."""

from __future__ import annotations

from datetime import date

import pytest

from coordinator.campaigns.rules import (
    CampaignStatus,
    DateRule,
    DatesError,
    StatusStepError,
    days_of,
    hashtags_of,
    is_good_slug,
    is_web_address,
    status_after,
)

FIRST, LAST = date(2030, 9, 16), date(2030, 9, 22)


@pytest.mark.parametrize(
    ("slug", "is_good"),
    [
        pytest.param("day-of-action-2030", True, id="words and a year"),
        pytest.param("abc", True, id="shortest"),
        pytest.param("ru", False, id="a language"),
        pytest.param("a" * 61, False, id="too long"),
        pytest.param("Day", False, id="capitals"),
        pytest.param("day--action", False, id="two hyphens"),
        pytest.param("-day", False, id="begins with a hyphen"),
        pytest.param("день", False, id="not ASCII"),
        pytest.param("day\n", False, id="a line break"),
        pytest.param("organise", False, id="a page of ours"),
        pytest.param("new", False, id="the form for campaigns"),
        pytest.param("static", False, id="files of ours"),
    ],
)
def test_is_good_slug(slug: str, is_good: bool) -> None:
    assert is_good_slug(slug) is is_good


@pytest.mark.parametrize(
    ("rule", "starts_on", "ends_on", "expected"),
    [
        pytest.param(DateRule.DAY, FIRST, LAST, (FIRST, None), id="one day has no last"),
        pytest.param(DateRule.WINDOW, FIRST, LAST, (FIRST, LAST), id="a window"),
        pytest.param(DateRule.WINDOW, FIRST, FIRST, (FIRST, FIRST), id="a window of one day"),
        pytest.param(DateRule.LOCAL, FIRST, LAST, (None, None), id="each its own"),
    ],
)
def test_days_of(
    rule: DateRule, starts_on: date, ends_on: date, expected: tuple[date | None, date | None]
) -> None:
    assert days_of(rule, starts_on, ends_on) == expected


@pytest.mark.parametrize(
    ("rule", "starts_on", "ends_on"),
    [
        pytest.param(DateRule.DAY, None, None, id="no day"),
        pytest.param(DateRule.WINDOW, FIRST, None, id="no end"),
        pytest.param(DateRule.WINDOW, LAST, FIRST, id="ends before it starts"),
        pytest.param(DateRule.WINDOW, FIRST, date(2033, 1, 1), id="years long"),
    ],
)
def test_days_that_can_t_be(rule: DateRule, starts_on: date | None, ends_on: date | None) -> None:
    with pytest.raises(DatesError):
        days_of(rule, starts_on, ends_on)


def test_what_was_public_never_becomes_a_draft_again() -> None:
    for status in (CampaignStatus.OPEN, CampaignStatus.ARCHIVED):
        with pytest.raises(StatusStepError):
            status_after(status, CampaignStatus.DRAFT)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("FreeThemAll, #свобода", "#FreeThemAll #свобода", id="signs are added"),
        pytest.param("#a #a  #b", "#a #b", id="once each"),
        pytest.param("# , ;", "", id="nothing"),
    ],
)
def test_hashtags_of(typed: str, kept: str) -> None:
    assert hashtags_of(typed) == kept


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        pytest.param("https://example.org/petition?x=1", True, id="https"),
        pytest.param("http://example.org", True, id="http"),
        pytest.param("javascript:alert(1)", False, id="script"),
        pytest.param("JaVaScRiPt://example.org/%0aalert(1)", False, id="script in disguise"),
        pytest.param("data:text/html,<b>", False, id="data"),
        pytest.param("//example.org", False, id="no scheme"),
        pytest.param("https://", False, id="no host"),
        pytest.param(
            "https://good.example.org@bad.example.org/", False, id="somebody else behind an at sign"
        ),
        pytest.param("https://example.org/a b", False, id="a space"),
        pytest.param("https://[", False, id="no address at all"),
    ],
)
def test_is_web_address(url: str, is_one: bool) -> None:
    assert is_web_address(url) is is_one
