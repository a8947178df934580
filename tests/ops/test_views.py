"""Health, and the mail of a demonstration."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from coordinator.app import create_app
from coordinator.cli.worker import write
from coordinator.kit.crypto import Seal, new_encryption_key
from coordinator.ops import health
from coordinator.outbox.jobs import beat
from coordinator.outbox.leases import Lease
from coordinator.outbox.transports import FileTransport
from coordinator.places.geocoding import gazetteer_path
from coordinator.settings import Mode
from tests.factories.accounts import AccountFactory
from tests.factories.outbox import MessageFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session


@pytest.fixture
def ready(app: Flask, session: Session) -> Iterator[datetime]:
    """Everything that a working installation needs."""
    now = datetime.now(UTC)
    for name in health.OLDEST_BEAT:
        beat(name, now=now)
    file = gazetteer_path(app.extensions["settings"])
    existed = file.exists()
    file.touch()
    yield now
    if not existed:
        file.unlink()


@pytest.mark.parametrize("wrong", ["encryption", "digest"])
def test_readyz_tells_that_a_key_is_missing_or_another_one(
    client: FlaskClient, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    AccountFactory()
    session.commit()
    assert client.get("/readyz").json["checks"]["keys"] == {"ok": True, "wrong": 0}

    keys = (new_encryption_key(),) if wrong == "encryption" else app.extensions["settings"].encryption_keys
    digest = "another digest key" if wrong == "digest" else app.extensions["settings"].digest_key
    monkeypatch.setitem(app.extensions, "seal", Seal(keys, digest))

    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["keys"] == {"ok": False, "wrong": 2}


def test_a_page_that_needs_a_lost_key_says_so_and_names_nobody(
    client: FlaskClient, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    rsvp = RsvpFactory(name="Ada", token="k" * 32)
    rsvp.name_sealed = Seal((new_encryption_key(),), "d" * 40).encrypt("Ada")
    session.commit()

    page = client.get(f"/en/rsvp/{'k' * 32}")

    assert page.status_code == 503
    assert "A key is missing" in page.text
    assert "rotate-keys --check" in caplog.text
    assert "k" * 32 not in caplog.text


def test_healthz_answers_without_a_database(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordinator.ops.views.health.db", None)

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_readyz_when_all_is_well(client: FlaskClient, ready: datetime) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200, answer.json
    assert answer.json["status"] == "ready"
    assert set(answer.json["checks"]) == {
        "database",
        "keys",
        "worker_mail",
        "worker_chores",
        "mail",
        "reminders",
        "gazetteer",
        "disk",
    }


def test_readyz_when_the_worker_has_stopped(client: FlaskClient, ready: datetime) -> None:
    beat("mail", now=ready - timedelta(minutes=4))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["checks"]["worker_mail"]["ok"] is False
    assert 240 <= answer.json["checks"]["worker_mail"]["age_seconds"] < 300


def test_readyz_when_mail_does_not_go_out(client: FlaskClient, ready: datetime) -> None:
    MessageFactory(recipient="ada@example.org", due_at=ready - timedelta(minutes=20))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["checks"]["mail"] | {"oldest_due_seconds": 0} == {
        "ok": False,
        "oldest_due_seconds": 0,
        "waiting": 1,
        "failed": 0,
    }
    assert "ada" not in answer.text


def test_readyz_when_the_disk_is_full(
    client: FlaskClient, ready: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 2**63)

    assert client.get("/readyz").json["checks"]["disk"]["ok"] is False


def test_readyz_when_the_database_is_broken(client: FlaskClient, session: Session, ready: datetime) -> None:
    session.execute(text("ALTER TABLE heartbeat RENAME TO elsewhere"))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["checks"]["database"] == {"ok": False}
    assert answer.json["checks"]["disk"]["ok"] is True


@pytest.fixture
def demonstration(app: Flask, tmp_path: Path) -> FlaskClient:
    """A browser on an installation that keeps its mail in files."""
    settings = replace(app.extensions["settings"], mode=Mode.DEMONSTRATION, instance=tmp_path)
    return create_app(settings).test_client()


def write_mail(client: FlaskClient, name: str = "Ada", locale: str = "en") -> str:
    """Write one letter into the installation's folder and return its file's name."""
    app = client.application
    folder = app.extensions["settings"].instance / "mail"
    lease = Lease(
        id=1,
        public_id="7x2k9c4m1p",
        template="accounts/reset",
        locale=locale,
        recipient="ada@example.org",
        context={"token": "T" * 32, "name": name},
        tries=1,
        until=datetime(2030, 4, 1, 13, 0, tzinfo=UTC),
    )
    with app.app_context(), FileTransport(folder) as transport:
        transport.send(write(lease, datetime(2030, 4, 1, 12, 0, tzinfo=UTC)))
    return "20300401T120000Z-7x2k9c4m1p.eml"


def test_mail_of_a_demonstration_is_listed_and_read(demonstration: FlaskClient) -> None:
    assert "No mail yet" in demonstration.get("/dev/mail/", headers={"Accept-Language": "en"}).text
    name = write_mail(demonstration)

    listing = demonstration.get("/dev/mail/").text
    letter = demonstration.get(f"/dev/mail/{name}").text

    assert name in listing
    assert "ada@example.org" in listing
    assert f'<a href="http://localhost/en/account/reset/{"T" * 32}"' in letter
    assert f"/dev/mail/{name}/html" in letter


def test_the_html_of_a_letter_can_do_nothing(demonstration: FlaskClient) -> None:
    name = write_mail(demonstration, name="<script>alert(1)</script>")

    page = demonstration.get(f"/dev/mail/{name}/html")

    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "<script" not in page.text


def test_files_of_mail_are_their_owner_s_alone(demonstration: FlaskClient) -> None:
    name = write_mail(demonstration)
    folder = demonstration.application.extensions["settings"].instance / "mail"

    assert (folder / name).stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
    assert os.listdir(folder) == [name]  # noqa: PTH208 hidden files too


@pytest.mark.parametrize(
    "name",
    [
        "../secrets.env",
        "..%2Fsecrets.env",
        "%2e%2e%2fsecrets.env",
        "....//secrets.env",
        "secrets.env",
        "20300401T120000Z-..%2F..%2F..%2F..eml",
        "20300401T120000Z-0000000000.eml",
        "/etc/passwd",
    ],
)
def test_no_other_file_is_read(demonstration: FlaskClient, name: str) -> None:
    write_mail(demonstration)
    (demonstration.application.extensions["settings"].instance / "secrets.env").write_text("SECRET_KEY=x")

    for path in (f"/dev/mail/{name}", f"/dev/mail/{name}/html"):
        answer = demonstration.get(path)

        assert answer.status_code == 404
        assert "SECRET_KEY" not in answer.text


@pytest.mark.parametrize("changes", [{}, {"mode": Mode.DEMONSTRATION, "smtp_url": "smtp://127.0.0.1"}])
def test_where_mail_is_real_there_is_no_such_page(
    app: Flask, tmp_path: Path, changes: dict[str, object]
) -> None:
    client = create_app(replace(app.extensions["settings"], instance=tmp_path, **changes)).test_client()  # type: ignore[arg-type]
    name = write_mail(client)

    for path in ("/dev/mail/", f"/dev/mail/{name}", f"/dev/mail/{name}/html"):
        assert client.get(path).status_code == 404
