"""A table of people, brought in and taken back from a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.audit.models import AuditEntry
from coordinator.cli import contacts as command
from coordinator.contacts.jobs import run_import
from coordinator.contacts.models import Contact, ContactImport, ContactImportPiece
from coordinator.contacts.queries import imports_of, opened
from coordinator.contacts.rules import ImportStatus, Purpose
from coordinator.contacts.service.suppressing import suppress
from coordinator.kit.clock import now
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.contacts import ContactFactory

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

    from coordinator.accounts.models import Account
    from coordinator.campaigns.models import Campaign
    from coordinator.kit.crypto import Seal

TABLE = "Имя;Почта;Город\nАнна;anna@example.org;Рига\nПётр;petr@example.org;Рига\n"


@pytest.fixture
def owner() -> Account:
    account: Account = AccountFactory(email="ada@example.org")
    return account


@pytest.fixture
def campaign() -> Campaign:
    found: Campaign = CampaignFactory(slug="day")
    return found


@pytest.fixture
def run(runner: FlaskCliRunner, tmp_path: Path, session: Session, owner: Account, campaign: Campaign) -> Any:
    """Return a way to import a text for Ada and the campaign."""
    session.commit()

    def run(text: str | bytes, *options: str, owner: str = "ada@example.org") -> Result:
        file = tmp_path / "people.csv"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        args = ["contacts", "import", str(file), "--owner", owner, "--campaign", "day", *options]
        result = runner.invoke(args=args)
        session.expire_all()
        return result

    return run


def names(session: Session, seal: Seal) -> list[str]:
    return sorted(seal.decrypt(row.name_sealed) or "" for row in session.scalars(select(Contact)))


def test_a_table_is_in_after_one_command_and_says_how_it_was_read(
    run: Any, session: Session, seal: Seal, owner: Account
) -> None:
    result = run(
        TABLE.encode("cp1251"), "--agreed-to", "contact", "--agreed-on", "2024-05-01",
        "--wording", "A list on paper in Riga",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert "Windows-1251, semicolon, the first row names the columns" in result.output
    assert "column 3   (left out)   Город" in result.output
    assert "2 new, 0 updated, 0 left out" in result.output
    assert "anna" not in result.output.lower()
    assert names(session, seal) == ["Анна", "Пётр"]
    person = opened(session.scalars(select(Contact)).first(), seal)  # type: ignore[arg-type]
    assert [(one.purpose, one.given_at.date().isoformat()) for one in person.consents] == [
        (Purpose.CONTACT, "2024-05-01")
    ]
    sheet = imports_of(session, owner)[0]
    assert (sheet.status, seal.decrypt(sheet.filename_sealed)) == (ImportStatus.DONE, "people.csv")
    assert session.scalar(select(func.count(ContactImportPiece.id))) == 0


def test_it_is_taken_back_by_a_command_and_both_are_in_the_log(
    run: Any, runner: FlaskCliRunner, session: Session, owner: Account
) -> None:
    run(TABLE, owner=owner.public_id)
    sheet = session.scalars(select(ContactImport)).one()

    undone = runner.invoke(args=["contacts", "undo-import", sheet.public_id])
    again = runner.invoke(args=["contacts", "undo-import", sheet.public_id])
    unknown = runner.invoke(args=["contacts", "undo-import", "nothing"])

    assert undone.output.strip().endswith("2 taken back, 0 left as they are, because they were changed since")
    assert (again.exit_code, unknown.exit_code) == (1, 1)
    assert session.scalar(select(func.count(Contact.id))) == 0
    log = session.execute(
        select(AuditEntry.tag, AuditEntry.actor)
        .where(AuditEntry.subject == f"import:{sheet.public_id}")
        .order_by(AuditEntry.id)
    ).all()
    assert [tuple(row) for row in log] == [
        ("contacts:import-started", "command"),
        ("contacts:imported", "worker"),
        ("contacts:import-undone", "command"),
    ]


def test_a_dry_run_counts_by_kind_with_numbers_of_rows_and_keeps_nothing(
    run: Any, session: Session, seal: Seal, owner: Account, campaign: Campaign
) -> None:
    ContactFactory(owner=owner, campaign=campaign, event=None, name="Carl", email="carl@example.org")
    suppress(session, owner_id=owner.id, email="dora@example.org", seal=seal, now=now(), because="by-hand")
    session.commit()
    people = "".join(f"E{number},\n" for number in range(25))

    result = run(
        "name,email\nAda,ada@example.org\nAda,ADA@example.org\nCarl,carl@example.org\n"
        f"Dora,dora@example.org\nEve,eve@\n=1,f@example.org\n{people}",
        "--dry-run",
    )

    assert result.exit_code == 0, result.output
    assert "would be: 2 new, 1 known (stay as they are), 28 left out" in result.output
    assert "  stands in the file twice, left out: 1 (row 3)" in result.output
    assert "  wants to hear no more, left out: 1 (row 5)" in result.output
    assert "  the e-mail address is none, left out: 1 (row 6)" in result.output
    assert "  looks like a formula, imported as it is: 1 (row 7)" in result.output
    assert "  neither address nor phone, left out: 25 (row 8, 9, " in result.output
    assert " and 5 more)" in result.output
    assert "example.org" not in result.output
    assert "Dora" not in result.output
    assert names(session, seal) == ["Carl"]
    assert session.scalar(select(func.count(ContactImport.id))) == 0


def test_what_is_said_counts_more_than_what_is_guessed(run: Any, session: Session, seal: Seal) -> None:
    result = run(
        "name,mail,a=b,other\nAda,old@example.org,ada@example.org,press\n",
        "--column", "a=b=email", "--column", "4=tags", "--column", "NAME=last-name",
        "--separator", "comma", "--encoding", "UTF-8", "--header", "--known", "update",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    person = opened(session.scalars(select(Contact)).one(), seal)
    assert (person.name, person.email, person.tags) == ("Ada", "ada@example.org", ("press",))


def test_a_file_without_names_of_columns_is_named_by_number(run: Any, session: Session, seal: Seal) -> None:
    result = run("Ada;0301234567\n", "--no-header", "--column", "2=phone", "--separator", "semicolon")

    assert result.exit_code == 0, result.output
    assert names(session, seal) == ["Ada"]
    assert "Ada" not in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--column", "Age=email"], "there is no column 'Age'"),
        (["--column", "9=email"], "there is no column '9'"),
        (["--column", "name"], "say HEADER=KIND"),
        (["--column", "name=address"], "say HEADER=KIND"),
        (["--column", "email=ignore"], "which one holds the e-mail address"),
        (["--column", "email=phone", "--column", "name=phone"], "can't both be"),
        (["--agreed-to", "news"], "say with --wording"),
        (["--agreed-to", "news", "--wording", "On paper in Riga"], "say with --agreed-on"),
        (["--agreed-to", "news", "--wording", "On paper in Riga", "--agreed-on", "2999-01-01"], "to come"),
        (["--wording", "On paper in Riga"], "say with --agreed-to"),
        (["--owner", "nobody@example.org"], "there is no account"),
        (["--owner", "gone@example.org"], "disabled"),
        (["--campaign", "archived"], "no open campaign"),
    ],
)
def test_what_does_not_go_is_said_and_nothing_is_kept(
    run: Any, session: Session, options: list[str], said: str
) -> None:
    AccountFactory(email="gone@example.org", is_disabled=True)
    session.commit()

    result = run("name,email\nAda,ada@example.org\n", *options)

    assert result.exit_code != 0
    assert said in result.output
    assert session.scalar(select(func.count(ContactImport.id))) == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04", "it is no text"),
        (b"name,email\nAda,a@example.org\n" + b'"' + b"x" * 200_000, "a quotation mark may be missing"),
    ],
)
def test_what_is_no_table_is_refused_before_anything_is_kept(
    run: Any, session: Session, data: bytes, said: str
) -> None:
    result = run(data)

    assert result.exit_code == 1
    assert f"{said}" in result.output
    assert "nothing was imported" in result.output
    assert session.scalar(select(func.count(ContactImport.id))) == 0


def test_a_file_that_is_too_large_is_refused_unread(
    run: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "LARGEST_FILE_BYTES", 10)

    assert "divide it" in run(TABLE).output
    assert session.scalar(select(func.count(ContactImport.id))) == 0


def test_a_worker_that_is_ahead_is_waited_for(
    run: Any, session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []

    def ahead(import_id: int, **how: Any) -> bool:
        turns.append(import_id)
        return False if len(turns) == 1 else run_import(import_id, now=now(), **how)

    monkeypatch.setattr(command, "_run", ahead)
    monkeypatch.setattr(command, "LOOK_SECONDS", 0)

    result = run(TABLE)

    assert result.exit_code == 0, result.output
    assert len(turns) == 2
    assert names(session, seal) == ["Анна", "Пётр"]
