"""One app behind a socket, for browsers that need no whole installation."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from coordinator.kit.db import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:  # type: ignore[override]
        """Say nothing."""


@contextmanager
def served(make: Callable[[str], Flask]) -> Iterator[str]:
    """Serve the app that `make` returns for its address; give the address."""
    server = _Server(("127.0.0.1", 0), _Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    app = make(url)
    server.set_app(app)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield url
    server.shutdown()
    server.server_close()
    with app.app_context():
        db.engine.dispose()
