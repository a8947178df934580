"""A fault in the middle of somebody's form: neither page nor log repeats a word of it, nor its link."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from coordinator.accounts import views as accounts
from coordinator.contacts.views import contacts
from coordinator.events.views import organising
from coordinator.rsvps.views import submitting
from tests.world import NOBODY, ORGANISER, World, browser_of, make_world, rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy.orm import Session

SECRETS = {
    "email": "ada.secret@example.org", "name": "Ada Secret", "display_name": "Ada Secret",
    "phone": "+49 30 5550199", "note": "my note is secret", "password": "a secret lantern by the bay",
    "old_password": "a secret lantern by the bay", "repeated": "a secret lantern by the bay",
    "title": "Secret title", "description": "secret words", "address": "Secret Street 7, Berlin",
    "tags": "secret, tag", "tag": "secret", "status": "accepted", "party_size": "1", "consent_contact": "y",
    "starts_at": "2030-09-16T18:00", "latitude": "52.5", "longitude": "13.4", "locale": "en", "act": "draft",
    "campaign": "their-campaign",
}  # fmt: skip
TELLING = ("secret", "ada", "5550199", "p" * 32, "v" * 32, "r" * 32)


def quoting(*_: Any, **__: Any) -> None:
    """Fail as a database does: with the row in the words of the error."""
    raise IntegrityError("INSERT INTO rsvp …", dict(SECRETS), ValueError(str(SECRETS)))


def locked(*_: Any, **__: Any) -> None:
    raise OperationalError("INSERT INTO rsvp …", dict(SECRETS), ValueError(f"locked {SECRETS}"))


def failing(*_: Any, **__: Any) -> None:
    raise RuntimeError(str(SECRETS))


@pytest.fixture
def world(session: Session, app: Flask) -> Iterator[World]:
    app.config["WTF_CSRF_ENABLED"] = False
    found = make_world(session, app)
    app.testing = False
    yield found
    app.testing = True


@pytest.mark.parametrize("fault", [quoting, locked, failing])
@pytest.mark.parametrize("person", [NOBODY, ORGANISER])
def test_a_fault_repeats_nothing(
    app: Flask,
    world: World,
    person: str,
    fault: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    for room in (accounts, contacts, organising, submitting):
        monkeypatch.setattr(room, "unit_of_work", fault)
    statuses = []

    for rule in rules(app, "POST"):
        if rule.endpoint.partition(".")[0] not in {"accounts", "contacts", "organising", "rsvps"}:
            continue
        answer = browser_of(app, world, person).post(world.address(rule), data=SECRETS)
        if answer.status_code >= 500:
            statuses.append(answer.status_code)
            # the page links to itself in the other languages; whoever reads it has that address
            shown = answer.text.replace(world.address(rule).removeprefix("/en"), "").lower()
            assert not [word for word in TELLING if word in shown.replace("data", "")], rule.rule

    written = (caplog.text + "".join(capfd.readouterr())).lower()
    assert len(statuses) >= 3
    assert set(statuses) <= {500, 503}
    assert not [word for word in TELLING if word in written.replace("readable", "")]
    assert "integrityerror" in written or "valueerror" in written or "runtimeerror" in written
