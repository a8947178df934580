"""The administrator's room."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any, Self

import pytest
from sqlalchemy import func, select, update

from coordinator.audit.models import AuditEntry
from coordinator.cli.worker import write
from coordinator.ops import health
from coordinator.ops.remarks import WORDS, health_remarks
from coordinator.outbox.jobs import beat, send_due
from coordinator.outbox.models import MailServer, Message
from coordinator.outbox.rules import BounceKind, LetterError, LetterRefusedError, MailAwayError
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.outbox import MessageFactory, UndeliverableFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

    SignIn = Callable[[Any], FlaskClient]

DATABASE_ANSWERS = health.Check("database", is_ok=True, figures={})
MINE = "administrator@mail-of-mine.example.org"


@pytest.fixture
def administrator(session: Session, sign_in: SignIn) -> FlaskClient:
    """The browser of an administrator."""
    return sign_in(AccountFactory(administrator=True, email=MINE))


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def set_up(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **changes))


def stat(html: str, label: str) -> str:
    found = re.search(rf'stat__number">([^<]*)</bdi>\s*<span class="stat__label">{label}<', html)
    assert found
    return found[1]


class Answering:
    """A transport that says one thing to everybody."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, letter: EmailMessage) -> None:  # noqa: ARG002 part of the protocol
        if self.trouble:
            raise self.trouble


def posted(browser: FlaskClient) -> str:
    """Press the button, and return the address of the page that follows the letter."""
    answer = browser.post("/en/administer/mail/test")
    assert answer.status_code == 303
    return str(answer.location)


def work(seal: Seal, trouble: Exception | None = None) -> None:
    send_due(Answering(trouble), write, seal=seal, clock=lambda: datetime.now(UTC))


def test_all_is_well(administrator: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordinator.ops.views.administering.checks", lambda *_, **__: [DATABASE_ANSWERS])

    page = administrator.get("/en/administer/").text

    assert "All is well" in page
    assert "remarks__item--bad" not in page


def test_what_is_wrong_stands_first_with_what_to_do(administrator: FlaskClient, session: Session) -> None:
    beat("chores", now=datetime.now(UTC))
    beat("mail", now=datetime.now(UTC) - timedelta(hours=3))

    page = words(administrator.get("/en/administer/").text)

    assert "need you" in page or "needs you" in page
    assert "It was last seen 3 hours ago. Start it:" in page
    assert page.index("Worker for mail") < page.index("Worker for places, imports and deleting")


@pytest.mark.parametrize("is_ok", [True, False])
def test_every_check_has_words_of_its_own(app: Flask, session: Session, seal: Seal, is_ok: bool) -> None:
    settings = app.extensions["settings"]
    found = health.checks(
        session,
        instance=settings.instance,
        gazetteer=settings.instance,
        seal=seal,
        now=datetime.now(UTC),
    )

    with app.test_request_context("/en/"):
        remarks = health_remarks([replace(check, is_ok=is_ok) for check in found])

    assert {check.name for check in found} == set(WORDS)
    assert all(one.says for one in remarks)
    assert [bool(one.remedy) for one in remarks] == [not is_ok] * len(found)


def test_a_check_that_nobody_wrote_words_for_is_shown_all_the_same(app: Flask) -> None:
    with app.test_request_context("/en/"):
        (remark,) = health_remarks([health.Check("moon", is_ok=False, figures={"phase": 3})])

    assert (remark.title, remark.says) == ("moon", "phase: 3")


def test_a_letter_to_oneself_is_followed_to_the_server(
    administrator: FlaskClient, session: Session, seal: Seal, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(app, monkeypatch, smtp_url="smtp+plain://127.0.0.1:9")
    beat("mail", now=datetime.now(UTC))

    address = posted(administrator)
    before = words(administrator.get(address).text)
    work(seal)
    after = administrator.get(address).text

    assert "The worker takes it within seconds" in before
    assert "The mail server took it and said so (250)." in after
    assert "Look yourself" in after
    assert 'data-behaviour="progress"' not in after
    message = session.scalars(select(Message)).one()
    assert (message.template, message.is_asked_for, message.sent_at is not None) == (
        "messages/self_test",
        True,
        True,
    )


def test_while_it_is_under_way_the_page_looks_again_by_itself_and_by_a_link(
    administrator: FlaskClient, session: Session
) -> None:
    address = posted(administrator)

    page = administrator.get(address).text
    session.execute(update(Message).values(created_at=datetime.now(UTC) - timedelta(hours=1)))
    later = administrator.get(address).text

    assert 'id="progress" aria-live="polite" data-behaviour="progress"' in page
    assert "Look again" in page
    assert "data-behaviour" not in later
    assert "Look again" in later


def test_a_letter_that_nobody_takes_says_that_no_worker_runs(administrator: FlaskClient) -> None:
    page = words(administrator.get(posted(administrator)).text)

    assert "No worker is running. Start it:" in page


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (LetterRefusedError("refused:550 5.1.1"), "there is no such mailbox. Its answer: 550 5.1.1."),
        (LetterError("data:554 5.7.26"), "may send such mail. Its answer: 554 5.7.26. The letter waits"),
        (LetterError("recipient:452 4.2.2"), "asked again later. Its answer: 452 4.2.2. The letter waits"),
        (
            MailAwayError("SMTPAuthenticationError:535 5.7.8"),
            "the name or the password. Its answer: 535 5.7.8.",
        ),
        (MailAwayError("ConnectionRefusedError"), "The mail server can't be reached. The letter waits"),
    ],
)
def test_a_letter_that_does_not_go_says_why_and_what_to_do(
    administrator: FlaskClient, seal: Seal, trouble: Exception, says: str
) -> None:
    address = posted(administrator)

    work(seal, trouble)
    page = administrator.get(address).text

    assert says in words(page)
    assert "Taken by the worker" in page
    assert "No worker is running" not in page
    assert page.count("remarks__item--bad") == 1


