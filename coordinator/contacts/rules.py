"""What an organiser may keep about a person."""

from __future__ import annotations

LONGEST_TAG = 40
MOST_TAGS = 20
LONGEST_NOTE = 1_000
