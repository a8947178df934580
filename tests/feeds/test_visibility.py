"""One rule for every format: the same events in the list, the GeoJSON and the calendars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import icalendar
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import Select, select

from coordinator.events.models import Event
from coordinator.events.queries.public import list_page, visible_events
from coordinator.events.rules import PUBLIC, EventStatus
from coordinator.kit.kept import forget_everything
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

TRAITS = {
    EventStatus.DRAFT: {"draft": True},
    EventStatus.SUBMITTED: {"submitted": True},
    EventStatus.PUBLISHED: {},
    EventStatus.REJECTED: {"rejected": True},
    EventStatus.POSTPONED: {"postponed": True},
    EventStatus.CANCELLED: {"cancelled": True},
}


def _all(campaign_id: int) -> Select[Event]:
    return select(Event).where(Event.campaign_id == campaign_id)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(st.sampled_from(list(EventStatus)), max_size=8), was_published=st.booleans())
def test_list_map_and_calendars_agree(
    client: FlaskClient, session: Session, states: list[EventStatus], *, was_published: bool
) -> None:
    forget_everything()
    campaign, other = CampaignFactory(), CampaignFactory()
    for state in states:
        made = EventFactory(campaign=campaign, **TRAITS[state])
        if state is EventStatus.CANCELLED and not was_published:
            made.published_at = None  # cancelled while it waited: nobody ever saw it
        EventFactory(campaign=other)
    session.flush()

    rule = {event.public_id for event in session.scalars(visible_events(campaign.id))}
    listed = {event.public_id for event in list_page(session, campaign).events}
    mapped = {
        feature["id"]
        for feature in client.get(f"/{campaign.slug}/events.geojson").get_json(force=True)["features"]
    }
    calendar = icalendar.Calendar.from_ical(client.get(f"/{campaign.slug}/events.ics").data)
    subscribed = {str(entry["UID"]).partition("@")[0] for entry in calendar.walk("VEVENT")}
    hidden = [event for event in session.scalars(_all(campaign.id)) if event.public_id not in rule]
    files = {event.public_id for event in session.scalars(_all(campaign.id))} - {
        event.public_id for event in hidden if client.get(f"/events/{event.public_id}.ics").status_code == 404
    }

    assert rule == listed == mapped == subscribed == files
    assert len(rule) == sum(
        state in PUBLIC and (was_published or state is not EventStatus.CANCELLED) for state in states
    )
