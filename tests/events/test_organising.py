from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from coordinator.accounts.models import KeptForm
from coordinator.events.models import Event, EventNotice
from coordinator.events.queries.details import details_of
from coordinator.events.rules import CountShown, EventStatus
from coordinator.places.rules import Candidate, Found, Point, Precision
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

NEW = "/en/organise/events/new"
ALEX = Candidate(
    label="Alexanderplatz, Mitte, Berlin", point=Point(52.5219, 13.4132), precision=Precision.STREET,
    country="DE", city="Berlin", source="nominatim",
)  # fmt: skip
OTHER = Candidate(
    label="Alexanderplatz, Ansbach", point=Point(49.3, 10.57), precision=Precision.STREET, country="DE",
    city="Ansbach", source="nominatim",
)  # fmt: skip
MIDDLE = Candidate(
    label="Berlin", point=Point(52.52, 13.405), precision=Precision.CITY, country="DE",
    city="Berlin", source="gazetteer",
)  # fmt: skip


class Places:
    """A finder that answers as it was told."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def find_place(self, text: str, *, locale: str) -> Found:  # noqa: ARG002 the protocol's
        return self.found

    def find_city(self, text: str, *, locale: str) -> Found:  # noqa: ARG002 the protocol's
        return Found()


@pytest.fixture
def finds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that says what looking for a place finds."""

    def set_up(*candidates: Candidate, is_clear: bool = False, is_away: bool = False) -> None:
        found = Found(candidates=candidates, is_clear=is_clear, is_provider_away=is_away)
        monkeypatch.setitem(app.extensions, "places", Places(found))

    return set_up


def fields_of(html: str) -> dict[str, Any]:
    """Return what a browser would send back from the page's last form."""
    form = html[html.rindex('<form class="post-form"') :]
    form = form[: form.index("</form>")]
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        read = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if read.get("type") in {"radio", "checkbox"} and " checked" not in tag:
            continue
        fields.setdefault(read["name"], []).append(read.get("value", ""))
    for name, text in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\r?\n?(.*?)</textarea>', form, re.DOTALL):
        fields[name] = [unescape(text)]
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        fields[name] = [unescape(chosen[1]) if chosen else ""]
    return fields


def typed(**changes: Any) -> dict[str, Any]:
    """Return a form filled in by hand, without what a page had put into it."""
    return {
        "title": "Vigil at the embassy",
        "starts_at": "2030-09-16T18:00",
        "ends_at": "2030-09-16T19:30",
        "act": "submit",
    } | changes


@pytest.fixture
def organiser(sign_in: Callable[[Any], FlaskClient]) -> FlaskClient:
    """The browser of somebody who is signed in."""
    return sign_in(AccountFactory())


def the_event(session: Session) -> Event:
    return session.scalars(select(Event)).one()


def test_from_a_mission_everything_is_filled_in_and_two_clicks_are_enough(
    organiser: FlaskClient, session: Session
) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()

    page = organiser.get(f"{NEW}?campaign={campaign.slug}&mission={mission.code}")
    fields = fields_of(page.text)
    answer = organiser.post(NEW, data=fields | {"act": "submit"})

    assert fields["title"] == ["Protest at the Embassy of Russia in Berlin"]
    assert (fields["starts_at"], fields["address"]) == (["2030-09-16T18:00"], [mission.address])
    event = the_event(session)
    assert (answer.status_code, answer.location) == (303, f"/en/organise/events/{event.public_id}")
    assert (event.status, event.mission, event.campaign) == (EventStatus.SUBMITTED, mission, campaign)
    assert (event.point, event.precision, event.located_by) == (mission.point, Precision.BUILDING, "mission")
    assert (event.city, event.country, event.timezone) == ("Berlin", "DE", "Europe/Berlin")


def test_the_bare_fields_of_the_contract_are_enough(organiser: FlaskClient, session: Session) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()

    answer = organiser.post(
        NEW, data=typed(campaign=campaign.slug, mission=mission.code, languages=["ru", "de"])
    )

    assert answer.status_code == 303
    event = the_event(session)
    assert (event.languages, event.address) == ("de ru", mission.address)


