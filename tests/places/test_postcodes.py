"""Postcodes are found where somebody installed them, in the state that was meant, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coordinator.places.postcodes import Postcodes, from_geonames, from_rows
from coordinator.places.rules import Precision

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskCliRunner

DUMP = (
    "DE\t10117\tBerlin\tBerlin\tBE\t\t00\tBerlin\t11000\t52.5170\t13.3872\t4\n"
    "US\t10117\tNew York\tNew York\tNY\t\t\t\t\t40.7\t-74.0\t4\n"
    "GB\tSW1A 1AA\tLondon\tEngland\tENG\t\t\t\t\t51.501\t-0.141\t6\n"
    "GB\tno point\tNowhere\t\t\t\t\t\t\t\t\t\n"
    "half a line\n"
)


@pytest.fixture
def codes(tmp_path: Path) -> Postcodes:
    found = Postcodes(tmp_path / "postcodes.sqlite")
    found.replace(from_geonames(DUMP.splitlines(keepends=True)))
    return found


def labels(codes: Postcodes, text: str, **more: frozenset[str]) -> list[str]:
    return [one.label for one in codes.search(text, locale="en", **more)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SW1A 1AA", ["SW1A 1AA London, United Kingdom"]),
        ("sw1a1aa", ["SW1A 1AA London, United Kingdom"]),
        ("10117, Germany", ["10117 Berlin, Germany"]),
        ("10117 Deutschland", []),
        ("10117 Germany", ["10117 Berlin, Germany"]),
        ("10117", ["10117 Berlin, Germany", "10117 New York, United States"]),
        ("99999", []),
        ("Berlin", []),
        ("' OR 1=1 --", []),
        ("1", []),
        ("", []),
    ],
)
def test_codes_are_found_as_people_write_them(codes: Postcodes, text: str, expected: list[str]) -> None:
    assert labels(codes, text) == expected


def test_states_with_something_to_find_come_first(codes: Postcodes) -> None:
    assert labels(codes, "10117", preferred=frozenset({"US"}))[0] == "10117 New York, United States"


def test_nobody_is_sent_to_the_middle_of_a_postcode(codes: Postcodes) -> None:
    assert codes.search("10117 Germany", locale="en")[0].precision is Precision.CITY


def test_a_new_list_replaces_its_state_alone(codes: Postcodes) -> None:
    row = {"code": "10115", "place": "Berlin", "latitude": "52.53", "longitude": "13.38"}

    assert codes.replace(from_rows("DE", [row])) == {"DE": 1}

    assert codes.countries() == {"DE": 1, "GB": 1, "US": 1}
    assert labels(codes, "10117") == ["10117 New York, United States"]


def test_a_list_that_breaks_off_changes_nothing(codes: Postcodes) -> None:
    def broken():  # type: ignore[no-untyped-def] # noqa: ANN202
        yield from from_rows("DE", [{"code": "1", "place": "x", "latitude": "1", "longitude": "1"}])
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        codes.replace(broken())

    assert labels(codes, "10117, Germany") == ["10117 Berlin, Germany"]


def test_without_a_file_nothing_is_found(tmp_path: Path) -> None:
    missing = Postcodes(tmp_path / "missing.sqlite")

    assert (missing.search("10117", locale="en"), missing.countries()) == ([], {})


def test_a_dump_is_imported_by_command(runner: FlaskCliRunner, tmp_path: Path) -> None:
    dump, other = tmp_path / "DE.txt", tmp_path / "other.txt"
    dump.write_text(DUMP, encoding="utf-8")
    other.write_text("not a dump", encoding="utf-8")

    done = runner.invoke(args=["postcodes", "import", str(dump)])
    refused = runner.invoke(args=["postcodes", "import", str(other)])

    assert done.exit_code == 0
    assert "DE  1" in done.output
    assert refused.exit_code == 1
    assert "no line of it is a postcode" in refused.output


@pytest.mark.parametrize("state", ["de", "us"])
def test_a_package_that_is_missing_is_named(
    runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr("coordinator.cli.postcodes.PACKAGES", {"de": "nothing_here", "us": "nothing_here"})

    refused = runner.invoke(args=["postcodes", "install", state])

    assert refused.exit_code == 1
    assert "requirements-postcodes.txt" in refused.output
