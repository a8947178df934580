"""How far a letter to oneself has come, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from babel.dates import format_datetime
from flask_babel import gettext as _

from coordinator.kit.i18n import WRITTEN_AS, current_language
from coordinator.ops.remarks import How, Remark
from coordinator.ops.troubles import trouble_words
from coordinator.outbox.models import MailServer
from coordinator.outbox.rules import MessageState
from coordinator.outbox.troubles import codes_in, trouble_of

if TYPE_CHECKING:
    from coordinator.outbox.models import Message

WATCHED_FOR = timedelta(minutes=10)
"""So long a page looks again by itself. What takes longer waits for something to be mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a letter depends on."""

    server: MailServer | None
    """What became of the last talk with the mail server."""
    worker_is_alive: bool
    goes_into_files: bool
    now: datetime


def journey_of(message: Message, around: Around) -> list[Remark]:
    """Return the steps of a letter: those that it has done, the one where it stands, those ahead."""
    return [
        Remark(
            how=How.GOOD,
            title=_("Written"),
            says=_("The letter stands in the outbox, like any other."),
            when=clock_text(message.created_at),
        ),
        _taken(message, around),
        _handed_over(message, around),
        _arrived(message, around),
    ]


def is_under_way(message: Message, now: datetime) -> bool:
    """Tell whether something may happen to it within moments."""
    return message.state is MessageState.WAITING and now - message.created_at < WATCHED_FOR


def trouble_with(server: MailServer | None, since: datetime | None = None) -> str:
    """Return the kind of trouble that a server makes now; empty where the last talk with it went well.

    Args:
        server: what became of talking to it.
        since: trouble before that is not counted.
    """
    if server is None or server.trouble_at is None or (server.ok_at and server.ok_at > server.trouble_at):
        return ""
    return (server.trouble or "") if since is None or server.trouble_at >= since else ""


def clock_text(instant: datetime) -> str:
    """Return a moment with its second, in UTC, as logs have it."""
    lang = current_language()
    return f"{format_datetime(instant, 'medium', locale=WRITTEN_AS.get(lang, lang))} UTC"


def _taken(message: Message, around: Around) -> Remark:
    title = _("Taken by the worker")
    was_tried = message.tries > 0 or message.state is not MessageState.WAITING
    if was_tried or trouble_with(around.server, message.created_at):
        return Remark(how=How.GOOD, title=title, says=_("The worker took it."))
    if around.worker_is_alive:
        return Remark(
            how=How.WAIT, title=title, says=_("The worker takes it within seconds, or after what it is at.")
        )
    return Remark(
        how=How.BAD,
        title=title,
        says=_("No worker is running."),
        remedy=_("Start it: “flask serve” runs one beside the web server, “flask worker” runs one alone."),
    )


def _handed_over(message: Message, around: Around) -> Remark:
    title = _("Written into a file") if around.goes_into_files else _("Handed to the mail server")
    if message.sent_at is not None:
        says = (
            _("There is no mail server here, so it became a file.")
            if around.goes_into_files
            else _("The mail server took it and said so (250).")
        )
        return Remark(how=How.GOOD, title=title, says=says, when=clock_text(message.sent_at))
    if message.failed_at is not None:
        return _refused(title, message.error or "", when=clock_text(message.failed_at))
    kind = message.error or trouble_with(around.server, message.created_at)
    if kind:
        return _refused(title, kind)
    return Remark(how=How.NEUTRAL, title=title, says=_("Not yet."))


def _refused(title: str, kind: str, *, when: str = "") -> Remark:
    says, remedy = trouble_words(trouble_of(kind))
    if codes := codes_in(kind):
        says += " " + _("Its answer: %(codes)s.", codes=codes)
    if not when:
        says += " " + _("The letter waits, and is tried again by itself.")
    return Remark(how=How.BAD, title=title, says=says, remedy=remedy, when=when)


def _arrived(message: Message, around: Around) -> Remark:
    title = _("In your mailbox")
    if message.bounced_at is not None:
        return Remark(
            how=How.BAD,
            title=title,
            says=_("It came back: %(codes)s.", codes=message.bounce_code or message.bounce),
            remedy=_(
                "If the address is right, the mail server behind it does not believe this site: look at the "
                "records on the page about mail."
            ),
            when=clock_text(message.bounced_at),
        )
    if message.sent_at is None:
        return Remark(how=How.NEUTRAL, title=title, says=_("Not yet."))
    if around.goes_into_files:
        return Remark(how=How.NEUTRAL, title=title, says=_("Files do not leave this machine."))
    return Remark(
        how=How.NEUTRAL,
        title=title,
        says=_("Nobody here can see that: letters from this site report nothing back. Look yourself."),
        remedy=_(
            "Look among the unwanted mail, too. Your mail program can show the letter's headers: in "
            "Authentication-Results, spf, dkim and dmarc should each say pass."
        ),
    )
