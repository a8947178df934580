"""Measure what pages cost: make bench, or make bench BENCH="1000 10000 --repeats 3 --markdown figures.md".

Everything happens on this machine: wrk asks, the server that `flask serve` starts answers. The unit is the
CPU time of a bare Flask hello-world on the same server in the same run, measured before and after each page,
since seconds differ between machines and between minutes. There are no targets here, only figures.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this file is started by its name

from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import create_engine, func, select, text  # noqa: E402
from sqlalchemy.engine import make_url  # noqa: E402

from bench.data import SLUG, Filled, fill  # noqa: E402
from bench.load import Figures, Load, measure, require_wrk  # noqa: E402
from bench.machine import commits, described  # noqa: E402
from bench.picture import picture  # noqa: E402
from bench.report import Measured, markdown, text as report  # noqa: E402
from bench.servers import Server  # noqa: E402
from coordinator.app import create_app  # noqa: E402
from coordinator.cli.missions import import_starter_list  # noqa: E402
from coordinator.cli.places import build_gazetteer  # noqa: E402
from coordinator.cli.web import BLOCKING_THREADS  # noqa: E402
from coordinator.kit.clock import now  # noqa: E402
from coordinator.kit.db import db, unit_of_work  # noqa: E402
from coordinator.places.geocoding import GAZETTEER_FILE, gazetteer_path  # noqa: E402
from coordinator.rsvps.models import Rsvp  # noqa: E402
from coordinator.settings import Settings, database_url  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (1_000, 10_000, 100_000)
EVENT_PAGES_ASKED_FOR = 200
WORLD_KM = 20_000
RSVP_FORM = "status=accepted&party_size=2&name=Ada&request_id={n}"
MAIL_FORM = f"{RSVP_FORM}&email=ada-{{n}}%40example.org&consent_updates=y"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line."""

    sizes: Sequence[int]
    seconds: int
    warm_up: int
    repeats: int
    connections: int
    workers: int
    pages: frozenset[str]
    """Names of those to measure; empty for all."""
    markdown: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Something to measure."""

    name: str
    load: Load
    may_grow: bool = False
    """Its answer holds every event."""
    is_known: bool = False
    """Asked for by somebody who has it already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """A page asked for once."""

    page: Page
    load: Load
    milliseconds: float = 0
    size: int = 0
    rsvps: int = 0
    """Answers in the database before."""


class Site:
    """An installation of its own with so many events, and its server."""

    def __init__(self, folder: Path, events: int, url: str, gazetteer: Path) -> None:
        """Make it in `folder`; take the index of cities from another one where there is one."""
        self.events = events
        self.environment = {
            "MODE": "demonstration",
            "INSTANCE": str(folder),
            "DATABASE_URL": url,
            "GEOCODER": "none",
        }
        self.child_environment = {**os.environ, **self.environment}
        """For processes that work on the same installation."""
        self.log = folder / "server.log"
        self.app = create_app(Settings.from_environment(self.environment))
        self.index = gazetteer_path(self.app.extensions["settings"])
        if gazetteer.exists():
            shutil.copy(gazetteer, self.index)
        self.filled = self._fill()

    def _fill(self) -> Filled:
        with self.app.app_context():
            upgrade()
            build_gazetteer()
            import_starter_list()
            seal = self.app.extensions["seal"]
            with unit_of_work() as session:
                filled = fill(
                    session,
                    events=self.events,
                    gazetteer=self.index,
                    seal=seal,
                    now=now() - timedelta(days=1),
                )
            db.session.remove()
            return filled

    def rsvps(self) -> int:
        """Return how many answers there are."""
        with self.app.app_context():
            return db.session.scalar(select(func.count(Rsvp.id))) or 0

    def server(self, workers: int) -> Server:
        """Return a server for it, limits off."""
        return Server("bench.wsgi:app", workers=workers, environment=self.environment, log=self.log)

    def pages(self) -> list[Page]:
        """Return what is measured, in this order; what writes comes last."""
        campaign, events = f"/en/{SLUG}", self.filled.event_ids[:EVENT_PAGES_ASKED_FOR]
        near = f"{campaign}/near?within_km={WORLD_KM}&"  # as many results for every size
        cities = self.filled.cities
        points = [f"{near}lat={city.point.latitude:.2f}&lon={city.point.longitude:.2f}" for city in cities]
        names = [f"{near}{urlencode({'place': city.name})}" for city in cities]
        answers = [f"/en/events/{event}/rsvp" for event in events]
        exact = [f"{near}lat={c.point.latitude:.5f}&lon={c.point.longitude:.5f}" for c in cities]
        geojson = Load(paths=[f"/{SLUG}/events.geojson"])
        calendar = Load(paths=[f"/{SLUG}/events.ics"])
        tiles = [f"/{SLUG}/map/3/{x}/{y}.json" for x in range(8) for y in range(1, 6)]
        return [
            Page(name="event", load=Load(paths=[f"/en/events/{event}" for event in events])),
            Page(name="campaign", load=Load(paths=[campaign])),
            Page(name="campaign, 304", load=Load(paths=[campaign]), is_known=True),
            Page(name="map", load=Load(paths=[f"{campaign}/map"])),
            Page(name="map, first data", load=Load(paths=[f"/{SLUG}/map/summary.json"])),
            Page(name="map, tiles", load=Load(paths=tiles)),
            Page(name="near, coordinates", load=Load(paths=points)),
            Page(name="near, city", load=Load(paths=names)),
            Page(name="near, exact place", load=Load(paths=exact)),
            Page(name="calendar", load=calendar, may_grow=True),
            Page(name="calendar, 304", load=calendar, is_known=True),
            Page(name="GeoJSON", load=geojson, may_grow=True),
            Page(name="GeoJSON, 304", load=geojson, is_known=True),
            Page(name="RSVP", load=Load(paths=answers, form=RSVP_FORM)),
            Page(name="RSVP with e-mail", load=Load(paths=answers, form=MAIL_FORM)),
        ]


