"""Answers kept in memory until what they were made of changes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Answer = TypeVar("Answer")


class Kept(Generic[Answer]):
    """A small bounded memory: one answer for each key, valid for one version of its source.

    Each web process has its own, so nothing may be kept here that must be the same everywhere
    at once; versions (a campaign's `revision`, a minute) are what makes processes agree.
    """

    def __init__(self, most: int) -> None:
        """Hold at most `most` answers; the one unused for longest goes first."""
        self._most = most
        self._answers: OrderedDict[Hashable, tuple[Hashable, Answer]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, version: Hashable, make: Callable[[], Answer]) -> Answer:
        """Return the answer kept for `key` at `version`, or make it and keep it.

        Two threads may make the same answer at once; they get equal ones, and nobody waits.
        """
        with self._lock:
            kept = self._answers.get(key)
            if kept is not None and kept[0] == version:
                self._answers.move_to_end(key)
                return kept[1]
        answer = make()
        with self._lock:
            self._answers[key] = (version, answer)
            self._answers.move_to_end(key)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()
