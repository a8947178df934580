"""Run the whole suite on SQLite, then on PostgreSQL where there is one. In CI both must be there.

make test                         everything
make test TESTS="tests/events -x" a part, with pytest's own words
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

USUAL_SERVER = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
IN_CI = os.environ.get("CI") == "true"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> int:
    """Return 0 when every run passed."""
    parts = sys.argv[1:]
    get_browser()
    runs = {"SQLite": ""}
    server = os.environ.get("TEST_DATABASE_URL", USUAL_SERVER)
    if is_there(server):
        runs["PostgreSQL"] = server
    elif IN_CI:
        say(f"PostgreSQL is missing at {server.rpartition('@')[2]}, and in CI nothing is left out.")
        return 1
    first = next(iter(runs))
    failed = [name for name, url in runs.items() if run_on(name, url, parts, is_first=name == first) != 0]
    if "PostgreSQL" not in runs:
        say("There is no PostgreSQL here, so only SQLite was tested. TEST_DATABASE_URL names a server.")
    if failed:
        say(f"Failed on {' and '.join(failed)}.")
    return 1 if failed else 0


def run_on(name: str, url: str, parts: list[str], *, is_first: bool) -> int:
    """Run pytest on one database and return its exit code.

    What no database could change (a page by night, after it was looked at by day; the bench's own workings)
    is tested in the first run alone: marked `once`.
    """
    say(f"Testing on {name}")
    environment = {**os.environ, "TEST_DATABASE_URL": url}
    for ours in ("DATABASE_URL", "MODE", "INSTANCE", "PORT"):
        environment.pop(ours, None)
    scope = [] if is_first else ["-m", "not once"]
    command = [sys.executable, "-m", "pytest", "-n", "auto", *scope, *parts]
    return subprocess.run(command, env=environment, check=False).returncode


def is_there(server: str) -> bool:
    """Tell whether a PostgreSQL answers at `server`."""
    url = server.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
    except OperationalError:
        return False
    finally:
        engine.dispose()
    return True


def get_browser() -> None:
    """Make sure there is a Chromium: through apt where we may, through Playwright elsewhere."""
    if os.environ.get("CHROMIUM") or any(shutil.which(name) for name in BROWSERS):
        return
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("Installing Chromium")
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=IN_CI)
        return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=IN_CI)


def say(text: str) -> None:
    """Print a line that stands out between the lines of others."""
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
