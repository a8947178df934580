"""Measure many contacts, imported, searched, invited: python bench/contacts.py, or --count 50000.

One process imports a sheet as the worker does, and packs it for the search; its memory is looked at after a
tenth, half and all of the rows, which tells whether it grows. Then it searches as a page does: for a name
that few have, for a word that everybody has, and for one that nobody has. CPU time, the best of five.

Then the same sheet comes again, when everybody in it is a contact: how long the worker looks at its rows,
and how long the page takes that says what it found. At the end a letter is written to each of them, as the
worker does.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this file is started by its name

from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import select  # noqa: E402
from sqlalchemy.event import listen  # noqa: E402

from coordinator.accounts.models import Account  # noqa: E402
from coordinator.accounts.service import create_account  # noqa: E402
from coordinator.app import create_app  # noqa: E402
from coordinator.audit.service import COMMAND  # noqa: E402
from coordinator.campaigns.models import Campaign, CampaignRole, CampaignText  # noqa: E402
from coordinator.campaigns.rules import CampaignRoleKind, DateRule  # noqa: E402
from coordinator.contacts.jobs import check_sheet, pack_contacts, run_import  # noqa: E402
from coordinator.contacts.models import ContactImport  # noqa: E402
from coordinator.contacts.rules import Column, Purpose  # noqa: E402
from coordinator.contacts.searching import Wanted, found_contacts  # noqa: E402
from coordinator.contacts.service.checking import ask_for_check  # noqa: E402
from coordinator.contacts.service.importing import describe_sheet, start_import, take_sheet  # noqa: E402
from coordinator.contacts.sheets.reading import Format  # noqa: E402
from coordinator.events.models import Event  # noqa: E402
from coordinator.events.rules import EventStatus  # noqa: E402
from coordinator.kit.clock import now  # noqa: E402
from coordinator.kit.db import db, unit_of_work  # noqa: E402
from coordinator.kit.ids import new_public_id  # noqa: E402
from coordinator.kit.tokens import new_token  # noqa: E402
from coordinator.messaging.announcing import describe_announcement, draft_announcement, hand_in  # noqa: E402
from coordinator.messaging.jobs import BATCH, write_announcements  # noqa: E402
from coordinator.messaging.rules import (  # noqa: E402
    AnnouncementDetails,
    AudienceKind,
    ContactAudience,
    Words,
)
from coordinator.settings import Settings  # noqa: E402

if TYPE_CHECKING:
    from typing import BinaryIO

    from flask import Flask
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

TRIES = 5
LOOKS = (0.1, 0.5, 1.0)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def main() -> int:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=50_000)
    count = options.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        environment = {"MODE": "demonstration", "INSTANCE": folder, "GEOCODER": "none"}
        app = create_app(Settings.from_environment(environment))
        with app.app_context():
            upgrade()
            import_id, again_id = _upload(app, count)
            seconds, memory = _import(app, import_id, count)
            begun = time.perf_counter()
            while pack_contacts(seal=app.extensions["seal"], now=now()):
                pass
            packing = time.perf_counter() - begun
            print(f"import of {count:,} rows: {seconds:.1f} s, {count / seconds:,.0f} rows a second")
            print("memory after a tenth, half and all of it:", ", ".join(f"{one:.0f} MB" for one in memory))
            print(f"packed for the search in {packing:.1f} s")
            for words, text in (("a name", "xaverius"), ("everybody", "example.org"), ("nobody", "qqqqqq")):
                print(f"search for {words}: {_search(app, text):.1f} ms of CPU")
            seconds, page = _check(app, again_id)
            print(f"looking at {count:,} rows of known people: {seconds:.1f} s in the worker")
            print(f"the page that says what it found: {page:.1f} ms")
            seconds, memory = _invite(app, count)
            print(f"letters to {count:,} contacts: {seconds:.1f} s, {count / seconds:,.0f} a second")
            print("memory after a tenth, half and all of it:", ", ".join(f"{one:.0f} MB" for one in memory))
    return 0


def _upload(app: Flask, count: int) -> tuple[int, int]:
    """Upload the same sheet twice: one that is imported at once, and one that waits."""
    seal, dice = app.extensions["seal"], random.Random(16)  # noqa: S311 invented people
    text = io.StringIO()
    text.write("name,email,phone,note\n")
    for number in range(count):
        given = "Xaverius" if number % 1000 == 0 else "".join(dice.choices(LETTERS, k=6)).capitalize()
        family = "".join(dice.choices(LETTERS, k=8)).capitalize()
        text.write(f"{given} {family},{given.lower()}.{number}@example.org,+49 30 {number:07},met in Riga\n")
    file = io.BytesIO(text.getvalue().encode())
    with unit_of_work() as session:
        owner = create_account(
            session, email="bench@example.org", display_name="Bench", password=new_token(), locale="en",
            seal=seal, now=now(), is_verified=True,
        )  # fmt: skip
        campaign = Campaign(
            slug="bench", sending_state="RU", default_locale="en", date_rule=DateRule.LOCAL, created_at=now(),
            texts={"en": CampaignText(locale="en", title="Bench", call="Bench")},
        )  # fmt: skip
        session.add(campaign)
        session.flush()
        sheet = _taken(session, owner, campaign, file, seal)
        start_import(
            session, sheet, rows=count, is_updating=False, purposes=[Purpose.CONTACT],
            consent="On paper, in Riga", agreed_at=now(), by=COMMAND, seal=seal, now=now(),
        )  # fmt: skip
        again = _taken(session, owner, campaign, file, seal)
        ask_for_check(session, again, seal=seal, now=now())
        return sheet.id, again.id


def _taken(session: Session, owner: Account, campaign: Campaign, file: BinaryIO, seal: Seal) -> ContactImport:
    file.seek(0)
    sheet = take_sheet(session, owner, campaign, file, filename="people.csv", seal=seal, now=now())
    columns = (Column.NAME, Column.EMAIL, Column.PHONE, Column.NOTE)
    describe_sheet(sheet, Format(sheet.encoding, sheet.separator), is_headed=True, columns=columns)
    session.flush()
    return sheet


def _check(app: Flask, import_id: int) -> tuple[float, float]:
    """Return the seconds that the worker takes for all rows, and the milliseconds of the page afterwards."""
    begun = time.perf_counter()
    check_sheet(import_id, seal=app.extensions["seal"])
    seconds, times = time.perf_counter() - begun, []
    sheet = db.session().get_one(ContactImport, import_id)
    url, identity = f"/en/organise/contacts/import/{sheet.public_id}/check", sheet.owner.get_id()
    db.session.remove()
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = identity
    for _ in range(TRIES):
        begun = time.perf_counter()
        answer = browser.get(url)
        times.append(1e3 * (time.perf_counter() - begun))
        if answer.status_code != HTTPStatus.OK:
            raise SystemExit(f"the page answered {answer.status}")
    return seconds, min(times)


def _import(app: Flask, import_id: int, count: int) -> tuple[float, list[float]]:
    done, memory = 0, []

    def look(rows: int) -> None:
        nonlocal done
        done += rows
        if len(memory) < len(LOOKS) and done >= count * LOOKS[len(memory)]:
            memory.append(_rss())

    begun = time.perf_counter()
    run_import(import_id, seal=app.extensions["seal"], now=now(), tell=look)
    return time.perf_counter() - begun, memory


def _search(app: Flask, text: str) -> float:
    times = []
    for _ in range(TRIES):
        db.session.remove()
        session = db.session()
        owner = session.scalars(select(Account)).one()
        begun = time.process_time()
        found_contacts(session, owner, Wanted(text=text), seal=app.extensions["seal"], number=1)
        times.append(1e3 * (time.process_time() - begun))
    return min(times)


def _invite(app: Flask, count: int) -> tuple[float, list[float]]:
    seal, memory, commits = app.extensions["seal"], [], 0
    db.session.remove()
    with unit_of_work() as session:
        owner, campaign = session.scalars(select(Account)).one(), session.scalars(select(Campaign)).one()
        local = datetime(2030, 9, 16, 18)  # noqa: DTZ001 a wall time
        event = Event(
            public_id=new_public_id(), campaign=campaign, organiser=owner, status=EventStatus.PUBLISHED,
            title="Bench", starts_local=local, timezone="UTC", starts_at=local.replace(tzinfo=UTC),
            latitude=0.0, longitude=0.0, created_at=now(), updated_at=now(),
        )  # fmt: skip
        role = CampaignRole(campaign=campaign, account=owner, kind=CampaignRoleKind.TRUSTED, created_at=now())
        session.add_all((event, role))
        kind = AudienceKind.CONTACTS
        invitation = draft_announcement(session, event, kind=kind, by=owner, now=now())
        words = {"en": Words(subject="Come, too", body="We need **you**.\n\n" + "Bring water. " * 40)}
        details = AnnouncementDetails(words=words, audience=ContactAudience())
        describe_announcement(session, invitation, details, seal=seal)
        hand_in(session, invitation, by=owner, seal=seal, now=now())

    def look(_session: object) -> None:
        nonlocal commits
        commits += 1
        if len(memory) < len(LOOKS) and commits * BATCH >= count * LOOKS[len(memory)]:
            memory.append(_rss())

    listen(db.session, "after_commit", look)
    begun = time.perf_counter()
    written = write_announcements(seal=seal, site_url="http://localhost", now=now())
    seconds = time.perf_counter() - begun
    if written != count:
        raise SystemExit(f"{written} letters for {count} contacts")
    return seconds, memory


def _rss() -> float:
    """Return the memory of this process that is in use, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    sys.exit(main())
