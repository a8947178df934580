"""Command: web server and worker together, on one machine."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import click

from coordinator.cli.web import web_command
from coordinator.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import FrameType

GRACE_SECONDS = 15.0  # an open request and the letter at hand may end
LOOK_SECONDS = 0.2
PR_SET_PDEATHSIG = 1  # prctl(2)


@click.command()
@click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers",
    envvar="WEB_CONCURRENCY",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Web processes.",
)
@click.option("--without-worker", is_flag=True, help="The worker runs elsewhere, as `flask worker`.")
def serve(host: str, port: int, workers: int, *, without_worker: bool) -> None:
    """Run the web server and the worker until one of them ends or a signal comes; then stop both."""
    told: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        told.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, remember)
    children = {"web": _start(web_command(host, port, workers))}
    if not without_worker:
        children["worker"] = _start([sys.executable, "-m", "flask", "--app", "wsgi", "worker"])
    ended: list[str] = []
    try:
        while not told and not ended:
            time.sleep(LOOK_SECONDS)
            ended = [name for name, child in children.items() if child.poll() is not None]
    finally:
        _stop(children.values())
    if ended and not told:
        raise click.ClickException(f"the {ended[0]} process ended by itself")


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a child in a group of its own: a Ctrl-C reaches us alone, and we end it in order."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=partial(_end_with, os.getpid()) if sys.platform == "linux" else None,  # noqa: PLW1509 we have one thread
    )


def _end_with(parent: int) -> None:
    """Ask the kernel for a SIGTERM when our parent is killed and can't say goodbye. Runs in the child."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _stop(children: Collection[subprocess.Popen[bytes]]) -> None:
    """End all children: politely, and after `GRACE_SECONDS` with everything they started."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):  # none of its group is left, as it should be
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
