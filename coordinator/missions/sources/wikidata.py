"""Missions as Wikidata knows them (CC0). One sending state a query: all at once takes too long there."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from coordinator.missions.rules import (
    LONGEST_ADDRESS,
    LONGEST_CITY,
    LONGEST_LINK,
    LONGEST_NAME,
    Finding,
    MissionKind,
    SourceError,
    SourceName,
    Trouble,
)
from coordinator.missions.sources.asking import Service, ask
from coordinator.places.rules import Point, PointError, Precision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Binding = Mapping[str, Mapping[str, str]]

ADDRESS = "https://query.wikidata.org/sparql"
ACCEPT = "application/sparql-results+json"
LANGUAGES = ("en", "ru", "uk", "de", "fr", "es", "pl", "ar")
STATES = {"RU": "Q159"}
"""Items of states whose code (P297) does not lead to the one that missions name as their operator."""

KINDS = {
    "Q3917681": MissionKind.EMBASSY,
    "Q18414273": MissionKind.EMBASSY,  # high commission
    "Q5244910": MissionKind.EMBASSY,  # de facto
    "Q372690": MissionKind.CONSULATE_GENERAL,
    "Q7843791": MissionKind.CONSULATE,
    "Q61881945": MissionKind.CONSULATE,  # de facto
    "Q23891529": MissionKind.HONORARY_CONSULATE,
    "Q24868622": MissionKind.OTHER,  # consular office
    "Q620045": MissionKind.EMBASSY,  # nunciature
    "Q94158456": MissionKind.OTHER,  # interests section
    "Q80905563": MissionKind.OTHER,  # a mission that is no more
}
DEFUNCT = "Q80905563"
_ENTITY = re.compile(r"https?://www\.wikidata\.org/entity/(Q\d+)")
_POINT = re.compile(r"Point\((-?\d+(?:\.\d+)?(?:[eE]-?\d+)?) (-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)\)")
_STATE = re.compile(r"[A-Z]{2}")


def query(sending_state: str) -> str:
    """Return the question, in SPARQL 1.1, for the missions of one state; closed ones with their date."""
    if not _STATE.fullmatch(sending_state):
        raise ValueError(sending_state)
    operator = (
        f"VALUES ?operator {{ wd:{STATES[sending_state]} }}"
        if sending_state in STATES
        else f'?operator wdt:P297 "{sending_state}" .'
    )
    roots = " ".join(f"wd:{item}" for item in KINDS)
    names = "\n".join(
        f'  OPTIONAL {{ ?m rdfs:label ?name_{lang} . FILTER(LANG(?name_{lang}) = "{lang}") }}\n'
        f'  OPTIONAL {{ ?place rdfs:label ?city_{lang} . FILTER(LANG(?city_{lang}) = "{lang}") }}'
        for lang in LANGUAGES
    )
    samples = " ".join(
        f"(SAMPLE(?{kind}_{lang}) AS ?{kind}{lang})" for lang in LANGUAGES for kind in ("name", "city")
    )
    return f"""PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?m (SAMPLE(?root) AS ?class) (SAMPLE(?iso) AS ?receiving) (SAMPLE(?coord) AS ?coordinates)
  (SAMPLE(?street) AS ?address) (SAMPLE(?site) AS ?website) (SAMPLE(?ended) AS ?closedOn) {samples}
WHERE {{
  {operator}
  ?m wdt:P137 ?operator ; wdt:P31 ?class_of .
  VALUES ?root {{ {roots} }}
  ?class_of wdt:P279* ?root .
  OPTIONAL {{ ?m wdt:P17/wdt:P297 ?iso }}
  OPTIONAL {{ ?m wdt:P625 ?coord }}
  OPTIONAL {{ ?m wdt:P6375 ?street }}
  OPTIONAL {{ ?m wdt:P131 ?place }}
{names}
  OPTIONAL {{ ?m wdt:P856 ?site }}
  OPTIONAL {{ ?m wdt:P576|wdt:P582|wdt:P3999 ?ended }}
}}
GROUP BY ?m
ORDER BY ?m
"""


def fetch(service: Service, sending_state: str) -> list[Finding]:
    """Ask Wikidata for the missions of a state.

    Raises:
        SourceError: it did not answer, or not with what was asked for.
    """
    answer = ask(service, {"query": query(sending_state), "format": "json"}, ACCEPT)
    return list(read(answer, sending_state))


def read(answer: Any, sending_state: str) -> Iterator[Finding]:
    """Yield what an answer says. Entries that lack the state, a name or an id are passed over.

    Raises:
        SourceError: this is no answer to a SPARQL query.
    """
    try:
        bindings: Sequence[Binding] = answer["results"]["bindings"]
        for binding in bindings:
            finding = _finding(binding, sending_state)
            if finding is not None:
                yield finding
    except (KeyError, TypeError, AttributeError) as wrong:
        raise SourceError(Trouble.UNEXPECTED) from wrong


def _finding(binding: Binding, sending_state: str) -> Finding | None:
    item = _ENTITY.fullmatch(_value(binding, "m"))
    receiving = _value(binding, "receiving").upper()
    names = {lang: name[:LONGEST_NAME] for lang in LANGUAGES if (name := _translated(binding, "name", lang))}
    cities = {lang: city[:LONGEST_CITY] for lang in LANGUAGES if (city := _translated(binding, "city", lang))}
    if item is None or not _STATE.fullmatch(receiving) or not names:
        return None
    kind = _ENTITY.fullmatch(_value(binding, "class"))
    point = _point(_value(binding, "coordinates"))
    return Finding(
        source=SourceName.WIKIDATA,
        key=item[1],
        sending_state=sending_state,
        receiving_state=receiving,
        kind=KINDS.get(kind[1] if kind else "", MissionKind.OTHER),
        names=names,
        cities=cities,
        address=_value(binding, "address")[:LONGEST_ADDRESS],
        point=point,
        precision=Precision.STREET if point else None,
        website=link(_value(binding, "website")),
        is_closed=bool(_value(binding, "closedOn")) or (kind is not None and kind[1] == DEFUNCT),
        closed_on=_day(_value(binding, "closedOn")),
    )


def _translated(binding: Binding, what: str, lang: str) -> str:
    """Return a name in one language; English stands alone where an older form of the query was asked."""
    return _value(binding, f"{what}{lang}") or (_value(binding, what) if lang == "en" else "")


def _value(binding: Binding, name: str) -> str:
    """Return a value; what Wikidata knows to exist without knowing it counts as nothing."""
    value = str(binding.get(name, {}).get("value", ""))
    return "" if "/.well-known/genid/" in value else " ".join(value.split())


def _point(literal: str) -> Point | None:
    """Return a point of the Earth: longitude comes first, and other globes are named in front."""
    found = _POINT.fullmatch(literal)
    if found is None:
        return None
    try:
        return Point(float(found[2]), float(found[1]))
    except PointError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def link(text: str) -> str:
    """Return an address that may be shown as a link, or nothing."""
    try:
        parts = urlsplit(text)
        is_link = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    return text if is_link and len(text) <= LONGEST_LINK and " " not in text else ""
