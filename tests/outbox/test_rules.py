"""When again, and when no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coordinator.outbox.rules import MOST_TRIES, is_final, wait_after
from coordinator.outbox.transports import SmtpServer, SmtpUrlError, smtp_server


def test_waits_double_for_almost_three_days() -> None:
    waits = [wait_after(tries) for tries in range(1, MOST_TRIES)]

    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert timedelta(days=1) < sum(waits, timedelta()) < timedelta(days=3)


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        pytest.param(550, b"5.1.1 No such user", True, id="no such mailbox"),
        pytest.param(553, b"mailbox name not allowed", True, id="no enhanced code"),
        pytest.param(550, b"5.7.1 Your host is on a list", False, id="about us, not them"),
        pytest.param(530, b"5.7.0 Authentication required", False, id="we must sign in"),
        pytest.param(451, b"4.7.1 Greylisted", False, id="later"),
    ],
)
def test_is_final(code: int, words: bytes, expected: bool) -> None:
    assert is_final(code, words) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://u:p%40ss@mail.example.org", SmtpServer("mail.example.org", 587, "starttls", "u", "p@ss")),
        ("smtps://mail.example.org", SmtpServer("mail.example.org", 465, "tls")),
        ("smtp+plain://127.0.0.1:2525", SmtpServer("127.0.0.1", 2525, "plain")),
    ],
)
def test_smtp_server(url: str, expected: SmtpServer) -> None:
    assert smtp_server(url) == expected
    assert "p@ss" not in repr(smtp_server(url))


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:port"]
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(SmtpUrlError):
        smtp_server(url)
