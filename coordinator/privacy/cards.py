"""What is kept about somebody, as they read it: moments on one clock, and what was agreed to in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _

from coordinator.contacts.rules import Purpose
from coordinator.events.cards import role_name
from coordinator.kit.i18n import LANGUAGES, current_language, language_name, moment_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def agreed_text(at: str | None, wording: str) -> str:
    """Return when something was agreed to and which sentence was ticked; empty where nothing was."""
    if not at:
        return ""
    said = wording_text(wording)
    return f"{moment_words(at)} · {said}" if said else moment_words(at)


def wording_text(wording: str) -> str:
    """Return in words which sentence was ticked, as `rsvps.rules.consent_wording` keeps it."""
    if wording == "own-words":
        return str(_("in words of the organiser's own"))
    name, _colon, locale = wording.partition(":")
    version = name.rpartition("-")[2]
    if locale not in LANGUAGES or not version.isdecimal():
        return ""
    language = language_name(locale, current_language())
    return str(
        _("wording: form of answers, version %(version)s, %(language)s", version=version, language=language)
    )


def consent_facts(consents: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return what somebody agreed to as an organiser's contact, and when they took it back."""
    names = {
        Purpose.CONTACT: _("You agreed to be contacted on"),
        Purpose.NEWS: _("You agreed to news on"),
    }
    facts = []
    for one in consents:
        facts.append((str(names[Purpose(one["purpose"])]), agreed_text(one["given_at"], one["wording"])))
        if one["withdrawn_at"]:
            facts.append((str(_("You took that back on")), moment_words(one["withdrawn_at"])))
    return facts


def offers_text(offers: Sequence[Mapping[str, Any]]) -> str:
    """Return the roles that were offered, each with what became of it."""
    return ", ".join(f"{_role(offer)} ({_offer_state(offer)})" for offer in offers)


def moment_words(at: str) -> str:
    """Return a moment, as `finding.described` gives it, on the clock of UTC."""
    return moment_text(datetime.fromisoformat(at), "UTC", current_language()) + " (UTC)"


def _role(offer: Mapping[str, Any]) -> str:
    return role_name(offer["role"], offer["role_words"]) or str(_("helper"))


def _offer_state(offer: Mapping[str, Any]) -> str:
    if offer["withdrawn_at"]:
        return str(_("you took it back"))
    return str(_("assigned to you") if offer["assigned_at"] else _("offered, not assigned"))
