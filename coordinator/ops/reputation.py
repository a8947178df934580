"""What mail filters look at before they believe a letter, and the DNS records that make them.

Nothing is asked of the network: the records are worked out from the settings, for whoever looks after the
domain. What is said of a letter is read from one that is written like all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from coordinator.ops.remarks import How, Remark
from coordinator.outbox.rules import SmtpUrlError
from coordinator.outbox.transports import smtp_server

if TYPE_CHECKING:
    from email.message import EmailMessage

    from coordinator.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Domains:
    """The names under which letters go out. Filters want them to belong together."""

    sender: str
    """In From, which the reader sees."""
    envelope: str
    """Where letters come back to; SPF is looked up there."""
    site: str
    """Where the links lead."""
    server: str
    """Who carries letters out; empty where they become files."""


@dataclass(frozen=True, slots=True)
class Record:
    """What to write into the DNS."""

    what: str
    name: str
    type: str
    value: str


def belong_together(one: str, other: str) -> bool:
    """Tell whether two domains are one, one below the other, or beside each other under a third.

    There is no list of public suffixes here, so two names under co.uk count as neighbours: this words a hint
    and decides nothing.
    """
    if one == other or one.endswith(f".{other}") or other.endswith(f".{one}"):
        return True
    beside = one.partition(".")[2]
    return "." in beside and beside == other.partition(".")[2]


def remarks_about(settings: Settings, domains: Domains, letter: EmailMessage) -> list[Remark]:
    """Return what a filter would find in the settings and in a letter of ours."""
    return [
        _sender(settings, domains),
        _site(domains),
        _envelope(domains),
        _parts(letter),
        _unsubscribing(settings),
        _encryption(settings),
    ]


def records_for(settings: Settings, domains: Domains) -> list[Record]:
    """Return the DNS records that make our letters ours; none while MAIL_FROM names no domain."""
    if not _is_public(domains.sender):
        return []
    return [
        Record("SPF", domains.envelope, "TXT", f"v=spf1 {_who_may_send(domains)} -all"),
        Record(
            "DKIM",
            f"<selector>._domainkey.{domains.sender}",
            "TXT",
            _("The mail provider says which selector and which value."),
        ),
        Record(
            "DMARC",
            f"_dmarc.{domains.sender}",
            "TXT",
            f"v=DMARC1; p=none; rua=mailto:{settings.contact_email or 'postmaster@' + domains.sender}",
        ),
    ]


def _who_may_send(domains: Domains) -> str:
    if domains.server in LOOPBACK:
        return f"a:{domains.site}"
    if belong_together(domains.server, domains.sender):
        return f"a:{domains.server}"
    return "include:" + _("<what the mail provider says>")


def _sender(settings: Settings, domains: Domains) -> Remark:
    is_ok = _is_public(domains.sender)
    return Remark(
        how=How.GOOD if is_ok else How.BAD,
        title=_("Sender"),
        says=_("Letters come from %(sender)s.", sender=settings.mail_from),
        remedy=""
        if is_ok
        else _("Set MAIL_FROM to an address of your own domain: nobody takes letters from this one."),
    )


def _site(domains: Domains) -> Remark:
    is_ok = belong_together(domains.sender, domains.site)
    return Remark(
        how=How.GOOD if is_ok else How.WAIT,
        title=_("Sender and links"),
        says=_(
            "The sender is %(sender)s, and the links lead to %(site)s.",
            sender=domains.sender,
            site=domains.site,
        ),
        remedy=""
        if is_ok
        else _("Let both be of one domain: letters from one whose links lead to another look like fraud."),
    )


def _envelope(domains: Domains) -> Remark:
    is_ok = belong_together(domains.sender, domains.envelope)
    return Remark(
        how=How.GOOD if is_ok else How.WAIT,
        title=_("Where letters come back to"),
        says=_("To %(domain)s.", domain=domains.envelope),
        remedy=""
        if is_ok
        else _("DMARC counts SPF only where this is the sender's domain. Use one, or rely on DKIM."),
    )


def _parts(letter: EmailMessage) -> Remark:
    is_ok = letter.get_body(("plain",)) is not None and letter.get_body(("html",)) is not None
    return Remark(
        how=How.GOOD if is_ok else How.BAD,
        title=_("Text and HTML"),
        says=_("Letters say the same in both.") if is_ok else _("Letters lack one of the two."),
        remedy="" if is_ok else _("Please report it: every letter should have both."),
    )


def _unsubscribing(settings: Settings) -> Remark:
    return Remark(
        how=How.GOOD if settings.is_secure else How.WAIT,
        title=_("Stopping mail with one click"),
        says=_("Reminders and news tell mail programs where they can be stopped (List-Unsubscribe)."),
        remedy=""
        if settings.is_secure
        else _("Mail programs offer it only where SITE_URL begins with https://."),
    )


def _encryption(settings: Settings) -> Remark:
    title = _("Way to the mail server")
    if not settings.smtp_url:
        return Remark(
            how=How.NEUTRAL,
            title=title,
            says=_("There is none: SMTP_URL is empty, and letters become files in the instance folder."),
        )
    try:
        server = smtp_server(settings.smtp_url)
    except SmtpUrlError:
        return Remark(
            how=How.BAD,
            title=title,
            says=_("SMTP_URL can't be read."),
            remedy=_("It looks like smtp://user:password@host:587 or smtps://user:password@host:465."),
        )
    is_plain = server.security == "plain"
    is_exposed = is_plain and server.host not in LOOPBACK
    return Remark(
        how=How.WAIT if is_exposed else How.GOOD,
        title=title,
        says=_("%(host)s, port %(port)s, not encrypted.", host=server.host, port=server.port)
        if is_plain
        else _("%(host)s, port %(port)s, encrypted.", host=server.host, port=server.port),
        remedy=_("Everybody on the way can read letters and password. Use smtp:// or smtps://.")
        if is_exposed
        else "",
    )


def _is_public(domain: str) -> bool:
    return "." in domain and not domain.endswith((".localhost", ".local", ".invalid", ".test"))
