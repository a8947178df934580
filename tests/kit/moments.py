"""Moments that tests of the kit use."""

from datetime import UTC, datetime

NOON = datetime(2030, 9, 16, 12, 0, tzinfo=UTC)
