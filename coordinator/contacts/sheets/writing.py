"""Contacts as a sheet that no program runs anything of, and as cards for address books."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import vobject

from coordinator.contacts.rules import Purpose, defused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from coordinator.contacts.queries import Person

BYTE_ORDER_MARK = "\ufeff"
"""Excel reads UTF-8 as something else without it."""

COLUMNS = (
    "name", "email", "phone", "tags", "roles", "note", "event", "event_id", "agreed_at", "agreed_to",
    "news_at",
)  # fmt: skip


def csv_lines(people: Iterable[Person]) -> Iterator[str]:
    """Yield the sheet line by line, its head first. Every cell that came from a person is defused."""
    yield BYTE_ORDER_MARK + _line(COLUMNS)
    for person in people:
        agreed = {consent.purpose: consent for consent in person.consents}
        spoken, news = agreed.get(Purpose.CONTACT), agreed.get(Purpose.NEWS)
        cells = (
            person.name,
            person.email,
            person.phone,
            ", ".join(person.tags),
            ", ".join(person.roles),
            person.note,
            person.event_title,
            person.event_id,
            spoken.given_at.isoformat(timespec="seconds") if spoken else "",
            spoken.wording if spoken else "",
            news.given_at.isoformat(timespec="seconds") if news else "",
        )
        yield _line(tuple(defused(cell) for cell in cells))


def _line(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerow(cells)
    return buffer.getvalue()


def vcards(people: Iterable[Person]) -> Iterator[str]:
    """Yield a card (vCard 3.0, RFC 2426) for each person: what address books and telephones read."""
    for person in people:
        card = vobject.vCard()
        name = person.name or person.email or person.phone
        given, _, family = name.rpartition(" ")
        card.add("n").value = vobject.vcard.Name(family=family if given else "", given=given or family)
        card.add("fn").value = name
        card.add("uid").value = f"urn:contact:{person.public_id}"
        if person.email:
            card.add("email").value = person.email
        if person.phone:
            card.add("tel").value = person.phone
        if person.tags:
            card.add("categories").value = list(person.tags)
        if person.roles:
            card.add("role").value = ", ".join(person.roles)
        if person.note:
            card.add("note").value = person.note
        yield card.serialize()
