"""A backup is restored that is older than somebody's erasure: they are erased again."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select

from coordinator.accounts.models import Account
from coordinator.contacts.models import Contact
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.ids import new_public_id
from coordinator.outbox.models import Message
from coordinator.privacy.erasing import erase_rest, erase_rsvp
from coordinator.privacy.finding import find_person
from coordinator.privacy.leaving import erase_account
from coordinator.privacy.ledger import LEDGER, Line, append_to_ledger, read_ledger
from coordinator.privacy.models import Erasure
from coordinator.privacy.repeating import Repeated, forgotten_erasures, repeat_erasures, write_ledger
from coordinator.privacy.rules import ErasureKind
from coordinator.rsvps.models import Rsvp
from tests.factories.accounts import AccountFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

ADA = "ada@example.org"
ERASED = datetime(2030, 9, 10, 12, tzinfo=UTC)
LATER = ERASED + timedelta(hours=1)
DAYS = 30


def line(kind: ErasureKind = ErasureKind.ANSWER, *, at: datetime = ERASED) -> Line:
    return Line(new_public_id(), kind, "f" * 64, at)


def restore(session: Session, *rows: Any) -> None:
    """Let the database be as it was before: the rows are there, and no erasure is."""
    session.execute(delete(Erasure))
    session.add_all(rows)
    session.flush()


def test_an_address_is_erased_again_wherever_it_was(session: Session, seal: Seal, tmp_path: Path) -> None:
    event = EventFactory()
    for rsvp in (RsvpFactory(event=event, confirmed=True, email=ADA),):
        erase_rsvp(session, rsvp, seal=seal, now=ERASED)
    erase_rest(session, ADA, seal=seal, now=ERASED)
    assert write_ledger(tmp_path, days=DAYS, now=LATER) == 2
    restore(session)
    back = RsvpFactory(event=event, confirmed=True, email="Ada@Example.org", name="Ada")
    other = RsvpFactory(event=event, confirmed=True, email="bo@example.org")
    ContactFactory(event=event, email=ADA)
    AccountFactory(email=ADA)

    done = repeat_erasures(tmp_path, days=DAYS, seal=seal, now=LATER)

    assert done == Repeated(erasures=2)
    session.expire_all()
    assert not find_person(session, ADA, seal=seal).is_anybody
    assert (back.forgotten_at, other.forgotten_at) == (LATER, None)
    assert session.scalars(select(Message)).all() == []  # nobody is written to about it


def test_an_answer_without_an_address_and_an_account_are_found_by_their_ids(
    session: Session, seal: Seal, tmp_path: Path
) -> None:
    event = EventFactory()
    answer = RsvpFactory(event=event, name="Ada")
    answer_id = answer.public_id
    account = AccountFactory()
    kept = {"email": ADA, "public_id": account.public_id}
    erase_rsvp(session, answer, seal=seal, now=ERASED)
    erase_account(session, account, seal=seal, now=ERASED)
    write_ledger(tmp_path, days=DAYS, now=LATER)
    restore(session)
    answer.forgotten_at, answer.name_sealed = None, seal.encrypt("Ada")
    AccountFactory(**kept)

    repeat_erasures(tmp_path, days=DAYS, seal=seal, now=LATER)

    session.expire_all()
    assert session.scalars(select(Rsvp.name_sealed).where(Rsvp.public_id == answer_id)).one() is None
    assert kept["public_id"] not in session.scalars(select(Account.public_id)).all()


def test_what_the_database_knows_is_not_done_again(session: Session, seal: Seal, tmp_path: Path) -> None:
    """Somebody who came back after having been erased stays."""
    erase_rest(session, ADA, seal=seal, now=ERASED)
    write_ledger(tmp_path, days=DAYS, now=LATER)
    RsvpFactory(confirmed=True, email=ADA)

    assert repeat_erasures(tmp_path, days=DAYS, seal=seal, now=LATER) == Repeated()
    assert len(find_person(session, ADA, seal=seal).rsvps) == 1


def test_once_repeated_it_is_known_as_the_old_erasure(session: Session, seal: Seal, tmp_path: Path) -> None:
    erase_rest(session, ADA, seal=seal, now=ERASED)
    write_ledger(tmp_path, days=DAYS, now=LATER)
    before = (tmp_path / LEDGER).read_text()
    restore(session)
    ContactFactory(email=ADA)

    assert repeat_erasures(tmp_path, days=DAYS, seal=seal, now=LATER).erasures == 1
    assert repeat_erasures(tmp_path, days=DAYS, seal=seal, now=LATER) == Repeated()
    assert write_ledger(tmp_path, days=DAYS, now=LATER) == 0
    assert (tmp_path / LEDGER).read_text() == before
    assert session.scalars(select(Contact)).all() == []


def test_an_account_on_which_others_rely_again_is_named_and_waits(
    session: Session, seal: Seal, tmp_path: Path, runner: FlaskCliRunner
) -> None:
    account = AccountFactory(email=ADA)
    public_id = account.public_id
    erase_account(session, account, seal=seal, now=ERASED)
    write_ledger(tmp_path, days=DAYS, now=LATER)
    restore(session)
    EventFactory(organiser=AccountFactory(email=ADA, public_id=public_id))

    done = repeat_erasures(tmp_path, days=DAYS, seal=seal, now=LATER)

    assert (done.erasures, done.waiting) == (0, (public_id,))
    assert len(forgotten_erasures(tmp_path, days=DAYS, now=LATER)) == 1
    assert session.scalar(select(Account.id).where(Account.public_id == public_id)) is not None


def test_the_ledger_says_nothing_of_anybody(session: Session, seal: Seal, tmp_path: Path) -> None:
    rsvp = RsvpFactory(confirmed=True, email=ADA, name="Ada")
    public_id = rsvp.public_id
    erase_rsvp(session, rsvp, seal=seal, now=ERASED)
    erase_rest(session, ADA, seal=seal, now=ERASED)
    write_ledger(tmp_path, days=DAYS, now=LATER)

    said = (tmp_path / LEDGER).read_text().casefold()

    assert "ada" not in said.split()
    assert not [word for word in (ADA, public_id, seal.digest(ADA)) if word in said]
    assert (tmp_path / LEDGER).stat().st_mode & 0o077 == 0


def test_it_is_forgotten_when_no_backup_holds_anybody_of_before(
    session: Session, seal: Seal, tmp_path: Path
) -> None:
    erase_rest(session, ADA, seal=seal, now=ERASED)
    write_ledger(tmp_path, days=DAYS, now=LATER)
    erase_rest(session, "bo@example.org", seal=seal, now=ERASED + timedelta(days=DAYS))
    write_ledger(tmp_path, days=DAYS, now=ERASED + timedelta(days=DAYS))

    assert len(read_ledger(tmp_path / LEDGER, since=datetime.min.replace(tzinfo=UTC))) == 1
    assert len(session.scalars(select(Erasure)).all()) == 1


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / LEDGER
    append_to_ledger(file, [line()])
    file.write_bytes(file.read_bytes() + b"0123456789 answ")  # killed here
    append_to_ledger(file, [line()])

    assert len(read_ledger(file, since=ERASED - timedelta(days=1))) == 2


def test_nothing_is_called_written_that_the_disk_did_not_take(
    session: Session, seal: Seal, tmp_path: Path
) -> None:
    erase_rest(session, ADA, seal=seal, now=ERASED)
    session.commit()

    with pytest.raises(OSError, match="No such file"):
        write_ledger(tmp_path / "absent", days=DAYS, now=LATER)

    assert write_ledger(tmp_path, days=DAYS, now=LATER) == 1


def test_the_command_counts_first(app: Flask, runner: FlaskCliRunner, session: Session, seal: Seal) -> None:
    folder = app.extensions["settings"].instance
    append_to_ledger(folder / LEDGER, [line(at=now())])
    try:
        dry = runner.invoke(args=["privacy", "repeat-erasures", "--dry-run"])
        real = runner.invoke(args=["privacy", "repeat-erasures"])
        again = runner.invoke(args=["privacy", "repeat-erasures"])
    finally:
        (folder / LEDGER).unlink()

    assert dry.output == "would repeat 1 erasures that this database does not know\n"
    assert (real.output, again.output) == ("repeated 1 erasures\n", "repeated 0 erasures\n")


@pytest.mark.concurrent
def test_a_real_backup_brings_nobody_back(real_app: Flask, tmp_path: Path) -> None:
    with real_app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("about SQLite")
        seal = real_app.extensions["seal"]
        with unit_of_work() as session:
            RsvpFactory(confirmed=True, email=ADA, name="Ada")
        database, backup = db.engine.url.database, tmp_path / "backup.sqlite"
        with sqlite3.connect(database) as source, sqlite3.connect(backup) as target:
            source.backup(target)
        with unit_of_work() as session:
            erase_rsvp(session, find_person(session, ADA, seal=seal).rsvps[0], seal=seal, now=now())
            erase_rest(session, ADA, seal=seal, now=now())
        write_ledger(tmp_path, days=DAYS, now=now())
        db.session.remove()
        with sqlite3.connect(backup) as source, sqlite3.connect(database) as target:
            source.backup(target)
        assert find_person(db.session(), ADA, seal=seal).is_anybody
        db.session.remove()

        done = repeat_erasures(tmp_path, days=DAYS, seal=seal, now=now())

        assert done.erasures == 2
        assert not find_person(db.session(), ADA, seal=seal).is_anybody
