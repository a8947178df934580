"""Every column of text says what of a person it holds, or stands here with the others that hold nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import JSON, Enum, String

from coordinator.kit.db import Base
from coordinator.kit.personal import SEALED, Holds, Until, personal_columns
from coordinator.privacy.queries import columns_table

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.once

OF_NOBODY = {
    "*": "public_id locale timezone sending_state receiving_state",
    "audit_end": "link",
    "audit_entry": "actor tag subject campaign details salt content_hash link",  # public ids and codes
    "campaign": "slug hashtags petition_url updates_url default_locale field_days",
    "campaign_text": "title call demands guidelines",
    "geocode_answer": "provider",
    "heartbeat": "name",
    "mail_server": "name trouble",
    "message": "key template about error bounce_code",  # public ids and codes
    "mission": "code address website source",
    "mission_name": "name city",
    "mission_finding": "key names cities address website same_as settled",
    "provider_gate": "provider",
    "undeliverable": "code",
    "contact": "source",  # the public id of an answer or an import
    "contact_consent": "wording source",
    "contact_import": "purposes encoding separator columns",
    "contact_merge": "gone_source",
    "event": (  # what is written to be published, and no way to reach anybody
        "title description address city country located_by how_to_get_there accessibility "
        "accessibility_features languages help_wanted postponed_because cancelled_because"
    ),
    "event_notice": "before",
    "kept_form": "path",
    "suppression": "because",
    "announcement": "audience",
    "door_act": "act_id",
    "attendance": "act_id",
    "rsvp": "help consent_wording",
}
"""Columns of text that hold nothing of a person, by table. Whoever adds one here has thought about it."""


def test_every_column_of_text_says_what_of_a_person_it_holds(app: Flask) -> None:
    said = {(table.name, column.name) for table, column, _what in personal_columns(Base.metadata)}

    silent = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (String, JSON)) and not isinstance(column.type, Enum)
    } - said

    everywhere = OF_NOBODY["*"].split()
    assert [
        f"{table}.{column}"
        for table, column in sorted(silent)
        if column not in everywhere and column not in OF_NOBODY.get(table, "").split()
    ] == []


def test_the_list_of_columns_of_nobody_names_columns_that_exist(app: Flask) -> None:
    tables = Base.metadata.tables

    assert [
        f"{table}.{column}"
        for table, columns in OF_NOBODY.items()
        if table != "*"
        for column in columns.split()
        if column not in tables[table].columns or "personal" in tables[table].columns[column].info
    ] == []


def test_names_addresses_and_words_of_people_are_sealed(app: Flask) -> None:
    """What somebody published, and where a geocoder says an address is, are the two exceptions."""
    open_ = {Holds.DIGEST, Holds.LINK, Holds.SECRET, Holds.PUBLISHED, Holds.PLACE}

    bare = [
        f"{table.name}.{column.name}"
        for table, column, what in personal_columns(Base.metadata)
        if what.holds not in open_ and not column.name.endswith(SEALED)
    ]

    assert bare == ["help_offer.code"]  # a code of a role, beside an answer without a name


def test_only_those_who_asked_never_to_be_written_to_are_kept_without_an_end(app: Flask) -> None:
    kept = [
        f"{table.name}.{column.name}"
        for table, column, what in personal_columns(Base.metadata)
        if what.until is Until.NO_END
    ]

    assert kept == ["suppression.email_digest"]


def test_the_table_in_the_docs_is_the_one_of_the_models(app: Flask) -> None:
    """`flask privacy columns` prints it."""
    page = Path("docs/personal-data.md").read_text("utf-8")

    assert columns_table() in page
