"""Processes of ours, on a test's own installation."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from coordinator.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from coordinator.settings import Settings


def environment_of(app: Flask, **more: str) -> dict[str, str]:
    """Return the environment that makes another process work on the same installation."""
    settings: Settings = app.extensions["settings"]
    return {
        **os.environ,
        "MODE": str(settings.mode),
        "INSTANCE": str(settings.instance),
        "SECRET_KEY": settings.secret_key,
        "DIGEST_KEY": settings.digest_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "DATABASE_URL": settings.database_url,
        "SITE_URL": settings.site_url,
        "GEOCODER": "none",
        **more,
    }


def start_flask(app: Flask, *command: str, **more: str) -> subprocess.Popen[bytes]:
    """Start `flask …` in a process of its own; what it says is in `log_of`."""
    with log_of(app).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", *command],
            cwd=ROOT,
            env=environment_of(app, **more),
            stdout=log,
            stderr=log,
        )


def log_of(app: Flask) -> Path:
    """Return the file that all processes of this installation write into."""
    settings: Settings = app.extensions["settings"]
    return settings.instance / "processes.log"
