"""How a campaign is shown."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from coordinator.campaigns.cards import dates_text, opening_of
from tests.factories.campaigns import CampaignFactory

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session


@pytest.mark.parametrize(
    ("call", "lead", "rest"),
    [
        pytest.param("On **that**\nday.\n\nBring one.", "On that day.", "Bring one.", id="words"),
        pytest.param("16 September is the day.", "16 September is the day.", "", id="a number is no list"),
        pytest.param("1. Come\n2. Stand\n\nGo.", "", "1. Come\n2. Stand\n\nGo.", id="a list"),
        pytest.param("# Come\n\nNow.", "", "# Come\n\nNow.", id="a heading"),
        pytest.param("long " * 100, "", ("long " * 100).strip(), id="too long for a poster"),
        pytest.param("**Come** all.\r\n\r\nNow.", "Come all.", "Now.", id="bold, and other line ends"),
    ],
)  # fmt: skip
def test_opening_of(session: Session, call: str, lead: str, rest: str) -> None:
    assert opening_of(CampaignFactory(call=call), "en") == (lead, rest)


def test_dates_text(app: Flask, session: Session) -> None:
    day, local = CampaignFactory(), CampaignFactory(local=True)
    window = CampaignFactory(window=True)
    one = CampaignFactory(window=True, ends_on=date(2030, 9, 16))

    with app.test_request_context("/en/"):
        assert dates_text(day, "en") == "Monday, 16 September 2030"
        assert dates_text(one, "en") == dates_text(day, "en")
        assert dates_text(local, "en") == "Each protest has a date of its own"
        assert dates_text(window, "ru") == "16–22 сент. 2030\u202fг."
