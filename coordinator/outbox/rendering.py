"""From a message to a letter: its templates, in the recipient's language, as text and HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, cast
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import force_locale
from jinja2 import Environment, StrictUndefined

from coordinator.kit.i18n import direction
from coordinator.kit.qr import qr_png
from coordinator.kit.web import seal
from coordinator.outbox.bidi import all_isolated, standing_alone
from coordinator.outbox.headers import (
    ASCII_POLICY,
    UTF8_POLICY,
    add_parts,
    add_thread,
    add_unsubscribe,
    recipient,
    sender,
    words,
)
from coordinator.outbox.transports import FileTransport, SmtpTransport, smtp_server
from coordinator.outbox.webhooks import provider_headers
from coordinator.settings import current_settings

_BLANK_LINES = re.compile(r"\n\s*\n(?:\s*\n)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message, opened: what has to be known to write it."""

    public_id: str
    template: str
    locale: str
    recipient: str = field(repr=False)
    context: Mapping[str, Any] = field(repr=False)


def render_letter(letter: Letter, now: datetime) -> EmailMessage:
    """Write the letter: one recipient, text and HTML, nothing to load and nothing that reports back.

    Two keys of the context become headers: `thread`, a stable text that all letters about one answer
    share, and `unsubscribe_url`, where the reader stops this kind of mail. A third, `qr`, becomes a picture
    of that text inside the letter, which the template shows as `cid:qr`. Templates also know `written_at`,
    which is `now`: a letter that waited says "today" where it would have said "tomorrow".
    Names and titles are isolated (bidi.py): templates need not think of their direction.

    Raises:
        jinja2.TemplateError: the template is missing, or wants something that the context lacks.
        ValueError: the address can't be one.
    """
    settings = current_settings()
    said = all_isolated(_with_instants(letter.context), direction(letter.locale))
    context = cast("dict[str, Any]", said) | {"written_at": now}
    with force_locale(letter.locale):
        current_app.update_template_context(context)
        subject = standing_alone(" ".join(_render(letter.template, "subject.txt", context).split()))
        context["subject"] = subject
        text = _render(letter.template, "body.txt", context)
        html = _render(letter.template, "body.html", context)
    to = recipient(letter.recipient)
    name, address = settings.mail_sender or ("", "")
    host = message_host()
    mail = EmailMessage(policy=ASCII_POLICY if to.isascii() else UTF8_POLICY)
    mail["Message-ID"] = f"<{letter.public_id}@{host}>"
    mail["Date"] = format_datetime(now)
    mail["From"] = sender(name, address)
    mail["To"] = to
    mail["Subject"] = words(subject, used=len("Subject: "))
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday reply is wanted
    mail["Content-Language"] = letter.locale
    for header, value in provider_headers(settings.mail_webhook, letter.public_id).items():
        mail[header] = value
    if thread := letter.context.get("thread"):
        add_thread(mail, _thread_digest(thread), host=host)
    if url := letter.context.get("unsubscribe_url"):
        add_unsubscribe(mail, url, site_url=settings.site_url)
    text = _BLANK_LINES.sub("\n\n", text).strip() + "\n"
    code = letter.context.get("qr")
    add_parts(mail, text=text, html=html, picture=qr_png(code) if code else None)
    return mail


def _thread_digest(thread: str) -> str:
    """Return what names the thread in headers, and leads nobody to what it is about."""
    return seal().digest(thread, purpose="thread")[:32]


def message_host() -> str:
    """Return the right-hand side of our Message-IDs: the domain that sends, as filters for junk want it."""
    return (current_settings().mail_sender or ("", ""))[1].rpartition("@")[2]


def site_host() -> str:
    """Return the site's own host name: how we greet mail servers."""
    return urlsplit(current_settings().site_url).hostname or "localhost"


def settings_transport() -> SmtpTransport | FileTransport:
    """Return the SMTP server of the settings, or files in the instance folder where there is none.

    Raises:
        SmtpUrlError: the setting can't be read.
    """
    settings = current_settings()
    if not settings.smtp_url:
        return FileTransport(settings.instance / "mail")
    return SmtpTransport(
        smtp_server(settings.smtp_url), our_name=site_host(), bounce_address=settings.bounce_address
    )


def _render(template: str, part: str, context: Mapping[str, Any]) -> str:
    return _letters().get_template(f"email/{template}/{part}").render(context)


def _letters() -> Environment:
    """Return the app's templates, made strict: a letter that lacks something stays here and is seen."""
    known = current_app.extensions.get("letters")
    if known is None:
        known = current_app.jinja_env.overlay(undefined=StrictUndefined)
        current_app.extensions["letters"] = known
    return cast("Environment", known)


def _with_instants(value: Any) -> Any:
    """Turn the ISO texts under keys that end in `_at` back into moments, as deep as they lie."""
    if isinstance(value, dict):
        return {
            key: datetime.fromisoformat(item)
            if key.endswith("_at") and isinstance(item, str)
            else _with_instants(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_with_instants(item) for item in value]
    return value
