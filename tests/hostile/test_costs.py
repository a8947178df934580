"""What a page costs does not grow with what is in it: thirty rows are read with the statements of three."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event as listening

from coordinator.accounts.queries import account_by_public_id
from coordinator.campaigns.queries import campaign_by_slug
from coordinator.events.queries.background import event_by_public_id
from coordinator.kit.access import May
from coordinator.kit.db import db
from coordinator.kit.kept import forget_everything
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory
from tests.factories.rsvps import RsvpFactory
from tests.world import (
    ADMINISTRATOR,
    COORDINATOR,
    NOBODY,
    ORGANISER,
    World,
    access_of,
    browser_of,
    make_world,
    rules,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy.orm import Session


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count statements by their words."""
    seen: Counter[str] = Counter()

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen[" ".join(statement.split())[:300]] += 1

    listening.listen(Engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        listening.remove(Engine, "before_cursor_execute", count)


def add(world: World, rows: int) -> None:
    """Add that many of everything that pages list."""
    session = db.session()
    campaign = campaign_by_slug(session, "their-campaign")
    organiser = account_by_public_id(session, world.identities[ORGANISER].partition(":")[0])
    coordinator = account_by_public_id(session, world.identities[COORDINATOR].partition(":")[0])
    mine_first = event_by_public_id(session, world.by_endpoint["attendees"]["public_id"])
    for number in range(rows):
        mission = MissionFactory()
        mine = EventFactory(campaign=campaign, organiser=organiser, mission=mission)
        EventFactory(campaign=campaign, submitted=True)
        EventFactory(campaign=campaign, mission=MissionFactory(), cancelled=True)
        for one in (mine, mine_first):
            RsvpFactory(event=one, confirmed=True, name=f"Guest {number}")
            ContactFactory(event=one, owner=organiser)
        CampaignRoleFactory(campaign=campaign)
        other = CampaignFactory()
        CampaignRoleFactory(campaign=other, account=coordinator)
    session.commit()


@pytest.mark.parametrize("person", [NOBODY, ORGANISER, COORDINATOR, ADMINISTRATOR])
def test_no_page_asks_again_for_every_row(app: Flask, session: Session, person: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    world = make_world(session, app)
    chosen = [rule for rule in rules(app) if person == NOBODY or isinstance(access_of(app, rule), May)]

    def costs() -> dict[str, Counter[str]]:
        spent = {}
        for rule in chosen:
            forget_everything()
            db.session.remove()
            with counting() as seen:
                browser_of(app, world, person).get(world.address(rule)).close()
            spent[rule.rule] = seen
        return spent

    add(world, 3)
    few = costs()
    add(world, 27)
    many = costs()

    grown = {
        rule: many[rule] - few[rule]
        for rule in few
        if many[rule].total() > few[rule].total() + 1  # a page may look whether there is a next one
    }
    assert grown == {}
