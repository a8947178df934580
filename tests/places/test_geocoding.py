from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from coordinator.kit.crypto import Seal
from coordinator.kit.db import db, unit_of_work
from coordinator.places.geocoding import (
    KEEP_NO_SUCH_PLACE,
    KEEP_PLACES,
    CachedGeocoder,
    Chain,
    Gate,
    Store,
    places,
)
from coordinator.places.models import GeocodeAnswer, ProviderGate
from coordinator.places.rules import Candidate, Point, Precision, ProviderAwayError, ProviderBusyError
from coordinator.places.service import forget_answers

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOON = datetime(2030, 4, 1, 12, tzinfo=UTC)
HOME = "Holunderweg 7, Berlin"
HERE = Candidate(
    label="Holunderweg 7, 12345 Berlin",
    point=Point(52.5, 13.4),
    precision=Precision.BUILDING,
    country="DE",
    city="Berlin",
    source="fake",
)


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    at: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class FakeProvider:
    """Says what it was told to say."""

    answer: list[Candidate] | Exception
    name: str = "fake"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def locate(self, question: str, *, locale: str) -> list[Candidate]:
        self.asked.append((question, locale))
        assert not db.session().in_transaction(), "a transaction was held open while the network was asked"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(session: Session) -> Store:
    return Store(db.session, unit_of_work)


@pytest.fixture
def gate(store: Store, clock: Clock) -> Gate:
    return Gate(store, now=clock.now, sleep=clock.sleep, spacing=timedelta(seconds=1))


def cached(provider: FakeProvider, store: Store, gate: Gate, seal: Seal, clock: Clock) -> CachedGeocoder:
    return CachedGeocoder(provider, store=store, gate=gate, seal=seal, now=clock.now)


def test_a_question_is_asked_once(store: Store, gate: Gate, seal: Seal, clock: Clock) -> None:
    provider = FakeProvider([HERE])
    geocoder = cached(provider, store, gate, seal, clock)

    first = geocoder.locate(HOME, locale="de")
    again = geocoder.locate("  holunderweg   7, BERLIN", locale="de")

    assert first == again == [HERE]
    assert provider.asked == [(HOME, "de")]


def test_another_language_is_another_question(store: Store, gate: Gate, seal: Seal, clock: Clock) -> None:
    provider = FakeProvider([HERE])
    geocoder = cached(provider, store, gate, seal, clock)

    geocoder.locate(HOME, locale="de")
    geocoder.locate(HOME, locale="ru")

    assert [locale for _, locale in provider.asked] == ["de", "ru"]


@pytest.mark.parametrize(("answer", "kept_for"), [([HERE], KEEP_PLACES), ([], KEEP_NO_SUCH_PLACE)])
def test_every_answer_is_kept_for_its_time(
    store: Store, gate: Gate, seal: Seal, clock: Clock, answer: list[Candidate], kept_for: timedelta
) -> None:
    provider = FakeProvider(answer)
    geocoder = cached(provider, store, gate, seal, clock)
    geocoder.locate(HOME, locale="de")

    clock.at = NOON + kept_for - timedelta(seconds=1)
    geocoder.locate(HOME, locale="de")
    assert len(provider.asked) == 1

    clock.at = NOON + kept_for + timedelta(seconds=1)
    assert geocoder.locate(HOME, locale="de") == answer
    assert len(provider.asked) == 2
    assert db.session().scalar(select(func.count(GeocodeAnswer.id))) == 1


def test_that_nobody_answered_is_not_kept(store: Store, gate: Gate, seal: Seal, clock: Clock) -> None:
    provider = FakeProvider(ProviderAwayError())
    geocoder = cached(provider, store, gate, seal, clock)

    for _ in range(2):
        with pytest.raises(ProviderAwayError):
            geocoder.locate(HOME, locale="de")

    assert len(provider.asked) == 2
    assert db.session().scalar(select(func.count(GeocodeAnswer.id))) == 0


