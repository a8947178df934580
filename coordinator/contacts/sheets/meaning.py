"""What the columns of somebody's sheet are about: guessed from their names, and from what stands in them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from coordinator.contacts.rules import Column, is_address, is_phone

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_OF_THEM = 0.6  # of the cells that say something

NAMES = {
    Column.EMAIL: "email e-mail mail e-mail-address email-address почта эл-почта электронная-почта "
    "адрес-электронной-почты имейл е-мейл пошта e-mail-adresse courriel correo correo-electronico",
    Column.PHONE: "phone mobile tel telephone phone-number cell signal whatsapp телефон тел мобильный номер "
    "номер-телефона телефон-мобильный telefon handy telefonnummer telephone telefono numer-telefonu",
    Column.NAME: "name full-name имя-и-фамилия фио имя-фамилия имя-полностью піб ім'я имя nom nombre "
    "imie-i-nazwisko vollständiger-name display-name",
    Column.FIRST_NAME: "first-name given-name firstname forename vorname prenom imie nombre-de-pila",
    Column.LAST_NAME: "last-name surname family-name lastname фамилия прізвище nachname nom-de-famille "
    "apellido apellidos nazwisko",
    Column.TAGS: "tags tag labels groups group categories метки метка теги тег группа группы schlagworte "
    "etiquettes etiquetas",
    Column.ROLES: "roles role help helps-as роли роль помощь чем-помогает ролі допомога rolle rollen aufgabe "
    "aufgaben rôle rôles role-pomocy papel papeles",
    Column.NOTE: "note notes comment comments remark заметка заметки комментарий примечание примітка notiz "
    "bemerkung commentaire nota notas uwagi",
}


def folded_name(cell: str) -> str:
    """Return the name of a column as it is compared: without case, accents and signs between its words."""
    plain = unicodedata.normalize("NFD", cell.casefold())
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn" or letter == "\u0306")
    plain = unicodedata.normalize("NFC", plain)
    return re.sub(r"[\s_.:-]+", "-", plain).strip("-")


_KINDS = {folded_name(name): kind for kind, names in NAMES.items() for name in names.split()}


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names the columns."""
    first = rows[0] if rows else ()
    if any(is_address(cell) or is_phone(cell) for cell in first):
        return False
    return any(folded_name(cell) in _KINDS for cell in first) or any(
        is_address(cell) for row in rows[1:] for cell in row
    )


def meaning_of(rows: Sequence[Sequence[str]], *, is_headed: bool) -> list[Column]:
    """Return what each column is about. No kind is given twice, but for what is left out."""
    width = max((len(row) for row in rows), default=0)
    body = rows[1:] if is_headed else rows
    found = [Column.IGNORED] * width
    if is_headed:
        for place, cell in enumerate(rows[0]):
            kind = _KINDS.get(folded_name(cell), Column.IGNORED)
            if kind not in found:
                found[place] = kind
    if Column.LAST_NAME in found and Column.FIRST_NAME not in found and Column.NAME in found:
        found[found.index(Column.NAME)] = Column.FIRST_NAME
    for kind, is_one in ((Column.EMAIL, is_address), (Column.PHONE, is_phone)):
        for place in range(width):
            cells = [row[place] for row in body if place < len(row) and row[place]]
            hits = sum(is_one(cell) for cell in cells)
            if kind not in found and found[place] is Column.IGNORED and hits > MOST_OF_THEM * len(cells):
                found[place] = kind
    if not is_headed and Column.IGNORED in found:
        found[found.index(Column.IGNORED)] = Column.NAME
    return found