def test_a_form_sent_twice_is_one_protest(organiser: FlaskClient, session: Session) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    fields = fields_of(organiser.get(f"{NEW}?campaign={campaign.slug}&mission={mission.code}").text)

    first = organiser.post(NEW, data=fields | {"act": "submit"})
    again = organiser.post(NEW, data=fields | {"act": "submit"})

    assert first.location == again.location
    assert session.scalar(select(func.count(Event.id))) == 1


def test_what_a_stranger_types_is_kept_and_is_there_after_signing_in(
    client: FlaskClient, session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()

    answer = client.post(
        NEW, data=typed(campaign=campaign.slug, mission=mission.code, description="Bring **candles**.\n\nAda")
    )
    account = AccountFactory()
    sign_in(account)
    page = client.get(f"{NEW}?campaign={campaign.slug}")
    fields = fields_of(page.text)

    assert answer.status_code == 303
    assert answer.location.startswith("/en/account/sign-up?next=")
    assert session.scalar(select(func.count(Event.id))) == 0
    assert (page.status_code, fields["title"]) == (200, ["Vigil at the embassy"])
    assert fields["description"][0].replace("\r\n", "\n") == "Bring **candles**.\n\nAda"
    assert (fields["mission"], fields["starts_at"]) == ([mission.code], ["2030-09-16T18:00"])
    kept = session.scalars(select(KeptForm)).one()
    assert "candles" not in kept.fields_sealed

    assert client.post(NEW, data=fields | {"act": "draft"}).status_code == 303
    assert the_event(session).organiser == account
    assert session.scalar(select(func.count(KeptForm.id))) == 0
    assert "Vigil at the embassy" not in client.get(f"{NEW}?campaign={campaign.slug}").text


def test_faults_of_a_stranger_are_shown_before_anything_is_kept(
    client: FlaskClient, session: Session
) -> None:
    campaign = CampaignFactory()

    answer = client.post(NEW, data=typed(campaign=campaign.slug, title=""))

    assert answer.status_code == 422
    assert session.scalar(select(func.count(KeptForm.id))) == 0


def test_a_draft_is_the_organisers_alone(organiser: FlaskClient, session: Session) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()

    organiser.post(NEW, data=typed(campaign=campaign.slug, mission=mission.code, act="draft"))

    assert the_event(session).status is EventStatus.DRAFT


def test_an_unverified_account_keeps_its_draft_and_is_told(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    client = sign_in(AccountFactory(unverified=True))

    answer = client.post(NEW, data=typed(campaign=campaign.slug, mission=mission.code))

    assert answer.status_code == 303
    assert the_event(session).status is EventStatus.DRAFT


def test_another_day_than_the_campaigns_is_refused_in_words(organiser: FlaskClient, session: Session) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()

    answer = organiser.post(
        NEW,
        data=typed(campaign=campaign.slug, mission=mission.code, starts_at="2030-09-17T18:00", ends_at=""),
    )

    assert answer.status_code == 422
    assert "This campaign is on another day: Monday" in answer.text
    assert session.scalar(select(func.count(Event.id))) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": " "}, "Give it a title."),
        ({"starts_at": ""}, "Say when it starts."),
        ({"starts_at": "next Monday"}, "Give a date and a time"),
        ({"ends_at": "2030-09-16T17:00"}, "It ends before it starts."),
        ({"capacity": "0"}, "between 1 and"),
        ({"latitude": "52"}, "Give latitude and longitude, or neither."),
        ({"latitude": "152", "longitude": "13"}, "no such point on this Earth"),
        ({"latitude": "nan", "longitude": "13"}, "no such point on this Earth"),
        ({"timezone": "Mars/Olympus"}, "Not a valid choice"),
        ({"mission": "xx-nowhere"}, "Not a valid choice"),
        ({"mission": ""}, "Say where"),
        ({"description": "x" * 5001}, "5000"),
    ],
)
def test_a_fault_comes_back_with_everything_that_was_typed(
    organiser: FlaskClient, session: Session, changes: dict[str, Any], words: str
) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    data = typed(campaign=campaign.slug, mission=mission.code, public_contact="t.me/vigil", languages=["ru"])

    answer = organiser.post(NEW, data=data | changes)

    assert answer.status_code == 422
    assert words in unescape(answer.text)
    fields = fields_of(answer.text)
    assert (fields["public_contact"], fields["languages"]) == (["t.me/vigil"], ["ru"])
    assert session.scalar(select(func.count(Event.id))) == 0


