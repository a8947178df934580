"""What search engines are told is true, names nobody, and can't break out of its element."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from flask import get_template_attribute

from coordinator.feeds.jsonld import event_jsonld
from coordinator.places.rules import Precision
from coordinator.rsvps.models import RsvpTally
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

NOBODY = RsvpTally(confirmed=0, unconfirmed=0, pending=0, tentative=0, waitlisted=0)


def test_an_event_with_its_place_and_time(app: Flask, session: Session) -> None:
    event = EventFactory(title="Vigil", capacity=20)
    tally = RsvpTally(confirmed=5, unconfirmed=2, pending=1, tentative=0, waitlisted=0)

    with app.test_request_context():
        told = event_jsonld(event, tally, "en")

    assert told["eventStatus"] == "https://schema.org/EventScheduled"
    assert told["startDate"] == "2030-09-16T18:00:00+02:00"
    assert told["endDate"] == "2030-09-16T19:30:00+02:00"
    assert told["url"] == f"http://localhost/en/events/{event.public_id}"
    assert told["location"]["geo"] == {"@type": "GeoCoordinates", "latitude": 52.5162, "longitude": 13.3825}
    assert told["location"]["address"]["addressCountry"] == "DE"
    assert told["inLanguage"] == ["de", "ru"]
    assert told["maximumAttendeeCapacity"] == 20
    assert "organizer" not in told


def test_what_is_accessible_of_the_place_is_told_and_what_schema_org_has_no_word_for_is_not(
    app: Flask, session: Session
) -> None:
    event = EventFactory(accessibility_features="step-free seating sign-language")

    with app.test_request_context():
        told = event_jsonld(event, NOBODY, "en")
        silent = event_jsonld(EventFactory(), NOBODY, "en")

    assert told["location"]["amenityFeature"] == [
        {"@type": "LocationFeatureSpecification", "name": name, "value": True}
        for name in ("Step-free access", "Seating")
    ]
    assert "amenityFeature" not in silent["location"]


def test_a_cancelled_event_is_cancelled_and_an_unknown_time_is_a_day(app: Flask, session: Session) -> None:
    event = EventFactory(cancelled=True, is_time_known=False)

    with app.test_request_context():
        told = event_jsonld(event, NOBODY, "en")

    assert told["eventStatus"] == "https://schema.org/EventCancelled"
    assert told["startDate"] == "2030-09-16"
    assert "endDate" not in told


def test_a_postponed_event_says_what_its_start_was(app: Flask, session: Session) -> None:
    with app.test_request_context():
        told = event_jsonld(EventFactory(postponed=True, capacity=20), NOBODY, "en")

    assert told["eventStatus"] == "https://schema.org/EventPostponed"
    assert told["startDate"] == "2030-09-16T18:00:00+02:00"
    assert told["previousStartDate"] == ["2030-09-16T18:00:00+02:00"]
    assert "remainingAttendeeCapacity" not in told


def test_nobody_is_sent_to_the_middle_of_a_city(app: Flask, session: Session) -> None:
    with app.test_request_context():
        told = event_jsonld(EventFactory(precision=Precision.CITY), NOBODY, "en")

    assert "geo" not in told["location"]


def test_a_title_stays_inside_its_element(app: Flask, session: Session) -> None:
    hostile = "</script><script>alert(1)</script><!-- & \u2028 '\""
    event = EventFactory(title=hostile)

    with app.test_request_context():
        html = str(get_template_attribute("feeds/jsonld.html", "jsonld")(event_jsonld(event, NOBODY, "en")))

    inside = re.fullmatch(r'\s*<script type="application/ld\+json">(.*)</script>\s*', html, re.DOTALL)
    assert inside is not None
    assert not set("<>&\u2028") & set(inside[1])
    assert json.loads(inside[1])["name"] == hostile
