"""What goes wrong, as a page: one status for each family of errors, and never a word of what was typed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Response, current_app, g, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, NotFound

from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import db
from coordinator.kit.errors import (
    AwayError,
    CoordinatorError,
    ForeignOriginError,
    NotFoundError,
    RefusedError,
    TooManyError,
)
from coordinator.kit.i18n import LANGUAGES, preferred_language

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

STATUS_OF = {
    NotFoundError: 404,
    RefusedError: 409,
    ForeignOriginError: 403,
    TooManyError: 429,
    AwayError: 503,
    LostKeyError: 503,
}
"""One HTTP status for each family of errors."""

ERROR_PAGES = frozenset({400, 403, 404, 405, 409, 413, 422, 429, 500, 503})

log = logging.getLogger(__name__)


def set_up_error_pages(app: Flask) -> None:
    """Answer every refusal and every fault with a page."""
    app.register_error_handler(CoordinatorError, _refuse)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(Exception, _fault)


def _refuse(error: CoordinatorError) -> ResponseReturnValue:
    status = next((code for family, code in STATUS_OF.items() if isinstance(error, family)), 500)
    if status == 500:  # noqa: PLR2004 no family: a fault of ours
        log.error("fault %s at %s", error.code, request.endpoint)
    if isinstance(error, LostKeyError):
        log.error("a key is missing at %s: flask privacy rotate-keys --check says how much", request.endpoint)
    page = _error_page(status, error.code)
    if isinstance(error, TooManyError):
        page.headers["Retry-After"] = str(error.retry_after_seconds)
    return page


def _stale_form(_: CSRFError) -> ResponseReturnValue:
    return _error_page(400, "csrf")


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if isinstance(error, NotFound) and (target := _in_a_language()):
        response = redirect(target, code=302)
        response.vary.add("Accept-Language")
        return response
    if status < 400:  # noqa: PLR2004 werkzeug's redirects are exceptions, too
        return error
    page = _error_page(status, str(status))
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            page.headers[name] = value
    return page


def _database_busy(error: OperationalError) -> ResponseReturnValue:
    log.error("database %s at %s", type(error.orig).__name__, request.endpoint)
    db.session.rollback()
    return _error_page(503, "database")


def _fault(error: Exception) -> ResponseReturnValue:
    """Log the type and the place of a fault, never its words: an exception may quote what somebody typed."""
    if current_app.testing:
        raise error
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    log.error("fault %s at %s in %s", type(error).__name__, where, request.endpoint)
    db.session.rollback()
    return _error_page(500, "fault")


def _error_page(status: int, code: str) -> Response:
    known = status if status in ERROR_PAGES else 400
    return Response(render_template(f"errors/{known}.html", code=code), status=status)


def _in_a_language() -> str | None:
    """Return the address in the visitor's language, where only the language was missing."""
    first = request.path.split("/", 2)[1]
    if request.method not in {"GET", "HEAD"} or first in LANGUAGES or g.get("lang"):
        return None
    path = f"/{preferred_language()}{request.path}"
    adapter = current_app.url_map.bind("", path_info=path)
    if not adapter.test(path, method="GET"):
        return None
    query = request.query_string.decode("ascii", "replace")
    return f"{path}?{query}" if query else path
