"""What failures mean for whoever has to mend them."""

from __future__ import annotations

import pytest

from coordinator.outbox.rules import answer_code
from coordinator.outbox.troubles import Trouble, codes_in, trouble_of


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        ("refused:550", Trouble.NO_MAILBOX),
        ("refused:550 5.1.1", Trouble.NO_MAILBOX),
        ("refused:undeliverable", Trouble.UNDELIVERABLE),
        ("refused:smtputf8", Trouble.SCRIPT),
        ("recipient:550 5.7.1", Trouble.DISTRUSTED),
        ("data:550 5.7.26", Trouble.DISTRUSTED),
        ("recipient:450 4.7.1", Trouble.DISTRUSTED),
        ("data:554", Trouble.NOT_TAKEN),
        ("data:451 4.3.0", Trouble.LATER),
        ("recipient:452 4.2.2", Trouble.LATER),
        ("recipient:530 5.7.0", Trouble.SIGN_IN),
        ("SMTPAuthenticationError:535 5.7.8", Trouble.SIGN_IN),
        ("SMTPAuthenticationError:454", Trouble.SIGN_IN),
        ("sender:550", Trouble.SENDER),
        ("sender:553 5.7.1", Trouble.DISTRUSTED),
        ("ConnectionRefusedError", Trouble.UNREACHABLE),
        ("gaierror", Trouble.UNREACHABLE),
        ("SMTPConnectError:421", Trouble.UNREACHABLE),
        ("SSLCertVerificationError", Trouble.INSECURE),
        ("SMTPNotSupportedError", Trouble.INSECURE),
        ("PermissionError", Trouble.FOLDER),
        ("dropped:SMTPServerDisconnected", Trouble.DROPPED),
        ("render:UndefinedError", Trouble.OURS),
        ("send:UnicodeEncodeError", Trouble.OURS),
        ("lost_key", Trouble.LOST_KEY),
        ("worker", Trouble.WORKER),
        ("", Trouble.UNREACHABLE),
    ],
)
def test_trouble_of(kind: str, trouble: Trouble) -> None:
    assert trouble_of(kind) is trouble


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (550, b"5.1.1 <ada@example.org>: no such user", "550 5.1.1"),
        (550, b"<ada@example.org>: no such user, said 5.1.1", "550"),
        (554, "5.7.26 Unauthenticated mail\n5.7.26 is not accepted", "554 5.7.26"),
        (421, b"4.7.0", "421 4.7.0"),
        (554, b"5.6.7.8 is on a list", "554"),
        (451, b"", "451"),
        (550, "нет такого ящика".encode(), "550"),
    ],
)
def test_of_an_answer_only_its_codes_are_kept(code: int, words: bytes | str, expected: str) -> None:
    assert answer_code(code, words) == expected


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("refused:550 5.1.1", "550 5.1.1"),
        ("data:554", "554"),
        ("gaierror", ""),
        ("refused:undeliverable", ""),
    ],
)
def test_codes_in(kind: str, codes: str) -> None:
    assert codes_in(kind) == codes
