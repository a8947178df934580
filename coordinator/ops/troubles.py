"""What keeps letters from going, in words, and what to do about it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _

from coordinator.outbox.troubles import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

TROUBLES: Mapping[Trouble, tuple[Any, Any]] = MappingProxyType(
    {
        Trouble.NO_MAILBOX: (
            _("The mail server says that there is no such mailbox."),
            _("Nothing: somebody mistyped their address, or gave it up."),
        ),
        Trouble.UNDELIVERABLE: (
            _("Not tried, because letters came back from there before."),
            _("Nothing: it is tried again when somebody asks for a letter there, or after 90 days."),
        ),
        Trouble.DISTRUSTED: (
            _("The mail server does not believe that this site may send such mail."),
            _(
                "Set the SPF, DKIM and DMARC records that the page about mail lists. If they are there, ask "
                "the mail provider whether it holds you for a sender of unwanted mail."
            ),
        ),
        Trouble.SENDER: (
            _("The mail server takes no letters from the address in MAIL_FROM."),
            _("Use an address in MAIL_FROM that your account at the mail provider may send from."),
        ),
        Trouble.SIGN_IN: (
            _("The mail server does not accept the name or the password."),
            _(
                "Check both in SMTP_URL; characters as @, : and / in them have to be percent-encoded. Some "
                "providers want a password of its own for programs."
            ),
        ),
        Trouble.UNREACHABLE: (
            _("The mail server can't be reached."),
            _(
                "Check host and port in SMTP_URL. Many hosting providers shut port 25 and leave 465 and 587 "
                "open. If both are right, the server is away: letters wait and go later."
            ),
        ),
        Trouble.INSECURE: (
            _("The connection to the mail server can't be encrypted."),
            _(
                "smtps:// is for port 465, smtp:// for port 587. The host in SMTP_URL has to be the one that "
                "the server's certificate names."
            ),
        ),
        Trouble.DROPPED: (
            _("The mail server ended the connection in the middle of a letter."),
            _("Usually it goes next time. If it happens again and again, ask the mail provider."),
        ),
        Trouble.LATER: (
            _("Not now: the mailbox is full, or the mail server wants to be asked again later."),
            _("Nothing: it is tried again by itself, for almost three days."),
        ),
        Trouble.NOT_TAKEN: (
            _("The mail server did not take the letter."),
            _(
                "The command “flask messages test ADDRESS” shows what it answers, in its own words. Ask the "
                "mail provider if they don't explain it."
            ),
        ),
        Trouble.SCRIPT: (
            _("The address is written in letters that the mail server does not know."),
            _("A provider that speaks SMTPUTF8 can carry such addresses."),
        ),
        Trouble.FOLDER: (
            _("The folder for letters can't be written."),
            _("Check who owns the folder “mail” in the instance folder, and whether the disk is full."),
        ),
        Trouble.OURS: (
            _("A fault of this site: the letter could not be written."),
            _("Please report it, with the line that the worker's log has about it."),
        ),
        Trouble.LOST_KEY: (
            _("The key that opens it is missing."),
            _("Put the old key back at the end of ENCRYPTION_KEYS, then send it again."),
        ),
        Trouble.WORKER: (
            _("The worker ended each time it tried."),
            _("Its log says why. Often the machine has too little memory."),
        ),
    }
)
"""What happened, and what an administrator can do."""


def trouble_words(trouble: Trouble) -> tuple[str, str]:
    """Return what happened, and what to do, in the reader's language."""
    says, remedy = TROUBLES[trouble]
    return str(says), str(remedy)
