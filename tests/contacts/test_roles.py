"""The help that contacts give: noted, offered, looked for, brought and taken along."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from coordinator.contacts.jobs import pack_contacts, run_imports
from coordinator.contacts.models import Contact, ContactImportChange
from coordinator.contacts.queries import opened, roles_of
from coordinator.contacts.roles import MOST_ROLES, TooManyRolesError, clean_roles, united_roles
from coordinator.contacts.rules import Column, Problem, draft_of
from coordinator.contacts.service import packing
from coordinator.contacts.service.keeping import note_contact
from coordinator.contacts.service.undoing import undo_import
from coordinator.contacts.service.uniting import part, unite, united
from coordinator.privacy.finding import described, find_person
from tests.factories.contacts import ContactFactory
from tests.factories.events import EventFactory
from tests.factories.imports import sheet_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

    SignIn = Callable[[Any], FlaskClient]

URL = "/en/organise/contacts"
NOON = datetime(2030, 9, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param(["medic", "marshal"], ["marshal", "medic"], id="in the order of protests"),
        pytest.param([" Drives  a van ", "drives a VAN"], ["Drives a van"], id="own words, once"),
        pytest.param(["Marshal", "STEWARD"], ["marshal"], id="another name of one that is known"),
        pytest.param(["Переводчик", "Erste Hilfe"], ["medic", "translator"], id="in other languages"),
        pytest.param(["sound", "translator", ""], ["translator", "sound"], id="own words come last"),
        pytest.param(["x" * 99], ["x" * 60], id="too long"),
    ],
)
def test_clean_roles(said: list[str], kept: list[str]) -> None:
    assert clean_roles(said) == kept


def test_more_roles_than_one_person_takes_are_refused_or_left_out() -> None:
    many = [str(number) for number in range(MOST_ROLES + 1)]

    with pytest.raises(TooManyRolesError):
        clean_roles(many)
    assert united_roles(["marshal"], many) == ["marshal"]


def test_a_row_says_roles_in_several_columns_and_words() -> None:
    columns = (Column.EMAIL, Column.ROLES, Column.TAGS, Column.ROLES, Column.TAGS)
    many = ",".join(map(str, range(MOST_ROLES + 1)))

    draft = draft_of(["a@example.org", "Steward; sound", "press", "медик", "van"], columns)

    assert draft.roles == ("marshal", "medic", "sound")
    assert draft.tags == ("press", "van")
    assert Problem.TOO_MANY_ROLES in draft_of(["a@example.org", many], columns).problems
    assert Problem.FORMULA in draft_of(["a@example.org", "=1"], columns).problems


def test_roles_are_kept_sealed_shown_and_may_be_too_many(
    sign_in: SignIn, session: Session, seal: Seal
) -> None:
    ada = ContactFactory(name="Ada")
    browser, url = sign_in(ada.owner), f"{URL}/{ada.public_id}"

    browser.post(url, data={"roles": ["medic", "marshal"], "own_roles": "sound, Translator", "tags": ""})
    refused = browser.post(url, data={"own_roles": ",".join(map(str, range(20)))})

    session.expire_all()
    assert opened(ada, seal).roles == ("marshal", "medic", "translator", "sound")
    assert "medic" not in (ada.roles_sealed or "")
    assert refused.status_code == 422
    assert "At most 12 roles" in refused.text
    for page in (browser.get(url).text, browser.get(URL).text):
        assert "First aid" in page
        assert "sound" in page
    assert re.findall(r'<input checked [^>]*name="roles"[^>]*value="([a-z-]+)"', browser.get(url).text) == [
        "marshal", "medic", "translator",
    ]  # fmt: skip


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("?role=medic", {"Ada", "Bertha"}, id="one that protests know"),
        pytest.param("?role=First+aid", {"Ada", "Bertha"}, id="by another name"),
        pytest.param("?role=SOUND", {"Bertha"}, id="own words"),
        pytest.param("?role=med", set(), id="a part of it"),
        pytest.param("?role=medic&tag=press", {"Ada"}, id="with a tag"),
        pytest.param("?role=marshal", set(), id="a tag is no role"),
        pytest.param("?tag=sound", set(), id="and a role no tag"),
    ],
)
def test_who_takes_a_role_is_found(
    sign_in: SignIn, session: Session, seal: Seal, monkeypatch: pytest.MonkeyPatch,
    query: str, found: set[str], is_packed: bool,
) -> None:  # fmt: skip
    event = EventFactory()
    ContactFactory(event=event, name="Ada", roles=("medic",), tags=("press",))
    ContactFactory(event=event, name="Bertha", roles=("medic", "Sound"))
    ContactFactory(event=event, name="Clara", tags=("marshal",))
    session.commit()
    if is_packed:
        monkeypatch.setattr(packing, "WORTH_A_PAGE", 2)
        pack_contacts(seal=seal, now=NOON)

    page = sign_in(event.organiser).get(f"{URL}{query}").text

    assert {name for name in ("Ada", "Bertha", "Clara") if f"<bdi>{name}</bdi>" in page} == found


def test_a_search_by_role_is_kept_and_taken_along(sign_in: SignIn, session: Session) -> None:
    event = EventFactory()
    ContactFactory(event=event, name="Ada", roles=("medic", "=sound"))
    ContactFactory(event=event, name="Bertha")
    session.commit()
    browser = sign_in(event.organiser)

    browser.post(f"{URL}/filters", data={"role": "medic", "name": "Helpers"})
    sheet = browser.post(f"{URL}/export", data={"role": "medic"}).data.decode("utf-8-sig")
    card = browser.post(f"{URL}/export", data={"role": "medic", "format": "vcf"}).text

    assert "role=medic" in browser.get(URL).text
    assert "First aid" in browser.get(f"{URL}/export?role=medic").text
    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert [(row["name"], row["roles"]) for row in rows] == [("Ada", "medic, =sound")]
    assert "ROLE:medic\\, =sound" in card


def test_an_export_comes_back_with_its_roles(sign_in: SignIn, session: Session, seal: Seal) -> None:
    event = EventFactory()
    ContactFactory(event=event, name="Ada", roles=("legal-observer", "sound"))
    session.commit()
    data = sign_in(event.organiser).post(f"{URL}/export").data.decode("utf-8-sig")
    header = next(csv.reader(io.StringIO(data)))
    kinds = [name if name in {"name", "email", "roles"} else "" for name in header]
    sheet_of(data, columns=kinds, running=True)

    session.commit()
    run_imports(seal=seal, now=NOON)

    brought = session.scalars(select(Contact).where(Contact.source.startswith("import:"))).one()
    assert roles_of(brought, seal) == ("legal-observer", "sound")


def test_an_import_adds_roles_to_who_is_known_and_takes_them_back(session: Session, seal: Seal) -> None:
    sheet = sheet_of(
        "name,email,roles\nAda,ada@example.org,медик|sound\n", columns=["name", "email", "roles"],
        running=True, is_updating=True,
    )  # fmt: skip
    ada = ContactFactory(
        owner=sheet.owner, campaign=sheet.campaign, event=None, name="Ada", email="ada@example.org",
        roles=("translator",),
    )  # fmt: skip
    session.commit()
    run_imports(seal=seal, now=NOON)
    session.expire_all()
    during = roles_of(ada, seal)
    undo_import(session, sheet, by="0wner12345", now=NOON)
    session.commit()
    run_imports(seal=seal, now=NOON)
    session.expire_all()

    assert during == ("medic", "translator", "sound")
    assert roles_of(ada, seal) == ("translator",)


def test_what_an_import_changed_before_there_were_roles_is_taken_back_without_them(
    session: Session, seal: Seal
) -> None:
    sheet = sheet_of(
        "name,email,phone\nAda,ada@example.org,+371 2012345\n", columns=["name", "email", "phone"],
        running=True, is_updating=True,
    )  # fmt: skip
    ada = ContactFactory(
        owner=sheet.owner, campaign=sheet.campaign, event=None, name="Ada", email="ada@example.org",
        roles=("medic",),
    )  # fmt: skip
    session.commit()
    run_imports(seal=seal, now=NOON)
    session.expire_all()
    change = session.scalars(select(ContactImportChange)).one()
    before = json.loads(seal.decrypt(change.before_sealed) or "")
    del before["roles"]
    change.before_sealed = seal.encrypt(json.dumps(before))
    undo_import(session, sheet, by="0wner12345", now=NOON)
    session.commit()
    run_imports(seal=seal, now=NOON)
    session.expire_all()

    assert (opened(ada, seal).phone, roles_of(ada, seal)) == ("", ("medic",))


def test_two_made_one_take_the_roles_of_both_until_they_are_parted(session: Session, seal: Seal) -> None:
    event = EventFactory()
    one = ContactFactory(event=event, name="Ada", email="", phone="1", roles=("medic", "Sound"))
    other = ContactFactory(
        owner=event.organiser, campaign=event.campaign, event=None, name="Ada", email="ada@example.org",
        roles=("marshal", "sound"),
    )  # fmt: skip

    pair = united(one, other, seal)
    kept = unite(session, pair, by=event.organiser, seal=seal, now=NOON).contact
    together = roles_of(kept, seal)
    back = part(session, kept, by=event.organiser, seal=seal, now=NOON + timedelta(days=1))

    assert together == ("marshal", "medic", "Sound")
    assert (roles_of(kept, seal), roles_of(back, seal)) == (("medic", "Sound"), ("marshal", "sound"))


def test_whoever_asks_what_is_kept_reads_their_roles(session: Session, seal: Seal) -> None:
    ada = ContactFactory(email="ada@example.org")
    note_contact(session, ada, tags=[], roles=["medic"], note="", seal=seal, now=NOON)

    told = described(find_person(session, "ada@example.org", seal=seal), seal=seal)

    assert told["contacts"][0]["roles"] == ["medic"]
