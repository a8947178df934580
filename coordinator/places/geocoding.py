"""Asking for places: several geocoders in a row, answers kept, one question at a time for the whole site."""

from __future__ import annotations

import json
import logging
import time
from contextlib import AbstractContextManager  # noqa: TC003 part of a dataclass
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from flask import current_app
from sqlalchemy.exc import OperationalError

from coordinator.kit import clock
from coordinator.kit.crypto import LostKeyError
from coordinator.kit.db import db, unit_of_work
from coordinator.places.gazetteer.searching import Gazetteer
from coordinator.places.nominatim import provider_from
from coordinator.places.postcodes import POSTCODES_FILE, Postcodes
from coordinator.places.queries import kept_answer
from coordinator.places.rules import (
    Candidate,
    Found,
    Geocoder,
    Point,
    Precision,
    ProviderAwayError,
    ProviderBusyError,
)
from coordinator.places.service import (
    find_city,
    find_place,
    keep_answer,
    leave_alone,
    locate_later,
    take_turn,
)
from coordinator.places.timezones import warm_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal
    from coordinator.settings import Settings

GAZETTEER_FILE = "gazetteer.sqlite"
SPACING = timedelta(seconds=1.1)  # the public Nominatim allows one request a second for the whole site
PATIENCE = timedelta(seconds=3)  # a person is waiting; beyond this the place is kept and located later
KEEP_PLACES = timedelta(days=30)
KEEP_NO_SUCH_PLACE = timedelta(days=1)  # it may be on the map tomorrow
MOST_TRIES_FOR_A_TURN = 20

log = logging.getLogger(__name__)


class Chain:
    """Several geocoders as one: the first that knows a place answers."""

    name = "chain"

    def __init__(self, geocoders: Sequence[Geocoder]) -> None:
        """Take whom to ask, in this order."""
        self._geocoders = tuple(geocoders)

    def locate(self, question: str, *, locale: str) -> list[Candidate]:
        """Return the first answer that is not empty; empty when all were asked and none knows the place.

        Raises:
            ProviderAwayError: nobody knew it, and at least one of them could not be asked.
        """
        is_someone_away = False
        for geocoder in self._geocoders:
            try:
                found = geocoder.locate(question, locale=locale)
            except ProviderAwayError:
                is_someone_away = True
            else:
                if found:
                    return found
        if is_someone_away:
            raise ProviderAwayError
        return []


class Store:
    """How geocoding reaches the database: to read, and to write in short transactions of its own.

    `write` must be something like `unit_of_work`, which first ends whatever the session has open.
    So a place is looked for before the caller opens its own unit of work, never inside one; and
    while we wait for our turn or for the network, no transaction is open and nobody waits for us.
    """

    def __init__(
        self, read: Callable[[], Session], write: Callable[[], AbstractContextManager[Session]]
    ) -> None:
        """Take two functions, since a session belongs to the thread and the app that ask."""
        self.read = read
        self.write = write


