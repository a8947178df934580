"""Sheets of people on their way in."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from flask import current_app

from coordinator.contacts.models import ContactImport, ContactImportPiece
from coordinator.contacts.rules import ImportStatus
from coordinator.contacts.sheets.reading import PIECE_BYTES, packed
from coordinator.kit.db import db
from coordinator.kit.ids import new_public_id
from tests.factories.accounts import AccountFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.rows import RowFactory

UPLOADED_AT = datetime(2030, 9, 1, 12, 0, tzinfo=UTC)
PEOPLE = "name,email\nAda,ada@example.org\nBertha,bertha@example.org\n"


class ImportFactory(RowFactory):
    """A sheet that was uploaded: give its text in clear."""

    class Meta:
        model = ContactImport
        exclude = ("text",)

    class Params:
        running = factory.Trait(status=ImportStatus.RUNNING, started_at=UPLOADED_AT)
        agreed = factory.Trait(
            purposes=["contact"],
            agreed_at=UPLOADED_AT,
            consent_sealed=factory.LazyFunction(
                lambda: current_app.extensions["seal"].encrypt("A list on paper, at the rally in Riga")
            ),
        )

    text = PEOPLE
    public_id = factory.LazyFunction(new_public_id)
    owner = factory.SubFactory(AccountFactory)
    campaign = factory.SubFactory(CampaignFactory)
    status = ImportStatus.DRAFT
    filename_sealed = factory.LazyFunction(lambda: current_app.extensions["seal"].encrypt("people.csv"))
    encoding = "utf-8-sig"
    separator = ","
    is_headed = True
    columns = factory.LazyFunction(lambda: ["name", "email"])
    created_at = UPLOADED_AT


def sheet_of(text: str = PEOPLE, **values: object) -> ContactImport:
    """Return a sheet with its file."""
    sheet: ContactImport = ImportFactory(**values)
    session = db.session()
    data = text.encode()
    for number, start in enumerate(range(0, len(data), PIECE_BYTES)):
        piece = packed(data[start : start + PIECE_BYTES])
        session.add(
            ContactImportPiece(
                import_id=sheet.id, number=number, data_sealed=current_app.extensions["seal"].encrypt(piece)
            )
        )
    session.flush()
    return sheet
