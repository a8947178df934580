"""What was measured on: figures without their machine say nothing."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqlalchemy import Engine

PACKAGES = ("Flask", "Werkzeug", "Jinja2", "SQLAlchemy", "granian", "numpy", "psycopg")
COMMIT_SECONDS = 1.0


class Commits(NamedTuple):
    """How fast one writer commits one row after another."""

    durability: str
    per_second: float
    p50_ms: float
    p99_ms: float


def described(folder: Path, engine: Engine) -> list[tuple[str, str]]:
    """Return the machine and the versions, as pairs of a name and what it is."""
    with engine.connect() as connection:
        server = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    wrk = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout
    return [
        ("Processor", f"{processor()}, {os.cpu_count()} cores"),
        ("System", f"{_distribution()}, kernel {platform.release()}"),
        ("Disk", f"{folder} on {_file_system(folder)}"),
        ("Load before", ", ".join(f"{load:.2f}" for load in os.getloadavg())),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("Packages", ", ".join(f"{name} {version(name)}" for name in PACKAGES)),
        ("Database", f"{engine.dialect.name} {server}"),
        ("wrk", " ".join(wrk.split()[1:2]) or "unknown version"),
    ]


def commits(folder: Path) -> list[Commits]:
    """Commit single rows to a file of SQLite in `folder`, a second each way: the floor under every POST."""
    return [_commits(folder, durability) for durability in ("FULL", "NORMAL")]


def _commits(folder: Path, durability: str) -> Commits:
    path = folder / f"commits-{durability}.sqlite"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {durability}")
    database.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT UNIQUE)")
    took: list[float] = []
    end = perf_counter() + COMMIT_SECONDS
    while (start := perf_counter()) < end:
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO row (text) VALUES (?)", (f"{len(took):040x}",))
        database.execute("COMMIT")
        took.append(perf_counter() - start)
    database.close()
    return Commits(durability, len(took) / sum(took), 1e3 * median(took), 1e3 * quantiles(took, n=100)[98])


def processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown processor"
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def _file_system(folder: Path) -> str:
    """Return the type of the file system that holds `folder`."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    holding = [(point, kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(holding, key=lambda mount: len(mount[0]), default=("", "unknown"))[1]
