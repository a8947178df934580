"""Closed by default: every route there is, for everybody who may come, with other people's ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.accounts.models import AccountToken
from coordinator.accounts.rules import TokenPurpose
from coordinator.campaigns.models import CampaignInvitation
from coordinator.campaigns.rules import CampaignRoleKind
from coordinator.kit.access import May
from coordinator.kit.clock import now
from coordinator.kit.db import Base, db
from coordinator.kit.ids import new_public_id
from coordinator.kit.tokens import token_digest
from tests.conftest import Browser
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

NOBODY = "nobody"
ORGANISER = "the organiser"
STRANGER = "another organiser"
ELSEWHERE = "another campaign's coordinator"
COORDINATOR = "the coordinator"
ADMINISTRATOR = "an administrator"
PEOPLE = (NOBODY, ORGANISER, STRANGER, ELSEWHERE, COORDINATOR, ADMINISTRATOR)
SIGNED_IN = frozenset(PEOPLE) - {NOBODY}

WITH_SESSION = frozenset({"accounts", "organising"})
"""Blueprints whose public pages know a session: signing in, and the form that is kept through it."""

FORMS = {
    "campaigns.status": {"status": "open"},
    "campaigns.drop": {"kind": "coordinator"},
    "review.trust": {"trust": "yes"},
}
"""What a POST has to say to get as far as the question who asks."""

SAID_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FRAMED = {"maps.campaign_map": "'self'", "maps.embedded_map": "*"}


@dataclass(frozen=True)
class World:
    """One of everything, and somebody of every kind. Only texts: rows do not outlive a request here."""

    identities: dict[str, str]
    """What the session of each keeps."""
    values: dict[str, str]
    """What stands for each argument of a route."""
    by_endpoint: dict[str, dict[str, str]] = field(default_factory=dict)
    """Where an argument means something else."""

    def address(self, rule: Rule) -> str:
        """Return the rule's address, every argument filled with something that is there."""
        values = self.values | self.by_endpoint.get(rule.endpoint, {})
        values |= self.by_endpoint.get(rule.endpoint.partition(".")[0], {})
        path = "".join(
            values.get(text, "nonsense") if is_dynamic else text for is_dynamic, text in rule._trace
        )
        return path.partition("|")[2]


@pytest.fixture
def world(session: Session, client: FlaskClient) -> World:
    organiser = AccountFactory(email="organiser@example.org")
    event = EventFactory(organiser=organiser, submitted=True, campaign=CampaignFactory(slug="their-campaign"))
    campaign = event.campaign
    public = EventFactory(organiser=organiser, campaign=campaign)
    contact = ContactFactory(event=public)
    RsvpFactory(event=public, pending=True, token="p" * 32)
    coordinator = CampaignRoleFactory(campaign=campaign).account
    CampaignRoleFactory(campaign=campaign)  # a second one, so that the first may go
    elsewhere = CampaignRoleFactory(campaign=CampaignFactory(slug="elsewhere")).account
    newcomer = AccountFactory(unverified=True)
    for account, purpose, token in (
        (newcomer, TokenPurpose.VERIFY, "v" * 32),
        (organiser, TokenPurpose.RESET, "r" * 32),
    ):
        session.add(
            AccountToken(
                account=account,
                purpose=purpose,
                digest=token_digest(token),
                created_at=now(),
                expires_at=now() + timedelta(hours=1),
            )
        )
    seal = client.application.extensions["seal"]
    invitation = CampaignInvitation(
        public_id=new_public_id(),
        campaign=campaign,
        kind=CampaignRoleKind.TRUSTED,
        email_sealed=seal.encrypt("organiser@example.org"),
        email_digest=seal.digest("organiser@example.org"),
        created_at=now(),
        expires_at=now() + timedelta(days=1),
    )
    session.add(invitation)
    session.flush()
    found = World(
        identities={
            ORGANISER: organiser.get_id(),
            STRANGER: AccountFactory().get_id(),
            ELSEWHERE: elsewhere.get_id(),
            COORDINATOR: coordinator.get_id(),
            ADMINISTRATOR: AccountFactory(administrator=True).get_id(),
        },
        values={
            "lang": "en",
            "slug": campaign.slug,
            "public_id": event.public_id,
            "code": event.mission.code,
            "token": "p" * 32,
        },
        by_endpoint={
            "contacts": {"public_id": contact.public_id},
            "attendees": {"public_id": public.public_id},
            "rsvps": {"public_id": public.public_id},
            "feeds": {"public_id": public.public_id},
            "accounts.verify": {"token": "v" * 32},
            "accounts.reset_password": {"token": "r" * 32},
            "campaigns.drop": {"public_id": coordinator.public_id},
            "campaigns.revoke": {"public_id": invitation.public_id},
            "campaigns.answer": {"public_id": invitation.public_id},
        },
    )
    session.commit()
    return found


