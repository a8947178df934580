"""Answers kept in memory until what they were made of changes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from datetime import datetime

Answer = TypeVar("Answer")

FIVE_MINUTES = 300

_memories: WeakSet[Kept[Any]] = WeakSet()


class Kept(Generic[Answer]):
    """A small bounded memory: one answer for each key, valid for one version of its source.

    Each web process has its own, so nothing may be kept here that must be the same everywhere
    at once; versions (a campaign's `revision`, a minute) are what makes processes agree.
    """

    def __init__(self, most: int) -> None:
        """Hold at most `most` answers; the one unused for longest goes first."""
        self._most = most
        self._answers: OrderedDict[Hashable, tuple[Hashable, Answer]] = OrderedDict()
        self._being_made: dict[Hashable, RLock] = {}
        self._lock = Lock()
        _memories.add(self)

    def get(self, key: Hashable, version: Hashable, make: Callable[[], Answer]) -> Answer:
        """Return the answer kept for `key` at `version`, or make it and keep it.

        Whoever asks while it is being made waits for that one. Python computes for one thread at a
        time, so eight threads that make the same answer at once take eight times as long, all of them.
        """
        return self.renew(key, version, lambda _older: make())

    def renew(self, key: Hashable, version: Hashable, make: Callable[[Answer | None], Answer]) -> Answer:
        """Do the same, and give `make` the answer of an older version, if there is one, to start from."""
        found = self._find(key, version)
        if found is not None:
            return found[1]
        with self._lock:
            turn = self._being_made.setdefault((key, version), RLock())
        with turn:
            found = self._find(key, version)
            if found is not None:
                return found[1]
            try:
                older = self._answers.get(key)
                answer = make(None if older is None else older[1])
                self._keep(key, version, answer)
            finally:
                with self._lock:
                    self._being_made.pop((key, version), None)
            return answer

    def find(self, key: Hashable, version: Hashable) -> Answer | None:
        """Return the answer kept for `key` at `version`, if there is one."""
        found = self._find(key, version)
        return None if found is None else found[1]

    def keep(self, key: Hashable, version: Hashable, answer: Answer) -> None:
        """Keep an answer that was made together with others."""
        self._keep(key, version, answer)

    def _find(self, key: Hashable, version: Hashable) -> tuple[Hashable, Answer] | None:
        with self._lock:
            kept = self._answers.get(key)
            if kept is None or kept[0] != version:
                return None
            self._answers.move_to_end(key)
            return kept

    def _keep(self, key: Hashable, version: Hashable, answer: Answer) -> None:
        with self._lock:
            self._answers[key] = (version, answer)
            self._answers.move_to_end(key)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()


def forget_everything() -> None:
    """Empty every memory of this process: between tests, whose databases begin again with the same ids."""
    for memory in list(_memories):
        memory.clear()


def five_minutes(now: datetime) -> int:
    """Return the number of these five minutes: the version of a count too dear to be made each time."""
    return int(now.timestamp()) // FIVE_MINUTES