def test_several_places_come_back_as_radio_buttons_and_the_choice_is_taken(
    organiser: FlaskClient, session: Session, finds: Callable[..., None]
) -> None:
    campaign = CampaignFactory()
    finds(ALEX, OTHER)

    asked = organiser.post(NEW, data=typed(campaign=campaign.slug, address="Alexanderplatz"))
    choices = [
        unescape(value)
        for value in re.findall(r'name="place_choice" type="radio" value="([^"]*)"', asked.text)
    ]
    fields = fields_of(asked.text)
    faulty = organiser.post(NEW, data=fields | {"place_choice": choices[1], "title": "", "act": "submit"})
    kept = fields_of(faulty.text)
    answer = organiser.post(NEW, data=kept | {"title": "Vigil", "act": "submit"})

    assert asked.status_code == 422
    assert "Alexanderplatz, Ansbach" in asked.text
    assert kept["place_choice"] == [choices[1]]
    assert answer.status_code == 303
    assert (the_event(session).city, the_event(session).point) == ("Ansbach", OTHER.point)


def test_a_made_up_choice_is_no_choice(
    organiser: FlaskClient, session: Session, finds: Callable[..., None]
) -> None:
    finds(ALEX, OTHER)

    answer = organiser.post(
        NEW, data=typed(campaign=CampaignFactory().slug, address="Alexanderplatz", place_choice='{"a":1}.sig')
    )

    assert answer.status_code == 422
    assert session.scalar(select(func.count(Event.id))) == 0


def test_no_such_place_is_said_and_what_to_do(organiser: FlaskClient, finds: Callable[..., None]) -> None:
    finds()

    answer = organiser.post(NEW, data=typed(campaign=CampaignFactory().slug, address="Qwertz 5"))

    assert answer.status_code == 422
    assert "put the pin on the map" in answer.text


def test_no_registration_is_lost_while_nobody_answers(
    organiser: FlaskClient, session: Session, finds: Callable[..., None]
) -> None:
    campaign = CampaignFactory()
    finds(is_away=True)

    asked = organiser.post(NEW, data=typed(campaign=campaign.slug, address="Alexanderplatz 1"))
    fields = fields_of(asked.text)
    answer = organiser.post(NEW, data=fields | {"timezone": "Europe/Berlin", "act": "submit"})

    assert (asked.status_code, fields["address"]) == (422, ["Alexanderplatz 1"])
    assert answer.status_code == 303
    event = the_event(session)
    assert (event.status, event.point, event.is_location_due) == (EventStatus.SUBMITTED, None, True)


def test_a_city_is_kept_as_a_city(
    organiser: FlaskClient, session: Session, finds: Callable[..., None]
) -> None:
    finds(MIDDLE, is_clear=True)

    answer = organiser.post(NEW, data=typed(campaign=CampaignFactory().slug, address="Berlin"))

    assert answer.status_code == 303
    event = the_event(session)
    assert (event.precision, event.is_location_due) == (Precision.CITY, False)


def test_a_time_that_comes_twice_is_asked_about(organiser: FlaskClient, session: Session) -> None:
    campaign, mission = CampaignFactory(local=True), MissionFactory()
    data = typed(campaign=campaign.slug, mission=mission.code, starts_at="2030-10-27T02:30", ends_at="")

    asked = organiser.post(NEW, data=data)
    answer = organiser.post(NEW, data=fields_of(asked.text) | {"starts_fold": "1", "act": "submit"})

    assert asked.status_code == 422
    assert "UTC+02:00" in asked.text
    assert "UTC+01:00" in asked.text
    assert answer.status_code == 303
    event = the_event(session)
    assert (event.starts_local.hour, event.starts_fold, event.starts_at.hour) == (2, 1, 1)


