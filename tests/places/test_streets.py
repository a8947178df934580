"""Street tiles come through us: kept, bounded, polite to the provider, and never necessary."""

from __future__ import annotations

import gzip
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from coordinator.app import create_app
from coordinator.kit.errors import AwayError
from coordinator.maps.views.streets import middle_of
from coordinator.places import tile_files, tiles
from coordinator.places.rules import Point
from coordinator.places.streets import Provider, keep_seconds, provider_of
from coordinator.places.tile_files import DrawnFile, TileFile, open_tile_file
from coordinator.places.tiles import Tile, TileCache, plain
from coordinator.places.vectors.drawing import nothing
from coordinator.settings import SettingsError
from tests.conftest import settings_for
from tests.places import vector_tiles
from tests.places.vector_tiles import PLACE, pmtiles, town_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
WEEK = 7 * 24 * 3600
AGENT = "coordinator (https://example.org; us@example.org)"


@dataclass
class Stage:
    """A provider on this machine."""

    url: str = ""
    status: int = 200
    body: bytes = PNG
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "image/png", "ETag": '"1"'})
    delay: float = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage, lock = Stage(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                stage.asked.append((self.path, dict(self.headers)))
                stage.at_once += 1
                stage.most_at_once = max(stage.most_at_once, stage.at_once)
            time.sleep(stage.delay)
            known = self.headers.get("If-None-Match")
            status = 304 if known and known == stage.headers.get("ETag") else stage.status
            with lock:
                stage.at_once -= 1
            self.send_response(status)
            for name, value in stage.headers.items():
                self.send_header(name, value)
            body = b"" if status == 304 else stage.body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stage.url = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield stage
    server.shutdown()
    server.server_close()


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(stage: Stage, tmp_path: Path, clock: Clock) -> Provider:
    cache = TileCache(tmp_path / "tiles.sqlite", stage.url, 10_000_000)
    return Provider(provider_of(stage.url, "© somebody", ""), cache, AGENT, clock=clock)


def test_a_tile_is_asked_for_once_and_we_say_who_we_are(provider: Provider, stage: Stage) -> None:
    first, second = provider.tile(3, 4, 2), provider.tile(3, 4, 2)

    assert first == second == Tile(PNG, "image/png")
    ((path, headers),) = stage.asked
    assert path == "/3/4/2.png"
    assert headers["User-Agent"] == AGENT
    assert "Referer" not in headers


def test_a_tile_that_may_be_old_is_asked_about_and_not_sent_again(
    provider: Provider, stage: Stage, clock: Clock
) -> None:
    provider.tile(3, 4, 2)
    clock.now += WEEK + 1
    stage.body = b"never sent"

    assert provider.tile(3, 4, 2) == Tile(PNG, "image/png")
    assert stage.asked[1][1]["If-None-Match"] == '"1"'
    clock.now += 1
    provider.tile(3, 4, 2)
    assert len(stage.asked) == 2


def test_while_the_provider_is_away_old_tiles_go_out_and_it_is_left_alone(
    provider: Provider, stage: Stage, clock: Clock
) -> None:
    provider.tile(3, 4, 2)
    clock.now += WEEK + 1
    stage.status, stage.headers = 500, {"Content-Type": "text/html"}

    assert provider.tile(3, 4, 2) == Tile(PNG, "image/png")
    with pytest.raises(AwayError):
        provider.tile(3, 4, 3)
    assert len(stage.asked) == 2
    clock.now += 61
    stage.status, stage.headers = 200, {"Content-Type": "image/png"}
    assert provider.tile(3, 4, 3) == Tile(PNG, "image/png")


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        pytest.param(200, "text/html", b"<script>alert(1)</script>", id="a page"),
        pytest.param(200, "image/svg+xml", b"<svg onload='alert(1)'/>", id="a drawing that runs"),
        pytest.param(200, "image/png", b"x" * (600 * 1024), id="too large"),
        pytest.param(403, "image/png", PNG, id="refused"),
        pytest.param(429, "image/png", PNG, id="too many"),
    ],
)
def test_what_is_no_tile_is_not_passed_on(
    provider: Provider, stage: Stage, status: int, content_type: str, body: bytes
) -> None:
    stage.status, stage.headers, stage.body = status, {"Content-Type": content_type}, body

    with pytest.raises(AwayError):
        provider.tile(3, 4, 2)


