"""Turns at something that only one may do at a time: writing to SQLite.

SQLite lets a second writer sleep and try again, which starves some: of two processes that write as fast
as they can, one was seen to get a single commit in three seconds. Here everybody stands in a queue:
threads of one process in the order in which they came, processes by a turnstile of two locked files.
"""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows: one process writes at a time as SQLite arranges it
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST_LOOK_SECONDS = 0.0001
LONGEST_LOOK_SECONDS = 0.001


class Turns:
    """A queue in front of one thing, for all threads of all processes that name the same file.

    A process that is killed leaves the queue: the kernel unlocks what it held. Whoever has the turn may
    take it again without waiting.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Queue at `path` with other processes; without it, only threads of this one stand in line."""
        self._path = path if fcntl else None
        self._guard = Lock()
        self._queue: deque[Lock] = deque()
        self._is_taken = False
        self._owner = 0
        self._depth = 0
        self._files: tuple[int, int] = (-1, -1)
        self._opened_by = 0

    @contextmanager
    def turn(self, *, timeout_seconds: float) -> Iterator[bool]:
        """Wait for one's turn and have it inside the block. Yield False when it did not come in time.

        Who was not served goes on all the same, and hears from the database itself that it is locked.
        """
        if self._owner == get_ident():
            self._depth += 1
            try:
                yield True
            finally:
                self._depth -= 1
            return
        deadline = time.monotonic() + timeout_seconds
        if not self._enter(timeout_seconds):
            yield False
            return
        self._owner = get_ident()
        try:
            is_ours = self._pass_turnstile(deadline)
            try:
                yield is_ours
            finally:
                if is_ours and self._path is not None:
                    self._unlock(self._files[1])
        finally:
            self._owner = 0
            self._leave()

    def _enter(self, timeout_seconds: float) -> bool:
        """Stand in line among the threads of this process."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = Lock()
            mine.acquire()
            self._queue.append(mine)
        if mine.acquire(timeout=timeout_seconds):
            return True
        with self._guard:
            if mine in self._queue:
                self._queue.remove(mine)
                return False
        return True  # it came in the same moment

    def _leave(self) -> None:
        """Let the next thread in."""
        with self._guard:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._is_taken = False

    def _pass_turnstile(self, deadline: float) -> bool:
        """Wait for the other processes: one of them at most stands between the two doors.

        Whoever is inside has to go round through the first door again, and there the next one is already
        waiting in it; so nobody who comes back at once overtakes those who stand in line.
        """
        if self._path is None:
            return True
        first, second = self._doors()
        if not self._lock(first, deadline):
            return False
        try:
            return self._lock(second, deadline)
        finally:
            self._unlock(first)

    def _doors(self) -> tuple[int, int]:
        """Return the two files, opened by this very process: a child that inherits one shares its lock."""
        if self._opened_by != os.getpid():
            path = os.fspath(self._path or "")
            names = (f"{path}-next", f"{path}-turn")
            first, second = (os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for name in names)
            self._files, self._opened_by = (first, second), os.getpid()
        return self._files

    @staticmethod
    def _lock(file: int, deadline: float) -> bool:
        """Lock `file`. The kernel can wait for it, but not for so long only; hence short looks."""
        pause = FIRST_LOOK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_LOOK_SECONDS)
            else:
                return True

    @staticmethod
    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
