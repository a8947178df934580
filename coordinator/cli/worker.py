"""Command: the worker, who does what nobody should wait for."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from flask import current_app

from coordinator.accounts.jobs import forget_unverified_accounts
from coordinator.audit.jobs import chain_new
from coordinator.contacts.jobs import mend_pages, pack_contacts, run_imports
from coordinator.events.jobs import locate_due
from coordinator.kit import clock
from coordinator.kit.web import seal
from coordinator.messaging.jobs import fan_out_notices, write_announcements
from coordinator.messaging.reminding import plan_reminders, write_reminders
from coordinator.outbox.jobs import Outcome, beat, forget_failed, forget_traces, read_bounces, send_due
from coordinator.outbox.mailbox import mailbox_at
from coordinator.outbox.rendering import Letter, message_host, render_letter, settings_transport
from coordinator.outbox.rules import MailboxUrlError, SmtpUrlError
from coordinator.places.geocoding import places
from coordinator.privacy.jobs import forget_due
from coordinator.privacy.repeating import Repeated, repeat_erasures, write_ledger
from coordinator.rsvps.jobs import settle_waitlists
from coordinator.settings import current_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from email.message import EmailMessage

    from flask import Flask

    from coordinator.outbox.leases import Lease
    from coordinator.outbox.mailbox import Reading
    from coordinator.outbox.transports import Transport

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
BEAT_SECONDS = 5.0
HOUR = 3600.0
BOUNCE_SECONDS = 300.0
LEDGER_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something done again and again. `run` returns True when it should be called again at once."""

    name: str
    every_seconds: float
    run: Callable[[], bool]


class Post:
    """Sends what is due over one connection, and lets a mail server be that does not answer."""

    def __init__(self, is_stopping: Callable[[], bool]) -> None:
        """Ask `is_stopping` between two messages."""
        self._is_stopping = is_stopping
        self._pause = FIRST_PAUSE_SECONDS
        self._resume_at = 0.0
        self._connection = ExitStack()
        self._transport: Transport | None = None

    def run(self) -> bool:
        """Send one batch. Return whether there may be more; the connection is kept for that."""
        if time.monotonic() < self._resume_at:
            return False
        outcome = None
        try:
            outcome = send_due(
                self._open(), write, seal=seal(), clock=clock.now, is_stopping=self._is_stopping
            )
        finally:
            if outcome is not Outcome.MORE or self._is_stopping():
                self._close()
        if outcome is Outcome.AWAY:
            self._resume_at = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        else:
            self._pause = FIRST_PAUSE_SECONDS
        return outcome is Outcome.MORE

    def _open(self) -> Transport:
        if self._transport is None:
            self._transport = settings_transport()
            self._connection.enter_context(self._transport)
        return self._transport

    def _close(self) -> None:
        self._transport = None
        self._connection.close()


def write(lease: Lease, now: datetime) -> EmailMessage:
    """Write the letter that a leased message stands for."""
    letter = Letter(
        public_id=lease.public_id,
        template=lease.template,
        locale=lease.locale,
        recipient=lease.recipient,
        context=lease.context,
    )
    return render_letter(letter, now)


class Lane:
    """Jobs that wait for one another, in a thread of their own: geocoding must not hold up the mail."""

    def __init__(self, app: Flask, name: str, jobs: Sequence[Job], stopping: threading.Event) -> None:
        """Do `jobs` until `stopping`; `name` is that of the heartbeat."""
        self._app = app
        self._name = name
        self._jobs = jobs
        self._stopping = stopping
        self._due = dict.fromkeys((job.name for job in jobs), 0.0)
        self._beat_due = 0.0

    def run(self) -> None:
        """Work until told to stop. The job at hand is finished first."""
        while not self._stopping.is_set():
            if time.monotonic() >= self._beat_due:
                self._beat_due = time.monotonic() + BEAT_SECONDS
                self._attempt("heartbeat", self._beat)
            is_more = [self._turn(job) for job in self._jobs if not self._stopping.is_set()]
            if not any(is_more):
                self._stopping.wait(LOOK_SECONDS)

    def run_once(self) -> bool:
        """Do each job until it has nothing left. Return whether all went well."""
        self._attempt("heartbeat", self._beat)
        outcomes = []
        for job in self._jobs:
            outcome = self._attempt(job.name, job.run)
            while outcome and not self._stopping.is_set():
                outcome = self._attempt(job.name, job.run)
            outcomes.append(outcome is not None)
        return all(outcomes)

    def _turn(self, job: Job) -> bool:
        if time.monotonic() < self._due[job.name]:
            return False
        is_more = self._attempt(job.name, job.run)
        self._due[job.name] = time.monotonic() + (0 if is_more else job.every_seconds)
        return bool(is_more)

    def _beat(self) -> bool:
        beat(self._name, now=clock.now())
        return False

    def _attempt(self, name: str, run: Callable[[], bool]) -> bool | None:
        """Do it; None says that it crashed. The log says what and where, never with which words."""
        try:
            with self._app.app_context():
                return run()
        except Exception as fault:  # noqa: BLE001 one job's fault must not stop the others
            trace = fault.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
            log.error("job %s: %s in %s", name, type(fault).__name__, where)  # noqa: TRY400 its words may quote a person
            return None