@pytest.mark.parametrize(("choice", "minutes"), [("earlier", 90), ("later", 210)])
def test_a_time_that_the_clocks_skip_is_asked_about(
    organiser: FlaskClient, session: Session, choice: str, minutes: int
) -> None:
    campaign, mission = CampaignFactory(local=True), MissionFactory()
    data = typed(campaign=campaign.slug, mission=mission.code, starts_at="2031-03-30T02:30", ends_at="")

    asked = organiser.post(NEW, data=data)
    answer = organiser.post(NEW, data=fields_of(asked.text) | {"starts_fold": choice, "act": "submit"})

    assert (asked.status_code, answer.status_code) == (422, 303)
    starts = the_event(session).starts_local
    assert starts.hour * 60 + starts.minute == minutes


def test_a_time_to_be_announced_leaves_the_day(organiser: FlaskClient, session: Session) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()

    organiser.post(NEW, data=typed(campaign=campaign.slug, mission=mission.code, time_to_be_announced="y"))

    event = the_event(session)
    assert (event.is_time_known, event.starts_local) == (False, datetime(2030, 9, 16, 12, 0))  # noqa: DTZ001
    assert event.ends_local is None


def test_somebody_elses_protest_there_that_day_is_shown_and_never_in_the_way(
    organiser: FlaskClient, session: Session
) -> None:
    other = EventFactory(title="The other vigil", submitted=True)
    data = typed(campaign=other.campaign.slug, mission=other.mission.code)

    shown = organiser.post(NEW, data=data)
    draft = organiser.post(NEW, data=data | {"act": "draft", "title": "Only a draft"})
    answer = organiser.post(NEW, data=fields_of(shown.text) | {"act": "submit"})

    assert shown.status_code == 422
    assert "The other vigil" in shown.text
    assert f"/en/events/{other.public_id}" in shown.text
    assert (draft.status_code, answer.status_code) == (303, 303)
    mine = session.scalars(select(Event).where(Event.title == "Vigil at the embassy")).one()
    assert mine.status is EventStatus.SUBMITTED


def test_a_pin_that_was_moved_is_exact(organiser: FlaskClient, session: Session) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    fields = fields_of(organiser.get(f"{NEW}?campaign={campaign.slug}&mission={mission.code}").text)

    organiser.post(NEW, data=fields | {"latitude": "52.51700", "longitude": "13.38100", "act": "submit"})

    event = the_event(session)
    assert (event.point, event.precision, event.located_by) == (
        Point(52.517, 13.381), Precision.EXACT, "organiser",
    )  # fmt: skip


def test_a_pin_in_another_town_than_the_mission_is_asked_about(
    organiser: FlaskClient, session: Session
) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    fields = fields_of(organiser.get(f"{NEW}?campaign={campaign.slug}&mission={mission.code}").text)

    answer = organiser.post(NEW, data=fields | {"latitude": "53.1", "longitude": "13.4", "act": "submit"})

    assert answer.status_code == 422
    assert "65 km from the embassy" in answer.text
    assert session.scalar(select(func.count(Event.id))) == 0


