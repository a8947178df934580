"""What every answer says to the browser: load nothing of others, tell nobody, frame nothing."""

from __future__ import annotations

from functools import lru_cache

from flask import Response, current_app, g, request

POLICY = (
    ("default-src", "'none'"),
    ("script-src", "'self'"),
    ("style-src", "'self'"),
    ("img-src", "'self' data:"),
    ("font-src", "'self'"),
    ("connect-src", "'self'"),
    ("frame-src", "'self'"),
    ("manifest-src", "'self'"),
    ("base-uri", "'none'"),
    ("form-action", "'self'"),
)

NOBODY = "'none'"

LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)

DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


def allow_framing(ancestors: str) -> None:
    """Let this one answer be framed by `ancestors`, in the words of `frame-ancestors`."""
    g.frame_ancestors = ancestors


def allow_camera() -> None:
    """Let this one answer ask for the camera: the door, which reads codes with it."""
    g.has_camera = True


def confine_drawing() -> None:
    """Say that this one answer is a drawing with its own style sheet: it may run, load and send nothing."""
    g.own_policy = DRAWING_POLICY


def letter_document(html: str) -> Response:
    """Answer with the HTML of a letter, for a frame.

    A letter carries its styles with it, as letters must, and may run, load and send nothing. Its links may
    be followed, in a window of their own.
    """
    g.own_policy = LETTER_POLICY
    return Response(html.replace("<head>", '<head><base target="_blank">', 1), mimetype="text/html")


@lru_cache
def _said_to_all(own_policy: str | None, ancestors: str, has_camera: bool | None) -> list[tuple[str, str]]:  # noqa: FBT001 the key
    camera = "(self)" if has_camera else "()"
    policy = "; ".join(f"{name} {what}" for name, what in (*POLICY, ("frame-ancestors", ancestors)))
    return [
        ("Content-Security-Policy", own_policy or policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Permissions-Policy", f"geolocation=(self), camera={camera}, microphone=(), payment=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]


def add_security_headers(response: Response) -> Response:
    """Put the house's policy on an answer. Runs after every view."""
    headers = response.headers
    headers.extend(_said_to_all(g.get("own_policy"), g.get("frame_ancestors", NOBODY), g.get("has_camera")))
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    if request.is_secure and not current_app.testing:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
