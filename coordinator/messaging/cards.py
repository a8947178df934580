"""How announcements are shown on pages: whom they are for, in words, and the letter itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask_babel import gettext as _

from coordinator.kit.i18n import country_name, current_language, language_name
from coordinator.messaging.mail import TEMPLATES, announcement_facts
from coordinator.messaging.rules import AnswerAudience, Came, ContactAudience, OrganiserAudience, Stage, Words
from coordinator.outbox.rendering import Letter, render_letter
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from email.message import EmailMessage

    from coordinator.kit.crypto import Seal
    from coordinator.messaging.models import Announcement
    from coordinator.messaging.rules import Audience
    from coordinator.rsvps.helping import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A letter as its readers get it."""

    subject: str
    text: str
    html: str


def words_of(announcement: Announcement, seal: Seal) -> dict[str, Words]:
    """Return what an announcement says, by language; nothing once it was forgotten."""
    return {
        locale: Words(subject=seal.decrypt(text.subject_sealed), body=seal.decrypt(text.body_sealed))
        for locale, text in sorted(announcement.texts.items())
    }


def subject_of(announcement: Announcement, seal: Seal) -> str:
    """Return its subject, in the reader's language where it has one."""
    words = words_of(announcement, seal)
    said = words.get(current_language()) or next(iter(words.values()), None)
    return said.subject if said else _("Deleted, because its time was over")


def preview_of(announcement: Announcement, locale: str, seal: Seal, now: datetime) -> Preview:
    """Return the letter in one language, written by what writes those that are sent."""
    letter = Letter(
        public_id=announcement.public_id,
        template=TEMPLATES[announcement.kind],
        locale=locale,
        recipient="reader@example.org",
        context=announcement_facts(announcement, locale, seal=seal),
    )
    mail = render_letter(letter, now)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return Preview(
        subject=str(mail["Subject"]),
        text=cast("EmailMessage", text).get_content(),
        html=cast("EmailMessage", html).get_content(),
    )


def audience_text(audience: Audience, roles: Iterable[Wanted] = (), *, has_tags: bool = True) -> str:
    """Return in words whom an announcement is for.

    Args:
        audience: whom.
        roles: of help that the event wants, for their names.
        has_tags: whether the reader may read the organiser's own words.
    """
    match audience:
        case AnswerAudience():
            parts = _those_who_answered(audience, roles)
        case ContactAudience():
            parts = [_("contacts")]
            if audience.tag:
                parts.append(_("tagged “%(tag)s”", tag=audience.tag) if has_tags else _("with one tag"))
        case OrganiserAudience():
            parts = _organisers(audience)
    return ", ".join(parts)


def _those_who_answered(audience: AnswerAudience, roles: Iterable[Wanted]) -> list[str]:
    statuses = {
        RsvpStatus.ACCEPTED: _("those who come"),
        RsvpStatus.TENTATIVE: _("those who may come"),
        RsvpStatus.WAITLISTED: _("those on the waiting list"),
    }
    came = {Came.CAME: _("seen at the door"), Came.MISSED: _("not seen at the door")}
    parts = [str(statuses[status]) for status in audience.statuses]
    if audience.role:
        parts.append(next((role.name for role in roles if role.code == audience.role), audience.role))
    if audience.came in came:
        parts.append(str(came[audience.came]))
    return parts + _language(audience.locale)


def _organisers(audience: OrganiserAudience) -> list[str]:
    stages = {
        Stage.PUBLISHED: _("organisers of published protests"),
        Stage.WAITING: _("organisers of protests that wait for review"),
        Stage.DRAFT: _("organisers of drafts and of protests sent back"),
        Stage.CANCELLED: _("organisers of cancelled protests"),
    }
    names = sorted(country_name(code, current_language()) for code in audience.countries)
    return [str(stages[stage]) for stage in audience.stages] + names + _language(audience.locale)


def _language(locale: str) -> list[str]:
    return [language_name(locale, current_language())] if locale else []
