"""Measure what an RSVP costs: python bench/answers.py, or --rsvps 1000 1000000 --workers 2 --with-worker.

Two installations, one with few answers and one with many, and beside them bare Flask views that commit one
row to the same database with the same durability, on the same server: through the driver, and as an object
through Flask-SQLAlchemy. They are asked in turn, several times, and compared in that one run. Afterwards the
answers are counted: none may be acknowledged and not kept.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
BARE = {"bare commit": "/", "bare commit of an object": "/mapped"}  # paths in bench/bare.py
sys.path.insert(0, str(ROOT))  # this file is started by its name

from sqlalchemy import func, insert, select, update  # noqa: E402

from bench.data import SEED  # noqa: E402
from bench.load import Figures, Load, measure, require_wrk  # noqa: E402
from bench.run import MAIL_FORM, RSVP_FORM, Site, _databases, _known_index, _made  # noqa: E402
from bench.servers import Server  # noqa: E402
from coordinator.events.models import Event  # noqa: E402
from coordinator.kit.clock import now  # noqa: E402
from coordinator.kit.db import db, unit_of_work  # noqa: E402
from coordinator.kit.ids import ALPHABET, PUBLIC_ID_LENGTH  # noqa: E402
from coordinator.rsvps.models import Rsvp, RsvpTally  # noqa: E402
from coordinator.rsvps.rules import RsvpStatus  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coordinator.kit.crypto import Seal

EVENTS = 1_000
EVENTS_ASKED = 200
AT_ONCE = 10_000  # rows in one statement while filling


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    rsvps: int
    figures: Figures


def main() -> int:
    """Return 0 when nothing acknowledged was lost."""
    said = _options()
    require_wrk()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        databases = stack.enter_context(_databases(said.rsvps))
        sites = {count: _site(folder, count, url) for count, url in databases}
        servers = {count: stack.enter_context(site.server(said.workers)) for count, site in sites.items()}
        bare = stack.enter_context(_bare(folder, sites[min(sites)], said.workers))
        if said.with_worker:
            for site in sites.values():
                stack.enter_context(_worker(site))
        before = {count: site.rsvps() for count, site in sites.items()}
        rows, taken = _measure(said, bare, sites, servers)
        lost = [count for count, site in sites.items() if site.rsvps() - before[count] < taken[count]]
        for site in sites.values():
            with site.app.app_context():
                db.engine.dispose()
    print(_table(said, rows))
    for count in lost:
        print(f"LOST: with {count:,} answers more were acknowledged than kept")
    return int(bool(lost))


def _measure(
    said: Any, bare: Server, sites: dict[int, Site], servers: dict[int, Server]
) -> tuple[list[Row], dict[int, int]]:
    """Ask everybody in turn, `repeats` times, and return the middle of each and how much was acknowledged."""
    kinds = {"RSVP": RSVP_FORM, "RSVP with e-mail": MAIL_FORM}
    found: dict[tuple[str, int], list[Figures]] = {}
    taken = dict.fromkeys(sites, 0)

    def ask(server: Server, load: Load) -> Figures:
        return measure(server, load, seconds=said.seconds, connections=said.connections)

    for turn in range(said.repeats + 1):  # the first one warms up
        for what, path in BARE.items():
            plain = ask(bare, Load(paths=[path], form="said=a+row"))
            if turn:
                found.setdefault((what, 0), []).append(plain)
        for what, form in kinds.items():
            for count, site in sites.items():
                paths = [f"/en/events/{event}/rsvp" for event in site.filled.event_ids[:EVENTS_ASKED]]
                figures = ask(servers[count], Load(paths=paths, form=form))
                taken[count] += figures.requests - figures.errors
                if turn:
                    found.setdefault((what, count), []).append(figures)
    middle = [
        Row(what, count, sorted(all_of, key=lambda one: one.per_second)[len(all_of) // 2])
        for (what, count), all_of in found.items()
    ]
    return middle, taken


def _table(said: Any, rows: Sequence[Row]) -> str:
    floors = [next(row.figures for row in rows if row.what == what) for what in BARE]
    mail = ", the worker sends mail meanwhile" if said.with_worker else ""
    how = f"{said.connections} connections, {said.seconds} s each, middle of {said.repeats}{mail}"
    lines = [
        f"{said.workers} web process(es), {how}",
        "",
        "| what | answers before | a second | p50 ms | p99 ms | CPU ms | of a bare commit | of an object's |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for row in rows:
        one = row.figures
        cells = (
            row.what,
            f"{row.rsvps:,}" if row.rsvps else "",
            f"{one.per_second:,.0f}",
            f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}",
            f"{one.cpu_ms:.2f}",
            *(f"{one.per_second / floor.per_second:.2f}" for floor in floors),
        )
        lines.append(f"| {' | '.join(cells)} |")
    for what in dict.fromkeys(row.what for row in rows if row.rsvps):
        rates = {row.rsvps: row.figures.per_second for row in rows if row.what == what}
        few, many = min(rates), max(rates)
        lines.append(
            f"\n{what}: {many:,} answers against {few:,}: {rates[many] / rates[few]:.2f} of the rate"
        )
    errors = sum(row.figures.errors for row in rows)
    return "\n".join([*lines, f"\n{errors} refused or broken"])


def _site(folder: Path, count: int, url: str) -> Site:
    """Make an installation with so many answers to its events."""
    site = Site(_made(folder / str(count)), EVENTS, url, _known_index())
    print(f"filling {count:,} answers …", file=sys.stderr)
    with site.app.app_context():
        seal = site.app.extensions["seal"]
        with unit_of_work() as session:
            events = list(session.scalars(select(Event.id)))
            have = session.scalar(select(func.count(Rsvp.id))) or 0
        missing = max(0, count - have)
        rows = _rows(events, missing, seal)
        while missing > 0:
            with unit_of_work() as session:
                session.execute(insert(Rsvp), [next(rows) for _ in range(min(AT_ONCE, missing))])
            missing -= AT_ONCE
        with unit_of_work() as session:
            people = select(func.coalesce(func.sum(Rsvp.party_size), 0)).where(
                Rsvp.event_id == RsvpTally.event_id, Rsvp.email_digest.is_(None)
            )
            session.execute(update(RsvpTally).values(unconfirmed=people.scalar_subquery()))
        db.session.remove()
    return site


def _rows(events: Sequence[int], count: int, seal: Seal) -> Iterator[dict[str, Any]]:
    # `growing.answer` begins at SEED and the number of an event, and no link stands twice in a database.
    random, moment, name = Random(SEED - 1), now(), seal.encrypt("Ada")  # noqa: S311 the same every time
    for number in range(count):
        yield {
            "public_id": "".join(random.choices(ALPHABET, k=PUBLIC_ID_LENGTH)),
            "event_id": events[number % len(events)],
            "status": RsvpStatus.ACCEPTED,
            "party_size": 1 + number % 3,
            "locale": "en",
            "name_sealed": name,
            "token_digest": f"{random.getrandbits(256):064x}",
            "submitted_at": moment,
        }


@contextmanager
def _bare(folder: Path, site: Site, workers: int) -> Iterator[Server]:
    """Serve the bare views on a table of its own in the database of `site`."""
    with site.app.app_context():
        url = db.engine.url
        is_postgres = url.get_backend_name() == "postgresql"
        key = "SERIAL PRIMARY KEY" if is_postgres else "INTEGER PRIMARY KEY"
        with unit_of_work() as session:
            session.connection().exec_driver_sql(f"CREATE TABLE bare_row (id {key}, said TEXT)")
        target = url.set(drivername="postgresql").render_as_string(hide_password=False)
    database = target if is_postgres else str(url.database)
    with Server(
        "bench.bare:app", workers=workers, environment={"BARE_DATABASE": database}, log=folder / "bare.log"
    ) as server:
        yield server


@contextmanager
def _worker(site: Site) -> Iterator[None]:
    """Let the worker of `site` write, too: letters become files."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    with (site.log.parent / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=site.child_environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _options() -> Any:
    parser = argparse.ArgumentParser(description="Measure what an RSVP costs.")
    parser.add_argument("--rsvps", nargs="+", type=int, default=[1_000, 1_000_000], help="answers before")
    parser.add_argument("--seconds", type=int, default=3, help="whole seconds for one measurement (3)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="measurements of which the middle is taken (3)"
    )
    parser.add_argument("--connections", type=int, default=16, help="that wrk holds open (16)")
    parser.add_argument("--workers", type=int, default=1, help="web processes (1)")
    parser.add_argument("--with-worker", action="store_true", help="let the mail worker write meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
