"""The two doors through a browser: what they show, what they take, and to whom they stay shut."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.checkin.models import Attendance, DoorLink, DoorTally
from coordinator.checkin.rules import MOST_ACTS
from coordinator.kit.clock import now
from coordinator.kit.tokens import token_digest
from coordinator.rsvps.codes import check_in_code, code_hash, read_short_code, short_code, spoken
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.checkin import DoorLinkFactory
from tests.factories.events import EventFactory
from tests.factories.rsvps import RsvpFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session
    from werkzeug.test import TestResponse

    from coordinator.kit.crypto import Seal
    from coordinator.rsvps.models import Rsvp

TOKEN = "d" * 32
DOOR = f"/en/door/{TOKEN}"


def who(rsvp: Rsvp, seal: Seal) -> str:
    return code_hash(check_in_code(rsvp.event.public_id, rsvp.public_id, seal))


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def batch(*acts: dict[str, Any], **more: Any) -> dict[str, Any]:
    sent_at = milliseconds(now())
    return {"sent_at": sent_at, "acts": [{"at": sent_at - 1000} | one for one in acts]} | more


@pytest.fixture
def ada(session: Session) -> Rsvp:
    """Three people at a protest whose door has a link."""
    rsvp = RsvpFactory(name="Ada Invented", party_size=3, confirmed=True)
    DoorLinkFactory(event=rsvp.event, token=TOKEN)
    session.commit()
    found: Rsvp = rsvp
    return found


def here(session: Session) -> tuple[int, int]:
    session.expire_all()
    tally = session.scalars(select(DoorTally)).one()
    return tally.came, tally.walk_ins


def test_a_helper_finds_checks_in_and_undoes_without_javascript(
    client: FlaskClient, session: Session, seal: Seal, ada: Rsvp
) -> None:
    page = client.get(DOOR, query_string={"q": "ad"}).text
    assert "Ada" in page
    assert "Invented" not in page
    assert "example.org" not in page

    form = {"kind": "arrive", "who": who(ada, seal), "people": "2", "q": "ad"}
    answer = client.post(DOOR, data=form)
    assert answer.status_code == 303
    assert answer.location.startswith(f"{DOOR}?q=ad#")
    assert "2 of 3 here" in client.get(DOOR).text

    client.post(DOOR, data={"kind": "undo", "who": who(ada, seal)})
    assert "2 of 3 here" not in client.get(DOOR).text
    assert here(session) == (0, 0)


def test_who_did_not_answer_is_a_number(client: FlaskClient, session: Session, ada: Rsvp) -> None:
    for people in ("1", "1", "-1"):
        assert client.post(DOOR, data={"kind": "walk-in", "people": people}).status_code == 303

    assert here(session) == (0, 1)


def test_the_letters_under_the_code_find_somebody_however_they_are_typed(
    client: FlaskClient, seal: Seal, ada: Rsvp
) -> None:
    RsvpFactory(event=ada.event, name="Bo")
    letters = spoken(short_code(who(ada, seal)))

    for typed in (letters, letters.lower(), f" {letters.replace(' ', '-')} "):
        page = client.get(DOOR, query_string={"q": typed}).text
        assert "Ada" in page
        assert "Bo" not in page


def test_letters_that_sound_alike_are_one_letter() -> None:
    assert read_short_code("oIl-7K2") == "0117k2"


@pytest.mark.parametrize("kind", ["", "open", "arrive"])
def test_a_press_that_says_nothing_changes_nothing(
    client: FlaskClient, session: Session, ada: Rsvp, kind: str
) -> None:
    assert client.post(DOOR, data={"kind": kind}).status_code == 409
    assert session.scalars(select(Attendance)).all() == []


def test_a_phone_without_names_gets_none(client: FlaskClient, session: Session, ada: Rsvp) -> None:
    session.scalars(select(DoorLink)).one().has_names = False
    session.commit()

    page, people = client.get(DOOR).text, client.get(f"{DOOR}/people.json")

    assert "Ada" not in page
    assert "Ada" not in people.text
    assert people.json is not None
    assert len(people.json["guests"]) == 1


def test_the_list_for_a_phone_holds_what_a_door_needs_and_nothing_else(
    client: FlaskClient, seal: Seal, ada: Rsvp
) -> None:
    answer = client.get(f"{DOOR}/people.json")

    assert answer.json is not None
    assert answer.json["guests"] == [[who(ada, seal), "Ada", 3, "accepted", 0, 0, ""]]
    assert answer.headers["Cache-Control"] == "no-store"
    for secret in (ada.public_id, check_in_code(ada.event.public_id, ada.public_id, seal)):
        assert secret not in answer.text


def test_a_batch_is_taken_once_and_tells_what_other_phones_said(
    client: FlaskClient, session: Session, seal: Seal, ada: Rsvp
) -> None:
    other = RsvpFactory(event=ada.event, name="Bo")
    session.commit()
    acts = batch(
        {"kind": "arrive", "id": "a" * 20, "who": who(ada, seal), "people": 3},
        {"kind": "walk-in", "id": "b" * 20, "people": 2},
        {"kind": "arrive", "id": "c" * 20, "who": "0" * 64, "people": 1},
    )
    client.post(
        f"{DOOR}/acts", json=batch({"kind": "arrive", "id": "z" * 20, "who": who(other, seal), "people": 1})
    )

    first, again = client.post(f"{DOOR}/acts", json=acts), client.post(f"{DOOR}/acts", json=acts)

    assert first.json is not None
    assert again.json is not None
    assert first.json["outcomes"] == {"a" * 20: "done", "b" * 20: "done", "c" * 20: "unknown"}
    assert set(again.json["outcomes"].values()) == {"repeated"}
    assert {row[0]: row[1] for row in first.json["arrivals"]} == {who(ada, seal): 3, who(other, seal): 1}
    assert here(session) == (4, 2)


def test_news_are_what_is_new(client: FlaskClient, session: Session, seal: Seal, ada: Rsvp) -> None:
    client.post(DOOR, data={"kind": "arrive", "who": who(ada, seal), "people": "3"})
    row = session.scalars(select(Attendance)).one()
    later = milliseconds(row.changed_at + timedelta(minutes=1))

    def arrivals(since: object) -> object:
        answer = client.get(f"{DOOR}/news.json", query_string={"since": since})
        assert answer.json is not None
        return [one[1] for one in answer.json["arrivals"]]

    assert arrivals(0) == [3]
    assert arrivals(later) == []
    for odd in ("", "soon", -(10**30), 10**30):
        client.get(f"{DOOR}/news.json", query_string={"since": odd})


@pytest.mark.parametrize(
    "wrong", [None, [], {}, {"acts": [1]}, {"acts": [{}] * (MOST_ACTS + 1), "sent_at": 0}]
)
def test_what_is_no_batch_is_refused(client: FlaskClient, session: Session, ada: Rsvp, wrong: Any) -> None:
    assert client.post(f"{DOOR}/acts", json=wrong).status_code == 422
    assert client.post(f"{DOOR}/acts", data="{").status_code == 422


def dead(session: Session) -> dict[str, str]:
    """Return tokens of links that open nothing, by why."""
    over = EventFactory(
        starts_local=datetime(2020, 9, 16, 18), ends_local=datetime(2020, 9, 16, 19)  # noqa: DTZ001
    )  # fmt: skip
    DoorLinkFactory(event=over, token="o" * 32)
    DoorLinkFactory(token="r" * 32, revoked_at=datetime(2030, 9, 1, tzinfo=UTC))
    DoorLinkFactory(event=EventFactory(cancelled=True), token="c" * 32)
    session.commit()
    return {"over": "o" * 32, "revoked": "r" * 32, "cancelled": "c" * 32, "never": "n" * 32}


def test_a_dead_link_says_the_same_however_it_died(client: FlaskClient, session: Session, ada: Rsvp) -> None:
    def bare(answer: TestResponse, token: str) -> tuple[int, str]:
        return answer.status_code, answer.text.replace(token, "")

    answers = set()
    for token in dead(session).values():
        address = f"/en/door/{token}"
        answers.add(bare(client.get(address), token))
        answers.add(bare(client.post(address, data={"kind": "walk-in", "people": "1"}), token))
        for part in ("people.json", "news.json", "worker.js"):
            answers.add(bare(client.get(f"{address}/{part}"), token))
        answers.add(bare(client.post(f"{address}/acts", json=batch()), token))

    assert {status for status, _ in answers} == {404}
    bodies = {re.sub(r'href="[^"]*"', "", text) for _, text in answers}
    assert len(bodies) == 1
    assert session.scalars(select(DoorTally)).all() == []


def test_a_link_lives_as_long_after_the_end_as_was_chosen(client: FlaskClient, session: Session) -> None:
    ended = (now() - timedelta(hours=5)).replace(microsecond=0)
    event = EventFactory(
        starts_local=(ended - timedelta(hours=2)).replace(tzinfo=None),
        ends_local=ended.replace(tzinfo=None),
        timezone="UTC",
    )
    for token, hours in (("s" * 32, 2), ("l" * 32, 6)):
        DoorLinkFactory(event=event, token=token, hours=hours)
    session.commit()

    assert client.get("/en/door/" + "s" * 32).status_code == 404
    alive = client.get("/en/door/" + "l" * 32)
    assert alive.status_code == 200
    assert "did not come" in alive.text


def test_one_door_says_nothing_about_another_event(
    client: FlaskClient, session: Session, seal: Seal, ada: Rsvp
) -> None:
    elsewhere = RsvpFactory(name="Elsewhere")
    session.commit()

    answer = client.post(
        f"{DOOR}/acts",
        json=batch({"kind": "arrive", "id": "a" * 20, "who": who(elsewhere, seal), "people": 1}),
    )

    assert answer.json is not None
    assert answer.json["outcomes"] == {"a" * 20: "unknown"}
    assert "Elsewhere" not in client.get(DOOR).text


def test_the_camera_is_for_the_door_alone(client: FlaskClient, ada: Rsvp) -> None:
    assert "camera=(self)" in client.get(DOOR).headers["Permissions-Policy"]
    assert "camera=()" in client.get(f"/en/events/{ada.event.public_id}").headers["Permissions-Policy"]


def test_the_script_that_keeps_the_page_is_for_this_page_only(client: FlaskClient, ada: Rsvp) -> None:
    answer = client.get(f"{DOOR}/worker.js")

    assert answer.mimetype == "text/javascript"
    assert answer.headers["Service-Worker-Allowed"] == DOOR
    assert re.match(r"self\.doorUntil = \d{13};", answer.text)


def test_an_organiser_makes_a_link_sees_it_once_and_revokes_it(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory()
    organiser = sign_in(event.organiser)
    address = f"/en/organise/events/{event.public_id}/check-in/links"

    answer = organiser.post(address, data={"label": "Bo at the gate", "hours": "2", "without_names": "y"})
    assert (answer.status_code, answer.location) == (303, address)
    page = organiser.get(address).text
    found = re.search(r"/en/door/([\w-]{32})", page)
    assert found
    assert "/en/door/" not in organiser.get(address).text

    link = session.scalars(select(DoorLink)).one()
    assert (link.token_digest, link.has_names, link.hours) == (token_digest(found[1]), False, 2)
    assert "Bo at the gate" in page
    assert organiser.get(f"/en/door/{found[1]}").status_code == 200

    organiser.post(f"{address}/{link.public_id}/revoke")
    assert organiser.get(f"/en/door/{found[1]}").status_code == 404
    assert "Revoked" in organiser.get(address).text


def test_a_link_of_another_event_is_not_revoked_here(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    mine, theirs = EventFactory(), DoorLinkFactory()
    organiser = sign_in(mine.organiser)

    answer = organiser.post(f"/en/organise/events/{mine.public_id}/check-in/links/{theirs.public_id}/revoke")

    assert answer.status_code == 404
    session.expire_all()
    assert theirs.revoked_at is None


def test_a_wrong_form_comes_back_with_what_was_typed(
    session: Session, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = EventFactory()
    address = f"/en/organise/events/{event.public_id}/check-in/links"

    answer = sign_in(event.organiser).post(address, data={"label": "x" * 61, "hours": "6"})

    assert answer.status_code == 422
    assert "x" * 61 in answer.text


def test_an_organiser_stands_at_the_door_too(
    session: Session, seal: Seal, ada: Rsvp, sign_in: Callable[[Any], FlaskClient]
) -> None:
    organiser = sign_in(ada.event.organiser)
    address = f"/en/organise/events/{ada.event.public_id}/check-in"

    assert "Ada" in organiser.get(address).text
    organiser.post(address, data={"kind": "arrive", "who": who(ada, seal), "people": "3"})

    assert "3 of 3 here" in organiser.get(address).text


def test_organisers_and_coordinators_see_how_many_came(
    session: Session, seal: Seal, ada: Rsvp, sign_in: Callable[[Any], FlaskClient]
) -> None:
    event = ada.event
    client = sign_in(event.organiser)
    client.post(DOOR, data={"kind": "arrive", "who": who(ada, seal), "people": "2"})
    client.post(DOOR, data={"kind": "walk-in", "people": "1"})

    page = client.get(f"/en/organise/events/{event.public_id}").text
    assert re.search(r">3</bdi>\s*<span[^>]*>came<", page)

    role = CampaignRoleFactory(campaign=event.campaign)
    session.commit()
    numbers = sign_in(role.account).get(f"/en/coordinate/{event.campaign.slug}/").text
    assert re.search(r">3</bdi>\s*<span[^>]*>came<", numbers)
    assert "Ada" not in numbers


def test_a_protest_without_a_door_says_so(session: Session, sign_in: Callable[[Any], FlaskClient]) -> None:
    event = EventFactory(cancelled=True)

    page = sign_in(event.organiser).get(f"/en/organise/events/{event.public_id}/check-in")

    assert "has no door now" in page.text


def test_whoever_comes_has_a_code_to_show(
    client: FlaskClient, session: Session, seal: Seal, ada: Rsvp
) -> None:
    RsvpFactory(event=ada.event, token="m" * 32)
    RsvpFactory(event=ada.event, token="p" * 32, pending=True)
    RsvpFactory(event=ada.event, token="c" * 32, declined=True)
    session.commit()

    picture = client.get("/en/rsvp/" + "m" * 32 + "/code.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    page = client.get("/en/rsvp/" + "m" * 32).text
    assert "/code.svg" in page
    assert "nobody needs to see your name" in page

    for token in ("p" * 32, "c" * 32):
        assert client.get(f"/en/rsvp/{token}/code.svg").status_code == 404
        assert "/code.svg" not in client.get(f"/en/rsvp/{token}").text