def test_neither_question_nor_answer_can_be_read_in_the_database(
    store: Store, gate: Gate, seal: Seal, clock: Clock
) -> None:
    cached(FakeProvider([HERE]), store, gate, seal, clock).locate(HOME, locale="de")

    kept = db.session().scalars(select(GeocodeAnswer)).one()
    everything = f"{kept.question_digest} {json.dumps(kept.candidates)}"
    for secret in ("olunderweg", "Berlin", "52.5", "13.4"):
        assert secret not in everything


def test_an_answer_sealed_with_a_lost_key_is_asked_for_again(
    store: Store, gate: Gate, seal: Seal, clock: Clock
) -> None:
    cached(FakeProvider([HERE]), store, gate, seal, clock).locate(HOME, locale="de")
    other = Seal([Fernet.generate_key().decode()], "d" * 40)  # the same digests, other encryption
    provider = FakeProvider([HERE])

    found = cached(provider, store, gate, other, clock).locate(HOME, locale="de")

    assert found == [HERE]
    assert len(provider.asked) == 1


def test_old_answers_are_forgotten(
    store: Store, gate: Gate, seal: Seal, clock: Clock, session: Session
) -> None:
    cached(FakeProvider([HERE]), store, gate, seal, clock).locate(HOME, locale="de")

    assert forget_answers(session, now=NOON) == 0
    assert forget_answers(session, now=NOON + KEEP_PLACES + timedelta(seconds=1)) == 1
    assert session.scalar(select(func.count(GeocodeAnswer.id))) == 0


def test_turns_are_given_out_one_after_another(gate: Gate, clock: Clock) -> None:
    turns = [gate.wait_for_turn("fake") for _ in range(4)]

    assert turns == [NOON + timedelta(seconds=at) for at in range(4)]
    assert clock.slept == [0, 1, 1, 1]


def test_each_provider_has_its_own_gate(gate: Gate, clock: Clock) -> None:
    gate.wait_for_turn("one")
    gate.wait_for_turn("another")

    assert clock.slept == [0, 0]


def test_whoever_would_wait_too_long_is_told_so_and_takes_no_turn(store: Store, clock: Clock) -> None:
    gate = Gate(store, now=clock.now, sleep=lambda _: None, spacing=timedelta(seconds=1))

    for _ in range(4):  # now, and in one, two and three seconds
        gate.wait_for_turn("fake")
    for _ in range(3):
        with pytest.raises(ProviderAwayError):
            gate.wait_for_turn("fake")

    clock.at = NOON + timedelta(seconds=1)
    assert gate.wait_for_turn("fake") == NOON + timedelta(seconds=4)


def test_a_busy_provider_is_left_alone_by_everybody(
    store: Store, gate: Gate, seal: Seal, clock: Clock
) -> None:
    provider = FakeProvider(ProviderBusyError(timedelta(minutes=2)))
    geocoder = cached(provider, store, gate, seal, clock)
    for _ in range(3):
        with pytest.raises(ProviderAwayError):
            geocoder.locate(HOME, locale="de")
    assert len(provider.asked) == 1

    clock.at = NOON + timedelta(minutes=2)
    provider.answer = [HERE]
    assert geocoder.locate(HOME, locale="de") == [HERE]


def test_a_pause_is_never_made_shorter(gate: Gate, session: Session) -> None:
    gate.leave_alone("fake", timedelta(minutes=5))
    gate.leave_alone("fake", timedelta(minutes=1))

    assert session.scalars(select(ProviderGate.next_at)).one() == NOON + timedelta(minutes=5)


def test_a_chain_asks_until_somebody_knows(session: Session) -> None:
    away, ignorant, knowing, spare = (
        FakeProvider(ProviderAwayError()),
        FakeProvider([]),
        FakeProvider([HERE]),
        FakeProvider([]),
    )

    assert Chain([away, ignorant, knowing, spare]).locate(HOME, locale="de") == [HERE]
    assert spare.asked == []
    assert Chain([ignorant, spare]).locate(HOME, locale="de") == []
    with pytest.raises(ProviderAwayError):
        Chain([away, ignorant]).locate(HOME, locale="de")


def test_the_app_has_its_places(session: Session) -> None:
    assert places().geocoder is None  # tests ask nobody
    assert places().find_place("52.5, 13.4", locale="en").clear is not None
