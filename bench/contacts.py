"""Measure an import of many contacts and a search among them: python bench/contacts.py, or --count 50000.

One process imports a sheet as the worker does, and packs it for the search; its memory is looked at after a
tenth, half and all of the rows, which tells whether it grows. Then it searches as a page does: for a name
that few have, for a word that everybody has, and for one that nobody has. CPU time, the best of five.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this file is started by its name

from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import select  # noqa: E402

from coordinator.accounts.models import Account  # noqa: E402
from coordinator.accounts.service import create_account  # noqa: E402
from coordinator.app import create_app  # noqa: E402
from coordinator.audit.service import COMMAND  # noqa: E402
from coordinator.campaigns.models import Campaign, CampaignText  # noqa: E402
from coordinator.campaigns.rules import DateRule  # noqa: E402
from coordinator.contacts.jobs import pack_contacts, run_import  # noqa: E402
from coordinator.contacts.rules import Column  # noqa: E402
from coordinator.contacts.searching import Wanted, found_contacts  # noqa: E402
from coordinator.contacts.service.importing import describe_sheet, start_import, take_sheet  # noqa: E402
from coordinator.contacts.sheets.reading import Format  # noqa: E402
from coordinator.kit.clock import now  # noqa: E402
from coordinator.kit.db import db, unit_of_work  # noqa: E402
from coordinator.kit.tokens import new_token  # noqa: E402
from coordinator.settings import Settings  # noqa: E402

if TYPE_CHECKING:
    from flask import Flask

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
            import_id = _upload(app, count)
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
    return 0


def _upload(app: Flask, count: int) -> int:
    seal, dice = app.extensions["seal"], random.Random(16)  # noqa: S311 invented people
    text = io.StringIO()
    text.write("name,email,phone,note\n")
    for number in range(count):
        given = "Xaverius" if number % 1000 == 0 else "".join(dice.choices(LETTERS, k=6)).capitalize()
        family = "".join(dice.choices(LETTERS, k=8)).capitalize()
        text.write(f"{given} {family},{given.lower()}.{number}@example.org,+49 30 {number:07},met in Riga\n")
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
        file = io.BytesIO(text.getvalue().encode())
        sheet = take_sheet(session, owner, campaign, file, filename="people.csv", seal=seal, now=now())
        columns = (Column.NAME, Column.EMAIL, Column.PHONE, Column.NOTE)
        describe_sheet(sheet, Format(sheet.encoding, sheet.separator), is_headed=True, columns=columns)
        start_import(session, sheet, rows=count, is_updating=False, by=COMMAND, seal=seal, now=now())
        return sheet.id


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


def _rss() -> float:
    """Return the memory of this process that is in use, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    sys.exit(main())
