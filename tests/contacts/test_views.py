from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import vobject
from sqlalchemy import func, select

from coordinator.audit.models import AuditEntry
from coordinator.contacts.models import Contact, ContactFilter
from coordinator.contacts.queries import opened
from coordinator.contacts.rules import Purpose
from coordinator.contacts.service.keeping import IDLE_FILTER, forget_filters, keep_filter
from coordinator.kit.db import unit_of_work
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignRoleFactory
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

    SignIn = Callable[[Any], FlaskClient]

URL = "/en/organise/contacts"
KEPT_AT = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)


def names(page: str) -> set[str]:
    return {name for name in ("Ada", "Bertha", "Clara") if f"<bdi>{name}</bdi>" in page}


@pytest.fixture
def three(session: Session) -> list[Contact]:
    event = EventFactory(title="Vigil")
    other = EventFactory(title="March", organiser=event.organiser)
    session.flush()
    return [
        ContactFactory(event=event, name="Ada", email="ada@example.org", tags=("press",)),
        ContactFactory(event=event, name="Bertha", email="", phone="+49 30 1234", note="drives a van"),
        ContactFactory(event=other, name="Clara", tags=("Press", "marshal")),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", {"Ada", "Bertha", "Clara"}, id="everybody"),
        pytest.param("?text=ADA", {"Ada"}, id="name or address"),
        pytest.param("?text=van+drives", {"Bertha"}, id="words of a note in any order"),
        pytest.param("?tag=PRESS", {"Ada", "Clara"}, id="tag"),
        pytest.param("?tag=press&text=clara", {"Clara"}, id="both"),
        pytest.param("?text=nobody", set(), id="nobody"),
        pytest.param("?page=2", set(), id="past the end"),
        pytest.param("?page=-1&text=ada", {"Ada"}, id="before the start"),
    ],
)
def test_search(three: list[Contact], sign_in: SignIn, query: str, found: set[str]) -> None:
    page = sign_in(three[0].owner).get(f"{URL}{query}")

    assert page.status_code == 200
    assert names(page.text) == found


def test_one_protest(three: list[Contact], sign_in: SignIn) -> None:
    page = sign_in(three[0].owner).get(f"{URL}?event={three[2].event.public_id}")

    assert names(page.text) == {"Clara"}


def test_tags_and_note_are_kept_sealed(
    three: list[Contact], sign_in: SignIn, session: Session, seal: Seal
) -> None:
    browser, url = sign_in(three[0].owner), f"{URL}/{three[0].public_id}"

    browser.post(url, data={"tags": "marshal, press, Marshal", "note": "calls back"})
    browser.post(f"{url}/tag", data={"tag": "medic"})
    browser.post(f"{url}/tag", data={"tag": "PRESS", "remove": "1"})

    session.expire_all()
    person = opened(three[0], seal)
    assert (person.tags, person.note) == (("marshal", "medic"), "calls back")
    assert "marshal" not in (three[0].tags_sealed or "")
    assert "calls back" in browser.get(url).text


def test_too_many_tags_are_refused_beside_the_field(three: list[Contact], sign_in: SignIn) -> None:
    url = f"{URL}/{three[0].public_id}"

    page = sign_in(three[0].owner).post(url, data={"tags": ",".join(map(str, range(30)))})

    assert page.status_code == 422
    assert "At most 20 tags" in page.text


def test_a_contact_is_removed_when_they_ask(three: list[Contact], sign_in: SignIn, session: Session) -> None:
    sign_in(three[0].owner).post(f"{URL}/{three[0].public_id}/remove")

    assert session.scalar(select(func.count(Contact.id))) == 2
    assert session.scalars(select(AuditEntry.tag)).all() == ["contact:removed"]


def test_the_sheet_runs_nothing_and_is_logged_by_number(sign_in: SignIn, session: Session) -> None:
    event = EventFactory(title="=cmd|' /C calc'!A0")
    ContactFactory(
        event=event, name="=1+1", email="ada@example.org", phone="+49 30 1234", note="\t=2", tags=("@x",)
    )
    ContactFactory(event=event, name="Ада, «quoted»", note='two\nlines "here"')

    answer = sign_in(event.organiser).post(f"{URL}/export")

    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="contacts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["Ада, «quoted»", "'=1+1"]
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))]
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.tag, entry.details) == ("contacts:exported", {"count": 2})


