"""Closed by default: every route there is, for everybody who may come, with other people's ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from coordinator.kit.access import May
from coordinator.kit.ids import new_public_id
from tests.world import (
    ADMINISTRATOR,
    COORDINATOR,
    ELSEWHERE,
    NOBODY,
    ORGANISER,
    PEOPLE,
    SIGNED_IN,
    STRANGER,
    World,
    access_of,
    browser_of,
    make_world,
    rules,
    undone,
)

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

WITH_SESSION = frozenset({"accounts", "organising"})
"""Blueprints whose public pages know a session: signing in, and the form that is kept through it."""

FORMS = {
    "campaigns.status": {"status": "open"},
    "campaigns.drop": {"kind": "coordinator"},
    "helping.decide": {"act": "assign"},
    "review.trust": {"trust": "yes"},
    "checkin.check_in": {"kind": "walk-in", "people": "1"},
    "messages.message": {"act": "stop"},
    "broadcasts.message": {"act": "stop"},
    "directory.decide": {"act": "obvious"},
    "approvals.message": {"act": "approve"},
    "door.door": {"kind": "walk-in", "people": "1"},
}
"""What a POST has to say to get as far as the question who asks."""

MAY_BE_MISSING = {"maps.map_script", "ops.readyz", "webhooks.mail", "sharing.oembed", "street_maps.tile"}
"""Another version; a house without worker; a provider who does not sign; no link to show; no streets."""

SAYS_NOW = frozenset({"ops.readyz", "door.people", "door.news"})
"""Answers with this second in them, which are never twice the same."""

SAID_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FRAMED = {"maps.campaign_map": "'self'", "maps.embedded_map": "*"}
LETTERS = frozenset({"messages.letter", "approvals.letter", "broadcasts.letter"})
"""Letters, whose styles stand in them: framed by us, and able to do nothing at all."""


@pytest.fixture
def world(session: Session, app: Flask) -> World:
    app.config["WTF_CSRF_ENABLED"] = False
    return make_world(session, app)


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
            if rule.endpoint in MAY_BE_MISSING:
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


@pytest.mark.once
@pytest.mark.parametrize("person", PEOPLE)
def test_public_pages_know_nobody(app: Flask, world: World, person: str) -> None:
    """The same bytes for everybody, no cookie, and nothing that makes a cache tell people apart."""
    different = []
    for rule in rules(app):
        if isinstance(access_of(app, rule), May) or rule.endpoint.partition(".")[0] in WITH_SESSION:
            continue
        if rule.endpoint in SAYS_NOW:
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


@pytest.mark.once
@pytest.mark.parametrize("person", PEOPLE)
def test_a_form_without_its_token_or_from_another_site_is_refused(
    app: Flask, world: World, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    without_session = {blueprint.name for blueprint in app.extensions["csrf"]._exempt_blueprints}
    assert without_session == {"rsvps", "decisions", "door", "unsubscribing", "my_data", "webhooks"}
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


@pytest.mark.once
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
            if is_private and "Access-Control-Allow-Origin" in answer.headers:
                missing.append((rule.rule, method, "other sites may read it"))
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
    if endpoint in LETTERS and is_shown and answer.status_code == 200:
        is_shut = "sandbox" in policy and not {"script-src", "img-src", "connect-src"} & set(policy)
        assert "allow-scripts" not in policy["sandbox"]
        return faults if is_shut and policy["default-src"] == "'none'" else [(endpoint, "letter")]
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
