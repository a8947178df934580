"""What the log says, and what it keeps to itself."""

from __future__ import annotations

import logging
import sys

import pytest

from coordinator.ops.logs import QuietFormatter


def line(message: str, *args: object, exc_info: bool = False) -> str:
    fault = sys.exc_info() if exc_info else None
    record = logging.LogRecord("coordinator.test", logging.ERROR, __file__, 1, message, args, fault)
    return QuietFormatter().format(record)


@pytest.mark.parametrize(
    "secret",
    [
        "ada@example.org",
        "192.0.2.7",
        "2001:db8::7",
        "2001:db8:0:0:1:2:3:4",
        "Q2xhcmEgWmV0a2luIHdhcyBoZXJlLi4u",
    ],
)
def test_what_leads_to_a_person_is_covered(secret: str) -> None:
    said = line("something of %s with /en/near?place=%s&x=1 failed", secret, secret)

    assert secret not in said
    assert "something of" in said
    assert said.endswith("failed")


def test_a_query_string_is_covered() -> None:
    said = line("%s at %s", "KeyError", "/en/near?place=Secret+Street&lat=52.5")

    assert said.endswith("KeyError at /en/near?…")


def test_ordinary_words_stay() -> None:
    said = line("job %s: %s in %s", "send_due", "ValueError", "/srv/coordinator/cli/worker.py:120")

    assert said.endswith(
        "ERROR coordinator.test job send_due: ValueError in /srv/coordinator/cli/worker.py:120"
    )


def test_a_fault_is_named_by_type_and_place_and_not_by_its_words() -> None:
    try:
        int("Ada Lovelace lives at Secret Street")
    except ValueError:
        said = line("it broke", exc_info=True)

    assert "ValueError in " in said
    assert "test_logs.py" in said
    assert "Secret Street" not in said
