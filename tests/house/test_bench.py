"""The bench measures what it says it does. Its figures are for people; here it only has to work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from coordinator.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.concurrent
@pytest.mark.skipif(not shutil.which("wrk"), reason="the load comes from wrk")
def test_a_small_bench_ends_with_figures_and_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "figures.md"
    wanted = [word for page in ("event", "GeoJSON, 304", "RSVP") for word in ("--page", page)]
    environment = {**os.environ, "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", "")}
    environment.pop("MODE", None)

    ran = subprocess.run(
        [
            sys.executable, str(ROOT / "bench" / "run.py"), "10", "20", *wanted,
            "--seconds", "1", "--warm-up", "0", "--connections", "4", "--markdown", str(file),
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "acknowledged" in ran.stdout
    assert "LOST" not in ran.stdout
    assert "ERRORS" not in ran.stdout
    table = file.read_text(encoding="utf-8")
    assert "| hello |" in table
    for page in ("event", "GeoJSON, 304", "RSVP"):
        assert table.count(f"| {page} |") == 3  # two sizes, and how it grows
    assert "Processor" in table


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.concurrent
@pytest.mark.skipif(not shutil.which("wrk"), reason="the load comes from wrk")
def test_a_small_bench_of_answers_fills_what_is_missing_and_loses_none() -> None:
    environment = {**os.environ, "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", "")}
    environment.pop("MODE", None)
    sizes = ["3000", "3100"]  # three to each event are there before

    ran = subprocess.run(
        [
            sys.executable, str(ROOT / "bench" / "answers.py"), "--rsvps", *sizes,
            "--seconds", "1", "--repeats", "1", "--connections", "2",
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "| bare commit of an object |" in ran.stdout
    assert ran.stdout.count("| RSVP |") == len(sizes)
    assert "0 refused or broken" in ran.stdout


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.concurrent
def test_a_small_bench_of_mail_hands_every_letter_over() -> None:
    environment = {**os.environ, "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", "")}
    environment.pop("MODE", None)

    ran = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "mail.py"), "--count", "60"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "60 letters, 60 taken, " in ran.stdout