def test_an_export_holds_everybody_where_each_request_has_a_session_of_its_own(real_app: Flask) -> None:
    with real_app.app_context(), unit_of_work():
        event = EventFactory()
        ContactFactory.create_batch(3, event=event)
        identity = event.organiser.get_id()
    browser = real_app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = identity, True

    sheet = browser.post(f"{URL}/export")
    cards = browser.post(f"{URL}/export", data={"format": "vcf"})

    assert len(list(csv.DictReader(io.StringIO(sheet.data.decode("utf-8-sig"))))) == 3
    assert cards.text.count("BEGIN:VCARD") == 3


def test_a_link_exports_nothing_and_says_what_a_press_would(three: list[Contact], sign_in: SignIn) -> None:
    page = sign_in(three[0].owner).get(f"{URL}/export?tag=press")

    assert "Take 2 contacts along?" in page.text
    assert "ada@example.org" not in page.text


@pytest.mark.parametrize(
    ("query", "expected"), [({}, ["Clara", "Bertha", "Ada"]), ({"tag": "press"}, ["Clara", "Ada"])]
)
def test_an_export_has_whom_the_list_showed(
    three: list[Contact], sign_in: SignIn, query: dict[str, str], expected: list[str]
) -> None:
    answer = sign_in(three[0].owner).post(f"{URL}/export", data=query)

    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == expected


def test_cards_are_read_by_address_books(session: Session, sign_in: SignIn) -> None:
    event = EventFactory()
    ContactFactory(
        event=event, name="Ада; Лавлейс", email="ada@example.org", phone="+49 30 1234",
        note="two\nlines, BEGIN:VCARD", tags=("press", "a,b"),
    )  # fmt: skip
    ContactFactory(event=event, name="", email="", phone="+49 30 99")

    answer = sign_in(event.organiser).post(f"{URL}/export", data={"format": "vcf"})

    assert answer.mimetype == "text/vcard"
    nameless, ada = vobject.readComponents(answer.text)
    assert (nameless.fn.value, nameless.tel.value) == ("+49 30 99", "+49 30 99")
    assert (ada.fn.value, ada.n.value.family) == ("Ада; Лавлейс", "Лавлейс")
    assert (ada.email.value, ada.note.value) == ("ada@example.org", "two\nlines, BEGIN:VCARD")
    assert sorted(ada.categories.value) == ["a,b", "press"]


