"""Web server and worker together, and nobody left behind."""

from __future__ import annotations

import http.client
import inspect
import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coordinator.cli import web
from coordinator.cli.web import web_command
from tests.cli.processes import log_of, start_flask

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from flask import Flask

pytestmark = [
    pytest.mark.concurrent,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts processes in /proc"),
]


def children_of(pid: int) -> set[int]:
    """Return all processes below `pid`."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in {pid, *found}} - found:
        found |= more
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(happened: Callable[[], bool], seconds: float = 45) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


@pytest.fixture
def served(real_app: Flask) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start_flask(real_app, "serve", PORT=str(port))
    wait_for(lambda: get(port, "/healthz")[0] == 200)
    wait_for(lambda: b'"worker_mail":{"age_seconds":null' not in get(port, "/readyz")[1].replace(b" ", b""))
    family = children_of(process.pid)
    yield process, port
    for pid in family & {pid for pid in family if is_running(pid)}:
        os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_everybody(served: tuple[subprocess.Popen[bytes], int], number: signal.Signals) -> None:
    process, _ = served
    family = children_of(process.pid)
    assert len(family) >= 3  # the web server, a process of it, the worker

    process.send_signal(number)

    assert process.wait(30) == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    wait_for(lambda: not any(is_running(pid) for pid in family))


@pytest.mark.parametrize("name", ["coordinator.cli.web", "wsgi worker"])
def test_when_one_dies_the_other_is_ended_and_the_house_says_which(
    real_app: Flask, served: tuple[subprocess.Popen[bytes], int], name: str
) -> None:
    process, _ = served
    family = children_of(process.pid)
    victim = next(
        pid
        for pid in sorted(family)
        if name.encode() in b" ".join(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:])
        and int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == process.pid
    )

    os.kill(victim, signal.SIGKILL)

    assert process.wait(30) == 1
    wait_for(lambda: not any(is_running(pid) for pid in family))
    assert (
        f"the {'web' if name == 'coordinator.cli.web' else 'worker'} process ended by itself"
        in log_of(real_app).read_text()
    )


def test_the_log_holds_no_address_and_no_query(
    real_app: Flask, served: tuple[subprocess.Popen[bytes], int]
) -> None:
    _, port = served
    get(port, "/en/campaign/near?place=Secret+Street")
    status, body = get(port, "/readyz")

    log = log_of(real_app).read_text()
    checks = json.loads(body)["checks"]
    assert (checks["database"]["ok"], checks["worker_mail"]["ok"], checks["mail"]["ok"]) == (True, True, True)
    assert status == 503  # nobody built the gazetteer here
    assert "Secret" not in log
    assert "near" not in log
    assert "127.0.0.1" not in log


def test_the_web_server_keeps_no_access_log() -> None:
    command = web_command("127.0.0.1", 8000, 2)

    assert command[command.index("--workers") + 1] == "2"
    assert "log_access=False" in inspect.getsource(web)
