"""What a stranger may try with the pages that everybody sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coordinator.kit.ids import new_public_id
from coordinator.site.views import PAGES_KEPT, _pages
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

PUBLIC_PAGES = (
    "/", "/en/", "/en/one-day", "/en/one-day/near", "/en/one-day/missions", "/en/about", "/en/privacy",
    "/en/source", "/robots.txt", "/sitemap.xml",
)  # fmt: skip


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_nothing_public_changes_by_asking_or_takes_a_post(
    client: FlaskClient, session: Session, path: str
) -> None:
    CampaignFactory(slug="one-day")

    assert client.get(path).status_code in {200, 302}
    assert client.post(path, data={"status": "archived"}).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/en/%2e%2e/%2e%2e/etc/passwd",
        "/en/one-day/missions/..%2f..%2fetc",
        "/en/" + "a" * 5000,
        "/en/one-day/missions/" + "a" * 5000,
        "/en/events/7x2k9c4m1p",
        "/e/zzzzzzzzzz",
        "/en/events/'%20OR%201=1",
        "/xx/one-day",
        "/en/-",
    ],
)
def test_an_address_that_nobody_gave_out_leads_nowhere(
    client: FlaskClient, session: Session, path: str
) -> None:
    CampaignFactory(slug="one-day")

    assert client.get(path, follow_redirects=True).status_code == 404


@pytest.mark.parametrize("name", ["country", "date", "language", "after", "without", "place", "lat", "unit"])
@pytest.mark.parametrize("value", ["'", "%", "\u202e", "9" * 400, "<b>", "${7*7}", "0001-01-01"])
def test_filters_take_any_nonsense(client: FlaskClient, session: Session, name: str, value: str) -> None:
    EventFactory(campaign__slug="one-day")

    for page in ("/en/one-day", "/en/one-day/missions", "/en/one-day/near"):
        answer = client.get(page, query_string={name: value})
        assert answer.status_code == 200
        assert "<b>" not in answer.text.partition("<main")[2]


def test_a_flood_of_questions_does_not_fill_the_memory(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="one-day")

    for _ in range(PAGES_KEPT + 50):
        client.get(f"/en/one-day?after={new_public_id()}")

    assert len(_pages._answers) <= PAGES_KEPT


def test_unknown_places_in_the_list_are_one_page_and_not_many(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="one-day")

    for _ in range(5):
        client.get(f"/en/one-day?after={new_public_id()}")

    assert len(_pages._answers) == 1


def test_a_host_that_was_made_up_is_in_no_link(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="one-day")

    for path in ("/en/one-day", f"/en/events/{event.public_id}", "/sitemap.xml"):
        assert "evil.example.org" not in client.get(path, headers={"Host": "evil.example.org"}).text


def test_a_page_says_that_nothing_foreign_may_run(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="one-day")

    policy = client.get(f"/en/events/{event.public_id}").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
