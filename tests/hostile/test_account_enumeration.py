"""Nobody learns from us whether somebody has an account: not by words, not by status, not by work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, event

from coordinator.accounts import passwords
from tests.factories.accounts import PASSWORD, AccountFactory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

KINDS = {
    "verified": "ada@example.org",
    "unverified": "new@example.org",
    "disabled": "gone@example.org",
    "unknown": "nobody@example.org",
}


class CountingHasher(PasswordHasher):
    """Counts what costs time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.work: list[str] = []

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.work.append("hash")
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 the name is argon2's
        self.work.append("verify")
        return super().verify(hash, password)


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> CountingHasher:
    counting = CountingHasher()
    monkeypatch.setattr(passwords, "HASHER", counting)
    passwords._nobodys_hash.cache_clear()
    passwords._nobodys_hash()
    counting.work.clear()
    return counting


@pytest.fixture
def written() -> Iterator[list[str]]:
    """Everything that is written into a table: what makes an answer wait for the disk."""
    tables: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            tables.append(" ".join(statement.split()[:3]))

    event.listen(Engine, "before_cursor_execute", note)
    yield tables
    event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def _people(client: FlaskClient) -> None:
    AccountFactory(email=KINDS["verified"])
    AccountFactory(email=KINDS["unverified"], unverified=True)
    AccountFactory(email=KINDS["disabled"], disabled=True)


def told(answer: TestResponse, email: str) -> tuple[int, str | None, str, list[str]]:
    """Return all that a stranger sees, but for the address that they typed themselves."""
    headers = [f"{name}: {value}" for name, value in answer.headers if name != "Set-Cookie"]
    return (
        answer.status_code,
        answer.location,
        answer.text.replace(email, "<typed>"),
        [line for line in headers if not line.startswith("Content-Length")],
    )


@pytest.mark.parametrize(
    ("page", "fields", "work"),
    [
        ("sign-up", {"display_name": "Ada", "password": "quite another lantern"}, ["hash"]),
        ("sign-in", {"password": "quite another lantern"}, ["verify"]),
        ("reset", {}, []),
    ],
)
def test_every_kind_of_address_gets_the_same_answer_for_the_same_work(
    client: FlaskClient, hasher: CountingHasher, page: str, fields: dict[str, str], work: list[str]
) -> None:
    answers, efforts = [], []
    for email in KINDS.values():
        hasher.work.clear()
        stranger = client.application.test_client()
        answer = stranger.post(f"/en/account/{page}", data={"email": email, **fields})
        answers.append(told(answer, email))
        if answer.location:
            answers[-1] += told(stranger.get(answer.location), email)
        efforts.append(list(hasher.work))

    assert all(answer == answers[0] for answer in answers)
    assert efforts == [work] * len(KINDS)


@pytest.mark.parametrize(
    ("page", "fields"),
    [("sign-up", {"display_name": "Ada", "password": "quite another lantern"}), ("reset", {})],
)
def test_asking_again_and_again_writes_for_every_kind_of_address(
    client: FlaskClient, written: list[str], page: str, fields: dict[str, str]
) -> None:
    """A request that writes nothing does not wait for the disk, and is answered milliseconds sooner."""
    for email in KINDS.values():
        for _ in range(3):
            written.clear()
            client.application.test_client().post(f"/en/account/{page}", data={"email": email, **fields})
            assert "INSERT INTO message" in written, email


def test_the_session_after_signing_up_looks_the_same(client: FlaskClient) -> None:
    seen = []
    for email in KINDS.values():
        stranger = client.application.test_client()
        stranger.post("/en/account/sign-up", data={"email": email, "display_name": "A", "password": PASSWORD})
        with stranger.session_transaction() as cookie:
            seen.append({key: len(str(value)) for key, value in cookie.items()})

    assert all(look == seen[0] for look in seen)


def test_signing_up_and_then_in_tells_nothing_either(client: FlaskClient, hasher: CountingHasher) -> None:
    """Whoever signs up for a stranger's address knows the password that they typed there."""
    answers = []
    for email in KINDS.values():
        stranger = client.application.test_client()
        mine = {"email": email, "password": "quite another lantern"}
        stranger.post("/en/account/sign-up", data={**mine, "display_name": "A"})
        hasher.work.clear()
        answer = stranger.post("/en/account/sign-in", data=mine)
        answers.append((*told(answer, email), tuple(hasher.work)))

    assert answers[0][0] == 422
    assert all(answer == answers[0] for answer in answers)