class Bench:
    """One run: all sites and the hello-world side by side, asked in turn."""

    def __init__(self, hello: Server, sites: Sequence[tuple[Site, Server]], options: Options) -> None:
        """Take servers that run."""
        self._hello = hello
        self._sites = sites
        self._options = options
        self._last_hello = self._ask_hello()
        self._hellos = [self._last_hello]

    def run(self) -> list[Measured]:
        """Measure every page on every site, each between two hellos."""
        by_page = zip(*(site.pages() for site, _ in self._sites), strict=True)
        wanted = [pages for pages in by_page if self._is_wanted(pages[0])]
        measured = [one for pages in wanted for one in self._measure(pages)]
        return [self._hello_itself(), *measured]

    def _is_wanted(self, page: Page) -> bool:
        return not self._options.pages or page.name in self._options.pages

    def _measure(self, pages: Sequence[Page]) -> list[Measured]:
        ready = [
            self._first(site, server, page) for (site, server), page in zip(self._sites, pages, strict=True)
        ]
        found: list[list[tuple[Figures, float]]] = [[] for _ in ready]
        for _ in range(self._options.repeats):
            for number, (_, server) in enumerate(self._sites):
                found[number].append(self._between_hellos(server, ready[number].load))
        return [
            self._result(site, first, figures)
            for (site, _), first, figures in zip(self._sites, ready, found, strict=True)
        ]

    def _first(self, site: Site, server: Server, page: Page) -> First:
        """Ask once for what is about to be asked for often, and see that it is what it should be."""
        print(f"{page.name}, {site.events:,} events …", file=sys.stderr)
        load, before = page.load, site.rsvps()
        if load.form:
            return First(page=page, load=load, rsvps=before)
        start = time.perf_counter()
        with server.ask(load.paths[0]) as answer:
            body = answer.read()
            milliseconds = 1e3 * (time.perf_counter() - start)
            etag = answer.headers["ETag"]
        if not page.is_known:
            return First(page=page, load=load, milliseconds=milliseconds, size=len(body))
        load = replace(load, headers={"If-None-Match": etag})
        with server.ask(load.paths[0], headers=load.headers, any_status=True) as answer:
            if answer.status != 304:
                raise RuntimeError(f"{load.paths[0]} was to be 304 and is {answer.status}")
            return First(page=page, load=load, size=len(answer.read()))

    def _between_hellos(self, server: Server, load: Load) -> tuple[Figures, float]:
        """Return the figures, and what a hello cost just before and after."""
        before = self._last_hello
        self._warm_up(server, load)
        figures = self._ask(server, load)
        self._last_hello = self._ask_hello()
        self._hellos.append(self._last_hello)
        return figures, fmean((before.cpu_ms, self._last_hello.cpu_ms))

    def _ask_hello(self) -> Figures:
        return self._ask(self._hello, Load())

    def _ask(self, server: Server, load: Load) -> Figures:
        return measure(server, load, seconds=self._options.seconds, connections=self._options.connections)

    def _warm_up(self, server: Server, load: Load) -> None:
        if self._options.warm_up:
            measure(server, load, seconds=self._options.warm_up, connections=self._options.connections)

    def _result(self, site: Site, first: First, found: Sequence[tuple[Figures, float]]) -> Measured:
        figures = [one for one, _ in found]
        return Measured(
            page=first.page.name,
            events=site.events,
            figures=_middle(figures),
            hellos=median(one.cpu_ms / hello for one, hello in found),
            first_ms=first.milliseconds,
            size=first.size,
            may_grow=first.page.may_grow,
            note=self._lost(site, first, figures) if first.load.form else "",
        )

    def _lost(self, site: Site, first: First, figures: Sequence[Figures]) -> str:
        """Compare what was acknowledged with what is in the database."""
        acknowledged = sum(one.requests - one.errors for one in figures)
        kept = site.rsvps() - first.rsvps  # more: the warm-up's, and those under way when wrk stopped
        words = f"{first.page.name}, {site.events:,} events: {acknowledged:,} acknowledged, {kept:,} kept"
        return f"{words}." if kept >= acknowledged else f"LOST: {words}."

    def _hello_itself(self) -> Measured:
        return Measured(
            page="hello",
            events=0,
            figures=_middle(self._hellos),
            hellos=1.0,
            first_ms=0,
            size=13,
            may_grow=True,
        )


