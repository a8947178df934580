"""What news about a protest says: how it is now, and how it was."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from coordinator.kit.crypto import LostKeyError
from coordinator.messaging.unsubscribing import unsubscribe_token
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

SHOWN = ("title", "starts_at", "timezone", "is_time_known", "address", "city")


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
    was = _as_it_was(notice.before, now)
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
        "unsubscribe_url": (
            f"{site_url}/{rsvp.locale}/unsubscribe/{unsubscribe_token(rsvp.public_id, seal)}"
        ),
    }
    if rsvp.status is RsvpStatus.ACCEPTED:
        facts |= code_facts(event.public_id, rsvp.public_id, seal)
    return facts


def announcement_facts(
    announcement: Announcement,
    locale: str,
    *,
    seal: Seal,
    rsvp: Rsvp | None = None,
    token: str = "",
    site_url: str = "",
) -> dict[str, Any]:
    """Return what an announcement says to one person in one of its languages.

    Without an answer it is what its writer gets to try it out: the same letter, without a link of anybody's.
    """
    event, text = announcement.event, announcement.texts[locale]
    words = {
        "heading": seal.decrypt(text.subject_sealed),
        "text": seal.decrypt(text.body_sealed),
        "is_cancelled": event.cancelled_at is not None,
    }
    if rsvp is None:
        return facts_of(event) | words | {"token": "", "unsubscribe_url": ""}
    link = f"{site_url}/{locale}/unsubscribe/{unsubscribe_token(rsvp.public_id, seal)}"
    return facts_for(rsvp, event, token) | words | {"unsubscribe_url": link}


def language_for(announcement: Announcement, locale: str) -> str:
    """Return in which of its languages an announcement speaks to somebody who answered in `locale`."""
    if locale in announcement.texts:
        return locale
    usual = announcement.event.campaign.default_locale
    return usual if usual in announcement.texts else min(announcement.texts)


def _as_it_was(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts before the change; what the change did not touch is as it is now."""
    was = {name: before.get(name, now[name]) for name in SHOWN}
    local = datetime.fromisoformat(was["starts_at"]).astimezone(ZoneInfo(was["timezone"]))
    return was | {"day_at": local.replace(tzinfo=None).isoformat()}
