"""What the log says: that something happened, where and when. Never who, never with whose words."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    Fault = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_EMAIL = re.compile(r"[^\s<>\"'@]+@[^\s<>\"'@]+")
_IPV4 = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:])")
_QUERY = re.compile(r"\?[^\s\"']+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")


class QuietFormatter(logging.Formatter):
    """Leaves out of every line what could lead to a person: addresses, query strings, tokens."""

    def __init__(self) -> None:
        """Say when, how bad, from where, what."""
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        """Write one line and cover what is nobody's business."""
        line = super().format(record)
        for pattern, cover in (
            (_EMAIL, "<address>"),
            (_QUERY, "?…"),
            (_IPV4, "<address>"),
            (_IPV6, "<address>"),
            (_TOKEN, "<token>"),
        ):
            line = pattern.sub(cover, line)
        return line

    def formatException(self, ei: Fault) -> str:  # noqa: N802 the name is logging's
        """Say the type and the place of a fault, never its words: it may quote what somebody typed."""
        kind, _, trace = ei
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        return f"{kind.__name__ if kind else '?'} in {where}"


def set_up_logs() -> None:
    """Write everything to standard error, through the quiet formatter. Called once, by the app."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(QuietFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("coordinator").setLevel(logging.INFO)