def test_somebody_is_written_down_by_hand(session: Session, sign_in: SignIn, seal: Seal) -> None:
    event = EventFactory()
    browser = sign_in(event.organiser)
    session.commit()
    typed = {
        "name": "Dana", "email": "dana@example.org", "phone": "", "campaign": event.campaign.slug,
        "purposes": ["contact"], "agreed_on": "2026-01-02", "tags": "press, van", "note": "met in Riga",
    }  # fmt: skip

    for wrong, said in (
        ({"email": "", "phone": ""}, "Give an address or a number"),
        ({"email": "dana"}, "This is no e-mail address."),
        ({"agreed_on": ""}, "Say on which day."),
        ({"agreed_on": "2999-01-01"}, "Say on which day."),
    ):
        answer = browser.post(f"{URL}/new", data=typed | wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert "met in Riga" in answer.text
    kept = browser.post(f"{URL}/new", data=typed)

    assert kept.status_code == 303
    person = opened(session.scalars(select(Contact)).one(), seal)
    assert (person.name, person.tags, person.source) == ("Dana", ("press", "van"), "hand")
    assert [one.purpose for one in person.consents] == [Purpose.CONTACT]
    assert "Dana" in browser.get(kept.location).text


def test_an_address_that_wants_no_more_mail_is_not_written_down(
    session: Session, sign_in: SignIn, three: list[Contact]
) -> None:
    browser = sign_in(three[0].owner)
    slug = three[0].campaign.slug

    assert browser.post(f"{URL}/block-address", data={"email": "nonsense"}).status_code == 303
    browser.post(f"{URL}/block-address", data={"email": "ADA@example.org"})

    page = browser.get(URL).text
    assert names(page) == {"Bertha", "Clara"}
    assert "1 address is on your list." in page
    typed = {"name": "Ada", "email": "ada@example.org", "campaign": slug}
    answer = browser.post(f"{URL}/new", data=typed)
    assert answer.status_code == 422
    assert "wants no more mail from you" in answer.text


def test_other_peoples_contacts_do_not_exist(three: list[Contact], sign_in: SignIn, session: Session) -> None:
    coordinator = CampaignRoleFactory(campaign=three[0].event.campaign).account
    strangers = [AccountFactory(), coordinator, AccountFactory(is_administrator=True)]
    one = f"{URL}/{three[0].public_id}"

    for account in strangers:
        browser = sign_in(account)
        assert names(browser.get(URL).text) == set()
        assert browser.get(f"{URL}?event={three[0].event.public_id}").status_code == 404
        assert browser.get(one).status_code == 404
        assert browser.post(one, data={"tags": "mine"}).status_code == 404
        assert browser.post(f"{one}/tag", data={"tag": "mine"}).status_code == 404
        assert browser.post(f"{one}/remove").status_code == 404
        assert browser.post(f"{URL}/export", data={"event": three[0].event.public_id}).status_code == 404
        assert browser.post(f"{URL}/export").data.decode("utf-8-sig").count("\n") == 1

    assert session.scalar(select(func.count(Contact.id))) == 3


def test_nobody_who_is_not_signed_in_gets_in(three: list[Contact], client: FlaskClient) -> None:
    for url in (URL, f"{URL}/{three[0].public_id}"):
        assert client.get(url).status_code == 303
    assert client.post(f"{URL}/export").status_code == 303


def test_what_is_looked_for_stands_in_no_address(three: list[Contact], sign_in: SignIn, seal: Seal) -> None:
    browser = sign_in(three[0].owner)

    found = browser.post(
        f"{URL}/search", data={"text": "ada@example.org", "tag": "", "role": "", "event": ""}
    )
    page = browser.get(found.location).text
    sheet = browser.post(f"{URL}/export", data=parse_qs(urlsplit(found.location).query))

    assert found.status_code == 303
    assert names(page) == {"Ada"}
    assert 'value="ada@example.org"' in page
    for address in (found.location, *re.findall(r'(?:href|action)="([^"]+)"', page)):
        assert "ada@" not in address
        assert "ada%40" not in address
    assert sheet.text.count("\n") == 2
    for find in ("nonsense", seal.encrypt("no search of ours")):
        assert names(browser.get(URL, query_string={"find": find}).text) == {"Ada", "Bertha", "Clara"}


def test_whoever_agreed_to_nothing_is_marked(three: list[Contact], sign_in: SignIn) -> None:
    ContactFactory(event=three[0].event, name="Dora", agreed_to=())

    page = sign_in(three[0].owner).get(URL).text

    assert page.count("agreed to nothing") == 1


def test_a_search_is_kept_under_a_name_and_found_again(
    three: list[Contact], sign_in: SignIn, session: Session
) -> None:
    browser = sign_in(three[0].owner)

    browser.post(f"{URL}/filters", data={"tag": "press", "name": "Journalists"})
    browser.post(f"{URL}/filters", data={"tag": "press", "text": "ada", "name": "Journalists"})
    browser.post(f"{URL}/filters", data={"name": "Nothing"})
    browser.post(f"{URL}/filters", data={"text": "x", "name": ""})

    kept = session.scalars(select(ContactFilter)).one()
    assert "Journalists" not in kept.name_sealed
    page = browser.get(URL).text
    link = re.search(r'href="([^"]+)"><bdi>Journalists', page)
    assert link is not None
    assert names(browser.get(link.group(1)).text) == {"Ada"}
    assert "Journalists" not in sign_in(AccountFactory()).get(URL).text
    assert browser.post(f"{URL}/filters/{kept.public_id}/delete").status_code == 404
    browser = sign_in(three[0].owner)
    assert browser.post(f"{URL}/filters/{kept.public_id}/delete").status_code == 303
    assert session.scalars(select(ContactFilter)).all() == []


def test_not_more_searches_than_anybody_can_look_through(
    three: list[Contact], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator.contacts.service.keeping.MOST_FILTERS", 1)
    browser = sign_in(three[0].owner)

    browser.post(f"{URL}/filters", data={"text": "a", "name": "One"})
    browser.post(f"{URL}/filters", data={"text": "b", "name": "Two"})

    page = browser.get(URL).text
    assert "Delete one first." in page
    assert "Two" not in page


def test_a_kept_search_goes_with_the_last_person_it_could_find(session: Session, seal: Seal) -> None:
    contact = ContactFactory()
    owner, idle = contact.owner, AccountFactory()
    for one in (owner, idle):
        keep_filter(session, "Ada", {"text": "Ada"}, by=one, seal=seal, now=KEPT_AT)

    assert forget_filters(session, KEPT_AT) == 0
    assert forget_filters(session, KEPT_AT + IDLE_FILTER) == 1
    assert session.scalars(select(ContactFilter.owner_id)).all() == [owner.id]
