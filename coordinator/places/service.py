"""Finding places for people, and what has to be written down for it. None of this commits."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from babel.core import get_global
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from coordinator.places.gazetteer.names import country_code
from coordinator.places.geo import distance_km, parse_coordinates
from coordinator.places.models import GeocodeAnswer, ProviderGate
from coordinator.places.rules import (
    LONGEST_QUESTION,
    Candidate,
    Found,
    GazetteerMissingError,
    Point,
    Precision,
    ProviderAwayError,
    is_better,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from sqlalchemy.orm import Session

    from coordinator.places.gazetteer.searching import City, Gazetteer
    from coordinator.places.postcodes import Postcodes
    from coordinator.places.rules import Geocoder

TOWN = 15_000  # people: a smaller namesake of what was typed may well be a street or a square elsewhere
TIMES_PREFERRED = 4
TIMES_AT_HOME = 3
TIMES_LARGER = 10  # a city this much larger than its namesakes is the one that is meant
SAME_PLACE_KM = 0.3  # a building, its door and the office in it are found within this distance
LONGEST_CITY_WORDS = 4

log = logging.getLogger(__name__)

_PARTS = re.compile(r"[,،、，;\n]")
_HOUSE = re.compile(r"\b\d{1,3}[^\W\d_]?\b")
_NUMBER = re.compile(r"\S*\d\S*(?: [A-Z]{2}(?!\S))?")  # or a Dutch postcode: "2517 JP"


def find_place(text: str, *, gazetteer: Gazetteer, geocoder: Geocoder | None, locale: str) -> Found:
    """Return what an organiser's words may mean: typed coordinates, a plain city, or what the provider says.

    The chain of PRODUCT (Places) behind the mission's own point, which the caller has: names of
    cities never reach the provider, so its cache (`CachedGeocoder`) is asked with it. Where it
    knows nothing or is away, the city that is a part of the address is the answer; its precision
    says that nobody may be sent there. Never raises because something is down.
    """
    question = " ".join(text.split())
    typed = _typed(question)
    if typed or not question:
        return Found(candidates=(typed,), is_clear=True) if typed else Found()
    cities = _plain_cities(question, gazetteer, locale)
    if cities:
        return _found_cities(cities, locale)
    is_away = False
    if geocoder and len(question) <= LONGEST_QUESTION:
        try:
            candidates = tuple(geocoder.locate(question, locale=locale))
        except ProviderAwayError:
            is_away = True
        else:
            if candidates:
                return Found(candidates=candidates, is_clear=_is_one_place(candidates))
    city = _city_of(text, gazetteer, locale)
    return Found(candidates=tuple(c.candidate(locale) for c in city), is_provider_away=is_away)


def find_city(
    text: str,
    *,
    gazetteer: Gazetteer,
    locale: str,
    postcodes: Postcodes | None = None,
    preferred: frozenset[str] = frozenset(),
) -> Found:
    """Return what a visitor's words may mean: coordinates, a postcode, or a city, also one only begun.

    A number beside a name that nothing has is taken for a postcode that we don't know, a region behind it for
    one that the index does not name, and the name alone for a slip of the fingers: the likeliest cities are a
    choice. Nobody outside is asked: docs/decisions/005-visitors-places-stay-in-the-house.md.

    Args:
        text: what was typed.
        gazetteer: the index of cities.
        locale: language to name them in; where most of its readers live counts a little, too.
        postcodes: where some were installed.
        preferred: states with something to find; a namesake there is likelier to be meant.

    Raises:
        GazetteerMissingError: the index of cities was not built.
    """
    question = " ".join(text.split())
    typed = _typed(question)
    if typed:
        return Found(candidates=(typed,), is_clear=True)
    coded = postcodes.search(question, locale=locale, preferred=preferred) if postcodes else []
    if coded:
        return Found(candidates=tuple(coded), is_clear=len(coded) == 1)
    cities = gazetteer.search(question, locale=locale)
    cities = cities or gazetteer.search(_without_numbers(question), locale=locale)
    exact = [city for city in cities if city.is_exact]
    if not cities:
        guessed = _namesakes(question, gazetteer, locale) or gazetteer.alike(question, locale=locale)
        return Found(candidates=tuple(city.candidate(locale) for city in guessed))
    likely = sorted(exact or cities, key=lambda city: -weight(city, locale, preferred))
    return _found_cities(likely, locale, preferred)


def weight(city: City, locale: str, preferred: frozenset[str]) -> float:
    """Return how likely a city is meant among its namesakes: by people, by what is there, by who reads."""
    home = _home_of(locale)
    return (
        city.population
        * (TIMES_PREFERRED if city.country in preferred else 1)
        * (TIMES_AT_HOME if city.country == home else 1)
    )


@cache
def _home_of(locale: str) -> str:
    """Return the state where most readers of a language live, by CLDR. English is everybody's."""
    if locale == "en":
        return ""
    likely: str = get_global("likely_subtags").get(locale, "")
    return likely.rpartition("_")[2]