def test_an_empty_place_is_none(provider: Provider, stage: Stage) -> None:
    stage.status = 404
    stage.headers = {"Content-Type": "text/plain"}

    assert provider.tile(3, 4, 2) is None


def test_no_more_than_two_questions_at_once(provider: Provider, stage: Stage) -> None:
    stage.delay = 0.05
    threads = [threading.Thread(target=provider.tile, args=(5, number, 9)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(stage.asked) == 10
    assert stage.most_at_once <= 2


def test_the_disk_s_share_is_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    cache = TileCache(tmp_path / "tiles.sqlite", "somebody", 1_000_000)
    for number in range(300):
        cache.keep(f"9/{number}/0", Tile(b"x" * 10_000, "image/png"), "", 0)

    assert cache.size() <= 1_000_000
    assert cache.find("9/299/0") is not None
    assert cache.find("9/0/0") is None


def test_another_provider_begins_with_nothing(tmp_path: Path) -> None:
    TileCache(tmp_path / "tiles.sqlite", "one", 10**6).keep("1/0/0", Tile(PNG, "image/png"), "", 0)

    assert TileCache(tmp_path / "tiles.sqlite", "other", 10**6).find("1/0/0") is None


def test_a_full_disk_keeps_nothing_and_breaks_nothing(
    provider: Provider, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:  # type: ignore[override]
            if sql.startswith("INSERT"):
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *more)

    connect = sqlite3.connect
    monkeypatch.setattr(tiles.sqlite3, "connect", lambda *a, **k: connect(*a, factory=Full, **k))

    assert provider.tile(3, 4, 2) == Tile(PNG, "image/png")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, WEEK),
        ({"Cache-Control": "max-age=60"}, WEEK),
        ({"Cache-Control": "public, max-age=1209600"}, 2 * WEEK),
        ({"Cache-Control": "max-age=999999999"}, 60 * 24 * 3600),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, WEEK),
        ({"Expires": "Mon, 26 Jan 1970 03:33:20 GMT"}, 100 * 2 * 6 * 60 * 60 / 3),
        ({"Expires": "nonsense"}, WEEK),
    ],
)
def test_how_long_a_tile_is_kept(headers: dict[str, str], seconds: float) -> None:
    found = keep_seconds(headers, 1_000_000.0)

    assert WEEK <= found <= 60 * 24 * 3600
    if "Mon" not in headers.get("Expires", ""):
        assert found == seconds


