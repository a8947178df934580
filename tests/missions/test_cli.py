"""`flask missions …`, as an administrator uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from coordinator.missions.models import Mission
from coordinator.missions.rules import MissionStatus
from tests.factories.missions import MissionFactory

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

HEADER = "id,sending_state,receiving_state,kind,city,name_en,latitude,longitude,precision,status,source"
GOOD = "ru-de-berlin,RU,DE,embassy,Berlin,Embassy in Berlin,52.5162,13.3825,building,open,me"
BAD = "ru-fr-paris,RU,FR,embassy,Paris,Embassy in Paris,far,2.27,building,open,me"


def a_list(folder: Path, *lines: str) -> str:
    file = folder / "list.csv"
    file.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return str(file)


def test_a_list_is_imported_and_counted(runner: FlaskCliRunner, session: Session, tmp_path: Path) -> None:
    said = runner.invoke(args=["missions", "import", a_list(tmp_path, GOOD)])

    assert said.exit_code == 0
    assert "1 added, 0 changed, 0 closed, 0 unchanged" in said.output
    assert session.scalars(select(Mission.timezone)).one() == "Europe/Berlin"


def test_a_dry_run_shows_what_would_change(runner: FlaskCliRunner, session: Session, tmp_path: Path) -> None:
    MissionFactory(code="ru-de-berlin")
    closes = GOOD.replace(",open,", ",closed,")

    said = runner.invoke(args=["missions", "import", a_list(tmp_path, closes), "--dry-run"])

    assert "closed    ru-de-berlin" in said.output
    assert "would be: 0 added, 0 changed, 1 closed, 0 unchanged" in said.output
    assert session.scalars(select(Mission.status)).one() is MissionStatus.OPEN


def test_one_bad_line_stops_everything_and_is_named(
    runner: FlaskCliRunner, session: Session, tmp_path: Path
) -> None:
    said = runner.invoke(args=["missions", "import", a_list(tmp_path, GOOD, BAD)])

    assert said.exit_code == 1
    assert "line 3: latitude is no number; write 52.5162, with a point: far" in said.output
    assert "nothing was imported" in said.output
    assert session.scalar(select(func.count(Mission.id))) == 0


def test_bad_lines_can_be_skipped(runner: FlaskCliRunner, session: Session, tmp_path: Path) -> None:
    said = runner.invoke(args=["missions", "import", a_list(tmp_path, BAD, GOOD), "--skip-bad"])

    assert said.exit_code == 0
    assert session.scalars(select(Mission.code)).one() == "ru-de-berlin"


def test_a_thousand_bad_lines_do_not_fill_the_screen(runner: FlaskCliRunner, tmp_path: Path) -> None:
    said = runner.invoke(args=["missions", "import", a_list(tmp_path, *[BAD] * 1000)])

    assert "… and 950 more lines like these" in said.output


def test_what_stands_in_a_cell_can_t_steer_the_terminal(runner: FlaskCliRunner, tmp_path: Path) -> None:
    said = runner.invoke(args=["missions", "import", a_list(tmp_path, BAD.replace("far", "\x1b[2Jfar"))])

    assert "\x1b[2J" not in said.output.replace("\r", "")


def test_another_kind_of_file_is_refused_in_words(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("имя;город\n".encode("cp1251"))

    said = runner.invoke(args=["missions", "import", str(file)])

    assert said.exit_code == 1
    assert "it is not UTF-8" in said.output


def test_the_starter_list_is_built_in(runner: FlaskCliRunner, session: Session) -> None:
    said = runner.invoke(args=["missions", "starter"])

    assert said.exit_code == 0
    assert (session.scalar(select(func.count(Mission.id))) or 0) >= 120
