"""What views share: forms that keep what was typed, pages that may be kept, forms from our own pages only."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from flask import Request, current_app, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.exceptions import BadRequest

from coordinator.kit.errors import ForeignOriginError
from coordinator.kit.front import NOTE, Note
from coordinator.kit.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Response
    from flask.blueprints import BlueprintSetupState
    from flask_wtf import FlaskForm

    from coordinator.kit.crypto import Seal


WEB_PROCESS = "COORDINATOR_WEB_PROCESS"
P = ParamSpec("P")
R = TypeVar("R")


class HasRevision(Protocol):
    """Something that counts how often it changed: a campaign."""

    @property
    def id(self) -> int:
        """Return which one it is."""
        ...

    @property
    def revision(self) -> int:
        """Return how often it changed."""
        ...


def is_web_process() -> bool:
    """Tell whether this process serves pages and runs no command (`cli/web.py` says so)."""
    return os.environ.get(WEB_PROCESS) == "yes"


def seal() -> Seal:
    """Return the app's keys."""
    return cast("Seal", current_app.extensions["seal"])


def form_page(template: str, form: FlaskForm, **context: Any) -> tuple[str, int]:
    """Show a form: 200 when it is opened, 422 with its errors and everything typed when it was not right."""
    return render_template(template, form=form, **context), 422 if form.errors else 200


def public_page(
    body: str | bytes | Packed,
    *,
    seconds: int = 30,
    mimetype: str = "text/html",
    kept_with: HasRevision | None = None,
) -> Response:
    """Answer with something that is the same for everyone: anybody may keep it for `seconds`.

    It goes out compressed in the best way that the browser reads. (It holds no secret, so that its size
    tells nothing.) A browser that has it already gets a 304.

    Args:
        body: the answer; as `Packed` where the room keeps it, so that it is compressed once.
        seconds: for which a browser, or a network of caches before us, need not ask again.
        mimetype: of a body that is not packed yet.
        kept_with: the campaign that it belongs to; the front desk then keeps it while that does not change.
    """
    packed = body if isinstance(body, Packed) else pack(body, mimetype)
    encoding = packed.encoding_for(request.headers.get("Accept-Encoding", ""))
    response: Response = make_response(packed.body(encoding))
    response.mimetype = packed.mimetype
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.vary.add("Accept-Encoding")
    if encoding:
        response.content_encoding = encoding
    response.set_etag(packed.etag_in(encoding))
    if kept_with is not None:
        request.environ[NOTE] = Note(packed, kept_with.id, kept_with.revision)
    if packed.is_known(request.headers.get("If-None-Match")):
        response.status_code = 304
        response.set_data(b"")
    return response


def pack(body: str | bytes, mimetype: str = "text/html") -> Packed:
    """Return an answer that a room may keep, and that is compressed once."""
    return Packed(body.encode() if isinstance(body, str) else body, mimetype)


def refuse_foreign_form() -> None:
    """Refuse a POST that another site's page sent, where there is no session to hold a CSRF token.

    Browsers say where a form comes from in `Sec-Fetch-Site` or `Origin`; other programs say
    neither and have no visitor's authority to borrow.

    Raises:
        ForeignOriginError: the form was on somebody else's page.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site in {"cross-site", "same-site"}:
        raise ForeignOriginError
    origin = request.headers.get("Origin")
    if site is None and origin not in {None, "null"} and urlsplit(origin or "").netloc != request.host:
        raise ForeignOriginError


def without_session(blueprint: Blueprint) -> None:
    """Let the forms of a room do without a session and its CSRF token, and refuse other sites' instead."""

    @blueprint.record_once
    def leave_out_csrf(state: BlueprintSetupState) -> None:
        state.app.extensions["csrf"].exempt(blueprint)

    @blueprint.before_request
    def own_forms_only() -> None:
        if request.method == "POST":
            refuse_foreign_form()


class HouseRequest(Request):
    """A request whose files stay in memory: nobody's list of people is written to a disk in clear."""

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return BytesIO()


def takes_upload(most_bytes: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a page take a file of so many bytes from whoever is signed in; other forms stay small."""

    def declare(view: Callable[P, R]) -> Callable[P, R]:
        cast("Any", view).most_bytes = most_bytes
        return view

    return declare


def allow_upload() -> None:
    """Raise the limit of a request for a page that takes files, before its form is read."""
    view = current_app.view_functions.get(request.endpoint or "")
    most_bytes = getattr(view, "most_bytes", None)
    if most_bytes is not None and current_user.is_authenticated:
        request.max_content_length = most_bytes


def refuse_unstorable() -> None:
    """Refuse a request with NUL in it: nobody can type one, and PostgreSQL can't keep one.

    Raises:
        werkzeug.exceptions.BadRequest: an argument or a field holds NUL.
    """
    said = [request.path, *request.args.values(), *(value for _, value in request.form.items(multi=True))]
    if any("\0" in text for text in said):
        raise BadRequest


def safe_next(target: str | None) -> str | None:
    """Return `target` when it is a path of this site, else None: signing in sends nobody elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(character) < ord(" ") for character in target) or "\\" in target:
        return None
    return target


@lru_cache(maxsize=512)
def _content_hash(path: str, _modified_at: float) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """Return the URL of a static file; it changes when the file does, so browsers may keep it for a year."""
    file = Path(cast("str", current_app.static_folder)) / path
    if not file.is_file():
        return url_for("static", filename=path)
    return url_for("static", filename=path, v=_content_hash(str(file), file.stat().st_mtime))


def has_page(endpoint: str) -> bool:
    """Return whether the house has this page; a row of links leaves out what is not there."""
    return endpoint in current_app.view_functions


def absolute_url(endpoint: str, **values: Any) -> str:
    """Return a URL for letters, feeds and posters, from the site's own address and not from the request's.

    Works in the worker too, where there is no request; `lang` is the language being written.
    """
    current_app.inject_url_defaults(endpoint, values)
    path = current_app.url_map.bind("").build(endpoint, values)
    return cast("str", current_app.config["SITE_URL"]).rstrip("/") + path
