"""Vector tiles in Chromium: our server's pictures lie on the map, in the colours that the reader prefers."""

from __future__ import annotations

import struct
import zlib
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest
from flask_migrate import upgrade
from pmtiles.tile import Compression, TileType

from coordinator.app import create_app
from coordinator.kit.db import db, unit_of_work
from coordinator.places.vectors.drawing import COLOURS
from tests.browser.serving import served
from tests.conftest import settings_for
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory
from tests.places.vector_tiles import pmtiles, town_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask
    from playwright.sync_api import Browser, Page

EVENT = "street0map"
BERLIN = "52.5163/13.3835"


def make(instance: Path, url: str, write: Callable[[Path], Path] = town_file) -> Flask:
    """Return a site with a protest in a town, whose map is in a file that `write` makes."""
    app = create_app(settings_for(instance, site_url=url, tiles_file=str(write(instance / "town.pmtiles"))))
    with app.app_context():
        upgrade()
        with unit_of_work():
            EventFactory(
                public_id=EVENT, campaign=CampaignFactory(slug="world"), organiser=AccountFactory(),
                mission=MissionFactory(code="berlin"), title="First vigil",
            )  # fmt: skip
        db.session.remove()
    return app


LAST = 6
"""The closest zoom of the file of pictures."""
LAST_TILE = f"/{LAST}/34/20"
"""The one that Berlin is in."""


def pictures(path: Path) -> Path:
    """Write green squares of the whole world, as far as a small file goes; each zoom has its own green."""
    tiles = {(z, x, y): square(z) for z in range(LAST + 1) for x in range(1 << z) for y in range(1 << z)}
    return pmtiles(path, tiles, compression=Compression.NONE, kind=TileType.PNG)


@cache
def square(shade: int) -> bytes:
    green = b"".join(b"\0" + bytes((shade, 128, 64)) * 256 for _ in range(256))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(green)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(partial(make, tmp_path_factory.mktemp("streets"))) as url:
        yield url


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chromium: Browser, url: str, scheme: str) -> Iterator[Page]:
    """A page with which nothing goes wrong: no fault, no refusal of the policy, no request to others."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    wrong: list[str] = []
    context.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    context.on("weberror", lambda fault: wrong.append(str(fault.error)))
    context.on("request", lambda r: None if r.url.startswith((f"{url}/", "data:")) else wrong.append(r.url))
    yield context.new_page()
    context.close()
    assert wrong == []


def colour_at(page: Page, x: float, y: float) -> str:
    """Return the colour of one pixel."""
    png = page.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1})
    at, packed = 8, b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        packed += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    return "#" + zlib.decompress(packed)[1:4].hex()


def wait_for_tiles(page: Page) -> None:
    page.wait_for_selector(".leaflet-tile-loaded")
    for _ in range(200):
        if page.locator(".leaflet-tile:not(.leaflet-tile-loaded)").count() == 0:
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(400)  # Leaflet fades tiles in
    broken = (
        "[...document.querySelectorAll('.leaflet-tile')].filter((tile) => tile.naturalWidth !== 256).length"
    )
    assert page.evaluate(broken) == 0


@pytest.mark.parametrize("zoom", [14, 17])
def test_the_map_shows_a_town_in_the_scheme_that_the_reader_prefers(
    page: Page, url: str, scheme: str, zoom: int
) -> None:
    page.goto(f"{url}/en/world/map#map={zoom}/{BERLIN}")
    page.wait_for_selector(".map[data-ready]")
    wait_for_tiles(page)

    # In the south of a tile of zoom 14 is a river; the middle of the river lies here.
    spot = page.evaluate("""() => {
        const tile = L.point(8801.25, 5373.74).multiplyBy(256);
        map_events.setView(map_events.unproject(tile, 14), map_events.getZoom(), {animate: false});
        const box = map_events.getContainer().getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    }""")
    wait_for_tiles(page)
    assert colour_at(page, *spot) == COLOURS["water"][scheme == "dark"]
    assert page.get_by_text("© OpenStreetMap").count() == 1


def test_a_protest_s_own_page_shows_its_streets(page: Page, url: str) -> None:
    page.goto(f"{url}/en/events/{EVENT}")

    page.locator(".spot--ready").scroll_into_view_if_needed()
    wait_for_tiles(page)
    assert page.locator(".leaflet-tile-loaded").count() >= 2


def test_closer_than_a_file_of_pictures_goes_its_last_ones_are_shown_larger(
    tmp_path: Path, chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    with served(partial(make, tmp_path, write=pictures)) as url:
        for path, ready in (
            (f"/en/world/map#map=15/{BERLIN}", ".map[data-ready]"),
            (f"/en/events/{EVENT}", ".spot--ready"),
        ):
            page.goto(f"{url}{path}")
            page.wait_for_selector(ready)
            page.locator(ready).scroll_into_view_if_needed()
            wait_for_tiles(page)

            tile = page.locator(f".leaflet-tile[src$='{LAST_TILE}']")
            assert tile.evaluate("one => one.getBoundingClientRect().width") > 100 * 256
    context.close()