class Gate:
    """Lets one question at a time through to a provider, whichever thread, process or machine asks.

    Turns are rows in the database, given out in advance: whoever gets one sleeps until it
    comes, holding nothing. Whoever would have to wait too long is told that nobody answers.
    """

    def __init__(
        self,
        store: Store,
        *,
        spacing: timedelta = SPACING,
        patience: timedelta = PATIENCE,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the clock and the way to wait, so that tests may bring their own."""
        self._store = store
        self._spacing = spacing
        self._patience = patience
        self._now = now
        self._sleep = sleep

    def wait_for_turn(self, provider: str) -> datetime:
        """Return when it is this caller's turn, which is now.

        Raises:
            ProviderAwayError: it would take longer than a person waits.
        """
        turn = self._take_turn(provider)
        self._sleep(max(0.0, (turn - self._now()).total_seconds()))
        return turn

    def leave_alone(self, provider: str, pause: timedelta) -> None:
        """Let nobody through for as long as the provider asked."""
        with self._store.write() as session:
            leave_alone(session, provider, until=self._now() + pause)

    def _take_turn(self, provider: str) -> datetime:
        with self._store.write() as session:
            for _ in range(MOST_TRIES_FOR_A_TURN):
                turn = take_turn(
                    session, provider, now=self._now(), spacing=self._spacing, patience=self._patience
                )
                if turn is not None:
                    return turn
        raise ProviderAwayError


class CachedGeocoder:
    """A provider behind the gate, asked only what it was not asked before.

    Only answers are kept, "no such place" for a shorter time; that nobody answered is not an
    answer. The question is kept as a keyed digest and the answer sealed: together they may be
    somebody's home.
    """

    def __init__(
        self,
        provider: Geocoder,
        *,
        store: Store,
        gate: Gate,
        seal: Seal,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """Take the provider and what stands between it and us."""
        self.name = provider.name
        self._provider = provider
        self._store = store
        self._gate = gate
        self._seal = seal
        self._now = now

    def locate(self, question: str, *, locale: str) -> list[Candidate]:
        """Return what we were told before, or ask and keep the answer.

        Raises:
            ProviderAwayError: nobody answered, or too many are waiting to ask.
        """
        digest = self._seal.digest(f"{locale} {' '.join(question.split())}", purpose="place")
        kept = self._kept(digest)
        if kept is not None:
            return kept
        self._gate.wait_for_turn(self.name)
        try:
            found = self._provider.locate(question, locale=locale)
        except ProviderBusyError as busy:
            self._gate.leave_alone(self.name, busy.retry_after)
            raise
        self._keep(digest, found)
        return found

    def _kept(self, digest: str) -> list[Candidate] | None:
        answer = kept_answer(self._store.read(), self.name, digest, now=self._now())
        if answer is None:
            return None
        try:
            return [_opened(self._seal.decrypt(one["sealed"])) for one in answer.candidates]
        except LostKeyError:
            return None  # sealed with a key that is gone: ask again

    def _keep(self, digest: str, found: list[Candidate]) -> None:
        now = self._now()
        sealed = [{"sealed": self._seal.encrypt(json.dumps(asdict(one)))} for one in found]
        expires_at = now + (KEEP_PLACES if found else KEEP_NO_SUCH_PLACE)
        try:
            with self._store.write() as session:
                keep_answer(session, self.name, digest, sealed, now=now, expires_at=expires_at)
        except OperationalError:
            # The database is busy; the person has waited for this answer and gets it all the same.
            log.warning("an answer of %s was not kept", self.name)


@dataclass(frozen=True, slots=True)
class Places:
    """What other rooms ask about places. Call it inside an app context, before opening a unit of work."""

    gazetteer: Gazetteer
    geocoder: Geocoder | None
    """The provider with its cache and gate; None when the settings say "none"."""
    postcodes: Postcodes | None = None

    def find_place(self, text: str, *, locale: str) -> Found:
        """Look for an organiser's place, with the provider. Never raises because something is down."""
        return find_place(text, gazetteer=self.gazetteer, geocoder=self.geocoder, locale=locale)

    def find_city(self, text: str, *, locale: str, preferred: frozenset[str] = frozenset()) -> Found:
        """Look for a visitor's place, inside the house only; states in `preferred` have something to find.

        Raises:
            GazetteerMissingError: the index of cities was not built.
        """
        return find_city(
            text, gazetteer=self.gazetteer, locale=locale, postcodes=self.postcodes, preferred=preferred
        )

    def locate_later(self, text: str, *, known: Precision, locale: str) -> Candidate | None:
        """Look again for a place kept while nobody answered; None when nothing is better than `known`.

        Raises:
            ProviderAwayError: still nobody answers; try again later.
        """
        return locate_later(
            text, known=known, gazetteer=self.gazetteer, geocoder=self.geocoder, locale=locale
        )


def set_up_places(app: Flask, settings: Settings) -> None:
    """Give the app its gazetteer and its geocoder, and load the map of time zones."""
    provider = provider_from(settings)
    store = Store(db.session, unit_of_work)
    seal: Seal = app.extensions["seal"]
    geocoder = CachedGeocoder(provider, store=store, gate=Gate(store), seal=seal) if provider else None
    gazetteer, postcodes = Gazetteer(gazetteer_path(settings)), Postcodes(postcodes_path(settings))
    app.extensions["places"] = Places(gazetteer, geocoder, postcodes)
    warm_up()


def gazetteer_path(settings: Settings) -> Path:
    """Return where this installation's index of cities is, or is to be built."""
    return settings.instance / GAZETTEER_FILE


def postcodes_path(settings: Settings) -> Path:
    """Return where this installation's postcodes are, if there are any."""
    return settings.instance / POSTCODES_FILE


def places() -> Places:
    """Return the places of the app that runs now."""
    return cast("Places", current_app.extensions["places"])


def _opened(text: str) -> Candidate:
    """Return the candidate that was sealed."""
    fields = json.loads(text)
    fields |= {"point": Point(**fields["point"]), "precision": Precision(fields["precision"])}
    return Candidate(**fields)
