"""Which passwords are taken."""

from __future__ import annotations

import pytest

from coordinator.accounts.rules import PasswordFault, password_fault


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        pytest.param("a lantern in the harbour", None, id="words"),
        pytest.param("ночь улица фонарь аптека", None, id="words in Russian"),
        pytest.param("password of my old school", None, id="holds a common word among others"),
        pytest.param("short one", PasswordFault.TOO_SHORT, id="nine characters"),
        pytest.param("x" * 201, PasswordFault.TOO_LONG, id="longer than anybody types"),
        pytest.param("Ada.Lovelace@example.org", PasswordFault.IS_ADDRESS, id="the address itself"),
        pytest.param("ada.lovelace", PasswordFault.IS_ADDRESS, id="the first half of the address"),
        pytest.param("aaaaaaaaaaaa", PasswordFault.TRIVIAL, id="one letter"),
        pytest.param("1234567890", PasswordFault.TRIVIAL, id="the top row"),
        pytest.param("0987654321", PasswordFault.TRIVIAL, id="the top row backwards"),
        pytest.param("qwertyuiop", PasswordFault.TRIVIAL, id="the second row"),
        pytest.param("йцукенгшщз", PasswordFault.TRIVIAL, id="the second row in Russian"),
        pytest.param("Password123!", PasswordFault.TRIVIAL, id="a word, a number, a sign"),
        pytest.param("пароль12345", PasswordFault.TRIVIAL, id="the same in Russian"),
    ],
)
def test_password_fault(password: str, expected: PasswordFault | None) -> None:
    assert password_fault(password, "ada.lovelace@example.org") is expected
