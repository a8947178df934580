"""Commands: does mail go out, what waits, and what was given up."""

from __future__ import annotations

import smtplib

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from coordinator.cli.accounts import EMAIL
from coordinator.cli.worker import bounces_of_settings
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.i18n import LANGUAGES
from coordinator.kit.ids import new_public_id
from coordinator.ops.troubles import trouble_words
from coordinator.outbox.queries import oldest_due_at, outbox_counts
from coordinator.outbox.rendering import Letter, render_letter, settings_transport
from coordinator.outbox.rules import LetterError, MailAwayError, MailboxUrlError, SmtpUrlError
from coordinator.outbox.self_test import TEMPLATE, self_test_context
from coordinator.outbox.service import retry_given_up
from coordinator.outbox.transports import FileTransport
from coordinator.outbox.troubles import trouble_of
from coordinator.settings import current_settings

messages_cli = AppGroup("messages", help="The outbox and the mail server.")


@messages_cli.command("test")
@click.argument("address", type=EMAIL)
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], help="Of the letter.")
def test(address: str, language: str) -> None:
    """Send a letter to ADDRESS now and say what the mail server answered."""
    settings = current_settings()
    letter = render_letter(
        Letter(
            public_id=new_public_id(),
            template=TEMPLATE,
            locale=language,
            recipient=address,
            context=self_test_context(now()),
        ),
        now(),
    )
    try:
        transport = settings_transport()
        with transport:
            transport.send(letter)
    except SmtpUrlError as wrong:
        raise click.ClickException(
            "SMTP_URL can't be read: smtp://user:password@host:587, smtps://… or smtp+plain://…"
        ) from wrong
    except (MailAwayError, LetterError) as trouble:
        with force_locale(LANGUAGES[0]):
            _, remedy = trouble_words(trouble_of(trouble.kind))
        raise click.ClickException(f"{_answer(trouble)}\n{remedy}") from trouble
    if isinstance(transport, FileTransport):
        click.echo(f"SMTP_URL is empty: the letter was written into {settings.instance / 'mail'}.")
    else:
        click.echo("The mail server took the letter. Look into the mailbox, the unwanted mail too.")


@messages_cli.command("list")
def count() -> None:
    """Say how many messages wait, were given up, were sent; and since when the oldest waits."""
    session = db.session()
    for kind, number in outbox_counts(session)._asdict().items():
        click.echo(f"{number:8} {kind}")
    if since := oldest_due_at(session, now()):
        click.echo(f"The oldest one waits since {since:%Y-%m-%d %H:%M} UTC.")


@messages_cli.command("retry")
def retry() -> None:
    """Send again what was given up, as far as its words are still kept."""
    with unit_of_work() as session:
        number = retry_given_up(session, now=now())
    click.echo(f"{number} messages go again.")


@messages_cli.command("bounces")
def bounces() -> None:
    """Read the mailbox of BOUNCE_MAILBOX once."""
    if not current_settings().bounce_mailbox:
        raise click.ClickException("BOUNCE_MAILBOX is empty: there is no mailbox to read")
    try:
        reading = bounces_of_settings()
    except MailboxUrlError as wrong:
        raise click.ClickException(
            "BOUNCE_MAILBOX can't be read: imaps://user:password@host/INBOX"
        ) from wrong
    if reading is None:
        raise click.ClickException("the mailbox can't be reached or opened; the log says why")
    click.echo(f"{reading.reports} reports read and deleted, {reading.known} about messages of ours.")
    click.echo(f"{reading.others} other mails left there, marked as read.")


def _answer(trouble: MailAwayError | LetterError) -> str:
    """Return what the server said, in its own words: whoever runs this wants to read them."""
    cause = trouble.__cause__
    kind = (
        "The mail server can't be used" if isinstance(trouble, MailAwayError) else "The letter was not taken"
    )
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(cause.recipients.values()))
        return f"{kind}: {code} {_text(words)}"
    if isinstance(cause, smtplib.SMTPResponseException):
        return f"{kind}: {cause.smtp_code} {_text(cause.smtp_error)}"
    return f"{kind}: {cause or trouble.kind}"


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
