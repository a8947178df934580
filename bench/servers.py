"""Servers as `flask serve` starts them, and the CPU time of everything they started."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from coordinator.cli.web import web_command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = "gzip, deflate, br, zstd"
"""As browsers say it."""
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60


class Server:
    """One granian with its processes, from `with` to the end of the block."""

    def __init__(self, target: str, *, workers: int, environment: Mapping[str, str], log: Path) -> None:
        """Serve `target` ("module:app") with what `flask serve` serves the site with."""
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = web_command("127.0.0.1", self.port, workers, target)
        self._environment = {**os.environ, **environment, "SITE_URL": self.url, "PYTHONPATH": str(ROOT)}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.started_ms = 0.0
        """From the start of the process to its first answer."""

    def __enter__(self) -> Self:
        """Start, and wait until it answers."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        start = time.monotonic()
        deadline = start + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(URLError, ConnectionError):
                self.ask("/healthz", any_status=True).close()
                self.started_ms = 1e3 * (time.monotonic() - start)
                return self
            time.sleep(0.02)
        self.__exit__()
        raise RuntimeError(f"{self._command[-1]} did not start:\n{self._log.read_text(errors='replace')}")

    def __exit__(self, *_: object) -> None:
        """Stop everything it started."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def ask(
        self, path: str, *, headers: Mapping[str, str] | None = None, any_status: bool = False
    ) -> HTTPResponse:
        """Ask once, as a browser does.

        Raises:
            urllib.error.HTTPError: the answer is an error, unless `any_status`.
        """
        request = Request(f"{self.url}{path}", headers={"Accept-Encoding": ACCEPTED, **(headers or {})})  # noqa: S310 ours
        try:
            answer: HTTPResponse = urlopen(request, timeout=60)  # noqa: S310 ours
        except OSError as error:
            if any_status and hasattr(error, "status"):
                return error  # type: ignore[return-value]  # HTTPError is an answer, too
            raise
        return answer

    def cpu_seconds(self) -> float:
        """Return the CPU time, user and system, of the process and all it started, so far."""
        if self._process is None:
            return 0.0
        return sum(_cpu_ticks(pid) for pid in _tree(self._process.pid)) / TICKS

    def memory_mib(self) -> float:
        """Return the memory of the process and all it started: what they share is counted once (PSS)."""
        if self._process is None:
            return 0.0
        return sum(_proportional_kib(pid) for pid in _tree(self._process.pid)) / 1024


def _proportional_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _tree(root: int) -> list[int]:
    """Return `root` and every process below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # gone since
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of proc_pid_stat(5) from the state on: the name before it may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _cpu_ticks(pid: int) -> int:
    try:
        fields = _stat(pid)
    except OSError:
        return 0
    return sum(
        int(fields[number]) for number in (11, 12, 13, 14)
    )  # utime, stime, and those of ended children
