"""How many people a page, a map or a feed may name: what the organiser decided, in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from babel.numbers import format_decimal
from flask_babel import gettext as _, ngettext
from sqlalchemy import case

from coordinator.events.models import Event
from coordinator.events.rules import STEPS, CountShown, at_least
from coordinator.kit.i18n import current_language

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute


class Tally(Protocol):
    """How many people said what."""

    @property
    def confirmed(self) -> int:
        """Return those whose address was confirmed."""

    @property
    def unconfirmed(self) -> int:
        """Return those who said so without an address."""

    @property
    def tentative(self) -> int:
        """Return those who may come."""

    @property
    def waitlisted(self) -> int:
        """Return those who wait for a place."""


def told(people: int, shown: CountShown) -> int | None:
    """Return the number that programs are told; for a rounded one that it is at least so many."""
    if shown is CountShown.EXACT:
        return people
    return at_least(people) if shown is CountShown.ROUNDED else None


def told_column(people: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[int]:
    """Return `told` for a column, with nothing for hidden ones: what sums over many events are made of.

    A sum of exact numbers would give away the one event that hides or rounds its own.
    """
    steps = case(*((people >= step, step) for step in reversed(STEPS)), else_=0)
    exact = Event.count_shown == CountShown.EXACT
    return case((exact, people), (Event.count_shown == CountShown.ROUNDED, steps), else_=0)


def number_text(people: int, shown: CountShown) -> str:
    """Return a number in words that are true: exact, "at least 20", or nothing."""
    if shown is CountShown.HIDDEN:
        return ""
    if shown is CountShown.EXACT:
        return _number(people)
    if step := at_least(people):
        return str(_("at least %(number)s", number=_number(step)))
    return str(_("fewer than %(number)s", number=_number(STEPS[0])))


def counts_text(tally: Tally | None, shown: CountShown = CountShown.EXACT) -> str:
    """Return how many come, in one line; empty when nobody said so, nobody asked, or it is not shown.

    A rounded one adds up what the page tells of its two parts, so that the sum says nothing more.
    """
    if tally is None or shown is CountShown.HIDDEN:
        return ""
    if shown is CountShown.ROUNDED:
        least = at_least(tally.confirmed) + at_least(tally.unconfirmed)
        words = ngettext("At least %(num)d person is coming", "At least %(num)d people are coming", least)
        return str(words) if least else ""
    coming = tally.confirmed + tally.unconfirmed
    return str(ngettext("%(num)d person is coming", "%(num)d people are coming", coming)) if coming else ""


def people_facts(tally: Tally, shown: CountShown) -> list[tuple[str, str]]:
    """Return how many said what, for the event's own page; confirmed and merely announced apart.

    Rounded, even "nobody" reads "fewer than ten", and those who may come or wait are left out.
    """
    if shown is CountShown.HIDDEN:
        return []
    if shown is CountShown.ROUNDED:
        return [
            (_("Confirmed"), number_text(tally.confirmed, shown)),
            (_("Said they come"), number_text(tally.unconfirmed, shown)),
        ]
    if not tally.confirmed + tally.unconfirmed + tally.tentative:
        return []
    pairs = (
        (_("Confirmed"), tally.confirmed),
        (_("Said they come"), tally.unconfirmed),
        (_("Maybe"), tally.tentative),
        (_("Waiting list"), tally.waitlisted),
    )
    return [(label, _number(people)) for label, people in pairs if people]


def _number(people: int) -> str:
    return str(format_decimal(people, locale=current_language()))
