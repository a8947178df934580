"""Turns: one at a time, in order, and nobody who is killed keeps the others waiting."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from coordinator.kit.turns import Turns

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event
    from pathlib import Path

FORKS = multiprocessing.get_context("fork")
WORK_SECONDS = 0.001  # about a commit; whoever comes back after it finds the place free, unless it must queue
PATIENCE = 10  # seconds: what takes longer is stuck


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "coordinator.sqlite"


def hold(path: Path, has_it: Event, may_go: Event) -> None:
    with Turns(path).turn(timeout_seconds=PATIENCE) as is_mine:
        assert is_mine
        has_it.set()
        may_go.wait(PATIENCE)


def test_threads_come_in_the_order_in_which_they_stand(path: Path) -> None:
    turns, order, threads = Turns(path), [], []

    def wait(number: int) -> None:
        with turns.turn(timeout_seconds=PATIENCE):
            order.append(number)

    with turns.turn(timeout_seconds=PATIENCE):
        for number in range(8):
            threads.append(threading.Thread(target=wait, args=(number,)))
            threads[-1].start()
            while len(turns._queue) <= number:
                threads[-1].join(0.001)
    for thread in threads:
        thread.join(PATIENCE)

    assert order == list(range(8))


def test_whoever_has_it_may_take_it_again(path: Path) -> None:
    turns = Turns(path)

    with turns.turn(timeout_seconds=0), turns.turn(timeout_seconds=0) as is_mine:
        assert is_mine

    with turns.turn(timeout_seconds=0) as is_mine:
        assert is_mine


def test_whoever_waited_too_long_hears_so_and_leaves_the_queue(path: Path) -> None:
    turns, heard = Turns(path), []

    def ask() -> None:
        with turns.turn(timeout_seconds=0.01) as is_mine:
            heard.append(is_mine)

    with turns.turn(timeout_seconds=PATIENCE):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(PATIENCE)

    assert heard == [False]
    assert not turns._queue
    with turns.turn(timeout_seconds=0) as is_mine:
        assert is_mine


def test_another_process_waits_too(path: Path) -> None:
    has_it, may_go = FORKS.Event(), FORKS.Event()
    other = FORKS.Process(target=hold, args=(path, has_it, may_go))
    other.start()
    assert has_it.wait(PATIENCE)

    with Turns(path).turn(timeout_seconds=0.05) as is_mine:
        assert not is_mine
    may_go.set()
    with Turns(path).turn(timeout_seconds=PATIENCE) as is_mine:
        assert is_mine
    other.join(PATIENCE)

    assert other.exitcode == 0


def test_a_process_that_is_killed_gives_its_turn_back(path: Path) -> None:
    has_it, never = FORKS.Event(), FORKS.Event()
    other = FORKS.Process(target=hold, args=(path, has_it, never))
    other.start()
    assert has_it.wait(PATIENCE)

    os.kill(other.pid or 0, signal.SIGKILL)
    with Turns(path).turn(timeout_seconds=PATIENCE) as is_mine:
        assert is_mine
    other.join(PATIENCE)


def test_a_child_does_not_inherit_its_parent_s_turn(path: Path) -> None:
    turns = Turns(path)
    with turns.turn(timeout_seconds=PATIENCE):
        pass  # its files are open now
    has_it, may_go = FORKS.Event(), FORKS.Event()

    def child() -> None:
        with turns.turn(timeout_seconds=PATIENCE):
            has_it.set()
            may_go.wait(PATIENCE)

    other = FORKS.Process(target=child)
    other.start()
    assert has_it.wait(PATIENCE)
    with turns.turn(timeout_seconds=0.05) as is_mine:
        assert not is_mine
    may_go.set()
    other.join(PATIENCE)


def test_nobody_who_comes_back_at_once_overtakes_another_process(path: Path) -> None:
    """Two writers that never rest: SQLite alone gave one of them a single commit in three seconds.

    Counted is how often the turn changes hands. A busy machine may let one of them start late or sleep, so
    that the other has many turns in a row; but whenever both stand in line they alternate.
    """
    counts = [FORKS.Value("i", 0) for _ in range(2)]
    last, changes = FORKS.Value("i", 0), FORKS.Value("i", 0)

    def write(mine: int) -> None:
        turns = Turns(path)
        while min(count.value for count in counts) < 100:
            with turns.turn(timeout_seconds=PATIENCE):
                changes.value += last.value != mine
                last.value = mine
                counts[mine].value += 1
                time.sleep(WORK_SECONDS)

    others = [FORKS.Process(target=write, args=(number,)) for number in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join(PATIENCE)

    assert min(count.value for count in counts) >= 100
    assert changes.value >= 100
