"""The web server loads the app once, and no more of it than pages need."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from coordinator.cli import web
from coordinator.cli.web import web_command
from coordinator.kit.web import WEB_PROCESS
from coordinator.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LOOK = "import sys, wsgi; print(sorted(wsgi.app.cli.commands), 'alembic' in sys.modules)"


@pytest.mark.parametrize(
    ("is_web", "expected"), [("yes", "False"), ("", "True")], ids=["a web process", "a command"]
)
def test_a_web_process_has_no_commands(tmp_path: Path, is_web: str, expected: str) -> None:
    environment = {**os.environ, "MODE": "demonstration", "INSTANCE": str(tmp_path), WEB_PROCESS: is_web}

    said = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout

    assert said.strip().endswith(expected)
    assert ("'missions'" in said) is (is_web == "")


def test_the_server_is_asked_for_what_the_command_says(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, object] = {}

    class Server:
        def __init__(self, target: str, **options: object) -> None:
            told.update(options, target=target)

        def serve(self, **options: object) -> None:
            told.update(options)

    monkeypatch.setattr(web, "Server", Server)
    monkeypatch.setattr(web, "CAN_FORK", False)
    monkeypatch.setattr(web, "use_few_heaps", lambda: None)
    monkeypatch.setenv(WEB_PROCESS, "")

    web.main(web_command("0.0.0.0", 8123, 3, "other:app")[3:])  # noqa: S104 nothing listens

    assert (told["target"], told["address"]) == ("other:app", "0.0.0.0")  # noqa: S104
    assert (told["port"], told["workers"]) == (8123, 3)
    assert told["log_access"] is False
    assert told["respawn_failed_workers"] is True


def test_pages_that_are_compiled_before_exist() -> None:
    for page in web.PAGES:
        assert (ROOT / "templates" / page).is_file()
