"""Every letter there is, and everything that one may ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from coordinator.outbox.rendering import Letter, render_letter
from coordinator.settings import ROOT, current_settings

if TYPE_CHECKING:
    from collections.abc import Collection
    from email.message import EmailMessage

FOLDER = ROOT / "templates" / "email"
TEMPLATES = sorted(str(file.parent.relative_to(FOLDER)) for file in FOLDER.rglob("subject.txt"))
WRITTEN_AT = datetime(2030, 9, 9, 12, 0, tzinfo=UTC)

CYRILLIC = "Свободу всем антивоенным политзаключённым: стоим у посольства, пока последний не выйдет на волю"
ARABIC = "وقفة تضامنية مع جميع السجناء السياسيين المناهضين للحرب أمام السفارة حتى يخرج آخرهم إلى الحرية"
SCRIPTS = {
    "cyrillic": CYRILLIC,
    "arabic": ARABIC,
    "arabic and digits": f"{ARABIC} 2030",
    "one word": "Menschenrechtsverteidigerinnenunterstützungsveranstaltungsankündigungen",
    "one Cyrillic word": "Рентгеноэлектрокардиографическоечеловеконенавистничество",
    "one Arabic word": "أفاستسقيناكموها" * 6,
}
"""By what they are for: names and titles of a length that people do type."""


def letter_context(words: str) -> dict[str, Any]:
    """Return everything that any letter asks for, with `words` wherever people type."""
    event = {
        "title": words, "starts_at": "2030-09-16T16:00:00+00:00", "timezone": "Europe/Berlin",
        "is_time_known": True, "address": words, "city": words, "day_at": "2030-09-16T18:00:00",
        "ends_at": "2030-09-16T17:30:00+00:00", "mission": words, "city_name": words,
    }  # fmt: skip
    return event | {
        "event_id": "7x2k9c4m1p", "public_id": "7x2k9c4m1p", "campaign": "demo", "campaign_title": words,
        "announcement_id": "7x2k9c4m1p", "token": "t" * 43, "status": "accepted", "party_size": 2,
        "until_at": "2030-09-12T16:00:00+00:00", "due_at": "2030-09-12T16:00:00+00:00",
        "expires_at": "2030-09-12T16:00:00+00:00", "retention_days": 90, "was": event, "because": words,
        "reason": words, "how_to_get_there": words, "short_code": "ABC 234", "qr": "ABC234", "heading": words,
        "text": f"{words}\n\n- {words}\n\n{words}", "is_cancelled": True, "name": words, "role": words,
        "role_code": "", "role_words": words, "role_note": words, "note": words, "kind": "coordinator",
        "display_name": words, "slug": "demo", "account_exists": True, "has_account": True,
        "sent_at": "2030-09-12T16:00:00+00:00", "next": "/en/organise/", "thread": "event:7x2k9c4m1p",
    }  # fmt: skip


OTHERWISE = {
    "is_time_known": False, "address": "", "mission": "", "ends_at": None, "status": "waitlisted",
    "party_size": 1, "was": None,
    "because": "",
    "how_to_get_there": "", "is_cancelled": False, "role_words": "", "kind": "trusted",
    "has_account": False,
}  # fmt: skip
"""The other way of everything that a letter asks about."""


YOUNG = ("ends_at", "mission", "city_name")
"""What letters lack that have waited since before it was told."""


def rendered(
    template: str, locale: str, words: str, without: Collection[str] = (), **changes: Any
) -> EmailMessage:
    """Write a letter, `without` some of what it is told. Call it inside an app."""
    site = current_settings().site_url.rstrip("/")
    context = letter_context(words) | {"unsubscribe_url": f"{site}/{locale}/unsubscribe/{'t' * 43}"} | changes
    if template == "campaigns/invited":  # where a campaign is named, not linked
        context["campaign"] = words
    for facts in (context, context["was"] or {}):
        for name in without:
            facts.pop(name, None)
    return render_letter(
        Letter(
            public_id="7x2k9c4m1p",
            template=template,
            locale=locale,
            recipient="ada@example.org",
            context=context,
        ),
        WRITTEN_AT,
    )
