"""Long sheets are looked at by the worker, once, and the page shows what it found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from coordinator.contacts import jobs
from coordinator.contacts.jobs import check_sheet, check_sheets, run_imports
from coordinator.contacts.models import ContactImport
from coordinator.contacts.rules import ImportStatus, Problem, Unreadable
from coordinator.contacts.service import checking, importing
from coordinator.contacts.service.checking import ask_for_check, kept_outlook, outlook
from coordinator.contacts.service.matching import Matcher
from coordinator.contacts.sheets import reading
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.imports import sheet_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

    SignIn = Callable[[Any], FlaskClient]

URL = "/en/organise/contacts/import"
NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
FORM = {
    "encoding": "utf-8-sig",
    "separator": "comma",
    "is_headed": "y",
    "columns-0": "name",
    "columns-1": "email",
}
CONSENT = {
    "known": "skip", "purposes": ["contact"], "consent": "A list on paper in Riga", "agreed_on": "2024-05-01",
}  # fmt: skip
TABLE = "name,email\nAda,ada@example.org\nBob,nothing\nAda,ada@example.org\nCarl,carl@example.org\n"


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ROWS_AT_ONCE", 3)


def asked(session: Session, seal: Seal, text: str = TABLE, **values: Any) -> ContactImport:
    """Return a sheet whose organiser waits for what the worker finds."""
    sheet = sheet_of(text, **values)
    ask_for_check(session, sheet, seal=seal, now=NOON)
    session.commit()
    return sheet


def test_a_long_sheet_is_counted_by_the_worker_and_started_only_then(
    sign_in: SignIn, session: Session, seal: Seal
) -> None:
    sheet = sheet_of(TABLE)
    session.commit()
    browser, url = sign_in(sheet.owner), f"{URL}/{sheet.public_id}"

    unasked = browser.get(f"{url}/check")
    going_on = browser.post(f"{url}/columns", data=FORM)
    waiting = browser.get(going_on.location)
    early = browser.post(f"{url}/check", data=CONSENT)
    elsewhere = browser.get(URL).text + browser.get(url).text
    run_imports(seal=seal, now=NOON)
    counted = browser.get(f"{url}/check")
    started = browser.post(f"{url}/check", data=CONSENT)

    assert unasked.location.endswith("/columns")
    assert going_on.location.endswith("/check")
    assert 'data-behaviour="progress"' in waiting.text
    assert "Look again" in waiting.text
    assert 'name="consent"' not in waiting.text
    assert elsewhere.count(f'href="{url}/check"') == 2  # whoever left comes back to it
    assert early.status_code == 422
    assert "still being looked at" in early.text
    assert "A list on paper in Riga" in early.text
    assert "The e-mail address is none" in counted.text
    assert "<bdi>Bob</bdi>" in counted.text
    assert started.status_code == 303
    session.expire_all()
    assert (sheet.status, sheet.rows) == (ImportStatus.RUNNING, 4)
    assert (sheet.outlook_sealed, sheet.check_asked_at, sheet.rows_checked) == (None, None, None)


def test_a_short_sheet_is_looked_at_by_the_page_itself(sign_in: SignIn, session: Session) -> None:
    sheet = sheet_of("name,email\nAda,ada@example.org\nBob,nothing\n")
    session.commit()
    browser, url = sign_in(sheet.owner), f"{URL}/{sheet.public_id}"

    page = browser.get(browser.post(f"{url}/columns", data=FORM).location)

    session.expire_all()
    assert "The e-mail address is none" in page.text
    assert sheet.check_asked_at is None


def test_what_the_worker_finds_is_what_the_page_would_find_and_is_sealed(
    session: Session, seal: Seal
) -> None:
    sheet = asked(session, seal)
    ContactFactory(
        owner=sheet.owner, campaign=sheet.campaign, event=None, name="Carl", email="carl@example.org"
    )
    session.commit()

    check_sheets(seal=seal)
    session.expire_all()

    found = kept_outlook(sheet, seal=seal)
    assert found == outlook(session, sheet, seal=seal)
    assert found is not None
    assert found.counts == {"": 1, Problem.NOT_AN_ADDRESS: 1, Problem.TWICE: 1, Problem.KNOWN: 1}
    assert [number for number, _ in found.shown] == [3, 4]
    assert (sheet.rows_checked, sheet.rows) == (4, 4)
    assert "Bob" not in (sheet.outlook_sealed or "")


def test_another_description_is_counted_anew(sign_in: SignIn, session: Session, seal: Seal) -> None:
    sheet = asked(session, seal)
    check_sheets(seal=seal)
    url = f"{URL}/{sheet.public_id}"

    sign_in(sheet.owner).post(f"{url}/columns", data=FORM | {"columns-0": "note"})
    session.expire_all()
    before = kept_outlook(sheet, seal=seal)
    check_sheets(seal=seal)
    session.expire_all()

    assert before is None
    found = kept_outlook(sheet, seal=seal)
    assert found is not None
    assert found.rows == 4


@pytest.mark.parametrize("is_thrown_away", [False, True])
def test_what_is_counted_for_an_older_description_counts_for_nothing(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch, is_thrown_away: bool
) -> None:
    sheet = asked(session, seal)
    monkeypatch.setattr(jobs, "MOST_BATCHES", 1)
    monkeypatch.setattr(jobs, "BATCH", 2)
    look = Matcher.checked

    def described_meanwhile(self: Matcher, *args: Any) -> Any:
        if is_thrown_away:
            session.delete(session.get_one(ContactImport, sheet.id))
        else:
            session.execute(update(ContactImport).values(check_asked_at=NOON.replace(hour=13)))
        session.commit()
        return look(self, *args)

    monkeypatch.setattr(Matcher, "checked", described_meanwhile)
    import_id = sheet.id

    assert check_sheet(import_id, seal=seal) is False
    session.expire_all()
    left = session.get(ContactImport, import_id)
    assert left is None if is_thrown_away else left is not None and left.outlook_sealed is None


def test_how_far_it_is_can_be_seen_meanwhile(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = asked(session, seal)
    monkeypatch.setattr(jobs, "MOST_BATCHES", 1)
    monkeypatch.setattr(jobs, "BATCH", 2)
    told: list[tuple[int, int]] = []
    note = jobs._still_checks

    def listen(import_id: int, asked_at: Any, checked: int, rows: int) -> bool:
        told.append((checked, rows))
        return note(import_id, asked_at, checked, rows)

    monkeypatch.setattr(jobs, "_still_checks", listen)
    check_sheet(sheet.id, seal=seal)

    assert told == [(0, 4), (2, 4)]


@pytest.mark.parametrize("text", ['"' + "x" * 200_000, "\n".join(f"P,p{n}@example.org" for n in range(9))])
@pytest.mark.parametrize("is_asked", [False, True])
def test_why_a_file_can_t_be_read_is_said_and_nothing_starts(
    sign_in: SignIn, session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch, text: str, is_asked: bool
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 6)
    sheet = sheet_of(f"name,email\n{text}\n")
    if is_asked:
        sheet.check_asked_at = NOON
    else:
        monkeypatch.setattr(checking, "ROWS_AT_ONCE", 100)
    session.commit()
    check_sheets(seal=seal)
    browser, url = sign_in(sheet.owner), f"{URL}/{sheet.public_id}/check"

    page, started = browser.get(url), browser.post(url, data=CONSENT)

    assert page.status_code == 200
    assert "quotation mark" in page.text or "too many rows" in page.text
    assert 'name="consent"' not in page.text
    assert started.status_code == 422
    session.expire_all()
    assert sheet.status is ImportStatus.DRAFT
    if is_asked:
        found = kept_outlook(sheet, seal=seal)
        assert found is not None
        assert found.unreadable in {Unreadable.NOT_CSV, Unreadable.TOO_MANY_ROWS}


def test_a_contact_whom_no_key_opens_is_nobody_known_and_stops_nothing(session: Session, seal: Seal) -> None:
    sheet = asked(session, seal)
    lost = ContactFactory(
        owner=sheet.owner, campaign=sheet.campaign, event=None, name="Ada", email="ada@example.org"
    )
    lost.name_sealed = "gAAAAA-sealed-by-nobody"
    session.commit()

    check_sheets(seal=seal)
    session.expire_all()

    found = kept_outlook(sheet, seal=seal)
    assert found is not None
    assert Problem.KNOWN not in found.counts


def test_who_is_known_for_another_campaign_or_to_somebody_else_is_new(session: Session, seal: Seal) -> None:
    sheet = sheet_of(
        "name,email,phone\nAda,ada@example.org,\nBob,,+49 30 123456\n", columns=["name", "email", "phone"]
    )
    elsewhere = EventFactory(organiser=sheet.owner)
    for event in (elsewhere, EventFactory(campaign=sheet.campaign)):
        ContactFactory(event=event, name="Ada", email="ada@example.org")
        ContactFactory(event=event, name="Bob", email="", phone="+4930123456")

    assert outlook(session, sheet, seal=seal).counts == {"": 2}


def test_phones_are_known_in_every_batch(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    sheet = sheet_of(
        "name,email,phone\nAda,ADA@example.org,\nBob,,+49 30 123456\nBob,,+49 (30) 999999\n",
        columns=["name", "email", "phone"],
    )
    for name, email, phone in (
        ("Ada", "ada@example.org", ""),
        ("bob", "", "49 30 123456"),
        ("Bob", "", "4930999999"),
    ):
        ContactFactory(
            owner=sheet.owner, campaign=sheet.campaign, event=None, name=name, email=email, phone=phone
        )

    assert outlook(session, sheet, seal=seal).counts == {Problem.KNOWN: 3}
