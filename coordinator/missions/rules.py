"""What a mission is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from coordinator.kit.errors import RefusedError
from coordinator.places.rules import Point, Precision

LONGEST_CODE = 80
LONGEST_ADDRESS = 300
LONGEST_NAME = 200
LONGEST_CITY = 100
LONGEST_LINK = 300
LONGEST_SOURCE = 300
CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class MissionKind(StrEnum):
    """Kinds of diplomatic missions, in the words of the Vienna Conventions of 1961 and 1963."""

    EMBASSY = "embassy"
    CONSULATE_GENERAL = "consulate-general"
    CONSULATE = "consulate"
    HONORARY_CONSULATE = "honorary-consulate"
    PERMANENT_MISSION = "permanent-mission"
    OTHER = "other"


class MissionStatus(StrEnum):
    """Whether somebody is still there."""

    OPEN = "open"
    CLOSED = "closed"
    MOVED = "moved"


class Problem(StrEnum):
    """What can be wrong with one cell of an imported list."""

    MISSING = "missing"
    TOO_LONG = "too long"
    BAD_ID = "bad id"
    REPEATED_ID = "repeated id"
    UNKNOWN_STATE = "unknown state"
    UNKNOWN_WORD = "unknown word"
    """Not one of the words that this column knows."""
    NOT_A_NUMBER = "not a number"
    OFF_THE_GLOBE = "off the globe"
    SWAPPED = "swapped"
    """Latitude and longitude stand in each other's place."""
    UNKNOWN_ZONE = "unknown zone"
    NOT_A_DATE = "not a date"
    NOT_A_LINK = "not a link"
    WRONG_LENGTH = "wrong length"
    """More or fewer cells than the header has."""


class MissionRowError(RefusedError):
    """A line of an import that can't be taken."""

    code = "mission.row"

    def __init__(self, problem: Problem, column: str = "", value: str = "") -> None:
        """Say what is wrong, in which column, and what stands there."""
        super().__init__()
        self.problem = problem
        self.column = column
        self.value = value


class Unreadable(StrEnum):
    """Why a file can't be read as a list of missions at all."""

    EMPTY = "empty"
    NOT_UTF8 = "not UTF-8"
    NOT_CSV = "not CSV"
    SEMICOLONS = "semicolons"
    MISSING_COLUMNS = "missing columns"
    REPEATED_COLUMNS = "repeated columns"
    TOO_LARGE = "too large"


class MissionFileError(RefusedError):
    """A file that is no list of missions."""

    code = "mission.file"

    def __init__(self, reason: Unreadable, details: str = "", line: int = 0) -> None:
        """Say why, with the names of columns or the like, and the line where it was noticed."""
        super().__init__()
        self.reason = reason
        self.details = details
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionWords:
    """What a mission and its city are called in one language."""

    name: str
    city: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionDetails:
    """One mission as a list describes it."""

    code: str
    sending_state: str
    receiving_state: str
    kind: MissionKind
    words: Mapping[str, MissionWords]
    """By language; English is among them."""
    address: str
    point: Point
    precision: Precision
    timezone: str
    status: MissionStatus
    status_on: date | None
    website: str
    source: str
    verified_at: datetime | None


class Outcome(StrEnum):
    """What an import did, or would do, with one line."""

    ADDED = "added"
    CHANGED = "changed"
    CLOSED = "closed"
    """Changed, and nobody is there any more."""
    UNCHANGED = "unchanged"
