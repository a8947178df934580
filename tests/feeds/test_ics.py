"""Calendars: zoned times, stable ids, cancelled ones kept, strangers' text defused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from coordinator.events.rules import EventStatus
from coordinator.places.rules import Precision
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

HOSTILE = "Vigil; a,b \\n c\r\nATTENDEE:mailto:you@example.org\nEND:VEVENT\x01\x0b " + "длинно " * 20


def wall_time(*parts: int) -> datetime:
    """Return what a clock on the wall shows."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def calendar(client: FlaskClient, url: str) -> Any:
    response = client.get(url)
    assert response.status_code == 200
    assert response.content_type == "text/calendar; charset=utf-8"
    return icalendar.Calendar.from_ical(response.data)


def test_an_event_stands_at_its_local_time_in_its_zone(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="world", title="Vigil", sequence=3)

    found = calendar(client, f"/events/{event.public_id}.ics")

    (entry,) = found.walk("VEVENT")
    (zone,) = found.walk("VTIMEZONE")
    assert entry["DTSTART"].dt == datetime(2030, 9, 16, 18, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert entry["DTSTART"].params["TZID"] == zone["TZID"] == "Europe/Berlin"
    assert entry["DTEND"].dt.hour == 19
    assert (entry["SUMMARY"], entry["STATUS"], entry["SEQUENCE"]) == ("Vigil", "CONFIRMED", 3)
    assert entry["UID"] == f"{event.public_id}@day-of-action"
    assert entry["URL"] == f"http://localhost/en/events/{event.public_id}"
    assert entry["LOCATION"] == "Unter den Linden 63-65, 10117 Berlin, Germany"
    assert entry["GEO"].to_ical() == "52.5162;13.3825"
    assert entry["LAST-MODIFIED"].dt == entry["DTSTAMP"].dt == event.updated_at
    assert "Bring candles." in entry["DESCRIPTION"]


def test_the_calendar_names_nobody(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="world", public_contact="signal: ada.01")

    for url in ("/world/events.ics", f"/events/{event.public_id}.ics"):
        text = client.get(url).text
        assert "ORGANIZER" not in text
        assert "ATTENDEE" not in text
        assert "@" not in text.replace("@day-of-action", "")


def test_a_cancelled_event_stays_and_says_so(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="world", title="Vigil", cancelled=True)

    (entry,) = calendar(client, "/world/events.ics?lang=en").walk("VEVENT")

    assert entry["STATUS"] == "CANCELLED"
    assert entry["SUMMARY"] == "Cancelled: Vigil"
    assert entry["SEQUENCE"] == event.sequence == 1


def test_a_postponed_event_keeps_nobody_an_hour_free_and_comes_back_later(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory(campaign__slug="world", title="Vigil", postponed=True)

    (entry,) = calendar(client, "/world/events.ics?lang=en").walk("VEVENT")

    assert (entry["STATUS"], entry["TRANSP"]) == ("CANCELLED", "TRANSPARENT")
    assert entry["SUMMARY"] == "Postponed: Vigil"
    assert "A new time is not known yet" in entry["DESCRIPTION"]
    uid = entry["UID"]

    event.status, event.sequence = EventStatus.PUBLISHED, 2
    event.campaign.revision += 1
    session.commit()
    (again,) = calendar(client, "/world/events.ics?lang=en").walk("VEVENT")
    assert (again["UID"], again["STATUS"], again["SEQUENCE"]) == (uid, "CONFIRMED", 2)


def test_a_day_without_a_time_is_a_day(client: FlaskClient, session: Session) -> None:
    EventFactory(
        campaign__slug="world",
        is_time_known=False,
        starts_local=wall_time(2030, 9, 16, 12, 0),
        ends_local=None,
    )

    found = calendar(client, "/world/events.ics")

    (entry,) = found.walk("VEVENT")
    assert entry["DTSTART"].dt == date(2030, 9, 16)
    assert entry["DTSTART"].params["VALUE"] == "DATE"
    assert "DTEND" not in entry
    assert found.walk("VTIMEZONE") == []
    assert "The time is not announced yet." in entry["DESCRIPTION"]


@pytest.mark.parametrize(
    ("fold", "expected"),
    [
        pytest.param(
            0, b"DTSTART;TZID=Europe/Berlin:20301027T023000", id="the first of two: the zone says it"
        ),
        pytest.param(1, b"DTSTART:20301027T013000Z", id="the second: only UTC can say it"),
    ],
)
def test_a_time_that_exists_twice(client: FlaskClient, session: Session, fold: int, expected: bytes) -> None:
    EventFactory(
        campaign__slug="world",
        starts_local=wall_time(2030, 10, 27, 2, 30),
        starts_fold=fold,
        ends_local=None,
    )

    assert expected in client.get("/world/events.ics").data


def test_zones_are_described_once_and_hold_for_the_day(client: FlaskClient, session: Session) -> None:
    campaign = CampaignFactory(slug="world")
    for zone in ("Europe/Berlin", "Europe/Berlin", "Australia/Sydney", "Asia/Tokyo"):
        EventFactory(campaign=campaign, timezone=zone)

    found = calendar(client, "/world/events.ics")

    assert [zone["TZID"] for zone in found.walk("VTIMEZONE")] == [
        "Asia/Tokyo",
        "Australia/Sydney",
        "Europe/Berlin",
    ]
    for zone in found.walk("VTIMEZONE"):
        instant = wall_time(2030, 9, 16, 18, 0)
        described = instant.replace(tzinfo=zone.to_tz())
        assert described.utcoffset() == instant.replace(tzinfo=ZoneInfo(str(zone["TZID"]))).utcoffset()


def test_hostile_text_is_one_line_of_text(client: FlaskClient, session: Session) -> None:
    event = EventFactory(
        campaign__slug="world",
        title=HOSTILE[:120],
        description=HOSTILE,
        address=HOSTILE[:300],
        city=HOSTILE[:100],
    )

    response = client.get(f"/events/{event.public_id}.ics")
    lines = response.data.split(b"\r\n")

    (entry,) = icalendar.Calendar.from_ical(response.data).walk("VEVENT")
    assert entry["SUMMARY"].startswith("Vigil; a,b \\n c\nATTENDEE:mailto:you@example.org\nEND:VEVENT")
    assert "ATTENDEE" not in entry
    assert max(len(line) for line in lines) <= 75
    assert not any(line.startswith((b"ATTENDEE", b"ORGANIZER")) for line in lines)
    assert not {0x01, 0x0B} & set(response.data)
    assert b"\n" not in response.data.replace(b"\r\n", b"")


def test_calendars_say_what_was_ticked_and_the_event_s_own_file_the_rest(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory(
        campaign__slug="world", accessibility_features="step-free captions", accessibility="Ask Ada."
    )

    (short,) = calendar(client, "/world/events.ics?lang=ru").walk("VEVENT")
    (long,) = calendar(client, f"/events/{event.public_id}.ics?lang=en").walk("VEVENT")

    assert short["DESCRIPTION"] == "Доступность: Путь без ступенек; Речи можно прочитать"
    assert "Accessibility: Step-free way; Speeches to read along\n\nAsk Ada." in long["DESCRIPTION"]


def test_a_rough_point_warns(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="world", precision=Precision.CITY)

    (entry,) = calendar(client, f"/events/{event.public_id}.ics").walk("VEVENT")

    assert "The exact place is not known yet" in entry["DESCRIPTION"]


@pytest.mark.parametrize("state", ["draft", "submitted", "rejected"])
def test_what_is_not_public_has_no_file(client: FlaskClient, session: Session, state: str) -> None:
    event = EventFactory(campaign__slug="world", **{state: True})

    assert client.get(f"/events/{event.public_id}.ics").status_code == 404


def test_a_change_is_in_the_calendar_at_once(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="world", title="Vigil")
    first = client.get("/world/events.ics")

    event.title, event.sequence, event.campaign.revision = "Moved", 1, 1
    event.updated_at = datetime(2030, 9, 1, tzinfo=UTC)
    session.flush()

    assert "SUMMARY:Vigil" in first.text
    assert "SUMMARY:Moved" in client.get("/world/events.ics").text
    assert (
        client.get("/world/events.ics", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    )