@pytest.mark.parametrize(
    ("url", "key", "name"),
    [
        ("nobody.knows", "", "TILES_URL"),
        ("https://example.org/tiles.png", "", "TILES_URL"),
        ("Thunderforest.OpenCycleMap", "", "TILES_API_KEY"),
    ],
)
def test_a_provider_that_can_t_be_asked_is_named_at_the_start(url: str, key: str, name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        provider_of(url, "", key)


def test_providers_are_known_by_name() -> None:
    osm = provider_of("OpenStreetMap.Mapnik", "", "")
    keyed = provider_of("Thunderforest.OpenCycleMap", "", "secret")

    assert osm.build_url(x=1, y=2, z=3) == "https://tile.openstreetmap.org/3/1/2.png"
    assert keyed.build_url(x=1, y=2, z=3).endswith("apikey=secret")
    assert plain(osm["html_attribution"]) == "© OpenStreetMap contributors"


# --- a file instead of a provider --------------------------------------------------------------------------


def write(path: Path, kind: TileType = TileType.PNG, attribution: str = "© <b>us</b>") -> Path:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.write_tile(zxy_to_tileid(0, 0, 0), PNG)
        writer.write_tile(zxy_to_tileid(1, 1, 0), PNG + b"1")
        header = {
            "tile_type": kind, "tile_compression": Compression.NONE, "min_zoom": 0, "max_zoom": 1,
            "min_lon_e7": 0, "min_lat_e7": 0, "max_lon_e7": 0, "max_lat_e7": 0, "center_zoom": 0,
            "center_lon_e7": 0, "center_lat_e7": 0,
        }  # fmt: skip
        writer.finalize(header, {"attribution": attribution})
    return path


def opened(path: Path, attribution: str = "") -> TileFile | DrawnFile:
    cache = path.parent / "tiles.sqlite"
    return open_tile_file(path, attribution, lambda source: TileCache(cache, source, 10_000_000))


def test_a_file_gives_its_tiles(tmp_path: Path) -> None:
    file = opened(write(tmp_path / "world.pmtiles"))

    assert file.tile(1, 1, 0) == Tile(PNG + b"1", "image/png")
    assert file.tile(1, 0, 0) is None
    assert (file.attribution, file.host, file.nearest) == ("© us", "", 1)


def test_a_file_of_something_else_is_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pmtiles"
    broken.write_bytes(b"PMTiles\x03 and then nothing")

    for path in (broken, tmp_path / "missing", write(tmp_path / "new.pmtiles", TileType.MLT)):
        with pytest.raises(SettingsError, match="TILES_FILE"):
            opened(path)


# --- a file of vector tiles --------------------------------------------------------------------------------


def drawn(tile: Tile | None) -> str:
    assert tile is not None
    assert (tile.mimetype, tile.encoding) == ("image/svg+xml", "gzip")
    return gzip.decompress(tile.body).decode()


@pytest.mark.parametrize("schema", ["protomaps", "openmaptiles"])
def test_vector_tiles_are_drawn_as_deep_as_the_map_goes(tmp_path: Path, schema: str) -> None:
    file = opened(town_file(tmp_path / "town.pmtiles", schema))
    z, x, y = PLACE

    assert (file.attribution, file.host, file.nearest) == ("© OpenStreetMap", "", 19)
    assert "Brückenstraße" in drawn(file.tile(z, x, y))
    assert 'class="building"' in drawn(file.tile(17, x << 3, y << 3))
    assert file.tile(z, x + 5, y) is None
    assert file.tile(17, (x + 5) << 3, y << 3) is None


def test_a_tile_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = town_file(tmp_path / "town.pmtiles")
    first = opened(path).tile(*PLACE)
    monkeypatch.setattr(tile_files, "draw", lambda *_: pytest.fail("drawn again"))

    assert opened(path).tile(*PLACE) == first


@pytest.mark.parametrize("change", ["the file", "the way to draw"])
def test_another_file_or_another_way_to_draw_begins_with_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = town_file(tmp_path / "town.pmtiles")
    first = opened(path).tile(*PLACE)
    if change == "the file":
        town_file(path, "openmaptiles")
    else:
        monkeypatch.setattr(tile_files, "_way_to_draw", lambda: "another")
        monkeypatch.setattr(tile_files, "draw", lambda *_: b"<svg/>")

    assert opened(path).tile(*PLACE) != first


BOMB = gzip.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BOMB, id="a bomb"),
        pytest.param(b"no gzip", id="no gzip"),
        pytest.param(gzip.compress(b"no tile"), id="no tile"),
        pytest.param(gzip.compress(bytes(1000))[:-9], id="cut off"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_broken_tile_is_an_empty_one_and_a_line_in_the_log(
    tmp_path: Path, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "broken.pmtiles"
    file = opened(pmtiles(path, {(3, 4, 2): body}, layers=["earth", "water", "roads"], is_packed=True))

    assert file.tile(3, 4, 2) == Tile(nothing(), "image/svg+xml")
    assert caplog.messages == ["TILES_FILE has a broken tile: 3/4/2"]


def test_a_broken_way_to_a_tile_is_none_and_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = town_file(tmp_path / "town.pmtiles")
    body = bytearray(path.read_bytes())
    body[127:140] = bytes(13)  # its directory, after a header of 127 bytes
    path.write_bytes(body)

    assert opened(path).tile(*PLACE) is None
    assert "broken on the way" in caplog.text


def test_tiles_that_are_not_compressed_are_drawn_too(tmp_path: Path) -> None:
    body = vector_tiles.tile(vector_tiles.protomaps_town())
    layers = ["earth", "water", "roads"]
    file = opened(
        pmtiles(tmp_path / "plain.pmtiles", {PLACE: body}, layers=layers, compression=Compression.NONE)
    )

    assert "Brückenstraße" in drawn(file.tile(*PLACE))


@pytest.mark.parametrize(
    ("layers", "compression", "said"),
    [
        (["streets", "water_polygons"], Compression.GZIP, "neither Protomaps nor OpenMapTiles.*streets"),
        ([], Compression.GZIP, "neither Protomaps nor OpenMapTiles.*none"),
        (["earth", "water", "roads"], Compression.ZSTD, "compressed otherwise"),
    ],
)
def test_vector_tiles_that_nobody_can_draw_are_named_at_the_start(
    tmp_path: Path, layers: list[str], compression: Compression, said: str
) -> None:
    path = pmtiles(tmp_path / "other.pmtiles", {PLACE: b""}, layers=layers, compression=compression)

    with pytest.raises(SettingsError, match=f"TILES_FILE.*{said}"):
        opened(path)


def test_one_is_drawn_after_the_other_and_nobody_waits_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tile_files, "WAIT_SECONDS", 0.01)
    file = opened(town_file(tmp_path / "town.pmtiles"))
    assert isinstance(file, DrawnFile)
    with file._turn, pytest.raises(AwayError):
        file.tile(*PLACE)

    assert file.tile(*PLACE) is not None


def test_who_asks_at_once_for_one_tile_has_it_drawn_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, times = tile_files.draw, []

    def slow(*args: Any) -> bytes:
        times.append(args)
        time.sleep(0.05)
        return draw(*args)

    monkeypatch.setattr(tile_files, "draw", slow)
    file = opened(town_file(tmp_path / "town.pmtiles"))
    threads = [threading.Thread(target=file.tile, args=PLACE) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(times) == 1


# --- what visitors see -------------------------------------------------------------------------------------


@pytest.fixture
def with_file(tmp_path: Path) -> Flask:
    return create_app(settings_for(tmp_path, tiles_file=str(write(tmp_path / "world.pmtiles"))))


def test_a_visitor_s_browser_asks_us_alone(with_file: Flask) -> None:
    client = with_file.test_client()

    answer = client.get("/tiles/1/1/0")

    assert (answer.data, answer.mimetype) == (PNG + b"1", "image/png")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert "img-src 'self' data:;" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_a_drawn_tile_goes_out_compressed_and_locked_in(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path, tiles_file=str(town_file(tmp_path / "town.pmtiles"))))
    url = "/tiles/{}/{}/{}".format(*PLACE)

    packed = app.test_client().get(url, headers={"Accept-Encoding": "br, gzip"})
    plain_one = app.test_client().get(url)

    assert (packed.status_code, packed.mimetype) == (200, "image/svg+xml")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    )
    assert packed.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Encoding" not in plain_one.headers
    assert plain_one.data == gzip.decompress(packed.data)


@pytest.mark.parametrize("where", ["2/0/0", "1/2/0", "1/0/2", "99/0/0", "1/0/0", "-1/0/0", "1/a/0"])
def test_squares_that_there_are_not_are_not_found(with_file: Flask, where: str) -> None:
    assert with_file.test_client().get(f"/tiles/{where}").status_code == 404


def test_without_streets_there_are_none(app: Flask) -> None:
    assert app.test_client().get("/tiles/1/1/0").status_code == 404


def test_while_nobody_answers_the_page_goes_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        attribution, host, nearest = "© somebody", "tiles.example.org", 18

        def tile(self, *_: int) -> Tile | None:
            raise AwayError

    monkeypatch.setitem(app.extensions, "streets", Away())

    answer = app.test_client().get("/tiles/3/4/2")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")


def test_the_middle_of_a_tile() -> None:
    assert middle_of(0, 0, 0) == Point(0.0, 0.0)
    assert middle_of(4, 8, 5).latitude == pytest.approx(48.92, abs=0.01)
    assert middle_of(4, 8, 5).longitude == pytest.approx(11.25)
