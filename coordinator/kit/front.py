"""The front desk: what somebody has just been given goes out again without waking the house.

Flask takes longer to find out who asks for what than a kept page takes to send. So public pages, which
are the same for everyone, are kept here as bytes, in front of everything else. Each page says which
campaign it belongs to; the campaigns' revisions are read again every second, and one that moved on
makes its pages old. Numbers of people are remade with every minute. Whoever is signed in, or has just
sent a form, is never answered from here: they look for what they themselves have changed.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.utils import get_content_type

from coordinator.kit.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Key = tuple[str, str, str]
    Headers = list[tuple[str, str]]

NOTE = "coordinator.keep"
"""Where in the WSGI environment a view leaves what may be kept."""
LOOK_SECONDS = 1.0
"""How old the knowledge of revisions may be: within it other processes' changes are seen."""
MOST_BYTES = 24 * 2**20
MOST_BYTES_EACH = MOST_BYTES // 4
OVERHEAD_BYTES = 2_500
"""Of an answer's headers and the objects around it; measured."""
FORMS = 3
"""In how many ways an answer may be kept: each compressed form is about as large as the others."""
MINUTE = 60
SESSION_COOKIE = "session="
REMADE = frozenset({"content-type", "content-length", "content-encoding", "etag", "last-modified"})
"""Headers that every form of an answer has of its own."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """What a view says about its answer."""

    packed: Packed
    campaign: int | None
    """Its page is old when this one changes; None for pages that only the administrator changes."""
    revision: int = 0
    """Of that campaign when the answer was made."""


class _Ready:
    """An answer as it goes out."""

    __slots__ = ("_forms", "_headers", "campaign", "expires_at", "packed", "revision", "weight")

    def __init__(self, note: Note, headers: Headers, expires_at: float) -> None:
        self.packed = note.packed
        self.campaign = note.campaign
        self.revision = note.revision
        self.expires_at = expires_at
        self._headers = [(name, value) for name, value in headers if name.lower() not in REMADE]
        self._forms: dict[str, tuple[Headers, Headers]] = {}
        forms = 0 if self.packed.is_only_form else FORMS  # a whole feed is kept by its room in any case
        self.weight = OVERHEAD_BYTES + forms * self.packed.kept_bytes

    def send(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        encoding = self.packed.encoding_for(environ.get("HTTP_ACCEPT_ENCODING", ""))
        full, short = self._forms.get(encoding) or self._form(encoding)
        if self.packed.is_known(environ.get("HTTP_IF_NONE_MATCH")):
            start_response("304 NOT MODIFIED", short)
            return (b"",)
        start_response("200 OK", full)
        return (b"",) if environ["REQUEST_METHOD"] == "HEAD" else (self.packed.body(encoding),)

    def _form(self, encoding: str) -> tuple[Headers, Headers]:
        packed = self.packed
        short = [*self._headers, ("ETag", f'"{packed.etag_in(encoding)}"')]
        full = [
            ("Content-Type", get_content_type(packed.mimetype, "utf-8")),
            ("Content-Length", str(len(packed.body(encoding)))),
            *short,
        ]
        if encoding:
            full.append(("Content-Encoding", encoding))
        self._forms[encoding] = full, short
        return full, short


class Front:
    """WSGI middleware that keeps public answers in the memory of this process."""

    def __init__(
        self,
        app: WSGIApplication,
        revisions: Callable[[], Mapping[int, int]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Stand in front of `app`; `revisions` reads every campaign's revision, by its id."""
        self._app = app
        self._read_revisions = revisions
        self._clock = clock
        self._revisions: Mapping[int, int] = {}
        self._looks_at = 0.0
        self._ready: OrderedDict[Key, _Ready] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()
        self._looking = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from what is kept, or let the house answer and keep what it allows."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._let_change(environ, start_response)
        if SESSION_COOKIE in environ.get("HTTP_COOKIE", "") or "HTTP_RANGE" in environ:
            return self._app(environ, start_response)
        key = (
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_X_FORWARDED_PROTO") or environ["wsgi.url_scheme"],
        )
        ready = self._ready.get(key)
        if ready is not None and self._is_fresh(ready):
            return ready.send(environ, start_response)
        return self._make(key, environ, start_response)

    def forget(self) -> None:
        """Keep nothing of what there is, and look at the revisions again."""
        with self._lock:
            self._ready.clear()
            self._bytes = 0
        self._looks_at = 0.0

    def _is_fresh(self, ready: _Ready) -> bool:
        moment = self._clock()
        if moment >= ready.expires_at:
            return False
        if moment >= self._looks_at:
            self._look(moment)
        return ready.campaign is None or self._revisions.get(ready.campaign) == ready.revision

    def _look(self, moment: float) -> None:
        """Read the revisions; one thread does it, and the others go on with what they know."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            self._looks_at = moment + LOOK_SECONDS  # before reading: a form that comes meanwhile asks again
            self._revisions = self._read_revisions()
        except SQLAlchemyError:
            # What is kept is less than a minute old, and better than nothing while the database is away.
            log.warning("the revisions of campaigns could not be read")
        finally:
            self._looking.release()

    def _let_change(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let a form through; what it may have changed is looked at again by whoever comes next."""
        try:
            return self._app(environ, start_response)
        finally:
            self._looks_at = 0.0
            page = environ["PATH_INFO"].rpartition("/")[0]
            with self._lock:
                for key in [(page, "", scheme) for scheme in ("http", "https")]:
                    self._drop(key)

    def _make(self, key: Key, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        said: list[tuple[str, Headers]] = []

        def listen(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            said.append((status, headers))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        answer = self._app(environ, listen)
        note: Note | None = environ.get(NOTE)
        if note is not None and said and said[-1][0][:3] in {"200", "304"}:
            self._keep(key, note, said[-1][1])
        return answer

    def _keep(self, key: Key, note: Note, headers: Headers) -> None:
        if any(name.lower() == "set-cookie" for name, _ in headers):
            return  # somebody's own answer, whatever the view said
        note.packed.settle()
        ready = _Ready(note, headers, (self._clock() // MINUTE + 1) * MINUTE)
        if ready.weight > MOST_BYTES_EACH:
            return
        with self._lock:
            self._drop(key)
            self._ready[key] = ready
            self._bytes += ready.weight
            while self._bytes > MOST_BYTES:
                self._drop(next(iter(self._ready)))

    def _drop(self, key: Key) -> None:
        ready = self._ready.pop(key, None)
        if ready is not None:
            self._bytes -= ready.weight
