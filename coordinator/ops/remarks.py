"""What was looked at, how it is, and what to do about it: health, for somebody who is no technician."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from babel.dates import format_timedelta
from flask_babel import format_decimal, gettext as _, ngettext

from coordinator.kit.i18n import current_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from coordinator.ops.health import Check


class How(StrEnum):
    """How something is."""

    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"
    NEUTRAL = "neutral"
    """Not to be judged, or not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing that was looked at."""

    how: How
    title: str
    says: str
    remedy: str = ""
    """What to do; empty where there is nothing to do."""
    when: str = ""


def health_remarks(checks: Iterable[Check]) -> list[Remark]:
    """Return what `/readyz` found, in words; what is not in order first."""
    found = [_remark(check) for check in checks]
    return sorted(found, key=lambda one: one.how is How.GOOD)


def ago_text(seconds: int) -> str:
    """Return in words how long ago something was, roughly."""
    ago = timedelta(seconds=-max(1, seconds))
    return format_timedelta(ago, add_direction=True, locale=current_language())


def _remark(check: Check) -> Remark:
    title, says, remedy = WORDS.get(check.name, _unknown)(check)
    return Remark(
        how=How.GOOD if check.is_ok else How.BAD,
        title=title,
        says=says,
        remedy="" if check.is_ok else remedy,
    )


def _database(check: Check) -> tuple[str, str, str]:
    return (
        _("Database"),
        _("It answers.") if check.is_ok else _("It does not answer."),
        _("Is the disk full, or is the database server stopped? Without it nothing works."),
    )


def _keys(check: Check) -> tuple[str, str, str]:
    return (
        _("Keys"),
        _("They open what is stored.") if check.is_ok else _("They do not open what is stored."),
        _(
            "A key was lost or changed. Put the old one back at the end of ENCRYPTION_KEYS, or the right "
            "DIGEST_KEY; nothing was deleted. “flask privacy rotate-keys --check” says what can't be opened."
        ),
    )


def _worker_mail(check: Check) -> tuple[str, str, str]:
    return _("Worker for mail"), _seen(check), _start_worker()


def _worker_chores(check: Check) -> tuple[str, str, str]:
    return _("Worker for places, imports and deleting"), _seen(check), _start_worker()


def _seen(check: Check) -> str:
    age = check.figures["age_seconds"]
    if age is None:
        return _("It was never seen.")
    return _("It was last seen %(when)s.", when=ago_text(age))


def _start_worker() -> str:
    return _(
        "Start it: “flask serve” runs one beside the web server, “flask worker” runs one alone. What waited "
        "is done then, late and once. If it runs and this stays, its log says what it is stuck at."
    )


def _mail(check: Check) -> tuple[str, str, str]:
    waiting = check.figures["waiting"] or 0
    since = check.figures["oldest_due_seconds"]
    says = (
        ngettext("%(num)s message waits.", "%(num)s messages wait.", waiting)
        if waiting
        else _("Nothing waits.")
    )
    if not check.is_ok and since is not None:
        says += " " + _("The oldest should have gone %(when)s.", when=ago_text(since))
    return (
        _("Mail"),
        says,
        _("The page about mail says what the mail server answers, and lets you send a letter to yourself."),
    )


def _reminders(check: Check) -> tuple[str, str, str]:
    since = check.figures["oldest_due_seconds"]
    if check.is_ok or since is None:
        says = _("They are written in time.")
    else:
        says = _("One should have been written %(when)s.", when=ago_text(since))
    return (
        _("Reminders and news"),
        says,
        _("The worker for mail writes them. If it was seen a moment ago, its log says what is wrong."),
    )


def _gazetteer(check: Check) -> tuple[str, str, str]:
    return (
        _("Index of cities"),
        _("It is there.") if check.is_ok else _("It is missing: places are found slowly or not at all."),
        _("Run “flask setup” once: it builds the index and takes about a minute."),
    )


def _disk(check: Check) -> tuple[str, str, str]:
    free = check.figures["free_megabytes"]
    says = (
        _("It can't be read.")
        if free is None
        else _("%(megabytes)s MB are free.", megabytes=format_decimal(free))
    )
    return (
        _("Disk"),
        says,
        _("Make room, or take a larger disk: a full one ends everything. Look for old backups first."),
    )


def _unknown(check: Check) -> tuple[str, str, str]:
    figures = ", ".join(f"{name}: {number}" for name, number in check.figures.items())
    return check.name, figures, _("The runbook, docs/runbook.md, says more.")


WORDS: dict[str, Callable[[Check], tuple[str, str, str]]] = {
    "database": _database,
    "keys": _keys,
    "worker_mail": _worker_mail,
    "worker_chores": _worker_chores,
    "mail": _mail,
    "reminders": _reminders,
    "gazetteer": _gazetteer,
    "disk": _disk,
}
"""By the name of a check: its title, how it is, and what to do when it is not in order."""