def main() -> int:
    """Return 0 when everything was measured, without errors and without a lost answer."""
    options = _options()
    require_wrk()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        sites = [
            Site(_made(folder / str(size)), size, url, _known_index())
            for size, url in stack.enter_context(_databases(options.sizes))
        ]
        with sites[0].app.app_context():
            machine = [*described(folder, db.engine), ("Server", _server_words(options))]
        floor = commits(folder)
        hello_log = folder / "hello.log"
        hello = Server("bench.hello:app", workers=options.workers, environment={}, log=hello_log)
        stack.enter_context(hello)
        running = [(site, stack.enter_context(site.server(options.workers))) for site in sites]
        measured = Bench(hello, running, options).run()
        machine += [
            (
                f"{site.events:,} events",
                f"started in {server.started_ms:,.0f} ms, {server.memory_mib():,.0f} MiB",
            )
            for site, server in running
        ]
        for site in sites:
            with site.app.app_context():
                db.engine.dispose()
    print(f"\n{report(machine, floor, measured)}")
    if options.markdown:
        options.markdown.write_text(markdown(machine, floor, measured), encoding="utf-8")
        options.markdown.with_suffix(".svg").write_text(picture(measured), encoding="utf-8")
    return int(any(one.figures.errors or one.note.startswith("LOST") for one in measured))


def _options() -> Options:
    parser = argparse.ArgumentParser(description="Measure what pages cost.")
    parser.add_argument("sizes", nargs="*", type=int, metavar="EVENTS", help="published events, 1000 10000")
    parser.add_argument("--seconds", type=int, default=3, help="whole seconds for one measurement (3)")
    parser.add_argument("--warm-up", type=int, default=1, help="seconds before it (1)")
    parser.add_argument(
        "--repeats", type=int, default=1, help="measurements of which the middle is taken (1)"
    )
    parser.add_argument("--connections", type=int, default=16, help="that wrk holds open (16)")
    parser.add_argument("--workers", type=int, default=1, help="web processes (1)")
    parser.add_argument("--page", action="append", help="only this page; may be said several times")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables to FILE, too")
    said = parser.parse_args()
    return Options(
        sizes=tuple(said.sizes) or SIZES,
        seconds=said.seconds,
        warm_up=said.warm_up,
        repeats=said.repeats,
        connections=said.connections,
        workers=said.workers,
        pages=frozenset(said.page or ()),
        markdown=said.markdown,
    )


@contextmanager
def _databases(sizes: Sequence[int]) -> Iterator[list[tuple[int, str]]]:
    """Give each size a database: a file of SQLite, or one made beside that of `DATABASE_URL`."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield [(size, "") for size in sizes]
        return
    url = make_url(database_url(server, ROOT))
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    names = {size: f"bench_{size}" for size in sizes}
    with admin.connect() as connection:
        for name in names.values():
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
    yield [
        (size, url.set(database=name).render_as_string(hide_password=False)) for size, name in names.items()
    ]
    with admin.connect() as connection:
        for name in names.values():
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _known_index() -> Path:
    """Return where `make run` keeps the index of cities, so that it need not be built again."""
    return Path(os.environ.get("INSTANCE") or ROOT / "instance") / GAZETTEER_FILE


def _server_words(options: Options) -> str:
    return (
        f"granian as in `flask serve`, {options.workers} process with {BLOCKING_THREADS} threads; "
        f"wrk with {options.connections} connections, {options.seconds} s, middle of {options.repeats}"
    )


def _middle(figures: Sequence[Figures]) -> Figures:
    """Return the median of each figure; errors are added up."""
    return Figures(
        requests=sum(one.requests for one in figures),
        per_second=median(one.per_second for one in figures),
        p50_ms=median(one.p50_ms for one in figures),
        p99_ms=median(one.p99_ms for one in figures),
        cpu_ms=median(one.cpu_ms for one in figures),
        errors=sum(one.errors for one in figures),
    )


if __name__ == "__main__":
    sys.exit(main())