def test_an_edit_that_changes_nothing_changes_nothing(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory(description="Two lines\nof text.", capacity=40, public_contact="t.me/x")
    before = details_of(event)
    client = sign_in(event.organiser)

    fields = fields_of(client.get(f"/en/organise/events/{event.public_id}/edit").text)
    answer = client.post(f"/en/organise/events/{event.public_id}/edit", data=fields | {"act": "save"})

    assert answer.status_code == 303
    assert (details_of(event), event.proposed) == (before, None)


def test_a_form_that_says_nothing_of_the_count_leaves_it_hidden(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory(count_shown=CountShown.HIDDEN)
    client = sign_in(event.organiser)
    path = f"/en/organise/events/{event.public_id}/edit"

    fields = fields_of(client.get(path).text)
    assert fields.pop("count_shown") == ["hidden"]
    assert client.post(path, data=fields | {"act": "save"}).status_code == 303

    assert (event.count_shown, event.proposed) == (CountShown.HIDDEN, None)


def test_a_published_protest_stays_as_it_is_until_its_change_was_read(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory()
    client = sign_in(event.organiser)
    url = f"/en/organise/events/{event.public_id}/edit"

    fields = fields_of(client.get(url).text)
    client.post(url, data=fields | {"starts_at": "2030-09-16T17:00", "act": "save"})

    assert event.starts_local.hour == 18
    assert event.proposed == {"starts_local": "2030-09-16T17:00:00"}
    assert fields_of(client.get(url).text)["starts_at"] == ["2030-09-16T17:00"]
    assert session.scalar(select(func.count(EventNotice.id))) == 0


def test_a_copy_has_the_campaigns_day_the_same_wall_time_and_nobodys_answers(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory(
        campaign__local=True,
        starts_local=datetime(2030, 3, 30, 9, 0),  # noqa: DTZ001 a wall time
        ends_local=None,
        capacity=9,
        count_shown=CountShown.ROUNDED,
    )
    dated = EventFactory(organiser=event.organiser, starts_local=datetime(2030, 9, 16, 9, 15))  # noqa: DTZ001
    client = sign_in(event.organiser)

    undated_page = fields_of(client.get(f"/en/organise/events/{event.public_id}/duplicate").text)
    dated_page = fields_of(client.get(f"/en/organise/events/{dated.public_id}/duplicate").text)
    client.post(
        f"{NEW}?campaign={event.campaign.slug}",
        data=undated_page | {"starts_at": "2030-03-31T09:00", "act": "draft"},
    )

    assert (undated_page["starts_at"], dated_page["starts_at"]) == ([""], ["2030-09-16T09:15"])
    copy = session.scalars(select(Event).where(Event.status == EventStatus.DRAFT)).one()
    assert (copy.title, copy.capacity, copy.public_id != event.public_id) == (event.title, 9, True)
    assert copy.count_shown is CountShown.ROUNDED
    assert (event.starts_at.hour, copy.starts_at.hour) == (8, 7)  # the clocks went forward in between


def test_what_is_ticked_about_accessibility_is_kept_shown_again_copied_and_taken_back(
    organiser: FlaskClient, session: Session
) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()
    ticked = ["sign-language", "step-free"]
    data = typed(campaign=campaign.slug, mission=mission.code, accessibility="Ask Ada.")

    organiser.post(NEW, data=data | {"accessibility_features": ticked, "act": "draft"})
    event = the_event(session)
    room = f"/en/organise/events/{event.public_id}"
    edited = fields_of(organiser.get(f"{room}/edit").text)
    copied = fields_of(organiser.get(f"{room}/duplicate").text)

    assert (event.accessibility_features, event.accessibility) == ("step-free sign-language", "Ask Ada.")
    assert (
        edited["accessibility_features"] == copied["accessibility_features"] == sorted(ticked, reverse=True)
    )
    edited.pop("accessibility_features")
    assert organiser.post(f"{room}/edit", data=edited | {"act": "draft"}).status_code == 303
    assert (event.accessibility_features, event.accessibility) == ("", "Ask Ada.")


def test_a_tick_on_a_published_protest_waits_for_a_coordinator(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory()
    client = sign_in(event.organiser)
    address = f"/en/organise/events/{event.public_id}/edit"

    client.post(address, data=fields_of(client.get(address).text) | {"accessibility_features": "seating"})

    assert (event.accessibility_features, event.proposed) == ("", {"accessibility_features": "seating"})
    assert fields_of(client.get(address).text)["accessibility_features"] == ["seating"]


def test_a_copy_stands_where_somebody_had_put_the_pin(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory(
        mission=None, address="Freedom Square", latitude=40.7894, longitude=43.8475,
        precision=Precision.EXACT, located_by="organiser",
    )  # fmt: skip
    client = sign_in(event.organiser)
    page = fields_of(client.get(f"/en/organise/events/{event.public_id}/duplicate").text)

    client.post(f"{NEW}?campaign={event.campaign.slug}", data=page | {"act": "draft", "city": "Gyumri"})

    copy = session.scalars(select(Event).where(Event.id != event.id)).one()
    assert (copy.latitude, copy.longitude, copy.precision) == (40.7894, 43.8475, Precision.EXACT)


def test_opening_a_copy_writes_nothing(session: Session, sign_in: Callable[[Any], FlaskClient]) -> None:
    event = EventFactory()
    client = sign_in(event.organiser)

    client.get(f"/en/organise/events/{event.public_id}/duplicate")
    client.post(f"/en/organise/events/{event.public_id}/duplicate")

    assert session.scalar(select(func.count(Event.id))) == 1


def test_a_draft_is_looked_at_once_more_and_sent(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    other = EventFactory(title="The other vigil")
    draft = EventFactory(draft=True, campaign=other.campaign, mission=other.mission)
    client = sign_in(draft.organiser)
    url = f"/en/organise/events/{draft.public_id}/submit"

    page = client.get(url)
    blind = client.post(url)
    answer = client.post(url, data=fields_of(page.text))

    assert "The other vigil" in page.text
    assert (page.status_code, blind.status_code, answer.status_code) == (200, 422, 303)
    assert draft.status is EventStatus.SUBMITTED


def test_cancelling_asks_first_and_says_why(session: Session, sign_in: Callable[[Any], FlaskClient]) -> None:
    event = EventFactory()
    client = sign_in(event.organiser)
    url = f"/en/organise/events/{event.public_id}/cancel"

    asked = client.get(url)
    assert (asked.status_code, event.status) == (200, EventStatus.PUBLISHED)
    answer = client.post(url, data={"because": "The square is closed."})
    again = client.post(url, data={"because": "The square is closed."})

    assert (answer.status_code, again.status_code) == (303, 409)
    assert (event.status, event.cancelled_because) == (EventStatus.CANCELLED, "The square is closed.")
    assert session.scalar(select(func.count(EventNotice.id))) == 1


def test_taking_it_back(sign_in: Callable[[Any], FlaskClient]) -> None:
    event = EventFactory(submitted=True)
    client = sign_in(event.organiser)

    answer = client.post(f"/en/organise/events/{event.public_id}/withdraw")

    assert (answer.status_code, event.status) == (303, EventStatus.DRAFT)


def test_with_several_campaigns_the_first_question_is_which(client: FlaskClient, session: Session) -> None:
    one, two = CampaignFactory(title="First day"), CampaignFactory(title="Second day")

    page = client.get(NEW)

    assert page.status_code == 200
    assert f"{NEW}?campaign={one.slug}" in page.text
    assert f"{NEW}?campaign={two.slug}" in page.text


@pytest.mark.parametrize(
    "query", ["?campaign=nothing", "?campaign={draft}", "?campaign={open}&mission=nothing"]
)
def test_what_takes_no_protests_is_no_page(client: FlaskClient, query: str) -> None:
    campaigns = {"draft": CampaignFactory(draft=True).slug, "open": CampaignFactory().slug}

    assert client.get(NEW + query.format(**campaigns)).status_code == 404


def test_the_form_speaks_russian(client: FlaskClient) -> None:
    campaign, mission = CampaignFactory(), MissionFactory()

    page = client.get(f"/ru/organise/events/new?campaign={campaign.slug}&mission={mission.code}")

    assert page.status_code == 200
    assert mission.name_in("ru").name in unescape(page.text)


def test_whoever_is_not_reviewed_is_told_that_they_publish(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    campaign, account = CampaignFactory(trusting=True), AccountFactory()
    CampaignRoleFactory(campaign=campaign, account=account, trusted=True)
    draft = EventFactory(campaign=campaign, organiser=account, draft=True)
    rough = EventFactory(campaign=campaign, organiser=account, draft=True, precision=Precision.CITY)
    session.commit()
    browser = sign_in(account)

    for path in (f"new?campaign={campaign.slug}", f"{draft.public_id}/submit", f"{draft.public_id}/edit"):
        page = browser.get(f"/en/organise/events/{path}").text
        assert "Publish" in page
        assert "Send for review" not in page
    assert "Send for review" in browser.get(f"/en/organise/events/{rough.public_id}/submit").text


def test_what_waits_for_review_is_not_sent_again_unless_somebody_asked(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory(submitted=True)
    session.commit()
    browser = sign_in(event.organiser)
    here = f"/en/organise/events/{event.public_id}"

    assert f"{here}/submit" not in browser.get(here).text
    event.asked_at = event.submitted_at
    session.commit()
    assert f"{here}/submit" in browser.get(here).text


def test_a_trusted_organiser_is_published_at_once(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    campaign, mission, account = CampaignFactory(trusting=True), MissionFactory(), AccountFactory()
    CampaignRoleFactory(campaign=campaign, account=account, trusted=True)

    sign_in(account).post(NEW, data=typed(campaign=campaign.slug, mission=mission.code))

    assert the_event(session).status is EventStatus.PUBLISHED
