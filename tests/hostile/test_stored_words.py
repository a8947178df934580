"""Text from strangers in every column that holds text: in page, feed and letter it stays text."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Self

import pytest
from icalendar import Calendar
from sqlalchemy import String, Text, select

from coordinator.accounts.models import Account
from coordinator.cli.worker import write
from coordinator.events.models import Event
from coordinator.events.rules import EventStatus
from coordinator.events.service.changing import cancel_event
from coordinator.events.service.reviewing import ask_organiser, publish_event
from coordinator.kit.clock import now
from coordinator.kit.db import Base
from coordinator.outbox.jobs import send_due
from coordinator.outbox.models import Message
from coordinator.rsvps.models import HelpOffer
from coordinator.rsvps.service.helping import assign_helper, release_helper, thank_helper
from tests.factories.events import ReviewNoteFactory
from tests.world import COORDINATOR, NOBODY, ORGANISER, World, browser_of, make_world, rules

if TYPE_CHECKING:
    from email.message import EmailMessage

    from flask import Flask
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

HOSTILE = "\"'`><xss onprobe=1></script></title></textarea><xss>${7*7}{{7*7}}\u202e"
LINK = "javascript:alert(1)//<xss>"
AS_MARKDOWN = f"[a]({LINK}) <{LINK}> ![b]({LINK})\n\n<xss onprobe=1>\n\n[c]: {LINK}\n[c]\n\n{HOSTILE}"

WORDS_OF_PEOPLE = {
    "event": {
        "title": HOSTILE, "description": AS_MARKDOWN, "address": HOSTILE, "city": HOSTILE,
        "how_to_get_there": HOSTILE, "accessibility": HOSTILE, "public_contact": HOSTILE,
        "cancelled_because": HOSTILE, "located_by": "nominatim",
    },
    "campaign": {"petition_url": "https://example.org/?a=<xss>", "updates_url": "https://example.org/'\"><xss>"},
    "campaign_text": {},
    "mission": {"address": HOSTILE, "website": LINK, "source": HOSTILE, "city": HOSTILE},
    "mission_name": {},
    "account": {"display_name_sealed": HOSTILE[:80]},
    "contact": {"name_sealed": HOSTILE, "note_sealed": HOSTILE, "phone_sealed": HOSTILE},
    "rsvp": {"name_sealed": HOSTILE, "note_sealed": HOSTILE, "phone_sealed": HOSTILE},
    "review_note": {"text_sealed": HOSTILE},
    "announcement": {"refusal_sealed": HOSTILE},
    "announcement_text": {"subject_sealed": HOSTILE, "body_sealed": AS_MARKDOWN, "locale": "en"},
    "contact_filter": {"name_sealed": HOSTILE, "search_sealed": json.dumps({"text": HOSTILE})},
}  # fmt: skip
"""What else is text there, and free of a CHECK, gets `HOSTILE` too: see `plant`."""

CODES = frozenset(
    {
        "public_id", "slug", "locale", "timezone", "email_digest", "digest", "token_digest", "password_hash",
        "email_sealed", "token_sealed", "tags_sealed", "roles_sealed",
        "country", "receiving_state", "sending_state", "code",
        "languages", "help", "default_locale", "source_id", "consent_wording", "located_by", "kind", "status",
        "precision", "date_rule", "review_policy", "context_sealed", "recipient_sealed", "website",
    }
)  # fmt: skip


class Reader(HTMLParser):
    """Finds what a browser would run or follow."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "xss":
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on"):
                self.found.append(f"{name}=")
            if name in {"href", "src", "action", "formaction", "xlink:href", "data"} and (
                (value or "").strip().lower().startswith(("javascript:", "data:text", "vbscript:"))
            ):
                self.found.append(f"{tag} {name}={value}")
            if name in {"style", "srcdoc"}:
                self.found.append(f"{tag} {name}")

    handle_startendtag = handle_starttag


def plant(session: Session, seal: Seal) -> None:
    """Put hostile words wherever a row has room for words."""
    for table in Base.metadata.sorted_tables:
        values: dict[str, Any] = {}
        own = WORDS_OF_PEOPLE.get(table.name)
        if own is None:
            continue
        for column in table.columns:
            is_text = isinstance(column.type, (String, Text)) and type(column.type) in {String, Text}
            if not is_text or (column.name in CODES and column.name not in own):
                continue
            if column.primary_key or column.foreign_keys or column.unique:
                continue
            words = own.get(column.name, HOSTILE)
            longest = getattr(column.type, "length", None)
            values[column.name] = (
                seal.encrypt(words) if column.name.endswith("_sealed") else words[: longest or None]
            )
        if values:
            session.execute(table.update().values(values))


