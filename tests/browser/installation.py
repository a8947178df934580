"""A whole installation as `make run` starts it, and the Chromium of this machine."""

from __future__ import annotations

import csv
import email
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

from sqlalchemy import create_engine, text

from coordinator.kit.crypto import Seal
from coordinator.places.geocoding import GAZETTEER_FILE
from coordinator.settings import ROOT, database_url, own_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from playwright.sync_api import Browser, Playwright

INDEX = ROOT / ".pytest_cache" / "d" / "gazetteer" / GAZETTEER_FILE
BUILD = (
    "import sys; from pathlib import Path; from coordinator.places.gazetteer.building import build;"
    "build(Path(sys.argv[1]), progress=False)"
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
LONGEST_START_SECONDS = 90
LONGEST_MAIL_SECONDS = 30


@dataclass(frozen=True)
class Site:
    """A running installation with its demonstration data."""

    url: str
    instance: Path
    accounts: dict[str, tuple[str, str]] = field(repr=False)
    """Role to address and password; of several with one role, the first."""
    database: str = field(repr=False)
    """Its URL."""

    @property
    def seal(self) -> Seal:
        """Its keys, for links that no page shows."""
        secrets = own_secrets(self.instance)
        return Seal([secrets["ENCRYPTION_KEYS"]], secrets["DIGEST_KEY"])

    def scalar(self, query: str) -> str:
        """Ask its database for one text."""
        engine = create_engine(database_url(self.database, self.instance))
        with engine.connect() as connection:
            found = str(connection.execute(text(query)).scalar())
        engine.dispose()
        return found

    def mail_to(self, address: str, *, subject: str = "") -> EmailMessage:
        """Wait for the newest mail to `address` whose subject holds `subject`."""
        deadline = time.monotonic() + LONGEST_MAIL_SECONDS
        while time.monotonic() < deadline:
            for file in sorted((self.instance / "mail").glob("*.eml"), reverse=True):
                mail = email.message_from_bytes(file.read_bytes(), policy=policy.default)
                if address in str(mail["To"]) and subject in str(mail["Subject"]):
                    return mail
            time.sleep(0.2)
        raise AssertionError(f"no mail in {LONGEST_MAIL_SECONDS} s")


@contextmanager
def running_site(instance: Path, database: str = "") -> Iterator[Site]:
    """Set up an installation in `instance`, serve it with its worker on a free port, stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "MODE": "demonstration",
        "INSTANCE": str(instance),
        "DATABASE_URL": database,
        "PORT": str(port),
        "SITE_URL": url,
        "GEOCODER": "none",
    }
    instance.mkdir(exist_ok=True)
    shutil.copy(index_of_cities(), instance / GAZETTEER_FILE)
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    for command in (["setup"], ["demo", "load"]):
        subprocess.run([*flask, *command], cwd=ROOT, env=environment, check=True, capture_output=True)
    log = instance / "serve.log"
    with log.open("wb") as output:
        server = subprocess.Popen([*flask, "serve"], cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        _wait_for(f"{url}/healthz", server, log)
        yield Site(url, instance, _accounts(instance), database)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def index_of_cities() -> Path:
    """Return an index of the world's cities, built once for all installations of all runs."""
    INDEX.parent.mkdir(parents=True, exist_ok=True)
    with INDEX.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # others wait; apart, because building takes 400 MB
        subprocess.run([sys.executable, "-c", BUILD, INDEX], cwd=ROOT, check=True)
    return INDEX


def installed_chromium() -> str | None:
    """Return where this machine's Chromium is, or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def launch(playwright: Playwright) -> Browser | None:
    """Start the machine's Chromium, or Playwright's own; None when there is neither."""
    found = installed_chromium()
    if found is None and not Path(playwright.chromium.executable_path).exists():
        return None
    return playwright.chromium.launch(executable_path=found, args=FLAGS)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 our own server
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the site did not start: {log.read_text(errors='replace')[-2000:]}")


def _accounts(instance: Path) -> dict[str, tuple[str, str]]:
    with (instance / "demo-accounts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["role"]: (row["email"], row["password"]) for row in reversed(rows)}
