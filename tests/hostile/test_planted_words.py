"""A thief again: everything that is typed about people elsewhere than in an answer, place by place.

Each place has a word of its own, so that a find names the leak. All of it is typed on pages, as people do.
"""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.checkin.rules import USUAL_HOURS
from coordinator.cli.worker import write
from coordinator.contacts.jobs import mend_pages, pack_contacts, run_imports
from coordinator.contacts.models import Contact
from coordinator.events.models import Event
from coordinator.kit.db import Base, db, overwrite_log, unit_of_work
from coordinator.messaging.models import Announcement
from coordinator.outbox.jobs import forget_failed, forget_traces, send_due
from coordinator.privacy.jobs import forget_due
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.messaging import AnnouncementFactory
from tests.hostile.test_planted_people import LONG_AFTER, everything
from tests.hostile.test_stored_words import Pillar
from tests.messaging.test_announcing_views import TYPED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

pytestmark = pytest.mark.concurrent

NOW = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
PLACES = (
    "account-name", "account-address", "reset-address", "kept-title", "kept-words", "invited-address",
    "review-question", "refused-message", "message-subject", "message-body", "door-label", "contact-name",
    "contact-address", "contact-note", "contact-tag", "changed-note", "added-tag", "search-name",
    "search-text", "blocked-address", "sheet-file", "sheet-name", "sheet-address", "sheet-note", "sheet-tag",
    "sheet-consent", "asked-address", "looked-for", "helper-name", "helper-words", "self-test-address",
)  # fmt: skip
STAYS = frozenset({"account", "review_note", "suppression"})
"""Tables of those who organise, and digests of addresses that are never to be written to again."""


def word(place: str) -> str:
    """Return the word of a place in two scripts: nothing that anything in the house contains by chance."""
    return f"Quxley{place.replace('-', '')} Щукаревич{PLACES.index(place):02}"


def address(place: str) -> str:
    return f"quxley{place.replace('-', '')}@mail-of-the-brave.example.org"


def traces_of(place: str) -> Iterator[bytes]:
    """Yield the ways in which the words of a place could stand in a file, in small letters."""
    latin, cyrillic = word(place).lower().split()
    yield latin.encode()
    yield latin.encode("utf-16-le")
    yield cyrillic.encode()
    yield cyrillic.encode("utf-16-le")
    yield json.dumps(cyrillic)[1:-1].encode()  # \u0449…


def browser_of(app: Flask, identity: str) -> FlaskClient:
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = identity
        cookie["_fresh"] = True
    return browser


def press(browser: FlaskClient, url: str, **data: Any) -> str:
    """Send a form, and return where it leads."""
    answer = browser.post(url, data=data)
    assert answer.status_code == 303, (url, answer.status_code)
    return str(answer.location)


@pytest.fixture
def planted(real_app: Flask) -> Flask:
    """An installation where everybody has typed something everywhere."""
    with real_app.app_context(), unit_of_work():
        event = EventFactory(help_wanted=[{"code": "medic", "wanted": 2}])
        waiting = EventFactory(submitted=True, campaign=event.campaign, organiser=event.organiser)
        coordinator = CampaignRoleFactory(campaign=event.campaign).account
        administrator = AccountFactory(administrator=True, email=address("self-test-address"))
        identities = [one.get_id() for one in (event.organiser, coordinator, administrator)]
        message = AnnouncementFactory(event=event, waiting=True).public_id
        campaign, here, there = event.campaign.slug, event.public_id, waiting.public_id
    organiser, reviewer, runner = (browser_of(real_app, one) for one in identities)
    strangers(real_app.test_client(), campaign, here)
    press(runner, "/en/administer/mail/test")
    coordinate(reviewer, campaign, there)
    organise(organiser, here)
    press(
        reviewer,
        f"/en/coordinate/{campaign}/messages/{message}",
        act="refuse",
        reason=word("refused-message"),
    )
    contacts(organiser, campaign)
    work(real_app)
    return real_app


def strangers(browser: FlaskClient, campaign: str, event: str) -> None:
    """Sign up, begin to register, answer, lose a password, ask for one's data."""
    press(
        browser,
        "/en/account/sign-up",
        email=address("account-address"),
        display_name=word("account-name"),
        password="a long and unlikely sentence",
    )
    press(browser, "/en/account/reset", email=address("reset-address"))
    press(
        browser,
        "/en/organise/events/new",
        campaign=campaign,
        title=word("kept-title"),
        description=word("kept-words"),
        starts_at="2030-09-16T18:00",
        address="Berlin",
        latitude="52.5",
        longitude="13.4",
        timezone="Europe/Berlin",
        languages="de",
        act="submit",
    )
    press(
        browser,
        f"/en/events/{event}/rsvp",
        status="accepted",
        party_size="1",
        name=word("helper-name"),
        note=word("helper-words"),
        help="medic",
        consent_contact="y",
        phone="+49 30 5550147",
    )
    press(browser, "/en/privacy/my-data", email=address("asked-address"))
    browser.get(f"/en/{campaign}/near", query_string={"place": word("looked-for")})