@pytest.fixture
def world(session: Session, app: Flask, seal: Seal) -> World:
    app.config["WTF_CSRF_ENABLED"] = False
    found = make_world(session, app)
    ReviewNoteFactory(
        event=session.scalars(select(Event).where(Event.public_id == found.values["public_id"])).one()
    )
    plant(session, seal)
    for event in session.scalars(select(Event)):
        event.help_wanted = [one | {"words": HOSTILE[:60], "note": HOSTILE} for one in event.help_wanted]
    session.commit()
    return found


@pytest.mark.parametrize("person", [NOBODY, ORGANISER, COORDINATOR])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_page_runs_what_somebody_typed(app: Flask, world: World, person: str, language: str) -> None:
    run, shown = [], 0
    world.values["lang"] = language
    for rule in rules(app):
        answer = browser_of(app, world, person).get(world.address(rule))
        if answer.mimetype == "text/html":
            reader = Reader()
            reader.feed(answer.text)
            own_style = " style" if rule.endpoint in {"messages.letter", "approvals.letter"} else "\0"
            run += [(rule.rule, what) for what in reader.found if not what.endswith(own_style)]
            shown += "&lt;xss" in answer.text
            if "{{7*7}}" in answer.text.replace("${7*7}{{7*7}}", ""):
                run.append((rule.rule, "template"))
        elif answer.mimetype in {"application/json", "application/geo+json"}:
            json.loads(answer.text)
        elif answer.mimetype == "text/calendar":
            assert Calendar.from_ical(answer.data)
            assert not [line for line in answer.text.splitlines() if line.startswith("<xss")]
        elif "javascript" in answer.mimetype and "xss" in answer.text:
            run.append((rule.rule, "script"))

    assert run == []
    assert shown > 3


class Pillar:
    """A letter box that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def send(self, letter: EmailMessage) -> None:
        self.letters.append(letter)


def test_no_letter_runs_what_somebody_typed(app: Flask, world: World, session: Session, seal: Seal) -> None:
    browser = browser_of(app, world, NOBODY)
    event = session.scalars(select(Event).where(Event.public_id == world.values["public_id"])).one()
    coordinator = session.scalars(
        select(Account).where(Account.public_id == world.identities[COORDINATOR].partition(":")[0])
    ).one()
    ask_organiser(session, event, by=coordinator, reason=HOSTILE, seal=seal, now=now())
    publish_event(session, event, by=coordinator, seal=seal, now=now(), accepts_rough_place=True)
    session.commit()
    form = {"status": "accepted", "party_size": "2", "name": HOSTILE[:80], "email": "ada@example.org"}
    answered = browser.post(f"/ru/events/{event.public_id}/rsvp", data=form)
    assert answered.status_code == 303
    coordinator = session.merge(coordinator)
    event = session.scalars(select(Event).where(Event.public_id == world.values["public_id"])).one()
    helper = session.scalars(select(HelpOffer)).one()
    helper.rsvp.email_sealed, helper.rsvp.email_digest = seal.encrypt("ada@example.org"), "e" * 64
    helper.rsvp.token_sealed, helper.rsvp.confirmed_at = seal.encrypt("q" * 32), now()
    for act in (assign_helper, thank_helper, release_helper):
        assert act(session, helper, by=coordinator, seal=seal, now=now())
    cancel_event(session, event, by=coordinator, seal=seal, now=now(), because=HOSTILE)
    browser.post("/en/account/reset", data={"email": "organiser@example.org"})
    browser.post(
        "/en/account/sign-up",
        data={
            "email": "organiser@example.org",
            "display_name": HOSTILE[:80],
            "password": "a lantern in the bay",
        },
    )
    people = browser_of(app, world, COORDINATOR)
    people.post(
        "/en/coordinate/their-campaign/people", data={"email": "new@example.org", "kind": "coordinator"}
    )
    session.commit()
    assert event.status is EventStatus.CANCELLED

    pillar = Pillar()
    send_due(pillar, write, seal=seal, clock=now)  # type: ignore[arg-type]

    assert session.scalars(select(Message.error).where(Message.error.is_not(None))).all() == []
    assert len(pillar.letters) >= 9
    for letter in pillar.letters:
        reader = Reader()
        html = letter.get_body(("html",)).get_content()  # type: ignore[union-attr]
        reader.feed(html)
        assert [what for what in reader.found if not what.endswith(" style")] == []
        assert letter["Bcc"] is None
        assert len(letter["To"].addresses) == 1
        assert "\n" not in letter["Subject"]
