"""The chain: whoever takes an entry out or changes one is found out, and whoever is erased breaks nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, func, select, update

from coordinator.audit import chain as chain_module
from coordinator.audit.chain import chain_entries, erase_from_audit, say_where_it_ends, verify
from coordinator.audit.models import AuditEnd, AuditEntry
from coordinator.audit.service import ANYONE, record

if TYPE_CHECKING:
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

    from coordinator.audit.chain import Verdict
    from coordinator.kit.crypto import Seal

NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)


def fill(session: Session, seal: Seal, count: int = 7) -> None:
    for number in range(count):
        record(session, "rsvp:submitted", f"rsvp:r{number:09}", by=ANYONE, at=NOON, status="accepted")
    record(session, "event:published", "event:e000000001", by="a000000001", at=NOON, campaign="day")
    while chain_entries(session, seal=seal, now=NOON):
        pass


def look(session: Session, seal: Seal, **more: Any) -> Verdict:
    session.flush()
    session.expire_all()
    return verify(session, seal=seal, now=NOON + timedelta(hours=1), **more)


def test_every_entry_gets_the_next_number(
    session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_module, "BATCH", 3)

    fill(session, seal)

    assert session.scalars(select(AuditEntry.number).order_by(AuditEntry.id)).all() == list(range(1, 9))
    assert look(session, seal).is_ok
    assert look(session, seal).entries == 8


def test_an_empty_log_is_whole(session: Session, seal: Seal) -> None:
    assert look(session, seal).is_ok


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "a000000009"),
        ("tag", "event:rejected"),
        ("subject", "event:e000000002"),
        ("campaign", "night"),
        ("details", {"status": "declined"}),
        ("at", NOON + timedelta(seconds=1)),
        ("content_hash", "0" * 64),
        ("salt", "0" * 32),
        ("link", "0" * 64),
    ],
)
def test_a_changed_entry_is_named(session: Session, seal: Seal, column: str, value: Any) -> None:
    fill(session, seal)

    session.execute(update(AuditEntry).where(AuditEntry.number == 4).values({column: value}))

    assert (look(session, seal).fault, look(session, seal).broken_at) == ("changed", 4)


def test_a_removed_entry_is_missed(session: Session, seal: Seal) -> None:
    fill(session, seal)

    session.execute(delete(AuditEntry).where(AuditEntry.number == 4))

    assert (look(session, seal).fault, look(session, seal).broken_at) == ("removed", 4)


def test_the_last_entries_are_missed_too(session: Session, seal: Seal) -> None:
    fill(session, seal)

    session.execute(delete(AuditEntry).where(AuditEntry.number > 6))

    assert (look(session, seal).fault, look(session, seal).broken_at) == ("end", 7)


def test_also_by_whoever_moves_the_end_but_not_the_log_s_copy(session: Session, seal: Seal) -> None:
    fill(session, seal)
    end = session.scalars(select(AuditEnd)).one()
    known = (end.number, end.link[:16])
    link = session.scalar(select(AuditEntry.link).where(AuditEntry.number == 6))

    session.execute(delete(AuditEntry).where(AuditEntry.number > 6))
    session.execute(update(AuditEnd).values(number=6, link=link))

    assert look(session, seal).is_ok
    assert look(session, seal, known=known).fault == "end"


def test_whoever_puts_another_entry_in_without_the_key_is_found_out(session: Session, seal: Seal) -> None:
    fill(session, seal)
    session.execute(
        update(AuditEntry).where(AuditEntry.number == 4).values(subject="event:x", content_hash="0" * 64)
    )

    assert look(session, seal).broken_at == 4


def test_an_erased_person_is_gone_and_the_chain_holds(session: Session, seal: Seal) -> None:
    fill(session, seal)

    assert erase_from_audit(session, "rsvp", "r000000003", now=NOON) == 1
    assert erase_from_audit(session, "account", "a000000001", now=NOON) == 1

    found = look(session, seal)
    assert (found.is_ok, found.entries, found.erased) == (True, 8, 2)
    rows = session.scalars(select(AuditEntry).where(AuditEntry.erased_at.is_not(None))).all()
    assert {row.subject for row in rows} == {"rsvp:erased", "event:e000000001"}
    assert {row.actor for row in rows} == {"anyone", "erased"}
    assert {row.salt for row in rows} == {None}


def test_entries_that_nobody_chains_are_noticed(session: Session, seal: Seal) -> None:
    fill(session, seal)
    record(session, "event:changed", "event:e000000001", by="a000000001", at=NOON)

    found = look(session, seal)

    assert (found.is_ok, found.unchained, found.fault) == (False, 1, "")


def test_the_log_says_once_a_day_where_the_chain_ends(
    session: Session, seal: Seal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="coordinator.audit.chain")
    fill(session, seal)

    for hours in (0, 1, 24):
        say_where_it_ends(session, now=NOON + timedelta(hours=hours))

    link = session.scalars(select(AuditEnd.link)).one()
    assert [entry.getMessage() for entry in caplog.records] == [f"audit chain ends at 8, {link[:16]}"] * 2


def test_the_command_says_it_and_fails(runner: FlaskCliRunner, session: Session, seal: Seal) -> None:
    fill(session, seal)
    session.commit()

    assert "8 entries hold" in runner.invoke(args=["audit", "verify"]).output
    session.execute(delete(AuditEntry).where(AuditEntry.number == 2))
    session.commit()
    broken = runner.invoke(args=["audit", "verify"])
    assert (broken.exit_code, "entry 2 is missing" in broken.output) == (1, True)
    assert session.scalar(select(func.count(AuditEntry.id))) == 7
