"""What people are. Apart from `access`, so that models may say it without knowing the web."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a signed-in person is. One person may be several."""

    ORGANISER = "organiser"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"
