"""What an invitation says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from coordinator.outbox.rendering import Letter, render_letter

if TYPE_CHECKING:
    from flask import Flask


@pytest.mark.parametrize("kind", ["coordinator", "trusted"])
@pytest.mark.parametrize("locale", ["en", "ru"])
def test_an_invitation_names_the_campaign_and_links_to_one_s_protests(
    app: Flask, kind: str, locale: str
) -> None:
    letter = Letter(
        public_id="7x2k9c4m1p",
        template="campaigns/invited",
        locale=locale,
        recipient="vera@example.org",
        context={"campaign": "One <b>day</b>", "kind": kind},
    )

    with app.app_context():
        mail = render_letter(letter, datetime(2030, 6, 1, 12, 0, tzinfo=UTC))

    text, html = (mail.get_body((part,)) for part in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert "One <b>day</b>" in text.get_content()
    assert f"http://localhost/{locale}/organise/" in text.get_content()
    assert "<b>day</b>" not in html.get_content()
