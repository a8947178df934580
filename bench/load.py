"""Load, from wrk: one thread, a fixed number of connections, a fixed time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.servers import ACCEPTED

if TYPE_CHECKING:
    from bench.servers import Server

SCRIPT = Path(__file__).with_name("load.lua")
TIMEOUT = "10s"  # longer than the site waits for a lock: what is refused is counted apart from what is slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of a server."""

    paths: Sequence[str] = ("/",)
    """Asked for in turn."""
    headers: Mapping[str, str] | None = None
    form: str = ""
    """Posted instead of asking; `{n}` becomes an id that no other request has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of it."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Of the server's whole process tree, for one request."""
    errors: int
    """Answers of 400 and above, and broken connections."""


def require_wrk() -> None:
    """Make sure there is wrk, or stop with a sentence that helps."""
    if shutil.which("wrk"):
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing wrk …")
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=False)
    if not shutil.which("wrk"):
        sys.exit(
            "The load comes from wrk, and there is none here: https://github.com/wg/wrk (apt install wrk)."
        )


def measure(server: Server, load: Load, *, seconds: float, connections: int) -> Figures:
    """Put `load` on `server` for some seconds and return what happened."""
    with tempfile.NamedTemporaryFile("w", suffix=".paths", encoding="utf-8") as paths:
        paths.write("".join(f"{path}\n" for path in load.paths))
        paths.flush()
        cpu_before = server.cpu_seconds()
        said = subprocess.run(
            _command(server, load, seconds, connections),
            env={**os.environ, **_words(load, paths.name)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        cpu = server.cpu_seconds() - cpu_before
    line = next(line for line in said.splitlines() if line.startswith("BENCH "))
    requests, microseconds, p50, p99, refused, broken = (int(word) for word in line.split()[1:])
    return Figures(
        requests=requests,
        per_second=requests / (microseconds / 1e6),
        p50_ms=p50 / 1e3,
        p99_ms=p99 / 1e3,
        cpu_ms=1e3 * cpu / max(1, requests),
        errors=refused + broken,
    )


def _command(server: Server, load: Load, seconds: float, connections: int) -> list[str]:
    headers = {"Accept-Encoding": ACCEPTED, **(load.headers or {})}
    # wrk knows whole seconds only.
    return [
        "wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:.0f}s",
        "--timeout", TIMEOUT,
        *(word for name in headers for word in ("--header", f"{name}: {headers[name]}")),
        "--script", str(SCRIPT), server.url,
    ]  # fmt: skip


def _words(load: Load, paths: str) -> dict[str, str]:
    words = {"BENCH_PATHS": paths, "BENCH_RUN": os.urandom(8).hex()}
    return {**words, "BENCH_FORM": load.form} if load.form else words
