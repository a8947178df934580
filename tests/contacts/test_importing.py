"""A sheet from the upload to the way back."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.contacts import jobs
from coordinator.contacts.jobs import run_imports
from coordinator.contacts.models import Contact, ContactImport, ContactImportChange, ContactImportPiece
from coordinator.contacts.queries import opened
from coordinator.contacts.rules import ImportStateError, ImportStatus, Problem, Purpose
from coordinator.contacts.service import importing
from coordinator.contacts.service.checking import outlook
from coordinator.contacts.service.importing import start_import
from coordinator.contacts.service.keeping import note_contact
from coordinator.contacts.service.suppressing import suppress
from coordinator.contacts.service.undoing import forget_imports, undo_import
from coordinator.contacts.service.uniting import part, unite, united
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.contacts import ContactFactory
from tests.factories.imports import PEOPLE, sheet_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

    SignIn = Callable[[Any], FlaskClient]

URL = "/en/organise/contacts/import"
OWNER = "0wner12345"
NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)
CONSENT = {
    "known": "skip", "purposes": ["contact"], "consent": "A list on paper in Riga", "agreed_on": "2024-05-01",
}  # fmt: skip


def names(session: Session, seal: Seal) -> list[str]:
    return sorted(seal.decrypt(row.name_sealed) or "" for row in session.scalars(select(Contact)))


def run(session: Session, seal: Seal) -> None:
    session.commit()
    while run_imports(seal=seal, now=NOON):
        pass
    session.expire_all()


def upload(browser: FlaskClient, data: bytes, campaign: str, filename: str = "people.csv") -> Any:
    return browser.post(
        URL,
        data={"campaign": campaign, "file": (io.BytesIO(data), filename)},
        content_type="multipart/form-data",
    )


def test_from_the_file_to_the_contacts_and_back(sign_in: SignIn, session: Session, seal: Seal) -> None:
    owner, campaign = AccountFactory(), CampaignFactory(slug="day")
    session.commit()
    browser = sign_in(owner)
    data = "Имя;Почта;Метки\r\nАнна;anna@example.org;пресса, водит фургон\r\nПётр;petr@example;\r\n"

    uploaded = upload(browser, data.encode("cp1251"), "day")
    page = browser.get(uploaded.location)
    kept = browser.post(
        uploaded.location,
        data={"encoding": "cp1251", "separator": "semicolon", "is_headed": "y",
              "columns-0": "name", "columns-1": "email", "columns-2": "tags"},
    )  # fmt: skip
    check = browser.get(kept.location)
    without_words = browser.post(kept.location, data=CONSENT | {"consent": "", "agreed_on": "2999-01-01"})
    started = browser.post(kept.location, data=CONSENT)

    assert uploaded.status_code == 303
    assert "Анна" in page.text
    assert kept.location.endswith("/check")
    assert "The e-mail address is none" in check.text
    assert session.scalar(select(func.count(Contact.id))) == 0
    assert without_words.status_code == 422
    assert "Say on which day" in without_words.text
    assert "running" not in browser.get(URL).text.partition("Imports so far")[0]
    run(session, seal)
    assert "The import is done." in browser.get(started.location).text
    contact = session.scalars(select(Contact)).one()
    person = opened(contact, seal)
    assert (person.name, person.email, person.tags) == (
        "Анна",
        "anna@example.org",
        ("водит фургон", "пресса"),
    )
    assert (contact.campaign_id, contact.event_id) == (campaign.id, None)
    assert [(one.purpose, one.given_at.date().isoformat()) for one in person.consents] == [
        (Purpose.CONTACT, "2024-05-01")
    ]
    assert session.scalar(select(func.count(ContactImportPiece.id))) == 0

    undone = browser.post(f"{started.location}/undo")
    run(session, seal)

    assert session.scalar(select(func.count(Contact.id))) == 0
    assert "The import was taken back." in browser.get(undone.location).text


def test_another_way_of_reading_is_looked_at_before_it_goes_on(sign_in: SignIn, session: Session) -> None:
    sheet = sheet_of("name;email\nAda;ada@example.org\n")
    session.commit()
    url = f"{URL}/{sheet.public_id}/columns"

    answer = sign_in(sheet.owner).post(
        url, data={"encoding": "utf-8-sig", "separator": "semicolon", "is_headed": "y", "columns-0": "email"}
    )

    session.refresh(sheet)
    assert answer.location == url
    assert (sheet.separator, sheet.columns) == (";", ["name", "email"])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (("name", ""), "which column holds the e-mail address"),
        (("email", "email"), "both be the name, the address"),
    ],
)
def test_columns_that_reach_nobody_or_contradict_are_refused(
    sign_in: SignIn, session: Session, columns: tuple[str, str], said: str
) -> None:
    sheet = sheet_of()
    session.commit()
    form = {"encoding": "utf-8-sig", "separator": "comma", "is_headed": "y"}

    answer = sign_in(sheet.owner).post(
        f"{URL}/{sheet.public_id}/columns",
        data=form | {f"columns-{n}": kind for n, kind in enumerate(columns)},
    )

    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x00\x01\x02\x03"])
def test_what_is_no_sheet_is_refused_and_not_kept(sign_in: SignIn, session: Session, data: bytes) -> None:
    owner, _ = AccountFactory(), CampaignFactory(slug="day")
    session.commit()

    answer = upload(sign_in(owner), data, "day")

    assert answer.status_code == 422
    assert session.scalar(select(func.count(ContactImport.id))) == 0


def test_a_file_may_be_large_for_whoever_is_signed_in_and_for_nobody_else(
    sign_in: SignIn, client: FlaskClient, session: Session
) -> None:
    owner, _ = AccountFactory(), CampaignFactory(slug="day")
    session.commit()
    data = b"name,email\n" + b"Ada,ada@example.org\n" * 22_000

    assert upload(client, data, "day").status_code == 413
    assert upload(sign_in(owner), data, "day").status_code == 303
    session.expire_all()
    pieces = session.scalars(select(ContactImportPiece.data_sealed)).all()
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 65_536
    assert "ada@example" not in "".join(pieces)


def test_everything_is_predicted_before_it_happens(session: Session, seal: Seal) -> None:
    lines = (
        "Ada,ada@example.org", "ADA ,Ada@Example.org", "Bob,ada@example.org", "Carl,carl@example.org",
        "Dora,dora@example.org", "Eve,", "=1,f@example.org",
    )  # fmt: skip
    sheet = sheet_of("name,email\n" + "\n".join(lines))
    ContactFactory(
        owner=sheet.owner, campaign=sheet.campaign, event=None, name="Carl", email="carl@example.org"
    )
    suppress(
        session, owner_id=sheet.owner_id, email="dora@example.org", seal=seal, now=NOON, because="by-hand"
    )

    found = outlook(session, sheet, seal=seal)
    start_import(session, sheet, rows=found.rows, is_updating=False, by=OWNER, seal=seal, now=NOON)
    run(session, seal)

    assert found.rows == 7
    assert found.counts == {
        "": 2, Problem.TWICE: 1, Problem.KNOWN: 1, Problem.SUPPRESSED: 1, Problem.NOTHING_TO_REACH: 1,
        Problem.FORMULA: 1,
    }  # fmt: skip
    assert [number for number, _ in found.shown] == [3, 6, 7, 8]
    assert names(session, seal) == ["=1", "Ada", "Bob", "Carl"]
    assert (sheet.status, sheet.created, sheet.left_out, sheet.rows_done) == (ImportStatus.DONE, 3, 4, 7)


@pytest.mark.parametrize(
    "spellings", [("Ada@Example.org", "ada@example.org"), ("ada@example.org", "ADA@EXAMPLE.ORG")]
)
def test_no_spelling_of_a_suppressed_address_hides_another(
    session: Session, seal: Seal, spellings: tuple[str, str]
) -> None:
    text = f"name,email\nAda,{spellings[0]}\nBob,{spellings[1]}\n"
    sheet = sheet_of(text, status=ImportStatus.RUNNING, rows=2)
    suppress(
        session,
        owner_id=sheet.owner_id,
        email="ada@example.org",
        seal=seal,
        now=NOON,
        because="by-hand",
    )
    counts = outlook(session, sheet, seal=seal).counts
    run(session, seal)

    assert counts == {Problem.SUPPRESSED: 2}
    assert names(session, seal) == []


def test_the_same_file_again_brings_nobody_twice(session: Session, seal: Seal) -> None:
    owner, campaign = AccountFactory(), CampaignFactory()
    text = "name,email,phone\nAda,ada@example.org,\nBob,,+49 30 123456\n"
    for _ in range(2):
        sheet_of(text, owner=owner, campaign=campaign, columns=["name", "email", "phone"], running=True)
    run(session, seal)

    assert names(session, seal) == ["Ada", "Bob"]


def test_somebody_kept_before_addresses_could_be_found_is_found(session: Session, seal: Seal) -> None:
    sheet = sheet_of(running=True)
    ContactFactory(
        owner=sheet.owner, campaign=sheet.campaign, event=None, name="Ada", email="ada@example.org",
        email_digest=None,
    )  # fmt: skip
    run(session, seal)

    assert names(session, seal) == ["Ada", "Bertha"]


def test_who_is_known_gets_what_they_lack_and_loses_it_again(session: Session, seal: Seal) -> None:
    sheet = sheet_of(
        "name,email,phone,tags,note\nAda,ada@example.org,+371 2012345,press,Drives\n",
        columns=["name", "email", "phone", "tags", "note"], running=True, agreed=True, is_updating=True,
    )  # fmt: skip
    ada = ContactFactory(
        owner=sheet.owner, campaign=sheet.campaign, event=None, name="Ada", email="ada@example.org",
        phone="", tags=("marshal",), note="Old", agreed_to=(),
    )  # fmt: skip
    before = opened(ada, seal)
    run(session, seal)
    during = opened(ada, seal)
    undo_import(session, sheet, by=OWNER, now=NOON)
    run(session, seal)

    assert (during.phone, during.tags, during.note) == ("+371 2012345", ("marshal", "press"), "Old\nDrives")
    assert [one.purpose for one in during.consents] == [Purpose.CONTACT]
    assert opened(ada, seal) == before
    assert (sheet.status, sheet.removed, sheet.kept) == (ImportStatus.UNDONE, 1, 0)


def test_what_they_took_back_no_import_gives_again(session: Session, seal: Seal) -> None:
    sheet = sheet_of(running=True, agreed=True, is_updating=True)
    ada = ContactFactory(
        owner=sheet.owner, campaign=sheet.campaign, event=None, name="Ada", email="ada@example.org"
    )
    ada.consents[0].withdrawn_at = NOON
    run(session, seal)

    assert [one.withdrawn_at for one in ada.consents] == [NOON]


def test_whoever_was_changed_since_stays_when_an_import_is_taken_back(session: Session, seal: Seal) -> None:
    sheet = sheet_of(running=True)
    run(session, seal)
    first = session.scalars(select(Contact).order_by(Contact.id)).first()
    assert first is not None
    note_contact(session, first, tags=["press"], note="", seal=seal, now=NOON + timedelta(days=1))
    undo_import(session, sheet, by=OWNER, now=NOON + timedelta(days=1))
    run(session, seal)

    assert names(session, seal) == ["Ada"]
    assert (sheet.removed, sheet.kept) == (1, 1)
    with pytest.raises(ImportStateError):
        undo_import(session, sheet, by=OWNER, now=NOON)


def test_whoever_was_made_one_and_two_again_goes_with_the_import(session: Session, seal: Seal) -> None:
    sheet = sheet_of("name,email\nAda,ada@example.org\nA. Lovelace,ada@example.org\n", running=True)
    run(session, seal)
    first, second = session.scalars(select(Contact).order_by(Contact.id))
    merge = unite(session, united(first, second, seal), by=sheet.owner, seal=seal, now=NOON)
    session.commit()
    part(session, merge.contact, by=sheet.owner, seal=seal, now=NOON)
    undo_import(session, sheet, by=OWNER, now=NOON)
    run(session, seal)

    assert names(session, seal) == []
    assert (sheet.removed, sheet.kept) == (2, 0)


@pytest.mark.parametrize("stops_after", [1, 2, 3])
def test_an_import_that_was_killed_goes_on_where_it_was(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch, stops_after: int
) -> None:
    people = [f"P{number},p{number % 7}@example.org" for number in range(20)] + ["P3,p3@example.org"]
    monkeypatch.setattr(importing, "BATCH", 4)
    monkeypatch.setattr(jobs, "MOST_BATCHES", stops_after)
    sheet = sheet_of("name,email\n" + "\n".join(people), running=True)
    session.commit()
    turns = 1
    while run_imports(seal=seal, now=NOON):
        turns += 1
        session.expire_all()
        assert sheet.rows_done == (turns - 1) * stops_after * 4
    session.expire_all()

    assert turns > 1
    assert len(names(session, seal)) == 20
    assert (sheet.created, sheet.left_out, sheet.rows_done) == (20, 1, 21)


def test_an_import_may_be_stopped_and_a_file_thrown_away(
    sign_in: SignIn, session: Session, seal: Seal
) -> None:
    running = sheet_of(running=True)
    draft = sheet_of(owner=running.owner, campaign=running.campaign)
    session.commit()
    browser = sign_in(running.owner)

    browser.post(f"{URL}/{running.public_id}/stop")
    browser.post(f"{URL}/{draft.public_id}/drop")
    again = browser.post(f"{URL}/{running.public_id}/stop")
    run(session, seal)

    assert again.status_code == 409
    assert session.scalars(select(ContactImport.status)).all() == [ImportStatus.DONE]
    assert session.scalar(select(func.count(ContactImportPiece.id))) == 0
    assert names(session, seal) == []


def test_files_go_after_a_day_and_the_way_back_after_thirty(session: Session, seal: Seal) -> None:
    sheet_of()
    done = sheet_of(running=True)
    run(session, seal)
    assert session.scalar(select(func.count(ContactImportChange.id))) == 2

    assert forget_imports(session, NOON + timedelta(days=29)) == 1
    assert session.scalar(select(func.count(ContactImportChange.id))) == 2
    forget_imports(session, NOON + timedelta(days=30))
    session.expire_all()

    assert session.scalars(select(ContactImport)).all() == [done]
    assert session.scalar(select(func.count(ContactImportChange.id))) == 0
    with pytest.raises(ImportStateError):
        undo_import(session, done, by=OWNER, now=NOON + timedelta(days=30))


def test_other_peoples_imports_do_not_exist(sign_in: SignIn, session: Session) -> None:
    sheet = sheet_of(PEOPLE)
    session.commit()
    browser = sign_in(AccountFactory())

    for path in ("", "/columns", "/check"):
        assert browser.get(f"{URL}/{sheet.public_id}{path}").status_code == 404
    for path in ("/columns", "/check", "/drop", "/stop", "/undo"):
        assert browser.post(f"{URL}/{sheet.public_id}{path}").status_code == 404
