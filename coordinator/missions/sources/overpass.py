"""Missions as OpenStreetMap has them, asked of an Overpass server (ODbL: every finding says so)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from coordinator.missions.rules import (
    LONGEST_ADDRESS,
    LONGEST_CITY,
    LONGEST_NAME,
    Finding,
    MissionKind,
    SourceError,
    SourceName,
    Trouble,
)
from coordinator.missions.sources.asking import Service, ask
from coordinator.missions.sources.wikidata import LANGUAGES, link
from coordinator.places.rules import Point, PointError, Precision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Tags = Mapping[str, str]

ADDRESS = "https://overpass-api.de/api/interpreter"
ACCEPT = "application/json"
SECONDS = 120
ATTRIBUTION = "OpenStreetMap contributors, ODbL"
GONE = ("disused:", "abandoned:", "was:", "removed:", "demolished:")
"""Prefixes of what is no more."""
_STATE = re.compile(r"[A-Z]{2}")
_ITEM = re.compile(r"Q\d+")

EMBASSIES = {
    "interests_section": MissionKind.OTHER,
    "delegation": MissionKind.PERMANENT_MISSION,
    "mission": MissionKind.PERMANENT_MISSION,
    "residence": None,
    "branch_embassy": MissionKind.OTHER,
}
CONSULATES = {
    "consulate_general": MissionKind.CONSULATE_GENERAL,
    "honorary_consul": MissionKind.HONORARY_CONSULATE,
    "honorary_consulate": MissionKind.HONORARY_CONSULATE,
    "consular_office": MissionKind.OTHER,
    "consular_agency": MissionKind.OTHER,
}


def query(sending_state: str, receiving_state: str = "") -> str:
    """Return the question, in Overpass QL: the missions of one state, everywhere or in another state."""
    if not _STATE.fullmatch(sending_state) or (receiving_state and not _STATE.fullmatch(receiving_state)):
        raise ValueError(sending_state, receiving_state)
    area = f'area["ISO3166-1"="{receiving_state}"][admin_level=2]->.there;\n' if receiving_state else ""
    within = "(area.there)" if receiving_state else ""
    keys = ['["office"="diplomatic"]', '["amenity"="embassy"]', '["diplomatic"]']
    keys += [f'["{prefix}{key}"]' for prefix in GONE[:2] for key in ("diplomatic", "amenity")]
    parts = "\n".join(f'  nwr{key}["country"="{sending_state}"]{within};' for key in keys)
    return f"[out:json][timeout:{SECONDS}];\n{area}(\n{parts}\n);\nout center;\n"


def fetch(service: Service, sending_state: str, receiving_state: str = "") -> list[Finding]:
    """Ask an Overpass server for the missions of a state.

    Raises:
        SourceError: it did not answer, gave up half way, or answered something else.
    """
    answer = ask(service, {"data": query(sending_state, receiving_state)}, ACCEPT)
    return list(read(answer, receiving_state))


def read(answer: Any, receiving_state: str = "") -> Iterator[Finding]:
    """Yield what an answer says. What has no sending state, or no receiving one, is passed over.

    Args:
        answer: as the server sent it.
        receiving_state: where it was looked for; most elements do not say themselves.

    Raises:
        SourceError: the server gave up half way and says so in a remark, or this is no answer of Overpass.
    """
    try:
        if "remark" in answer and "error" in str(answer["remark"]).lower():
            raise SourceError(Trouble.GAVE_UP, str(answer["remark"])[:200])
        for element in answer["elements"]:
            finding = _finding(element, receiving_state)
            if finding is not None:
                yield finding
    except (KeyError, TypeError, AttributeError) as wrong:
        raise SourceError(Trouble.UNEXPECTED) from wrong


def _finding(element: Mapping[str, Any], receiving_state: str) -> Finding | None:
    tags, is_closed = _present(element.get("tags", {}))
    kind = _kind(tags)
    sending = tags.get("country", "").upper()
    receiving = (tags.get("target") or tags.get("addr:country") or receiving_state).upper()
    point = _point(element)
    if kind is None or point is None or not (_STATE.fullmatch(sending) and _STATE.fullmatch(receiving)):
        return None
    city = " ".join(tags.get("addr:city", "").split())[:LONGEST_CITY]
    item = tags.get("wikidata", "").strip()
    return Finding(
        source=SourceName.OSM,
        key=f"{element['type']}/{element['id']}",
        sending_state=sending,
        receiving_state=receiving,
        kind=kind,
        names=_names(tags),
        cities={"en": city} if city else {},
        address=_address(tags)[:LONGEST_ADDRESS],
        point=point,
        precision=Precision.BUILDING,
        website=link(tags.get("website") or tags.get("contact:website") or ""),
        is_closed=is_closed,
        same_as=item if _ITEM.fullmatch(item) else "",
    )


def _present(tags: Tags) -> tuple[dict[str, str], bool]:
    """Return the tags as if everything were still there, and whether it is not."""
    gone = {key: value for key, value in tags.items() if key.startswith(GONE)}
    was_mission = any(key.partition(":")[2] in {"diplomatic", "office", "amenity"} for key in gone)
    is_mission = "diplomatic" in tags or tags.get("amenity") in {"embassy", "consulate"}
    present = {key.partition(":")[2]: value for key, value in gone.items()} | dict(tags)
    return present, was_mission and not is_mission


def _kind(tags: Tags) -> MissionKind | None:
    """Return what sort of mission it is; None for a residence and what is none. Reads older tags, too."""
    what = tags.get("diplomatic") or tags.get("amenity", "")
    if what in CONSULATES:
        return CONSULATES[what]
    if what == "consulate":
        return CONSULATES.get(tags.get("consulate", ""), MissionKind.CONSULATE)
    if what in {"embassy", "high_commission", "nunciature"}:
        return EMBASSIES.get(tags.get("embassy", ""), MissionKind.EMBASSY)
    if what in {"liaison", "permanent_mission", "mission", "delegation"}:
        return MissionKind.PERMANENT_MISSION if what != "liaison" else MissionKind.OTHER
    return None


def _names(tags: Tags) -> dict[str, str]:
    names = {lang: " ".join(tags.get(f"name:{lang}", "").split()) for lang in LANGUAGES}
    names["en"] = names["en"] or " ".join((tags.get("int_name") or tags.get("name") or "").split())
    return {lang: name[:LONGEST_NAME] for lang, name in names.items() if name}


def _address(tags: Tags) -> str:
    street = " ".join(part for part in (tags.get("addr:street"), tags.get("addr:housenumber")) if part)
    town = " ".join(part for part in (tags.get("addr:postcode"), tags.get("addr:city")) if part)
    return ", ".join(part for part in (street, town) if part)


def _point(element: Mapping[str, Any]) -> Point | None:
    where = element.get("center", element)
    try:
        return Point(float(where["lat"]), float(where["lon"]))
    except (KeyError, TypeError, ValueError, PointError):
        return None
