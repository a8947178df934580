"""What mail filters look at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coordinator.ops.reputation import Domains, belong_together, records_for, remarks_about
from coordinator.outbox.rendering import Letter, render_letter
from coordinator.outbox.self_test import TEMPLATE, self_test_context
from tests.conftest import settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from flask import Flask

NOON = datetime(2030, 4, 1, 12, 0, tzinfo=UTC)
GOOD = {
    "mail_from": "Vigil <hello@vigil.example.org>",
    "site_url": "https://vigil.example.org",
    "smtp_url": "smtps://vigil:open-sesame@mail.provider.example:465",
}
DOMAINS = {
    "sender": "vigil.example.org",
    "envelope": "vigil.example.org",
    "site": "vigil.example.org",
    "server": "mail.provider.example",
}


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Iterator[None]:
    with app.test_request_context("/en/"):
        yield


@pytest.fixture
def letter() -> EmailMessage:
    return render_letter(
        Letter(
            public_id="7x2k9c4m1p",
            template=TEMPLATE,
            locale="en",
            recipient="ada@example.org",
            context=self_test_context(NOON),
        ),
        NOON,
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("example.org", "example.org", True),
        ("mail.example.org", "example.org", True),
        ("example.org", "vigil.example.org", True),
        ("mail.example.org", "vigil.example.org", True),
        ("example.org", "example.com", False),
        ("anexample.org", "example.org", False),
        ("one.org", "other.org", False),
        ("localhost", "127.0.0.1", False),
    ],
)
def test_belong_together(one: str, other: str, expected: bool) -> None:
    assert belong_together(one, other) is belong_together(other, one) is expected


@pytest.mark.parametrize(
    ("settings", "domains", "titles"),
    [
        pytest.param({}, {}, [], id="all in order"),
        pytest.param(
            {"mail_from": "Vigil <noreply@localhost>"},
            {"sender": "localhost"},
            ["Sender", "Sender and links", "Where letters come back to"],
            id="no sender was set",
        ),
        pytest.param({}, {"site": "elsewhere.example.net"}, ["Sender and links"], id="links elsewhere"),
        pytest.param(
            {}, {"envelope": "provider.example"}, ["Where letters come back to"], id="back to the provider"
        ),
        pytest.param(
            {"site_url": "http://vigil.example.org"}, {}, ["Stopping mail with one click"], id="no HTTPS"
        ),
        pytest.param(
            {"smtp_url": "smtp+plain://mail.provider.example"}, {}, ["Way to the mail server"], id="no TLS"
        ),
        pytest.param({"smtp_url": "smtp+plain://127.0.0.1"}, {}, [], id="no TLS on this machine"),
        pytest.param({"smtp_url": "mail.example.org"}, {}, ["Way to the mail server"], id="no address"),
    ],
)
def test_what_would_be_distrusted_is_named_with_what_to_do(
    letter: EmailMessage, settings: dict[str, str], domains: dict[str, str], titles: list[str]
) -> None:
    found = remarks_about(
        settings_for(Path("instance"), **(GOOD | settings)), Domains(**(DOMAINS | domains)), letter
    )

    assert [one.title for one in found if one.remedy] == titles
    assert "open-sesame" not in repr(found)


def test_a_letter_without_text_is_noticed(letter: EmailMessage) -> None:
    letter.set_payload([part for part in letter.iter_parts() if part.get_content_subtype() == "html"])

    found = remarks_about(settings_for(Path("instance"), **GOOD), Domains(**DOMAINS), letter)

    assert [one.title for one in found if one.remedy] == ["Text and HTML"]


@pytest.mark.parametrize(
    ("domains", "spf"),
    [
        ({}, "v=spf1 include:<what the mail provider says> -all"),
        ({"server": "mail.example.org"}, "v=spf1 a:mail.example.org -all"),
        ({"server": "127.0.0.1"}, "v=spf1 a:vigil.example.org -all"),
    ],
)
def test_records_name_who_may_send(domains: dict[str, str], spf: str) -> None:
    records = records_for(settings_for(Path("instance"), **GOOD), Domains(**(DOMAINS | domains)))

    assert [(one.what, one.name) for one in records] == [
        ("SPF", "vigil.example.org"),
        ("DKIM", "<selector>._domainkey.vigil.example.org"),
        ("DMARC", "_dmarc.vigil.example.org"),
    ]
    assert records[0].value == spf
    assert records[2].value == "v=DMARC1; p=none; rua=mailto:administrator@example.org"


def test_without_a_domain_there_are_no_records() -> None:
    assert records_for(settings_for(Path("instance")), Domains(**(DOMAINS | {"sender": "localhost"}))) == []