def locate_later(
    text: str, *, known: Precision, gazetteer: Gazetteer, geocoder: Geocoder | None, locale: str
) -> Candidate | None:
    """Return a point better than the `known` one for a place that was kept while nobody answered.

    None: the provider was asked, and there is nothing better that needs no human choice.

    Raises:
        ProviderAwayError: still nobody answers; try again later.
    """
    found = find_place(text, gazetteer=gazetteer, geocoder=geocoder, locale=locale)
    if found.is_provider_away:
        raise ProviderAwayError
    better = found.clear
    return better if better and is_better(better.precision, known) else None


def keep_answer(
    session: Session,
    provider: str,
    question_digest: str,
    candidates: list[dict[str, Any]],
    *,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Write down what the provider said, in place of what it said before."""
    answer = {"candidates": candidates, "answered_at": now, "expires_at": expires_at}
    insert = _insert(session)(GeocodeAnswer).values(
        provider=provider, question_digest=question_digest, **answer
    )
    session.execute(insert.on_conflict_do_update(index_elements=["provider", "question_digest"], set_=answer))


def forget_answers(session: Session, *, now: datetime) -> int:
    """Delete answers that are too old to be used; return how many. `privacy` calls it in time."""
    is_old = GeocodeAnswer.expires_at <= now
    count = session.scalar(select(func.count()).select_from(GeocodeAnswer).where(is_old)) or 0
    session.execute(delete(GeocodeAnswer).where(is_old))
    return count


def take_turn(
    session: Session, provider: str, *, now: datetime, spacing: timedelta, patience: timedelta
) -> datetime | None:
    """Reserve the next moment at which the site may ask the provider.

    Returns it, or None when another process reserved it in between: look at the clock and try again.

    Raises:
        ProviderAwayError: the next turn is further away than `patience`.
    """
    open_now = _insert(session)(ProviderGate).values(provider=provider, next_at=now)
    session.execute(open_now.on_conflict_do_nothing(index_elements=["provider"]))
    next_at = session.scalar(select(ProviderGate.next_at).where(ProviderGate.provider == provider)) or now
    turn = max(now, next_at)
    if turn - now > patience:
        raise ProviderAwayError
    reserved = session.scalar(
        update(ProviderGate)
        .where(ProviderGate.provider == provider, ProviderGate.next_at == next_at)
        .values(next_at=turn + spacing)
        .returning(ProviderGate.provider)
        .execution_options(synchronize_session=False)
    )
    return turn if reserved else None


def leave_alone(session: Session, provider: str, *, until: datetime) -> None:
    """Ask the provider nothing before `until`."""
    later = _insert(session)(ProviderGate).values(provider=provider, next_at=until)
    session.execute(
        later.on_conflict_do_update(
            index_elements=["provider"], set_={"next_at": until}, where=ProviderGate.next_at < until
        )
    )


def _insert(session: Session) -> Any:
    """Return the database's own INSERT, which knows what to do when the row is there already."""
    dialects = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return dialects[session.get_bind().dialect.name]


def _typed(question: str) -> Candidate | None:
    point = parse_coordinates(question)
    if point is None:
        return None
    return Candidate(label=_point_label(point), point=point, precision=Precision.EXACT, source="typed")


def _point_label(point: Point) -> str:
    """Return coordinates to the metre, the way maps take them back."""
    return f"{point.latitude:.5f}, {point.longitude:.5f}"


def _plain_cities(question: str, gazetteer: Gazetteer, locale: str) -> list[City]:
    """Return the cities that the whole text names, if it is beyond doubt a city's name."""
    if any(letter.isdecimal() for letter in question):
        return []
    cities = [city for city in _cities(question, gazetteer, locale) if city.is_exact]
    is_sure = cities and (cities[0].population >= TOWN or _PARTS.search(question))
    return cities if is_sure else []


def _without_numbers(question: str) -> str:
    """Return the words of a question that has both words and numbers; empty for any other."""
    words = question.split()
    plain = [word for word in words if not any(letter.isdecimal() for letter in word)]
    return " ".join(plain) if len(plain) < len(words) else ""


def _namesakes(question: str, gazetteer: Gazetteer, locale: str) -> list[City]:
    """Return the cities called like what stands before the first comma: of "London, Ontario" every London."""
    name, *others = _PARTS.split(question)
    found = gazetteer.search(name, locale=locale) if others else []
    return [city for city in found if city.is_exact]


def _city_of(text: str, gazetteer: Gazetteer, locale: str) -> list[City]:
    """Return the city in the last parts of an address: "Unter den Linden 63, 10117 Berlin, Germany"."""
    parts = [part.strip() for part in _PARTS.split(text[:LONGEST_QUESTION]) if part.strip()]
    country = country_code(parts[-1], locale) if len(parts) > 1 else None
    if country:
        parts.pop()
    for at, part in reversed(list(enumerate(parts))):
        # The first of several parts is the street, unless it is a city's name and nothing else.
        whole = [part] if at == 0 and len(parts) > 1 else _between_numbers(part, is_street=at == 0)
        pieces = _phrases(part) if country and not (at == 0 and len(parts) > 1) else ()
        for name in (*whole, *pieces):
            least = 0 if at and name in whole else TOWN
            cities = _cities(name, gazetteer, locale, country=country)
            if cities and cities[0].is_exact and cities[0].population >= least:
                return cities[:1]
    return []


def _between_numbers(part: str, *, is_street: bool) -> list[str]:
    """Return what may be a city's name in a part of an address: what stands beside a number, the last first.

    In the part with the street only what follows the number of the house: "Linden 5" is not in Linden.
    """
    end_of_street = max((found.end() for found in _HOUSE.finditer(part)), default=0) if is_street else 0
    names = [name.strip() for name in _NUMBER.split(part[end_of_street:])]
    return [name for name in reversed(names) if name]


def _phrases(part: str) -> Iterator[str]:
    """Yield what may be a city's name when its state is named: last or first words, the longest first."""
    words = [word for word in part.split() if not any(letter.isdecimal() for letter in word)]
    for length in range(min(len(words), LONGEST_CITY_WORDS), 0, -1):
        yield " ".join(words[-length:])
        yield " ".join(words[:length])


def _cities(text: str, gazetteer: Gazetteer, locale: str, *, country: str | None = None) -> list[City]:
    """Return what the gazetteer finds; nothing while it is missing: a registration goes on without it."""
    try:
        return gazetteer.search(text, country=country, locale=locale)
    except GazetteerMissingError:
        log.warning("no gazetteer: build it with `flask places build`")
        return []


def _found_cities(cities: list[City], locale: str, preferred: frozenset[str] = frozenset()) -> Found:
    is_clear = bool(cities) and cities[0].is_exact
    if len(cities) > 1:
        first, second = (weight(city, locale, preferred) for city in cities[:2])
        is_clear = is_clear and first >= TIMES_LARGER * max(1, second)
    return Found(candidates=tuple(city.candidate(locale) for city in cities), is_clear=is_clear)


def _is_one_place(candidates: tuple[Candidate, ...]) -> bool:
    first = candidates[0]
    return all(distance_km(first.point, other.point) <= SAME_PLACE_KM for other in candidates[1:])
