"""What everybody sees."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from coordinator.campaigns.service import raise_revision
from coordinator.kit.db import db
from coordinator.places.rules import Candidate, Found, GazetteerMissingError, Point, Precision
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory, CampaignRoleFactory
from tests.factories.events import EventFactory
from tests.factories.missions import MissionFactory
from tests.factories.rsvps import RsvpTallyFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

HOSTILE = "<script>alert(1)</script>{{7*7}}${1}\"'"
BEFORE = datetime(2030, 9, 1, 12, 0, tzinfo=UTC)
AFTER = datetime(2030, 10, 1, 12, 0, tzinfo=UTC)
BERLIN = Candidate(
    label="Berlin, Germany", point=Point(52.52, 13.405), precision=Precision.CITY,
    country="DE", city="Berlin", source="gazetteer",
)  # fmt: skip
SYDNEY = Candidate(
    label="Sydney, Australia", point=Point(-33.87, 151.21), precision=Precision.CITY,
    country="AU", city="Sydney", source="gazetteer",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordinator.site.views.now", lambda: BEFORE)


@pytest.fixture
def knows(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that says what the gazetteer finds."""

    def answer(found: Found | Exception) -> None:
        class Known:
            def find_city(self, text: str, *, locale: str, preferred: frozenset[str]) -> Found:
                assert isinstance(preferred, frozenset)
                assert text
                assert locale
                if isinstance(found, Exception):
                    raise found
                return found

        monkeypatch.setattr("coordinator.site.finding.places", Known)

    return answer


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_front_door_asks_the_browser_for_its_language(client: FlaskClient, session: Session) -> None:
    answer = client.get("/", headers={"Accept-Language": "ru-RU,ru;q=0.9"})

    assert (answer.status_code, answer.location) == (302, "/ru/")
    assert "Accept-Language" in answer.headers["Vary"]


def test_one_campaign_is_the_home_page_and_two_are_listed(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="first-one", title="First one")
    alone = client.get("/en/")
    CampaignFactory(slug="second-one", title="Second one")
    CampaignFactory(title="Old one", archived=True)
    CampaignFactory(title="Secret one", draft=True)
    listed = client.get("/en/").text

    assert (alone.status_code, alone.location) == (302, "/en/first-one")
    assert all(title in listed for title in ("First one", "Second one", "Old one"))
    assert "Secret one" not in listed


def test_a_draft_has_no_page(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="not-yet", draft=True)

    assert client.get("/en/not-yet").status_code == 404


@pytest.mark.parametrize("page", ["", "/near", "/missions"])
def test_a_page_of_a_campaign_is_the_same_for_everybody_and_sets_no_cookie(
    client: FlaskClient, session: Session, sign_in: Callable[[Any], FlaskClient], page: str
) -> None:
    event = EventFactory(campaign__slug="one-day")
    CampaignRoleFactory(campaign=event.campaign)

    anonymous = client.get(f"/en/one-day{page}")
    known = sign_in(AccountFactory(administrator=True)).get(f"/en/one-day{page}")

    assert anonymous.status_code == 200
    assert anonymous.data == known.data
    assert not any("Set-Cookie" in answer.headers for answer in (anonymous, known))


