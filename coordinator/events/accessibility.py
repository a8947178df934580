"""How accessible an event is: what can be ticked, and how that is kept. Details stand beside it as text."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Feature(StrEnum):
    """Something that lets people take part who otherwise could not. What is not ticked is not known."""

    STEP_FREE = "step-free"
    """From the stop or the street to where people stand."""
    SEATING = "seating"
    TOILET = "toilet"
    """Accessible with a wheelchair, and near."""
    QUIET_PLACE = "quiet-place"
    SIGN_LANGUAGE = "sign-language"
    CAPTIONS = "captions"
    """What is said can be read: live, or as a text that is handed out."""


def features_from(codes: str) -> tuple[Feature, ...]:
    """Return the features that `Event.accessibility_features` keeps."""
    known = set(codes.split())
    return tuple(feature for feature in Feature if feature in known)


def kept_features(features: Iterable[str]) -> str:
    """Return features as they are kept: each once, in the order of `Feature`. What is none is left out."""
    return " ".join(features_from(" ".join(features)))
