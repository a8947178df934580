"""What news about a protest says: how it is now, and how it was."""

from __future__ import annotations

import logging
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from coordinator.kit.crypto import LostKeyError
from coordinator.messaging.rules import AudienceKind
from coordinator.messaging.unsubscribing import stop_link, unsubscribe_token
from coordinator.rsvps.codes import code_facts
from coordinator.rsvps.mail import facts_for, facts_of
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coordinator.events.models import Event, EventNotice
    from coordinator.kit.crypto import Seal
    from coordinator.messaging.models import Announcement, EventReminder
    from coordinator.rsvps.models import Rsvp

log = logging.getLogger(__name__)

TEMPLATES: Mapping[AudienceKind, str] = MappingProxyType(
    {
        AudienceKind.ANSWERS: "messaging/announcement",
        AudienceKind.CONTACTS: "messaging/announcement_to_contacts",
        AudienceKind.ORGANISERS: "messaging/broadcast",
    }
)
"""Which letter an announcement becomes."""

SHOWN = ("title", "starts_at", "ends_at", "timezone", "is_time_known", "address", "city")


def address_of(rsvp: Rsvp, seal: Seal) -> tuple[str, str] | None:
    """Return the address and the manage token of an answer, or None where nobody can be written to.

    One that no key opens must not keep the letters from everybody behind it.
    """
    try:
        email, token = seal.decrypt(rsvp.email_sealed), seal.decrypt(rsvp.token_sealed)
    except LostKeyError:
        log.error("no key for rsvp %s", rsvp.public_id)  # noqa: TRY400 the trace says nothing more
        return None
    return None if email is None or token is None else (email, token)


def news_for(rsvp: Rsvp, event: Event, notice: EventNotice, token: str) -> dict[str, Any]:
    """Return what one person is told: the event as it stands now, what it was, and their own link."""
    now = facts_for(rsvp, event, token)
    was = _as_it_was(notice.before, now, event.mission.code if event.mission else None)
    is_same = all(was[name] == now[name] for name in SHOWN)
    return now | {
        "was": None if is_same else was,
        "because": event.cancelled_because or event.postponed_because,
    }


def reminder_for(
    rsvp: Rsvp, reminder: EventReminder, token: str, *, site_url: str, seal: Seal
) -> dict[str, Any]:
    """Return what one person is reminded of, with the code for the door where they have a place."""
    event = reminder.event
    facts = facts_for(rsvp, event, token) | {
        "how_to_get_there": event.how_to_get_there,
        "short_code": "",
        "unsubscribe_url": stop_link(unsubscribe_token(rsvp.public_id, seal), rsvp.locale, site_url),
    }
    if rsvp.status is RsvpStatus.ACCEPTED:
        facts |= code_facts(event.public_id, rsvp.public_id, seal)
    return facts


def announcement_facts(announcement: Announcement, locale: str, *, seal: Seal) -> dict[str, Any]:
    """Return what an announcement says in one of its languages.

    Nothing of it is anybody's own: it is what its writer gets to try it out, and looks at before.
    """
    text = announcement.texts[locale]
    facts = {
        "heading": seal.decrypt(text.subject_sealed),
        "text": seal.decrypt(text.body_sealed),
        "unsubscribe_url": "",
    }
    event = announcement.event
    if event is None:
        campaign = announcement.campaign
        return facts | {"campaign": campaign.slug, "title": campaign.text_in(locale).title}
    return facts_of(event, locale) | facts | {"token": "", "is_cancelled": event.cancelled_at is not None}


def language_for(announcement: Announcement, locale: str) -> str:
    """Return in which of its languages an announcement speaks to somebody who reads `locale`."""
    if locale in announcement.texts:
        return locale
    usual = announcement.campaign.default_locale
    return usual if usual in announcement.texts else min(announcement.texts)


def _as_it_was(before: Mapping[str, Any], now: Mapping[str, Any], mission: str | None) -> dict[str, Any]:
    """Return the facts before the change; what the change did not touch is as it is now.

    Only the code of another `mission` was kept, so it is not named.
    """
    was = {name: before.get(name, now[name]) for name in SHOWN}
    local = datetime.fromisoformat(was["starts_at"]).astimezone(ZoneInfo(was["timezone"]))
    return was | {
        "day_at": local.replace(tzinfo=None).isoformat(),
        "city_name": now["city_name"] if was["city"] == now["city"] else was["city"],
        "mission": now["mission"] if before.get("mission", mission) == mission else "",
    }