def test_an_event_and_a_mission_too(
    client: FlaskClient, session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory(campaign__slug="one-day")
    pages = [f"/en/events/{event.public_id}", f"/en/one-day/missions/{event.mission.code}", "/en/about"]

    anonymous = [client.get(page) for page in pages]
    sign_in(event.organiser)
    known = [client.get(page) for page in pages]

    assert [page.status_code for page in anonymous] == [200, 200, 200]
    assert [page.data for page in anonymous] == [page.data for page in known]
    assert not any("Set-Cookie" in page.headers for page in anonymous + known)
    assert all(page.cache_control.public for page in anonymous)


def test_the_list_shows_what_is_published_and_what_was_cancelled_and_nothing_else(
    client: FlaskClient, session: Session
) -> None:
    campaign = CampaignFactory(slug="one-day")
    for title, trait in (("Seen", {}), ("Off", {"cancelled": True}), ("Waits", {"submitted": True}),
                         ("Own", {"draft": True}), ("Back", {"rejected": True})):  # fmt: skip
        EventFactory(campaign=campaign, title=f"{title} one", **trait)

    page = client.get("/en/one-day").text

    assert "Seen one" in page
    assert "Off one" in page
    assert not any(f"{title} one" in page for title in ("Waits", "Own", "Back"))


def test_the_list_is_sorted_as_the_reader_calls_the_countries(client: FlaskClient, session: Session) -> None:
    campaign = CampaignFactory(slug="one-day")
    EventFactory(campaign=campaign)
    EventFactory(campaign=campaign, mission__paris=True)
    EventFactory(campaign=campaign, mission__sydney=True)

    def countries(lang: str) -> list[str]:
        return re.findall(r'event-groups__name">([^<]+)<', client.get(f"/{lang}/one-day").text)

    assert countries("en") == ["Australia", "France", "Germany"]
    assert countries("ru") == ["Австралия", "Германия", "Франция"]


def test_the_list_can_be_narrowed_without_javascript(client: FlaskClient, session: Session) -> None:
    campaign = CampaignFactory(slug="one-day")
    EventFactory(campaign=campaign, title="In Berlin", languages="de")
    EventFactory(campaign=campaign, title="In Paris", languages="fr ru", mission__paris=True)

    by_country = client.get("/en/one-day?country=fr").text
    by_language = client.get("/en/one-day?language=de").text
    by_nonsense = client.get("/en/one-day?country=ZZ&date=tomorrow&language=%27").text

    assert ("In Paris" in by_country, "In Berlin" in by_country) == (True, False)
    assert ("In Paris" in by_language, "In Berlin" in by_language) == (False, True)
    assert "In Paris" in by_nonsense
    assert "In Berlin" in by_nonsense


def test_the_list_is_narrowed_by_several_needs_and_its_links_keep_them(
    client: FlaskClient, session: Session
) -> None:
    campaign = CampaignFactory(slug="one-day")
    EventFactory(campaign=campaign, title="Level", accessibility_features="step-free")
    EventFactory(campaign=campaign, title="Signed", accessibility_features="step-free sign-language")
    EventFactory(campaign=campaign, title="Told", accessibility="Cobbles.", mission__paris=True)
    EventFactory(campaign=campaign, title="Silent", mission__sydney=True)

    def titles(query: str) -> set[str]:
        return set(re.findall(r">(Level|Signed|Told|Silent)</", client.get(f"/en/one-day?{query}").text))

    assert titles("access=step-free") == {"Level", "Signed"}
    assert titles("access=step-free&access=sign-language") == {"Signed"}
    assert titles("access=described") == titles("access=any") == {"Level", "Signed", "Told"}
    assert titles("access=toilet") == set()
    assert titles("access=ramp") == {"Level", "Signed", "Told", "Silent"}
    page = client.get("/en/one-day?access=sign-language&access=step-free").text
    assert re.findall(r'name="access" value="([^"]+)" checked', page) == ["step-free", "sign-language"]
    assert "Step-free way, Sign language</span>" in page
    assert 'href="/ru/one-day?access=step-free&amp;access=sign-language"' in page


def test_a_page_says_what_is_accessible_with_signs_and_words(client: FlaskClient, session: Session) -> None:
    event = EventFactory(accessibility_features="step-free", accessibility="Ring at <b>the gate</b>.")
    silent = EventFactory(campaign=event.campaign)

    page = client.get(f"/en/events/{event.public_id}").text

    assert "icon--step-free" in page
    assert "Step-free way</li>" in page
    assert "Ring at &lt;b&gt;the gate&lt;/b&gt;." in page
    assert "Accessibility</dt>" not in client.get(f"/en/events/{silent.public_id}").text


def test_a_long_list_has_pages_and_each_event_stands_on_one_of_them(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator.site.listing.CARDS_ON_A_PAGE", 3)
    campaign = CampaignFactory(slug="one-day")
    berlin, paris = MissionFactory(), MissionFactory(paris=True)
    for number in range(4):
        EventFactory(campaign=campaign, title=f"Berlin {number}.", mission=berlin)
        EventFactory(campaign=campaign, title=f"Paris {number}.", mission=paris)

    url, titles = "/en/one-day", []
    for _ in range(5):
        page = client.get(url).text
        titles += re.findall(r">((?:Berlin|Paris) \d\.)<", page)
        following = re.search(r'rel="next" href="([^"#]+)', page)
        if following is None:
            break
        url = following[1].replace("&amp;", "&")

    assert sorted(titles) == sorted(set(titles))
    assert len(titles) == 8


def test_a_kept_page_holds_nothing_that_somebody_else_asked(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="one-day")

    client.get("/en/one-day?utm=from-somebody&x=%22%3E%3Cb%3E")
    page = client.get("/en/one-day").text

    assert "from-somebody" not in page


def test_a_kept_page_is_made_again_when_the_campaign_changes(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="one-day", title="Before")
    client.get("/en/one-day")

    event.title = "Behind"
    raise_revision(session, event.campaign)
    session.flush()

    assert "Behind" in client.get("/en/one-day").text


def test_numbers_are_honest(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="one-day")
    RsvpTallyFactory(event=event, confirmed=3, unconfirmed=2)
    EventFactory(campaign=event.campaign, cancelled=True, mission__paris=True)

    page = words(client.get("/en/one-day").text)

    assert "1 protest 1 country 5 people said they come 3 of them confirmed it by e-mail" in page


def test_what_strangers_wrote_stays_text(client: FlaskClient, session: Session) -> None:
    event = EventFactory(
        campaign__slug="one-day", campaign__title=HOSTILE, campaign__call=HOSTILE, title=HOSTILE,
        description=HOSTILE, address=HOSTILE, how_to_get_there=HOSTILE, accessibility=HOSTILE,
        public_contact=HOSTILE, mission__name=HOSTILE,
    )  # fmt: skip

    mission = f"/en/one-day/missions/{event.mission.code}"
    near = "/en/one-day/near?lat=52.5&lon=13.4"
    for path in ("/en/one-day", f"/en/events/{event.public_id}", "/en/one-day/missions", mission, near):
        page = client.get(path).text
        assert "<script>alert" not in page


def test_json_ld_can_t_end_its_own_script(client: FlaskClient, session: Session) -> None:
    event = EventFactory(title="</script><script>alert(1)</script>")

    page = client.get(f"/en/events/{event.public_id}").text

    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    assert json.loads(found[1])["name"] == event.title


def test_an_event_says_when_it_is_on_the_clocks_there(client: FlaskClient, session: Session) -> None:
    event = EventFactory(mission__sydney=True)

    page = words(client.get(f"/en/events/{event.public_id}").text)

    assert "16 September 2030, 18:00" in page
    assert "Sydney (UTC+10:00)" in page


def test_an_event_that_waits_says_so_and_hides_from_search_engines(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory(submitted=True)

    page = client.get(f"/en/events/{event.public_id}").text

    assert "Waiting for review" in page
    assert '<meta name="robots" content="noindex">' in page
    assert "application/ld+json" not in page
    assert 'name="party_size"' not in page


def test_a_cancelled_event_says_so_loudly(client: FlaskClient, session: Session) -> None:
    event = EventFactory(cancelled=True)

    page = client.get(f"/en/events/{event.public_id}").text

    assert "This protest is cancelled" in page
    assert "EventCancelled" in page
    assert 'name="party_size"' not in page


def test_an_event_that_is_over_takes_no_answers(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator.site.views.now", lambda: AFTER)
    event = EventFactory()

    page = client.get(f"/en/events/{event.public_id}").text

    assert "This protest is over" in page
    assert 'name="party_size"' not in page


@pytest.mark.parametrize("trait", ["draft", "rejected"])
def test_what_only_its_organiser_may_see_is_nowhere(
    client: FlaskClient, session: Session, trait: str
) -> None:
    event = EventFactory(**{trait: True})

    assert client.get(f"/en/events/{event.public_id}").status_code == 404
    assert client.get(f"/e/{event.public_id}").status_code == 404


def test_nobody_is_sent_to_the_middle_of_a_city(client: FlaskClient, session: Session) -> None:
    event = EventFactory(rough=True)

    page = client.get(f"/en/events/{event.public_id}").text

    assert "Only the town is known so far" in page
    assert "geo:" not in page


def test_an_organiser_s_own_address_is_not_on_the_page(client: FlaskClient, session: Session) -> None:
    event = EventFactory(organiser=AccountFactory(email="secret@example.org", display_name="Secret Name"))

    page = client.get(f"/en/events/{event.public_id}").text

    assert "secret@example.org" not in page
    assert "Secret Name" not in page


def test_other_protests_there_on_that_day_are_named_but_none_that_waits(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory()
    same = {"campaign": event.campaign, "mission": event.mission}
    next_day = datetime(2030, 9, 17, 18, 0)  # noqa: DTZ001 a wall time
    EventFactory(**same, title="Also here")
    EventFactory(**same, title="Not yet seen", submitted=True)
    EventFactory(**same, title="Next day", starts_local=next_day, ends_local=None)

    page = client.get(f"/en/events/{event.public_id}").text

    assert "Also here" in page
    assert "Not yet seen" not in page
    assert "Next day" not in page


def test_the_short_link_finds_the_reader_s_language_however_it_is_copied(
    client: FlaskClient, session: Session
) -> None:
    event = EventFactory(public_id="7x2k9c4m1p")

    answer = client.get("/e/7X2K9C4MLP", headers={"Accept-Language": "ru"})

    assert (answer.status_code, answer.location) == (302, f"/ru/events/{event.public_id}")


def test_demonstration_data_says_so_on_every_page(client: FlaskClient, session: Session) -> None:
    event = EventFactory(campaign__slug="one-day", campaign__is_demonstration=True)

    for path in ("/en/one-day", "/en/one-day/near", "/en/one-day/missions", f"/en/events/{event.public_id}",
                 f"/en/one-day/missions/{event.mission.code}"):  # fmt: skip
        assert "These protests and people are invented" in client.get(path).text


def test_the_nearest_comes_first_with_its_distance(
    client: FlaskClient, session: Session, knows: Callable[..., None]
) -> None:
    campaign = CampaignFactory(slug="one-day")
    EventFactory(campaign=campaign, title="At the embassy")
    EventFactory(
        campaign=campaign,
        title="In Potsdam",
        elsewhere=True,
        latitude=52.3906,
        longitude=13.0645,
        city="Potsdam",
    )
    EventFactory(campaign=campaign, title="Far away", mission__sydney=True)
    knows(Found(candidates=(BERLIN,), is_clear=True))

    page = client.get("/en/one-day/near?place=Берлин").text
    miles = client.get("/en/one-day/near?place=Berlin&unit=mi").text

    assert page.index("At the embassy") < page.index("In Potsdam")
    assert "Far away" not in page
    assert "1.6 km" in page
    assert "1 miles" in miles


def test_a_narrow_circle_leaves_out_what_is_further(
    client: FlaskClient, session: Session, knows: Callable[..., None]
) -> None:
    EventFactory(campaign__slug="one-day", title="At the embassy")
    knows(Found(candidates=(BERLIN,), is_clear=True))

    page = client.get("/en/one-day/near?place=Berlin&within_km=1").text

    assert "No protest is announced near Berlin, Germany yet." in page
    assert "At the embassy" in page


def test_nothing_near_names_the_nearest_however_far_and_the_missions(
    client: FlaskClient, session: Session, knows: Callable[..., None]
) -> None:
    EventFactory(campaign__slug="one-day", title="At the embassy")
    MissionFactory(sydney=True, code="ru-au-sydney")
    knows(Found(candidates=(SYDNEY,), is_clear=True))

    page = client.get("/en/one-day/near?place=Sydney").text

    assert "No protest is announced near Sydney, Australia yet." in page
    assert "At the embassy" in page
    assert "/en/one-day/missions/ru-au-sydney" in page
    assert "organise/events/new?campaign=one-day" in page


def test_a_name_of_several_places_is_a_choice(
    client: FlaskClient, session: Session, knows: Callable[..., None]
) -> None:
    CampaignFactory(slug="one-day")
    knows(Found(candidates=(BERLIN, SYDNEY)))

    page = client.get("/en/one-day/near?place=be").text

    assert "Which one do you mean?" in page
    assert "lat=52.5200" in page
    assert "lat=-33.8700" in page


@pytest.mark.parametrize("found", [Found(), GazetteerMissingError()])
def test_a_place_that_nobody_knows_gets_help_and_no_error(
    client: FlaskClient, session: Session, knows: Callable[..., None], found: Any
) -> None:
    CampaignFactory(slug="one-day")
    knows(found)

    answer = client.get("/en/one-day/near", query_string={"place": HOSTILE})

    assert answer.status_code == 200
    assert "52.52, 13.40" in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "lat=91&lon=0",
        "lat=nan&lon=1",
        "lat=1",
        "lat=a&lon=b",
        "within_km=-1&lat=1&lon=1",
        "unit=parsec",
    ],
)
def test_a_question_that_makes_no_sense_is_answered_kindly(
    client: FlaskClient, session: Session, knows: Callable[..., None], query: str
) -> None:
    CampaignFactory(slug="one-day")
    knows(Found())

    assert client.get(f"/en/one-day/near?{query}").status_code == 200


def test_where_somebody_is_is_kept_by_nobody(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="one-day")

    answer = client.get("/en/one-day/near?lat=52.52&lon=13.40")

    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_over_is_not_near(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    EventFactory(campaign__slug="one-day", title="At the embassy")
    monkeypatch.setattr("coordinator.site.views.now", lambda: AFTER)

    page = client.get("/en/one-day/near?lat=52.52&lon=13.40").text

    assert "At the embassy" not in page
    assert "No protest lies ahead." in page


def test_coverage_counts_what_waits_and_names_only_what_is_public(
    client: FlaskClient, session: Session
) -> None:
    campaign = CampaignFactory(slug="one-day")
    EventFactory(campaign=campaign)
    EventFactory(campaign=campaign, mission__paris=True, submitted=True, title="Secret plan")
    MissionFactory(sydney=True, code="ru-au-sydney")
    MissionFactory(closed=True, name="Closed one")
    MissionFactory(sending_state="BY", name="Somebody else's")

    page = client.get("/en/one-day/missions").text

    said = words(page)
    assert "1 of 3" in said
    assert "1 proposed" in said
    assert "Nobody yet" in said
    assert "Register the first" in said
    assert "organise/events/new?campaign=one-day&amp;mission=ru-au-sydney" in page
    assert not any(text in page for text in ("Secret plan", "Closed one", "Somebody else"))


def test_coverage_can_be_narrowed(client: FlaskClient, session: Session) -> None:
    campaign = CampaignFactory(slug="one-day")
    event = EventFactory(campaign=campaign)
    paris = MissionFactory(paris=True)

    without = client.get("/en/one-day/missions?without=events").text
    german = client.get("/en/one-day/missions?country=de").text

    assert (event.mission.code in without, paris.code in without) == (False, True)
    assert (event.mission.code in german, paris.code in german) == (True, False)


def test_a_mission_that_is_closed_says_so(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="one-day")
    closed = MissionFactory(closed=True, status_on=date(2023, 12, 31))
    moved = MissionFactory(moved=True)

    assert "This mission is closed" in client.get(f"/en/one-day/missions/{closed.code}").text
    assert "Protest here" not in client.get(f"/en/one-day/missions/{closed.code}").text
    assert "This mission has moved" in client.get(f"/en/one-day/missions/{moved.code}").text


def test_a_mission_of_another_state_is_no_page_of_this_campaign(
    client: FlaskClient, session: Session
) -> None:
    CampaignFactory(slug="one-day")
    mission = MissionFactory(sending_state="BY")

    assert client.get(f"/en/one-day/missions/{mission.code}").status_code == 404


@pytest.mark.parametrize("page", ["about", "privacy", "source"])
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_pages_about_the_site(client: FlaskClient, session: Session, lang: str, page: str) -> None:
    answer = client.get(f"/{lang}/{page}")

    assert answer.status_code == 200
    assert "administrator@example.org" in answer.text


def test_search_engines_are_kept_out_of_private_rooms(client: FlaskClient, session: Session) -> None:
    CampaignFactory(slug="one-day")

    assert "Disallow: /en/organise/" in client.get("/robots.txt").text
    assert "http://localhost/ru/one-day" in client.get("/sitemap.xml").text


def test_a_page_costs_the_same_however_many_protests_there_are(client: FlaskClient, session: Session) -> None:
    campaign = CampaignFactory(slug="one-day")
    mission = MissionFactory()
    first = EventFactory(campaign=campaign, mission=mission)
    pages = ["/en/one-day", f"/en/events/{first.public_id}", "/en/one-day/near?lat=52.5&lon=13.4"]

    def queries() -> list[int]:
        counts = []
        for page in pages:
            client.get(page)  # what is kept is kept
            session.expire_all()
            counts.append(_queries_of(lambda page=page: client.get(page)))
        return counts

    few = queries()
    for _ in range(20):
        EventFactory(campaign=campaign, mission__paris=True)
    raise_revision(session, campaign)
    session.flush()

    assert queries() == few


def _queries_of(act: Callable[[], Any]) -> int:
    said: list[str] = []

    def listen(*args: Any) -> None:
        said.append(args[2])

    sqlalchemy_event.listen(db.engine, "before_cursor_execute", listen)
    try:
        act()
    finally:
        sqlalchemy_event.remove(db.engine, "before_cursor_execute", listen)
    return len([statement for statement in said if statement.startswith("SELECT")])


def test_the_map_beside_the_list_shows_what_the_list_shows(client: FlaskClient, session: Session) -> None:
    EventFactory(campaign__slug="world", accessibility_features="step-free")

    plain = client.get("/en/world").text
    narrowed = client.get("/en/world?country=DE&access=step-free").text

    assert 'src="/en/world/map"' in plain
    assert 'src="/en/world/map?country=DE&amp;access=step-free"' in narrowed
    assert narrowed.count("/en/world/map?country=DE&amp;access=step-free") == 2  # and the page of its own
