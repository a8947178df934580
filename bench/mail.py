"""Measure how fast a worker hands mail to a server: python bench/mail.py, or --count 1000 --language en.

A worker as in production (`flask worker --once`) sends confirmations of RSVPs to a server on this machine
that takes everything. Only the worker is measured: letters a second, its CPU time for each, and its memory
when it begins and after each quarter, which tells whether it grows. SQLite in a new folder, or, with
`DATABASE_URL`, a database that is made beside that one and dropped again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this file is started by its name

from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import func, select, update  # noqa: E402

from bench.machine import processor  # noqa: E402
from bench.run import _databases  # noqa: E402
from bench.servers import TICKS  # noqa: E402
from coordinator.app import create_app  # noqa: E402
from coordinator.kit.clock import now  # noqa: E402
from coordinator.kit.db import db, unit_of_work  # noqa: E402
from coordinator.outbox.models import Message  # noqa: E402
from coordinator.outbox.service import post  # noqa: E402
from coordinator.settings import Settings  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

LOOK_SECONDS = 0.5
POSTED_AT_ONCE = 1_000
QUARTERS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Look:
    """How far the worker was at one moment, and what it had taken for that."""

    at: float
    sent: int
    cpu: float
    rss_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFigures:
    """What one worker did."""

    sent: int
    """What the worker wrote down as sent."""
    taken: int
    """What the mail server counted."""
    marks: list[Look]
    """When the first letters had gone, and after each quarter."""

    @property
    def per_second(self) -> float:
        """Return letters a second, from the first ones to the last: starting the process is not counted."""
        first, last = self.marks[0], self.marks[-1]
        return (last.sent - first.sent) / max(last.at - first.at, LOOK_SECONDS)

    @property
    def cpu_ms(self) -> float:
        """Return the worker's CPU time for each letter."""
        first, last = self.marks[0], self.marks[-1]
        return 1e3 * (last.cpu - first.cpu) / max(1, last.sent - first.sent)


def measure_mail(folder: Path, count: int, *, database_url: str = "", language: str = "ru") -> MailFigures:
    """Post `count` confirmations into a new database, and let one worker send them."""
    port = _free_port()
    environment = {
        "MODE": "demonstration",
        "INSTANCE": str(folder),
        "DATABASE_URL": database_url,
        "GEOCODER": "none",
        "SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
        "MAIL_FROM": "Day of Action <noreply@example.org>",
    }
    app = create_app(Settings.from_environment(environment))
    with app.app_context():
        upgrade()
    _post(app, count, language)
    with _sink(port, folder) as taken:
        looks = _watch(app, environment, folder, count)
    wanted = (1, *(count * part for part in QUARTERS))
    return MailFigures(
        sent=_sent(app),
        taken=taken(),
        marks=[next((look for look in looks if look.sent >= least), looks[-1]) for least in wanted],
    )


def _watch(app: Flask, environment: dict[str, str], folder: Path, count: int) -> list[Look]:
    looks: list[Look] = []
    with (folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--once"],
            cwd=ROOT,
            env=os.environ | environment,
            stderr=log,
        )
        while worker.poll() is None:
            sent = _sent(app)
            try:
                looks.append(Look(time.perf_counter(), sent, _cpu_seconds(worker.pid), _rss(worker.pid)))
            except OSError:  # it ended between two questions
                break
            if sent >= count:
                break
            time.sleep(LOOK_SECONDS)
        if worker.wait() != 0:
            raise SystemExit((folder / "worker.log").read_text(encoding="utf-8"))
    return looks


def _sent(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(Message.sent_at))) or 0


def _post(app: Flask, count: int, language: str) -> None:
    seal = app.extensions["seal"]
    for start in range(0, count, POSTED_AT_ONCE):
        with app.app_context(), unit_of_work() as session:
            for number in range(start, min(count, start + POSTED_AT_ONCE)):
                post(
                    session,
                    key=f"bench:{number}",
                    template="rsvps/confirm",
                    recipient=f"ada-{number}@example.org",
                    locale=language,
                    about=f"rsvp:{number:010}",
                    context=_context(number),
                    seal=seal,
                    now=now(),
                )
    with app.app_context(), unit_of_work() as session:
        session.execute(update(Message).values(due_at=now() - timedelta(minutes=1)))


def _context(number: int) -> dict[str, Any]:
    return {
        "title": "Свободу политзаключённым: стоим у посольства",
        "event_id": "7x2k9c4m1p",
        "starts_at": "2030-09-16T16:00:00+00:00",
        "day_at": "2030-09-16T12:00:00+00:00",
        "timezone": "Europe/Berlin",
        "is_time_known": True,
        "address": "Unter den Linden 63–65, 10117 Berlin",
        "city": "Berlin",
        "status": "accepted",
        "party_size": 2,
        "token": f"{number:032}",
        "retention_days": 90,
        "thread": f"event:7x2k9c4m1p:rsvp:{number:010}",
    }


@contextmanager
def _sink(port: int, folder: Path) -> Iterator[Any]:
    counted = folder / "sink.txt"
    with counted.open("wb") as out:
        sink = subprocess.Popen(
            [sys.executable, str(ROOT / "bench" / "sink.py"), str(port)], cwd=folder, stdout=out
        )
        _wait_for(port)
        try:
            yield lambda: int(counted.read_text(encoding="utf-8").split()[-1])
        finally:
            sink.terminate()
            sink.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the sink did not start")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, from proc_pid_stat(5); its name may hold spaces."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rss(pid: int) -> float:
    """Return the megabytes that a process has in memory (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def main() -> None:
    """Measure, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--language", default="ru")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-mail-"))
    try:
        with _databases([asked.count]) as databases:
            found = measure_mail(folder, asked.count, database_url=databases[0][1], language=asked.language)
    finally:
        shutil.rmtree(folder)
    print(f"{processor()}, {os.cpu_count()} cores, {'PostgreSQL' if databases[0][1] else 'SQLite'}")
    print(f"{'letters':>8} {'seconds':>8} {'a second':>9} {'MB':>6}")
    first = found.marks[0]
    print(f"{first.sent:8} {0:8.1f} {'':>9} {first.rss_mb:6.0f}")
    for before, mark in pairwise(found.marks):
        pace = (mark.sent - before.sent) / max(mark.at - before.at, LOOK_SECONDS)
        print(f"{mark.sent:8} {mark.at - first.at:8.1f} {pace:9.0f} {mark.rss_mb:6.0f}")
    print(
        f"{found.sent} letters, {found.taken} taken, {found.per_second:.0f} a second, "
        f"{found.cpu_ms:.2f} ms of CPU each"
    )


if __name__ == "__main__":
    main()
