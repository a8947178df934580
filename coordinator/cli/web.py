"""The web server, as `flask serve` starts it: the app is loaded once, and each process begins as its copy.

granian's own command loads the app in each of its processes, a hundred megabytes every time. A process that
is forked from one that has it shares that memory until it writes there.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import multiprocessing
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel import Locale
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from sqlalchemy.orm import configure_mappers

from coordinator.kit.i18n import LANGUAGES
from coordinator.kit.memory import use_few_heaps
from coordinator.kit.web import WEB_PROCESS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[2]
BLOCKING_THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
"""Requests at once in one process. Python computes for one at a time; the others wait for the database."""

BACKPRESSURE = 256
"""Requests that may wait for a thread; more stay with the kernel until there is room."""

KILL_SECONDS = 10
PAGES = ("site/campaign.html", "site/event.html", "site/near.html", "site/home.html", "maps/map.html")
"""What most visitors ask for first."""

CAN_FORK = sys.platform == "linux"  # elsewhere it is no longer safe, and each process loads the app itself


def web_command(host: str, port: int, workers: int, target: str = "wsgi:app") -> list[str]:
    """Return how the web server is started, for `target` ("module:app")."""
    said = ["--host", host, "--port", str(port), "--workers", str(workers)]
    return [sys.executable, "-m", "coordinator.cli.web", *said, target]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal comes. No access log is kept: addresses are nobody's business."""
    said = _said(arguments)
    sys.path.insert(0, str(ROOT))
    os.environ[WEB_PROCESS] = "yes"
    use_few_heaps()
    server = Server(
        said.target,
        address=said.host,
        port=said.port,
        interface=Interfaces.WSGI,
        workers=said.workers,
        blocking_threads=BLOCKING_THREADS,
        backpressure=BACKPRESSURE,
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_SECONDS,
        working_dir=ROOT,
    )
    if not CAN_FORK:
        server.serve()
        return
    multiprocessing.set_start_method("fork")  # Python 3.14 would not
    app = _loaded(said.target)
    gc.collect()
    gc.freeze()  # the collector writes into what it looks at, and would copy all of it
    server.serve(target_loader=lambda _target: app)


def _loaded(target: str) -> Callable[..., Any]:
    """Import the app and make what every process would make for itself. The database is not asked."""
    module, _, name = target.partition(":")
    app: Any = getattr(importlib.import_module(module), name)
    configure_mappers()
    for page in (page for page in PAGES if page in app.jinja_env.list_templates()):
        app.jinja_env.get_template(page)
    for locale in map(Locale.parse, LANGUAGES):
        _ = (locale.territories, locale.languages, locale.time_zones, locale.date_formats)
    return app  # type: ignore[no-any-return]


def _said(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve the site.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("target", nargs="?", default="wsgi:app")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
