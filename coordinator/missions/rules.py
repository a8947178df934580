"""What a mission is."""

from __future__ import annotations

from enum import StrEnum

from coordinator.kit.errors import RefusedError

LONGEST_CODE = 80


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


class MissionRowError(RefusedError):
    """A line of an import that can't be taken."""

    code = "mission.row"
