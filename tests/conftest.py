"""What every test stands on: an app, a database that forgets, no network but this machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from cryptography.fernet import Fernet
from flask import g, has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from coordinator.app import create_app
from coordinator.kit.db import WRITING, db
from coordinator.kit.kept import forget_everything
from coordinator.settings import Mode, Settings, database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session
    from werkzeug.test import TestResponse

    from coordinator.kit.crypto import Seal

CHECKOUT = hashlib.sha256(__file__.encode()).hexdigest()[:8]
"""Part of a test database's name, so that two checkouts on one machine may test at once."""

IN_CI = os.environ.get("CI") == "true"
TEST_KEY = Fernet.generate_key().decode()


def settings_for(instance: Path, url: str = "", **changes: Any) -> Settings:
    """Return settings for a test installation in `instance`."""
    values: dict[str, Any] = {
        "mode": Mode.TESTING,
        "instance": instance,
        "secret_key": "s" * 40,
        "digest_key": "d" * 40,
        "encryption_keys": (TEST_KEY,),
        "database_url": database_url(url, instance),
        "site_url": "http://localhost",
        "geocoder": "none",
        "contact_email": "administrator@example.org",
    }
    return Settings(**(values | changes))


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Let sockets reach this machine and nothing else."""
    connect = socket.socket.connect

    def guarded(sock: socket.socket, address: Any) -> None:
        is_inet = sock.family in {socket.AF_INET, socket.AF_INET6}
        if is_inet and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test reached for the network: {address[0]}")
        connect(sock, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Forget answers kept in memory: the next database begins with the same ids and revisions."""
    yield
    forget_everything()


def database(name: str) -> Iterator[str]:
    """Yield the URL of an empty database: a file of SQLite, or one made for this test on PostgreSQL."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not server:
        yield ""
        return
    name = f"{name}_{CHECKOUT}"
    url = urlsplit(server)
    made = urlunsplit(url._replace(path=f"/{name}"))
    admin = create_engine(make_url(database_url(server, None)), isolation_level="AUTOCOMMIT")  # type: ignore[arg-type]
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield made
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


class Browser(FlaskClient):
    """A client whose requests know nothing of one another.

    The test's own app context is open around them, and Flask lends its `g` to each: language and person
    of the request before would still be there.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        for name in list(g) if has_app_context() else ():
            g.pop(name)
        return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, worker_name: str) -> Iterator[Flask]:
    """The app on a migrated database. Rows that a test writes are gone after it: use `session`."""
    instance = tmp_path_factory.mktemp("instance")
    for url in database(f"coordinator_test_{worker_name}"):
        app = create_app(settings_for(instance, url))
        app.test_client_class = Browser
        with app.app_context():
            upgrade()
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """Name of this process among those that run tests side by side."""
    config: Any = request.config
    return getattr(config, "workerinput", {}).get("workerid", "gw0")


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session whose transaction, and that of every request in the test, is rolled back at the end."""
    with app.app_context():
        engine = db.engine
        connection = engine.connect().execution_options(**{WRITING: True})
        transaction = connection.begin()
        engines = db.engines
        engines[None] = connection  # type: ignore[assignment]  # a bind, which is all the session wants
        yield db.session()
        db.session.remove()
        transaction.rollback()
        connection.close()
        engines[None] = engine


@pytest.fixture
def client(app: Flask, session: Session) -> Iterator[FlaskClient]:
    """A browser without JavaScript. Its forms carry no CSRF token: tests in `house/` look at those."""
    app.config["WTF_CSRF_ENABLED"] = False
    yield app.test_client()
    app.config["WTF_CSRF_ENABLED"] = True


@pytest.fixture
def runner(app: Flask, session: Session) -> FlaskCliRunner:
    """The command line."""
    return app.test_cli_runner()


@pytest.fixture
def seal(app: Flask) -> Seal:
    """The app's keys."""
    found: Seal = app.extensions["seal"]
    return found


@pytest.fixture
def real_app(tmp_path: Path, worker_name: str) -> Iterator[Flask]:
    """An app with a database of its own and real commits, for threads, processes and browsers."""
    for url in database(f"coordinator_real_{worker_name}"):
        app = create_app(settings_for(tmp_path, url))
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            upgrade()
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        shutil.rmtree(tmp_path / "mail", ignore_errors=True)


@pytest.fixture
def sign_in(client: FlaskClient) -> Callable[[Any], FlaskClient]:
    """Return a function that signs an account in, past the form."""

    def enter(account: Any) -> FlaskClient:
        with client.session_transaction() as cookie:
            cookie["_user_id"] = account.get_id()
            cookie["_fresh"] = True
        return client

    return enter