def rules(app: Flask, method: str = "GET") -> Iterator[Rule]:
    """Yield every route that takes `method`, but that of static files."""
    yield from (
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and method in (rule.methods or ())
    )


def access_of(app: Flask, rule: Rule) -> Any:
    return app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]


def browser_of(app: Flask, world: World, person: str) -> FlaskClient:
    """Return the browser of `person`, signed in unless that is nobody."""
    app.test_client_class = Browser
    browser = app.test_client()
    if person != NOBODY:
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = world.identities[person]
            cookie["_fresh"] = True
    return browser


def undone(act: Callable[[], TestResponse]) -> tuple[TestResponse, bool]:
    """Do a request, undo it, and return its answer and whether it had changed anything."""
    db.session.remove()
    connection: Any = db.engines[None]
    point = connection.begin_nested()
    before = dump(connection)
    answer = act()
    db.session.remove()
    has_changed = dump(connection) != before
    point.rollback()
    return answer, has_changed


def dump(connection: Any) -> list[str]:
    """Return every row of every table."""
    return [
        f"{table.name} {row}"
        for table in Base.metadata.sorted_tables
        for row in connection.execute(select(table).order_by(*table.primary_key.columns)).all()
    ]


def may_come_in(rule: Rule, access: Any) -> frozenset[str]:
    """Return who is let in, by what the view declares and by whose things are asked for."""
    if not isinstance(access, May):
        return frozenset(PEOPLE)
    if access is May.ADMINISTER:
        return frozenset({ADMINISTRATOR})
    if access is May.ORGANISE:
        return frozenset({ORGANISER}) if "public_id" in rule.arguments else SIGNED_IN
    owners = frozenset({COORDINATOR, ADMINISTRATOR})
    return owners if "slug" in rule.arguments else owners | {ELSEWHERE}


def test_every_view_declares_its_access(app: Flask) -> None:
    open_by_accident = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint != "static" and not hasattr(view, "access")
    ]

    assert open_by_accident == []


def test_a_view_that_declares_nothing_is_let_in_nowhere(app: Flask) -> None:
    """The test above would be enough, if nobody ever forgot to run it."""
    assert any(hook.__name__ == "refuse_undeclared" for hook in app.before_request_funcs[None])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("person", PEOPLE)
def test_who_gets_in_where(app: Flask, world: World, person: str, method: str) -> None:
    surprises = []
    for rule in rules(app, method):
        access = access_of(app, rule)
        answer, has_changed = undone(
            lambda rule=rule: browser_of(app, world, person).open(
                world.address(rule), method=method, data=FORMS.get(rule.endpoint)
            )
        )
        is_asked_to_sign_in = answer.status_code == 303 and "/account/sign-in" in answer.location
        if person in may_come_in(rule, access):
            is_right = answer.status_code in {200, 302, 303, 304, 409, 422}
            is_right = is_right and not (is_asked_to_sign_in and isinstance(access, May))
            if rule.endpoint in {"maps.map_script", "ops.readyz"}:  # another version; a house without worker
                is_right = answer.status_code in {200, 302, 404, 503}
        elif person == NOBODY:
            is_right = is_asked_to_sign_in and not has_changed
        else:
            is_right = answer.status_code == 404 and not has_changed
        if not is_right:
            surprises.append((rule.endpoint, answer.status_code, answer.location, has_changed))

    assert surprises == []


@pytest.mark.parametrize("person", PEOPLE)
def test_nothing_changes_by_get(app: Flask, world: World, person: str) -> None:
    """Links in letters are among them, which mail scanners open."""
    changed = []
    for rule in rules(app):
        for query in ("", "?act=cancel&status=accepted&done=cancelled&answer=accept&confirm=1&export=1"):
            _, has_changed = undone(
                lambda rule=rule, query=query: browser_of(app, world, person).get(world.address(rule) + query)
            )
            if has_changed:
                changed.append(rule.rule + query)

    assert changed == []


@pytest.mark.parametrize("person", PEOPLE)
def test_public_pages_know_nobody(app: Flask, world: World, person: str) -> None:
    """The same bytes for everybody, no cookie, and nothing that makes a cache tell people apart."""
    different = []
    for rule in rules(app):
        if isinstance(access_of(app, rule), May) or rule.endpoint.partition(".")[0] in WITH_SESSION:
            continue
        address = world.address(rule)
        strangers, _ = undone(lambda address=address: browser_of(app, world, NOBODY).get(address))
        theirs, _ = undone(lambda address=address: browser_of(app, world, person).get(address))
        if (
            theirs.headers.getlist("Set-Cookie")
            or "cookie" in theirs.headers.get("Vary", "").lower()
            or (theirs.status_code, theirs.data) != (strangers.status_code, strangers.data)
        ):
            different.append((rule.rule, dict(theirs.headers)))

    assert different == []


