"""Measure what happens inside the process: the nearest ten, the tiles of the map, a feed after one change.

    python bench/inside.py [--events 100000]

No server and no HTTP: this is what is left when those are paid for. Times are CPU time; the nearest ten are
asked for in real time, since their percentiles are what matters.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this file is started by its name

import brotli  # noqa: E402

from bench.data import SLUG  # noqa: E402
from bench.run import Site, _known_index  # noqa: E402
from coordinator.campaigns.queries import campaign_by_slug  # noqa: E402
from coordinator.campaigns.service import raise_revision  # noqa: E402
from coordinator.events.models import Event  # noqa: E402
from coordinator.feeds.editions import calendar_edition, geojson_edition  # noqa: E402
from coordinator.kit.clock import now  # noqa: E402
from coordinator.kit.db import db, unit_of_work  # noqa: E402
from coordinator.maps.queries import atlas_of, facets_of, labels, lonely_missions  # noqa: E402
from coordinator.maps.tiles import missions_json, positions, summary_json, tile_json, tile_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from coordinator.campaigns.models import Campaign

QUESTIONS = 2_000
TEN = 10


def main() -> None:
    """Print everything, one line each."""
    parser = argparse.ArgumentParser(description="Measure what happens inside the process.")
    parser.add_argument("--events", type=int, action="append", help="1000, 10000 and 100000")
    for events in parser.parse_args().events or (1_000, 10_000, 100_000):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            os.environ["MODE"] = "demonstration"
            site = Site(Path(folder), events, "", _known_index())
            with site.app.test_request_context("/"):
                print(f"\n{events:,} events")
                _measure(campaign_by_slug(db.session(), SLUG), events)
                db.session.remove()
                db.engine.dispose()


def _measure(campaign: Campaign, events: int) -> None:
    session, moment = db.session(), now()
    atlas = _took("the atlas, read for the first time", lambda: atlas_of(session, campaign, now=moment))
    points = [event.point for event in session.query(Event).limit(QUESTIONS) if event.point]
    took = []
    for point in points:
        start = time.perf_counter()
        atlas.nearest(point, TEN, moment)
        took.append(1e6 * (time.perf_counter() - start))
    print(f"  the nearest ten: {median(took):.0f} µs p50, {quantiles(took, n=100)[98]:.0f} µs p99")
    facets = facets_of(session, campaign, now=moment)
    summary = summary_json(atlas, None, facets, lambda ids: labels(session, ids), has_people=False)
    missions = missions_json(lonely_missions(session, campaign))
    first = sum(len(brotli.compress(body, quality=5)) for body in (summary, missions))
    print(f"  first view of the map: {first:,} bytes with brotli, summary and missions")
    print(f"  a later view: {_largest_view(atlas, session):,} bytes with brotli, the largest of all depths")
    where = brotli.compress(positions(atlas), quality=5)
    print(f"  all positions: {len(where):,} bytes with brotli, {len(where) / events:.2f} an event")
    _took("the calendar, written for the first time", lambda: _calendar(campaign))
    _took("the GeoJSON, written for the first time", lambda: _geojson(campaign))
    with unit_of_work() as writing:
        event = writing.query(Event).first()
        event.title, event.updated_at = "Another title", now()
        raise_revision(writing, event.campaign)
    session.refresh(campaign)
    for name, act in (("the atlas", _atlas), ("the calendar", _calendar), ("the GeoJSON", _geojson)):
        _took(f"{name}, after one change", lambda act=act: act(campaign), each=events / 10_000)


def _largest_view(atlas: Any, session: Any) -> int:
    """Return the most that a window of two by two tiles loads, around the middle one of all events."""
    latitude, longitude = atlas.extent().middle
    sizes = []
    for depth in range(1, 18):
        column, row = tile_of(latitude, longitude, depth)
        size = 0
        for x in range(max(0, column - 1), column + 1):
            for y in range(max(0, row - 1), row + 1):
                marks = atlas.tile(depth, x, y)
                words = labels(session, [known for mark in marks for known in mark.ids])
                size += len(brotli.compress(tile_json(marks, words, depth, has_people=False), quality=5))
        sizes.append(size)
    return max(sizes)


def _url(event: Any) -> str:
    return f"https://example.org/en/events/{event.public_id}"


def _atlas(campaign: Campaign) -> Any:
    return atlas_of(db.session(), campaign, now=now())


def _calendar(campaign: Campaign) -> Any:
    return calendar_edition(db.session(), campaign, "en", _url, now=now())


def _geojson(campaign: Campaign) -> Any:
    return geojson_edition(db.session(), campaign, "en", _url, now=now())


def _took(name: str, act: Callable[[], Any], *, each: float = 0) -> Any:
    start = time.process_time()
    found = act()
    milliseconds = 1e3 * (time.process_time() - start)
    share = f", {milliseconds / each:.1f} ms for each 10,000 events" if each else ""
    print(f"  {name}: {milliseconds:,.1f} ms of CPU{share}")
    return found


if __name__ == "__main__":
    main()
