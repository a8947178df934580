"""Memory that is needed for a moment, and given back to the machine afterwards.

glibc keeps what Python frees, in case it is needed again: each thread has a heap of its own, and none shrinks
while anything stands at its end. Reading all events of a large campaign would stay with a process for good.
"""

from __future__ import annotations

import contextlib
import ctypes

M_ARENA_MAX, ARENAS = -8, 2  # mallopt(3)
_ELSEWHERE = (OSError, AttributeError)  # another C library


def use_few_heaps() -> None:
    """Let threads share what they free. Call it before there are threads."""
    with contextlib.suppress(*_ELSEWHERE):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Give back what is free: after something large was made of many small things. Takes milliseconds."""
    with contextlib.suppress(*_ELSEWHERE):
        ctypes.CDLL(None).malloc_trim(0)