@pytest.mark.parametrize("person", PEOPLE)
def test_a_form_without_its_token_or_from_another_site_is_refused(
    app: Flask, world: World, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    without_session = {blueprint.name for blueprint in app.extensions["csrf"]._exempt_blueprints}
    assert without_session == {"rsvps"}
    assert not app.extensions["csrf"]._exempt_views
    taken = []
    for rule in rules(app, "POST"):
        is_exempt = rule.endpoint.partition(".")[0] in without_session
        for headers in (
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "http://localhost.evil.example"},
        ):
            answer, has_changed = undone(
                lambda rule=rule, headers=headers: browser_of(app, world, person).post(
                    world.address(rule), data=FORMS.get(rule.endpoint), headers=headers
                )
            )
            if answer.status_code != (403 if is_exempt else 400) or has_changed:
                taken.append((rule.rule, headers, answer.status_code))

    assert taken == []


@pytest.mark.parametrize("person", [NOBODY, ORGANISER, COORDINATOR])
def test_every_answer_says_what_the_browser_may_do_with_it(app: Flask, world: World, person: str) -> None:
    missing = []
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        for rule in app.url_map.iter_rules():
            address = "/static/css/site.css" if rule.endpoint == "static" else world.address(rule)
            answer, _ = undone(
                lambda address=address, method=method: browser_of(app, world, person).open(
                    address, method=method
                )
            )
            answer.close()
            missing += faults_of(answer, rule.endpoint, is_shown=method == "GET")
            access = "public" if rule.endpoint == "static" else access_of(app, rule)
            is_private = (
                isinstance(access, May)
                or rule.endpoint.partition(".")[0] in WITH_SESSION
                or "token" in rule.arguments
            )
            if is_private and answer.headers["Cache-Control"] != "no-store":
                missing.append((rule.rule, method, answer.headers["Cache-Control"]))

    assert missing == []


@pytest.mark.parametrize(
    ("path", "status", "more"),
    [
        ("/en/nowhere-at-all", 404, {}),
        ("/static/nowhere.css", 404, {}),
        ("/static/../wsgi.py", 404, {}),
        ("/en/organise", 308, {}),
        ("/en/events/0000000000/rsvp", 404, {"method": "POST"}),
        ("/en/about", 405, {"method": "DELETE"}),
        ("/en/account/sign-in", 413, {"method": "POST", "data": {"email": "x" * 300_000}}),
        ("/en/account/sign-in", 400, {"method": "POST", "data": {"email": "a\0b"}}),
    ],
)
def test_errors_say_it_too(app: Flask, world: World, path: str, status: int, more: dict[str, Any]) -> None:
    answer = browser_of(app, world, NOBODY).open(path, **more)

    assert answer.status_code == status
    assert faults_of(answer, "error", is_shown=True) == []
    assert not answer.headers.getlist("Set-Cookie")


def faults_of(answer: TestResponse, endpoint: str, *, is_shown: bool) -> list[tuple[str, ...]]:
    """Return what an answer fails to say."""
    said = answer.headers
    faults = [(endpoint, name) for name, value in SAID_ALWAYS.items() if said.get(name) != value]
    policy = dict(part.strip().partition(" ")[::2] for part in said["Content-Security-Policy"].split(";"))
    ancestors = FRAMED.get(endpoint, "'none'") if is_shown else "'none'"
    if policy["frame-ancestors"] != ancestors:
        faults.append((endpoint, "frame-ancestors", policy["frame-ancestors"]))
    if policy["default-src"] != "'none'" or "unsafe" in said["Content-Security-Policy"]:
        faults.append((endpoint, "policy"))
    if "Permissions-Policy" not in said or "Cache-Control" not in said:
        faults.append((endpoint, "headers"))
    if "Cross-Origin-Resource-Policy" not in said:
        faults.append((endpoint, "resource policy"))
    return faults


def test_an_id_that_never_was_is_answered_like_one_that_may_not_be_seen(app: Flask, world: World) -> None:
    browser = browser_of(app, world, STRANGER)
    known, unknown = world.values["public_id"], new_public_id()

    for path in ("/en/organise/events/{}", "/en/organise/events/{}/attendees", "/en/organise/contacts/{}"):
        theirs, nobodys = browser.get(path.format(known)), browser.get(path.format(unknown))
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.text.replace(known, "") == nobodys.text.replace(unknown, "")