def coordinate(browser: FlaskClient, campaign: str, event: str) -> None:
    """Invite somebody, and ask an organiser something."""
    press(browser, f"/en/coordinate/{campaign}/people", email=address("invited-address"), kind="coordinator")
    page = browser.get(f"/en/coordinate/{campaign}/review/{event}").text
    seen = page.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]
    press(
        browser,
        f"/en/coordinate/{campaign}/review/{event}",
        act="ask",
        reason=word("review-question"),
        seen=seen,
    )


def organise(browser: FlaskClient, event: str) -> None:
    """Write to those who come, and give a helper a link."""
    press(
        browser,
        f"/en/organise/events/{event}/check-in/links",
        label=word("door-label"),
        hours=str(USUAL_HOURS),
    )
    words = TYPED | {"subject_en": word("message-subject"), "body_en": word("message-body")}
    kept = press(browser, f"/en/organise/events/{event}/messages/new", **words)
    press(browser, kept, act="test")
    press(browser, kept, act="send")


def contacts(browser: FlaskClient, campaign: str) -> None:
    """Write people down, tag, search, block, and import a sheet of them."""
    url = "/en/organise/contacts"
    person = press(
        browser,
        f"{url}/new",
        name=word("contact-name"),
        email=address("contact-address"),
        phone="",
        campaign=campaign,
        tags=word("contact-tag"),
        note=word("contact-note"),
        purposes=["contact"],
        agreed_on="2026-01-02",
    )
    press(browser, person, tags=word("contact-tag"), note=word("changed-note"))
    press(browser, f"{person}/tag", tag=word("added-tag"))
    browser.get(url, query_string={"text": word("search-text")})
    press(browser, f"{url}/filters", name=word("search-name"), text=word("search-text"))
    press(browser, f"{url}/block-address", email=address("blocked-address"))
    cells = [word("sheet-name"), address("sheet-address"), word("sheet-tag"), word("sheet-note")]
    sheet = f"name,email,tags,note\n{','.join(cells)}\n".encode()
    uploaded = browser.post(
        f"{url}/import",
        data={"campaign": campaign, "file": (io.BytesIO(sheet), f"{word('sheet-file')}.csv")},
        content_type="multipart/form-data",
    )
    columns = {f"columns-{place}": kind for place, kind in enumerate(("name", "email", "tags", "note"))}
    described = {"encoding": "utf-8-sig", "separator": "comma", "is_headed": "y"} | columns
    check = press(browser, uploaded.location, **described)
    press(
        browser,
        check,
        known="skip",
        purposes=["contact"],
        consent=word("sheet-consent"),
        agreed_on="2026-01-02",
    )


def work(app: Flask) -> None:
    """Let the worker import and pack."""
    seal = app.extensions["seal"]
    with app.app_context():
        while run_imports(seal=seal, now=NOW):
            pass
        while pack_contacts(seal=seal, now=NOW):
            pass
        mend_pages()


def test_whatever_people_type_anywhere_is_neither_in_the_database_nor_in_the_logs(
    real_app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    with caplog.at_level(logging.DEBUG):
        request.getfixturevalue("planted")

    with real_app.app_context():
        counted = [db.session.query(one).count() for one in (Contact, Announcement, Event)]
    assert counted == [3, 2, 2]  # by hand, from the sheet and from the answer; so all of it was taken in
    said = [record.getMessage() for record in caplog.records if not record.name.startswith("factory")]
    stolen, logs = everything(real_app, tmp_path).lower(), "\n".join(said).lower().encode()
    found = {place for place in PLACES for trace in traces_of(place) if trace in stolen or trace in logs}
    assert found == set()
    assert b"mail-of-the-brave" not in stolen + logs


def test_after_the_retention_time_nothing_of_it_is_left_even_for_who_has_the_keys(
    planted: Flask, tmp_path: Path
) -> None:
    before = sealed_by_table(planted)

    with planted.app_context():
        send_due(Pillar(), write, seal=planted.extensions["seal"], clock=lambda: NOW)
        forget_due(now=LONG_AFTER)
        forget_failed(now=LONG_AFTER)
        forget_traces(now=LONG_AFTER)
        overwrite_log()

    after = sealed_by_table(planted)
    assert set(before) > STAYS
    assert set(after) - STAYS == set()
    stolen = everything(planted, tmp_path)
    gone = {one for table in set(before) - STAYS for one in before[table]}
    assert [one for one in gone if one.encode() in stolen] == []


def sealed_by_table(app: Flask) -> dict[str, set[str]]:
    """Return every sealed text and every digest of people that the database holds now, by table."""
    found: dict[str, set[str]] = {}
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if not column.name.endswith(("_sealed", "_digest")):
                    continue
                for value in db.session.scalars(select(column).where(column.is_not(None))):
                    if not str(value).startswith("forgotten:"):
                        found.setdefault(table.name, set()).add(value)
    return found