def test_trouble_that_is_over_is_not_told(administrator: FlaskClient, session: Session, seal: Seal) -> None:
    MessageFactory(due_at=datetime.now(UTC))
    work(seal, MailAwayError("gaierror"))
    assert "No mail goes out" in administrator.get("/en/administer/mail").text

    work(seal)

    assert "No mail goes out" not in administrator.get("/en/administer/mail").text


def test_a_letter_that_came_back_says_with_which_code(
    administrator: FlaskClient, session: Session, seal: Seal
) -> None:
    address = posted(administrator)
    work(seal)
    session.execute(
        update(Message).values(bounced_at=datetime.now(UTC), bounce=BounceKind.SOFT, bounce_code="5.7.26")
    )

    assert "It came back: 5.7.26." in words(administrator.get(address).text)


def test_a_second_click_sends_no_second_letter(administrator: FlaskClient, session: Session) -> None:
    assert posted(administrator) == posted(administrator)
    assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_nobody_reads_of_the_letter_of_another_administrator(
    administrator: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    address = posted(administrator)
    not_a_test = MessageFactory().public_id

    other = sign_in(AccountFactory(administrator=True))

    assert other.get(address).status_code == 404
    assert other.get(f"/en/administer/mail/{not_a_test}").status_code == 404


def test_an_address_that_nobody_confirmed_gets_no_letter(session: Session, sign_in: SignIn) -> None:
    browser = sign_in(AccountFactory(administrator=True, unverified=True))

    assert "Send me a letter" not in browser.get("/en/administer/mail").text
    assert browser.post("/en/administer/mail/test").status_code == 409
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_letters_to_oneself_are_limited(
    administrator: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    app.extensions["limiter"].reset()

    answers = [administrator.post("/en/administer/mail/test").status_code for _ in range(21)]

    app.extensions["limiter"].reset()
    assert answers == [303] * 20 + [429]


def test_the_log_of_acts_names_the_letter_and_nobody_s_address(
    administrator: FlaskClient, session: Session
) -> None:
    MessageFactory(failed=True, failed_at=datetime.now(UTC))
    posted(administrator)
    administrator.post("/en/administer/mail/retry")

    entries = session.execute(select(AuditEntry.tag, AuditEntry.subject, AuditEntry.details)).all()

    public_id = session.scalar(select(Message.public_id).where(Message.template == "messages/self_test"))
    assert ("mail:tested", f"message:{public_id}", {}) in [tuple(one) for one in entries]
    assert ("mail:retried", "outbox:all", {"messages": 1}) in [tuple(one) for one in entries]
    assert "mail-of-mine" not in repr(entries)


def test_the_post_office_in_numbers(administrator: FlaskClient, session: Session) -> None:
    now = datetime.now(UTC)
    MessageFactory(due_at=now - timedelta(hours=2), created_at=now - timedelta(hours=2))
    MessageFactory(due_at=now + timedelta(days=2))
    MessageFactory.create_batch(3, sent=True, sent_at=now - timedelta(minutes=5))
    MessageFactory.create_batch(2, sent=True, sent_at=now - timedelta(hours=5))
    MessageFactory(sent=True, sent_at=now - timedelta(days=2))
    MessageFactory(
        sent=True, sent_at=now - timedelta(days=3), bounced_at=now, bounce="hard", bounce_code="5.1.1"
    )
    MessageFactory.create_batch(
        2, failed=True, failed_at=now, error="refused:550 5.1.1", recipient_sealed=None
    )
    MessageFactory(failed=True, failed_at=now, error="data:554 5.7.1")
    MessageFactory(failed=True, failed_at=now - timedelta(days=40))
    UndeliverableFactory()

    page = administrator.get("/en/administer/mail").text

    assert stat(page, "waiting") == "2"
    assert "the oldest should have gone 2 hours ago" in page
    assert stat(page, "sent in 24 hours") == "5"
    assert "3 in the last hour" in page
    assert stat(page, "given up") == "3"
    assert stat(page, "came back") == "1"
    assert stat(page, "mailboxes gone") == "1"
    said = words(page)
    assert "The mail server says that there is no such mailbox. 550 5.1.1 2" in said
    assert "does not believe that this site may send such mail. 554 5.7.1 1" in said
    assert "1 of them can go again" in said
    assert "The mailbox is gone 5.1.1 1" in said
    assert "reader" not in page


def test_what_was_given_up_goes_again(administrator: FlaskClient, session: Session) -> None:
    failed = MessageFactory(failed=True, failed_at=datetime.now(UTC))

    answer = administrator.post("/en/administer/mail/retry", follow_redirects=True)

    session.expire_all()
    assert "1 message goes again." in answer.text
    assert (failed.failed_at, failed.tries) == (None, 0)


def test_who_carries_letters_is_named_without_password_or_name(
    administrator: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    set_up(
        app,
        monkeypatch,
        smtp_url="smtps://vigil-user:open-sesame@mail.provider.example:465",
        bounce_mailbox="imaps://bounce-user:open-sesame@imap.provider.example/Returns",
        mail_webhook="postmark:open-sesame-open-sesame",
    )
    session.add(MailServer(name="bounces", ok_at=datetime(2030, 4, 1, 12, 0, tzinfo=UTC)))
    session.flush()

    page = administrator.get("/en/administer/mail").text

    assert "mail.provider.example, port 465, encrypted." in page
    assert "Returns at imap.provider.example, read every five minutes." in page
    assert "1 Apr 2030, 12:00:00 UTC" in page
    assert "http://localhost/webhooks/mail/postmark" in page
    assert not [secret for secret in ("open-sesame", "vigil-user", "bounce-user") if secret in page]


@pytest.mark.parametrize(
    ("setting", "talk", "says"),
    [
        ("", None, "Nobody tells us"),
        ("imaps://nobody.example", None, "BOUNCE_MAILBOX can't be read."),
        ("imaps://a:b@imap.example/INBOX", None, "It was not read yet."),
        ("imaps://a:b@imap.example/INBOX", {"trouble": "mailbox:error"}, "it could not be opened."),
    ],
)
def test_a_mailbox_for_bounces_that_is_not_read_says_so(
    administrator: FlaskClient,
    session: Session,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    talk: dict[str, str] | None,
    says: str,
) -> None:
    set_up(app, monkeypatch, bounce_mailbox=setting)
    if talk:
        session.add(MailServer(name="bounces", trouble_at=datetime.now(UTC), **talk))
        session.flush()

    assert says in words(administrator.get("/en/administer/mail").text)


@pytest.mark.parametrize("path", ["", "mail"])
def test_for_everybody_else_there_is_no_such_room(session: Session, sign_in: SignIn, path: str) -> None:
    for account in (AccountFactory(), CampaignRoleFactory().account):
        browser = sign_in(account)
        assert browser.get(f"/en/administer/{path}").status_code == 404
        assert "This installation" not in browser.get("/en/organise/").text


def test_personal_data_is_counted_by_where_it_lies_and_named_by_nobody(
    administrator: FlaskClient, session: Session
) -> None:
    RsvpFactory(confirmed=True, name="Ada Lovelace", email="ada@example.org")
    session.commit()

    page = administrator.get("/en/administer/personal-data").text

    assert "rsvp.name_sealed" in page
    assert "contact.name_sealed" not in page  # nobody is one
    assert "Ada" not in page
