"""Whether an address has answered is told by nothing: not by words, counts, places, letters or work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from coordinator.kit.db import db
from coordinator.kit.kept import forget_everything
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

SUSPECT = "suspect@example.org"
CODE = re.compile(r'door-code__letters"><bdi dir="ltr">[0-9A-Z]{3} [0-9A-Z]{3}<')
"""The one thing on a page of one's own that is random beside its link."""

KINDS = ("confirmed", "pending", "unknown", "declined", "waitlisted")


def seen_by_a_stranger(client: FlaskClient, kind: str) -> list[tuple[int, str, str]]:
    """Answer for the suspect, then alone, and return everything that can be read; two places are free."""
    capacity = 5
    event = EventFactory(
        capacity=capacity,
        title="Vigil",
        public_id="0123456789",
        campaign__slug="one-day",
        campaign__title="Day",
        mission__code="x",
    )
    others = capacity - 2
    if kind == "confirmed":
        RsvpFactory(event=event, email=SUSPECT, confirmed=True)
        others -= 1
    elif kind == "pending":
        RsvpFactory(event=event, email=SUSPECT)
    elif kind == "declined":
        RsvpFactory(event=event, email=SUSPECT, confirmed=True, declined=True)
    elif kind == "waitlisted":
        RsvpFactory(event=event, email=SUSPECT, waitlisted=True, party_size=3)
    for _ in range(others):
        RsvpFactory(event=event, confirmed=True)
    told = []
    path = f"/en/events/{event.public_id}"
    for email in ("", SUSPECT, ""):
        answer = client.post(f"{path}/rsvp", data={"status": "accepted", "party_size": "1", "email": email})
        told.append((answer.status_code, answer.headers.get("Location", "") if email else "", ""))
        if not email:
            manage = client.get(answer.location).text
            token = answer.location.split("/rsvp/")[1].split("?")[0]
            told.append((0, "", CODE.sub("", manage.replace(token, ""))))
        forget_everything()
        for page in (path, f"{path}/rsvp", f"{path}/rsvp/thanks", "/one-day/events.geojson"):
            shown = client.get(page)
            told.append((shown.status_code, page, shown.text))
    return told


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_can_be_read_differs(client: FlaskClient, session: Session, kind: str) -> None:
    """With the last places at stake, too: an address that nobody confirmed takes none."""
    connection: Any = db.engines[None]
    point = connection.begin_nested()
    unknown = seen_by_a_stranger(client, "unknown")
    db.session.remove()
    point.rollback()
    forget_everything()

    assert seen_by_a_stranger(client, kind) == unknown