@click.command()
@click.option("--once", is_flag=True, help="Do what is due and stop: for cron.")
def worker(*, once: bool) -> None:
    """Send mail, find places, remind, forget: run one beside the web server, or several on PostgreSQL."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 the documented way
    stopping = threading.Event()
    _refuse_unreadable_settings()
    lanes = [Lane(app, name, jobs, stopping) for name, jobs in lanes_of(stopping.is_set).items()]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if once:
        outcomes = [lane.run_once() for lane in lanes]  # all of them, whatever the first one says
        if not all(outcomes):
            raise click.ClickException("a job failed; the log says which")
        return
    threads = [threading.Thread(target=lane.run) for lane in lanes]
    for thread in threads:
        thread.start()
    log.info("worker started")
    for thread in threads:
        thread.join()
    log.info("worker stopped")


def lanes_of(is_stopping: Callable[[], bool]) -> dict[str, tuple[Job, ...]]:
    """Return all jobs, by the lane they run in; a lane's name is that of its heartbeat."""
    return {
        "mail": (
            Job("fan_out_notices", 5, lambda: _done(fan_out_notices(seal=seal(), now=clock.now()))),
            Job("plan_reminders", 60, lambda: _done(plan_reminders(now=clock.now()))),
            Job("write_reminders", 30, _remind),
            Job("write_announcements", 5, _announce),
            Job("settle_waitlists", 60, lambda: _done(settle_waitlists(seal=seal(), now=clock.now()))),
            Job("send_due", LOOK_SECONDS, Post(is_stopping).run),
        ),
        "chores": (
            Job("chain_audit", 2, lambda: chain_new(seal=seal(), now=clock.now())),
            Job("locate_due", 60, lambda: _done(locate_due(places(), seal=seal(), now=clock.now()))),
            Job("run_imports", 2, lambda: run_imports(seal=seal(), now=clock.now())),
            Job("pack_contacts", 2, lambda: pack_contacts(seal=seal(), now=clock.now())),
            Job("mend_pages", HOUR, lambda: _done(mend_pages())),
            Job("write_ledger", LEDGER_SECONDS, lambda: _done(_write_ledger())),
            Job("repeat_erasures", HOUR, lambda: _done(repeat_erasures_of_settings())),
            Job("forget_due", HOUR, lambda: _done(forget_due(now=clock.now()))),
            Job(
                "forget_unverified_accounts", HOUR, lambda: _done(forget_unverified_accounts(now=clock.now()))
            ),
            Job("read_bounces", BOUNCE_SECONDS, lambda: _done(bounces_of_settings())),
            Job("forget_failed", HOUR, lambda: _done(forget_failed(now=clock.now()))),
            Job("forget_traces", HOUR, lambda: _done(forget_traces(now=clock.now()))),
        ),
    }


def _remind() -> bool:
    write_reminders(seal=seal(), site_url=current_settings().site_url.rstrip("/"), now=clock.now())
    return False


def _announce() -> bool:
    write_announcements(seal=seal(), site_url=current_settings().site_url.rstrip("/"), now=clock.now())
    return False


def _write_ledger() -> int:
    settings = current_settings()
    return write_ledger(settings.instance, days=settings.backup_days, now=clock.now())


def repeat_erasures_of_settings() -> Repeated:
    """Erase again whoever a restored backup brought back."""
    settings = current_settings()
    return repeat_erasures(settings.instance, days=settings.backup_days, seal=seal(), now=clock.now())


def bounces_of_settings() -> Reading | None:
    """Read the mailbox that letters come back to. None where there is none, or it can't be read."""
    settings = current_settings()
    if not settings.bounce_mailbox:
        return None
    return read_bounces(
        mailbox_at(settings.bounce_mailbox),
        host=message_host(),
        bounce_address=settings.bounce_address,
        clock=clock.now,
    )


def _done(_: object) -> bool:
    """Say that the job did all there was."""
    return False


def _refuse_unreadable_settings() -> None:
    settings = current_settings()
    try:
        settings_transport()
        if settings.bounce_mailbox:
            mailbox_at(settings.bounce_mailbox)
    except MailboxUrlError as wrong:
        raise click.ClickException(
            "BOUNCE_MAILBOX can't be read: imaps://user:password@host/INBOX"
        ) from wrong
    except SmtpUrlError as wrong:
        raise click.ClickException(
            "SMTP_URL can't be read: smtp://user:password@host:587, smtps://… or smtp+plain://…"
        ) from wrong
