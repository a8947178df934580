"""Measure when the map can be used: in Chromium, on a processor slowed down four times, beside plain folium.

    python bench/browser.py [--events 10000]

Usable means: markers are drawn and a pan answers. Plain folium is what its tutorial shows, `Marker` after
`Marker` in one page, with Leaflet from this machine and without popups, which would cost it more.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this file is started by its name

import folium  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from sqlalchemy import select  # noqa: E402

from bench.data import SLUG  # noqa: E402
from bench.run import Site, _known_index  # noqa: E402
from coordinator.events.models import Event  # noqa: E402
from coordinator.kit.db import db  # noqa: E402
from tests.browser.installation import installed_chromium  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SLOWER = 4
REPEATS = 3
MOST_FOLIUM = 10_000  # markers; a hundred thousand of them end in minutes, if at all
PATIENCE_MS = 120_000
PHONE = {"width": 412, "height": 915}
USABLE = """() => new Promise((done) => {
  const again = () => requestAnimationFrame(start);
  const start = () => {
    const name = Object.keys(window).find((key) => key.startsWith("map_"));
    const isDrawn = document.querySelector(".map-pin[role], .map-cluster, .leaflet-marker-icon");
    const isOurs = document.querySelector(".map");
    if (!name || !isDrawn || (isOurs && !("ready" in isOurs.dataset))) return again();
    window[name].panBy([40, 0], { animate: false });
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
  };
  start();
})"""


def main() -> None:
    """Print one line for each number of events."""
    parser = argparse.ArgumentParser(description="Measure when the map can be used.")
    parser.add_argument("--events", type=int, action="append", help="1000, 10000 and 100000")
    sizes = parser.parse_args().events or (1_000, 10_000, 100_000)
    os.environ["MODE"] = "demonstration"
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=installed_chromium(), args=flags)
        for events in sizes:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                site = Site(Path(folder), events, "", _known_index())
                with site.server(2) as server:
                    server.ask(f"/en/{SLUG}/map").read()
                    ours = _usable(browser, f"{server.url}/en/{SLUG}/map")
                print(f"{events:>7,} events: {ours:,.0f} ms", end="", flush=True)
                plain = _folium(browser, site, Path(folder)) if events <= MOST_FOLIUM else None
                print(f"; plain folium: {f'{plain:,.0f} ms' if plain else 'not tried'}", flush=True)
        browser.close()


def _usable(browser: Browser, url: str) -> float:
    """Return after how many milliseconds a map can be used: the middle of some, each in a new context."""
    took = []
    for _ in range(REPEATS):
        context = browser.new_context(viewport=PHONE, bypass_csp=True)  # type: ignore[arg-type]  # to look at it
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(url, wait_until="commit", timeout=PATIENCE_MS)
        took.append(float(page.evaluate(USABLE)))
        context.close()
    return median(took)


def _folium(browser: Browser, site: Site, folder: Path) -> float:
    with site.app.app_context():
        rows = db.session.execute(select(Event.latitude, Event.longitude, Event.title)).all()
        db.session.remove()
    leaflet = (ROOT / "static" / "vendor" / "leaflet").as_uri()
    folium.Map.default_js = [("leaflet", f"{leaflet}/leaflet.js")]
    folium.Map.default_css = [("leaflet_css", f"{leaflet}/leaflet.css")]
    drawn = folium.Map(location=(25, 12), zoom_start=2, tiles=None)
    for latitude, longitude, title in rows:
        folium.Marker((latitude, longitude), tooltip=folium.Tooltip(title)).add_to(drawn)
    file = folder / "folium.html"
    drawn.save(file)
    return _usable(browser, file.as_uri())


if __name__ == "__main__":
    main()
