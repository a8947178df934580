"""The only place that reads the clock. Views, jobs and commands ask here and pass `now` on."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)
