"""How letters that come back are heard of, and whether that works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _

from coordinator.ops.journey import clock_text, trouble_with
from coordinator.ops.remarks import How, Remark
from coordinator.outbox.mailbox import mailbox_at
from coordinator.outbox.rules import MailboxUrlError

if TYPE_CHECKING:
    from coordinator.outbox.models import MailServer
    from coordinator.settings import Settings


def remarks_about_returns(settings: Settings, talk: MailServer | None, webhook_url: str) -> list[Remark]:
    """Return by which ways bounces are heard of.

    Args:
        settings: of the installation.
        talk: what became of the last visit to the mailbox.
        webhook_url: what to tell the mail provider.
    """
    found = []
    if settings.bounce_mailbox:
        found.append(_mailbox(settings, talk))
    if settings.mail_webhook:
        found.append(
            Remark(
                how=How.GOOD,
                title=_("The mail provider tells us"),
                says=_(
                    "Give it this address for what bounces: %(url)s. What it does not sign rightly is not "
                    "believed.",
                    url=webhook_url,
                ),
            )
        )
    return found or [
        Remark(
            how=How.WAIT,
            title=_("Nobody tells us"),
            says=_("Letters to mailboxes that are gone are sent again and again."),
            remedy=_(
                "Set BOUNCE_ADDRESS and BOUNCE_MAILBOX, or MAIL_WEBHOOK. A sender who does not listen is "
                "soon held for one of unwanted mail."
            ),
        )
    ]


def _mailbox(settings: Settings, talk: MailServer | None) -> Remark:
    title = _("A mailbox for what comes back")
    try:
        mailbox = mailbox_at(settings.bounce_mailbox)
    except MailboxUrlError:
        return Remark(
            how=How.BAD,
            title=title,
            says=_("BOUNCE_MAILBOX can't be read."),
            remedy=_("It looks like imaps://user:password@host/INBOX."),
        )
    where = _("%(folder)s at %(host)s, read every five minutes.", folder=mailbox.folder, host=mailbox.host)
    if trouble_with(talk):
        return Remark(
            how=How.BAD,
            title=title,
            says=where + " " + _("The last time it could not be opened."),
            remedy=_("Check host, name, password and folder in BOUNCE_MAILBOX."),
            when=clock_text(talk.trouble_at) if talk and talk.trouble_at else "",
        )
    if talk is None or talk.ok_at is None:
        return Remark(how=How.WAIT, title=title, says=where + " " + _("It was not read yet."))
    return Remark(how=How.GOOD, title=title, says=where, when=clock_text(talk.ok_at))
