"""Lists of missions as people send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from coordinator.missions.directory import STARTER_LIST, count_lines, read_missions
from coordinator.missions.rules import MissionDetails, MissionFileError, MissionStatus, Problem, Unreadable
from coordinator.places.rules import Point

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "id": "ru-de-berlin-embassy",
    "sending_state": "RU",
    "receiving_state": "DE",
    "kind": "embassy",
    "city": "Berlin",
    "city_ru": "Берлин",
    "name_en": "Embassy of Russia in Berlin",
    "name_ru": "Посольство России",
    "address": "Unter den Linden 63",
    "latitude": "52.5162",
    "longitude": "13.3825",
    "precision": "building",
    "status": "open",
    "source": "for a test",
}


def written(folder: Path, *rows: dict[str, str], encoding: str = "utf-8") -> Path:
    file = folder / "missions.csv"
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names), *(",".join(f'"{row.get(name, "")}"' for name in names) for row in rows)]
    file.write_bytes("\r\n".join(lines).encode(encoding))
    return file


def read_one(folder: Path, **changes: str) -> Any:
    line = next(iter(read_missions(written(folder, GOOD | changes))))
    return line.details or line.fault


def test_the_starter_list_is_good() -> None:
    lines = list(read_missions(STARTER_LIST))

    assert [line.fault for line in lines if line.fault] == []
    assert len(lines) >= 120


def test_a_line_is_a_mission_with_the_zone_of_its_point(tmp_path: Path) -> None:
    details = read_one(tmp_path)

    assert isinstance(details, MissionDetails)
    assert (details.timezone, details.point) == ("Europe/Berlin", Point(52.5162, 13.3825))
    assert details.words["ru"].city == "Берлин"
    assert details.status is MissionStatus.OPEN


def test_any_language_may_be_in_the_list(tmp_path: Path) -> None:
    details = read_one(tmp_path, city_de="Berlin", name_uk="Посольство Росії")

    assert set(details.words) == {"de", "en", "ru", "uk"}
    assert details.words["de"].name == "Embassy of Russia in Berlin"
    assert details.words["uk"].city == "Berlin"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_both_ways_of_writing_utf_8(tmp_path: Path, encoding: str) -> None:
    file = written(tmp_path, GOOD, encoding=encoding)

    assert [line.fault for line in read_missions(file)] == [None]


@pytest.mark.parametrize(
    ("changes", "problem", "column"),
    [
        pytest.param({"id": "Berlin Embassy"}, Problem.BAD_ID, "id", id="spaces in the id"),
        pytest.param({"id": ""}, Problem.MISSING, "id", id="no id"),
        pytest.param({"id": "a" * 81}, Problem.TOO_LONG, "id", id="long id"),
        pytest.param({"sending_state": "Russia"}, Problem.UNKNOWN_STATE, "sending_state", id="a name"),
        pytest.param({"receiving_state": "ZZ"}, Problem.UNKNOWN_STATE, "receiving_state", id="nobody's code"),
        pytest.param({"kind": "castle"}, Problem.UNKNOWN_WORD, "kind", id="unknown kind"),
        pytest.param({"kind": ""}, Problem.MISSING, "kind", id="no kind"),
        pytest.param({"name_en": ""}, Problem.MISSING, "name_en", id="no English name"),
        pytest.param({"latitude": "52,5"}, Problem.NOT_A_NUMBER, "latitude", id="decimal comma"),
        pytest.param({"latitude": "nan"}, Problem.OFF_THE_GLOBE, "latitude", id="not a number at all"),
        pytest.param({"longitude": "181"}, Problem.OFF_THE_GLOBE, "longitude", id="too far east"),
        pytest.param({"latitude": "139.7", "longitude": "35.7"}, Problem.SWAPPED, "latitude", id="swapped"),
        pytest.param({"precision": "near"}, Problem.UNKNOWN_WORD, "precision", id="unknown precision"),
        pytest.param({"timezone": "Berlin"}, Problem.UNKNOWN_ZONE, "timezone", id="unknown zone"),
        pytest.param({"status_on": "16.9.2030"}, Problem.NOT_A_DATE, "status_on", id="a date in points"),
        pytest.param({"website": "javascript:alert(1)"}, Problem.NOT_A_LINK, "website", id="a script"),
        pytest.param({"name_xq": "?"}, Problem.UNKNOWN_WORD, "name_xq", id="no such language"),
    ],
)
def test_what_is_wrong_is_named_with_its_column(
    tmp_path: Path, changes: dict[str, str], problem: Problem, column: str
) -> None:
    fault = read_one(tmp_path, **changes)

    assert (fault.problem, fault.column) == (problem, column)


def test_an_id_stands_once(tmp_path: Path) -> None:
    lines = list(read_missions(written(tmp_path, GOOD, GOOD)))

    assert [(line.number, line.fault.problem) for line in lines if line.fault] == [(3, Problem.REPEATED_ID)]


def test_a_line_with_too_many_cells_is_named_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    with file.open("a") as text:
        text.write("\n,,,\nberlin,and,nothing,else\n")

    lines = list(read_missions(file))

    assert [line.fault and line.fault.problem for line in lines] == [None, Problem.WRONG_LENGTH]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", Unreadable.EMPTY, id="empty"),
        pytest.param(b"id,city\n1,2\n", Unreadable.MISSING_COLUMNS, id="other columns"),
        pytest.param(b"id;sending_state;kind\n", Unreadable.SEMICOLONS, id="semicolons"),
        pytest.param("id,city\n\u0411".encode("cp1251"), Unreadable.NOT_UTF8, id="another encoding"),
        pytest.param("id,city".encode("utf-16"), Unreadable.NOT_UTF8, id="UTF-16"),
    ],
)
def test_a_file_that_is_no_list(tmp_path: Path, content: bytes, reason: Unreadable) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)

    with pytest.raises(MissionFileError) as refused:
        list(read_missions(file))

    assert refused.value.reason is reason


def test_a_missing_quotation_mark_does_not_swallow_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, *(GOOD | {"id": f"m-{n}"} for n in range(3000)))
    text = file.read_text().replace('"m-1"', '"m-1', 1)
    file.write_text(text)

    with pytest.raises(MissionFileError) as refused:
        list(read_missions(file))

    assert refused.value.reason is Unreadable.NOT_CSV


def test_lines_are_counted_for_the_progress_bar(tmp_path: Path) -> None:
    assert count_lines(written(tmp_path, GOOD, GOOD | {"id": "another"})) == 2
