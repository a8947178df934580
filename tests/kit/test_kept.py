from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from coordinator.kit.kept import Kept, forget_everything


class Maker:
    """Makes an answer and counts how often it was asked to."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        return f"answer {self.made}"


def test_an_answer_is_made_once_for_one_version() -> None:
    kept, make = Kept[str](most=10), Maker()

    answers = {kept.get("map", 1, make) for _ in range(3)}

    assert answers == {"answer 1"}
    assert make.made == 1


def test_a_new_version_is_made_anew_and_takes_the_place_of_the_old() -> None:
    kept, make = Kept[str](most=1), Maker()

    kept.get("map", 1, make)

    assert kept.get("map", 2, make) == "answer 2"
    assert kept.get("map", 2, make) == "answer 2"


def test_the_answer_unused_for_longest_goes_first() -> None:
    kept, make = Kept[str](most=2), Maker()
    kept.get("first", 1, make)
    kept.get("second", 1, make)
    kept.get("first", 1, make)

    kept.get("third", 1, make)

    assert kept.get("first", 1, make) == "answer 1"
    assert kept.get("second", 1, make) == "answer 4"


def test_it_never_holds_more_than_it_may() -> None:
    kept = Kept[int](most=5)

    for key in range(1000):
        kept.get(key, 0, lambda key=key: key)

    assert len(kept._answers) == 5


def test_nothing_is_kept_of_an_answer_that_failed() -> None:
    kept, make = Kept[str](most=2), Maker()

    with pytest.raises(ZeroDivisionError):
        kept.get("map", 1, lambda: str(1 // 0))

    assert kept.get("map", 1, make) == "answer 1"


def test_an_answer_that_is_false_is_kept_too() -> None:
    kept, calls = Kept[list[int]](most=2), []

    for _ in range(2):
        kept.get("empty", 1, lambda: calls.append(1) or [])

    assert calls == [1]


def test_everything_can_be_forgotten() -> None:
    kept, make = Kept[str](most=2), Maker()
    kept.get("map", 1, make)

    kept.clear()

    assert kept.get("map", 1, make) == "answer 2"


def test_every_memory_of_the_process_can_be_emptied() -> None:
    one, other, make = Kept[str](most=2), Kept[str](most=2), Maker()
    for kept in (one, other):
        kept.get("map", 1, make)

    forget_everything()

    assert (one.get("map", 1, make), other.get("map", 1, make)) == ("answer 3", "answer 4")


def test_threads_that_ask_at_once_wait_for_one_that_makes_it() -> None:
    kept, start, made = Kept[str](most=3), Barrier(8), []

    def make() -> str:
        made.append(1)
        time.sleep(0.1)  # long enough for the others to ask
        return "answer"

    def ask(_: int) -> str:
        start.wait()
        return kept.get("map", 1, make)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {"answer"}
    assert made == [1]
    assert kept._being_made == {}


def test_when_making_fails_whoever_waited_tries_too() -> None:
    kept, start, tries = Kept[str](most=3), Barrier(4), []

    def make() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError
        return "answer"

    def ask(_: int) -> str:
        start.wait()
        try:
            return kept.get("map", 1, make)
        except ZeroDivisionError:
            return "fault"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(ask, range(4))) == ["answer", "answer", "answer", "fault"]
    assert kept._being_made == {}


def test_threads_get_answers_of_the_version_they_asked_for() -> None:
    kept, start = Kept[tuple[int, int]](most=3), Barrier(8)

    def ask(thread: int) -> bool:
        start.wait()
        return all(
            kept.get(n % 7, n % 3, lambda n=n: (n % 7, n % 3)) == (n % 7, n % 3)
            for n in range(thread, thread + 2_000)
        )

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(8)))
    assert len(kept._answers) <= 3


def test_what_was_made_together_with_others_is_found_at_its_version() -> None:
    kept = Kept[str](most=2)
    kept.keep("a", 1, "one")

    assert (kept.find("a", 1), kept.find("a", 2), kept.find("b", 1)) == ("one", None, None)


def test_what_is_renewed_starts_from_what_was_known() -> None:
    kept = Kept[list[int]](most=2)

    assert kept.renew("a", 1, lambda known: [*(known or []), 1]) == [1]
    assert kept.renew("a", 2, lambda known: [*(known or []), 2]) == [1, 2]
    assert kept.renew("a", 2, lambda _known: [9]) == [1, 2]
