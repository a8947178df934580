"""The browser's files: pinned, built whole, and a world map that draws and does not lie about Crimea."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "static" / "vendor"
RUSSIA, UKRAINE, ANTARCTICA = "643", "804", "010"
SIMFEROPOL, SEVASTOPOL, MOSCOW, BILIBINO = (34.10, 44.95), (33.60, 44.58), (37.62, 55.75), (166.44, 68.05)
RESOLUTIONS = ("110m", "50m")


def world(resolution: str) -> list[dict[str, Any]]:
    path = VENDOR / "basemap" / f"{resolution}.json"
    assert path.is_file(), "the assets are not built: npm ci --ignore-scripts && node assets/build.mjs"
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def rings(resolution: str) -> Iterator[list[list[float]]]:
    for feature in world(resolution):
        for polygon in feature["geometry"]["coordinates"]:
            yield from polygon


def is_inside(point: tuple[float, float], ring: list[list[float]]) -> bool:
    """Count the edges east of the point: odd is inside."""
    x, y = point
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            crossings += 1
    return crossings % 2 == 1


def countries_at(point: tuple[float, float], resolution: str) -> set[str]:
    return {
        feature["id"]
        for feature in world(resolution)
        for outer, *holes in feature["geometry"]["coordinates"]
        if is_inside(point, outer) and not any(is_inside(point, hole) for hole in holes)
    }


def test_the_lock_names_contents_and_no_place_they_came_from() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]

    assert "resolved" not in text
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


@pytest.mark.parametrize(
    "file",
    [
        "leaflet/leaflet.js",
        "leaflet/leaflet.css",
        "leaflet/images/layers.png",
        "leaflet.locatecontrol/L.Control.Locate.min.js",
        "leaflet.locatecontrol/L.Control.Locate.min.css",
        "leaflet.fullscreen/Control.FullScreen.js",
        "leaflet.fullscreen/Control.FullScreen.css",
        "leaflet.fullscreen/icon-fullscreen.svg",
        "qr/decode.js",
        "qr/index.js",
        "rubik/fonts.css",
        "rubik/rubik-latin-wght-normal.woff2",
        "rubik/rubik-cyrillic-wght-normal.woff2",
        "rubik/rubik-arabic-wght-normal.woff2",
    ],
)
def test_the_build_made(file: str) -> None:
    assert (VENDOR / file).stat().st_size > 0


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_no_edge_spans_half_the_world(resolution: str) -> None:
    widest = max(abs(a[0] - b[0]) for ring in rings(resolution) for a, b in pairwise(ring))

    assert widest < 180


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_no_border_spans_half_the_world(resolution: str) -> None:
    path = VENDOR / "basemap" / f"borders-{resolution}.json"
    lines = json.loads(path.read_text(encoding="utf-8"))["geometry"]["coordinates"]

    assert max(abs(a[0] - b[0]) for line in lines for a, b in pairwise(line)) < 180


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_every_ring_is_closed(resolution: str) -> None:
    assert [ring for ring in rings(resolution) if ring[0] != ring[-1] or len(ring) < 4] == []


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize(
    ("point", "country"),
    [
        pytest.param(SIMFEROPOL, UKRAINE, id="Simferopol"),
        pytest.param(SEVASTOPOL, UKRAINE, id="Sevastopol"),
        pytest.param(MOSCOW, RUSSIA, id="Moscow"),
        pytest.param(BILIBINO, RUSSIA, id="Bilibino"),
    ],
)
def test_a_city_lies_in_one_country(point: tuple[float, float], country: str, resolution: str) -> None:
    assert countries_at(point, resolution) == {country}


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_land_over_the_antimeridian_is_drawn_on_both_sides(resolution: str) -> None:
    east, west = (178.5, 66.5), (-181.5, 66.5)  # Chukotka, and the same place a world further

    assert countries_at(east, resolution) == {RUSSIA}
    assert countries_at(west, resolution) == {RUSSIA}


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_antarctica_is_left_out(resolution: str) -> None:
    assert ANTARCTICA not in {feature["id"] for feature in world(resolution)}
