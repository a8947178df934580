"""What a mission is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

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


class SourceName(StrEnum):
    """Where else missions are listed."""

    WIKIDATA = "wikidata"
    OSM = "osm"


class Trouble(StrEnum):
    """Why a source could not be read."""

    AWAY = "away"
    BUSY = "busy"
    """It said so each time that it was asked."""
    REFUSED = "refused"
    GAVE_UP = "gave up"
    """It answered a part and said that this was all it had time for."""
    NOT_JSON = "not JSON"
    UNEXPECTED = "unexpected"
    """JSON, and not what was asked for."""
    TOO_LARGE = "too large"


class SourceError(RefusedError):
    """A source that could not be read; nothing of it was used."""

    code = "mission.source"

    def __init__(self, trouble: Trouble, details: str = "") -> None:
        """Say what went wrong, in the service's own words where it had some."""
        super().__init__(trouble.value)
        self.trouble = trouble
        self.details = details


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mission as another source describes it."""

    source: SourceName
    key: str
    """The source's own id, which stays: "Q104215740", "node/311101072"."""
    sending_state: str
    receiving_state: str
    kind: MissionKind
    names: Mapping[str, str]
    """By language; never empty."""
    cities: Mapping[str, str]
    address: str
    point: Point | None
    precision: Precision | None
    website: str
    is_closed: bool
    closed_on: date | None = None
    same_as: str = ""
    """Id in Wikidata, where the source names one."""

    @property
    def name(self) -> str:
        """Return the English name, or another one."""
        return self.names.get("en") or next(iter(self.names.values()))

    @property
    def city(self) -> str:
        """Return the city in English, or as some language calls it; may be empty."""
        return self.cities.get("en") or next(iter(self.cities.values()), "")


class Decision(StrEnum):
    """What people said about a finding."""

    WAITING = "waiting"
    SAME = "same"
    """It is a mission of ours."""
    NOT_OURS = "not-ours"
    """It is nothing that belongs into the directory."""


class Difference(StrEnum):
    """What a source says otherwise than we do."""

    CLOSED = "closed"
    MOVED = "moved"
    GONE = "gone"
    """The source does not list it any more."""


class Taken(StrEnum):
    """What became of a finding when it was read."""

    ADDED = "added"
    """A mission that nobody knew."""
    PROPOSED = "proposed"
    """It looks like one of ours: somebody has to say so."""
    DIFFERENT = "different"
    """One of ours, and the source says something else."""
    UNCHANGED = "unchanged"
    PASSED_OVER = "passed over"
    """Closed already when we first heard of it, or without a point."""


NEAR_KM = 0.3
"""Two entries nearer than this, of one state and one kind, are likely to be one door."""
SAME_CITY_KM = 30.0
MOVED_KM = NEAR_KM


class Known(Protocol):
    """A mission of ours, as far as it is compared with a finding."""

    @property
    def sending_state(self) -> str:
        """Return whose it is."""
        ...

    @property
    def kind(self) -> MissionKind:
        """Return what sort it is."""
        ...

    @property
    def status(self) -> MissionStatus:
        """Return whether it is open."""
        ...

    @property
    def precision(self) -> Precision:
        """Return how far its point can be trusted."""
        ...


def is_likely_same(finding: Finding, mission: Known, km: float | None, *, is_same_city: bool) -> bool:
    """Tell whether a finding may be a mission of ours, `km` away. People decide; this only asks them."""
    if finding.sending_state != mission.sending_state:
        return False
    if km is not None and km <= NEAR_KM:
        return True
    is_kin = finding.kind is mission.kind or {finding.kind, mission.kind} <= CONSULAR
    # By the city alone only where there is no point: sources often name a district, or the next town.
    return is_kin and (is_same_city if km is None else km <= SAME_CITY_KM)


def is_obvious(finding: Finding, mission: Known, km: float | None, *, is_same_city: bool) -> bool:
    """Tell whether everything agrees: kind, city and door."""
    return finding.kind is mission.kind and is_same_city and km is not None and km <= SAME_DOOR_KM


def difference(finding: Finding, mission: Known, km: float | None, *, is_gone: bool) -> Difference | None:
    """Return what a source says otherwise of a mission that is known to be the same, `km` from our point."""
    if finding.is_closed:
        return Difference.CLOSED if mission.status is not MissionStatus.CLOSED else None
    if is_gone:
        return Difference.GONE if mission.status is not MissionStatus.CLOSED else None
    is_exact = mission.precision.is_good_enough_to_stand_at
    if km is not None and km > (MOVED_KM if is_exact else SAME_CITY_KM):
        return Difference.MOVED
    return None


CONSULAR = frozenset({MissionKind.CONSULATE, MissionKind.CONSULATE_GENERAL})
"""Sources disagree which of the two a consulate is."""
SAME_DOOR_KM = 1.0


def fresh_code(finding: Finding, taken: Callable[[str], bool]) -> str:
    """Return an id in the directory's pattern that nobody has: "ru-de-berlin-embassy"."""
    ascii_city = unicodedata.normalize("NFKD", finding.city).encode("ascii", "ignore").decode().lower()
    city = re.sub(r"[^a-z0-9]+", "-", ascii_city).strip("-") or "somewhere"
    states = f"{finding.sending_state}-{finding.receiving_state}".lower()
    usual = f"{states}-{city[:30].strip('-')}-{finding.kind.value}"
    if not taken(usual):
        return usual
    return f"{usual}-{re.sub(r'[^a-z0-9]+', '-', finding.key.lower())}"[:LONGEST_CODE]
