"""A server on loopback that speaks Nominatim's documented JSON, and misbehaves on request."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from cryptography.fernet import Fernet

from coordinator.places.nominatim import GeopyGeocoder, provider_from
from coordinator.settings import Mode, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def place(**changes: Any) -> dict[str, Any]:
    """Return one result of `/search?format=json&addressdetails=1`, in the shape of Nominatim's manual."""
    return {
        "place_id": 128_497_332,
        "licence": "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright",
        "osm_type": "way",
        "osm_id": 23_733_659,
        "lat": "52.5163",
        "lon": "13.3836",
        "class": "office",
        "type": "diplomatic",
        "place_rank": 30,
        "importance": 0.3,
        "addresstype": "office",
        "name": "Embassy",
        "display_name": "Embassy, 63, Unter den Linden, Mitte, Berlin, 10117, Germany",
        "address": {
            "house_number": "63",
            "road": "Unter den Linden",
            "suburb": "Mitte",
            "city": "Berlin",
            "postcode": "10117",
            "country": "Germany",
            "country_code": "de",
        },
        "boundingbox": ["52.5160", "52.5166", "13.3830", "13.3842"],
    } | changes


@dataclass
class Script:
    """What the server is to answer, and what it was asked."""

    body: bytes = b"[]"
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    wait_seconds: float = 0
    drip_seconds: float = 0
    """Pause after each byte of the body."""
    questions: list[dict[str, str]] = field(default_factory=list)
    user_agents: list[str] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)

    def says(self, answer: Any, **changes: Any) -> Script:
        """Answer with this as JSON (or with these bytes), from now on."""
        self.body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        for name, value in changes.items():
            setattr(self, name, value)
        return self


@contextmanager
def nominatim_server() -> Iterator[tuple[str, Script]]:
    """Yield "host:port" and the script of a running server."""
    script = Script()
    gone = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.asked_at.append(time.monotonic())
            url = urlsplit(self.path)
            assert url.path == "/search"
            script.questions.append({key: values[0] for key, values in parse_qs(url.query).items()})
            script.user_agents.append(self.headers["User-Agent"])
            gone.wait(script.wait_seconds)
            try:
                self.send_response(script.status)
                for name, value in {"Content-Length": str(len(script.body)), **script.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if not script.drip_seconds:
                    self.wfile.write(script.body)
                    return
                for at in range(len(script.body)):
                    self.wfile.write(script.body[at : at + 1])
                    gone.wait(script.drip_seconds)
            except OSError:
                pass  # the one who asked has gone

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the name is the library's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", script
    finally:
        gone.set()
        server.shutdown()
        server.server_close()
        thread.join()


def settings_with(instance: Path, **changes: Any) -> Settings:
    """Return settings whose geocoder is as given."""
    values: dict[str, Any] = {
        "mode": Mode.TESTING,
        "instance": instance,
        "secret_key": "s" * 40,
        "digest_key": "d" * 40,
        "encryption_keys": (Fernet.generate_key().decode(),),
        "database_url": "sqlite:///:memory:",
        "site_url": "https://action.example.org",
        "contact_email": "administrator@example.org",
        "geocoder_scheme": "http",
    }
    return Settings(**(values | changes))


def geocoder_at(address: str, instance: Path, *, timeout_seconds: float = 2) -> GeopyGeocoder:
    """Return the adapter as an installation with its own Nominatim would have it, with less patience."""
    geocoder = provider_from(settings_with(instance, geocoder="nominatim", geocoder_domain=address))
    assert geocoder is not None
    geocoder._client.timeout = timeout_seconds
    return geocoder
