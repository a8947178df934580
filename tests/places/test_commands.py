from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coordinator.places.gazetteer.building import build
from coordinator.places.geocoding import gazetteer_path
from tests.places.cities import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskCliRunner


@pytest.fixture
def index(app: Flask) -> Iterator[Path]:
    path = gazetteer_path(app.extensions["settings"])
    yield path
    path.unlink(missing_ok=True)


def test_a_search_shows_what_a_visitor_would_find(runner: FlaskCliRunner, index: Path) -> None:
    build(index, progress=False, source=SOURCE)

    result = runner.invoke(args=["places", "search", "den haag", "--locale", "ru"])

    assert result.exit_code == 0
    assert result.output == "  52.0800    4.3000  Гаага, Нидерланды\n"


@pytest.mark.usefixtures("index")
def test_a_search_without_an_index_says_how_to_build_it(runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=["places", "search", "Berlin"])

    assert result.exit_code == 1
    assert "flask places build" in result.output
