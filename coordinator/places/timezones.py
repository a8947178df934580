"""Time zones: which one a point is in, and which moment a clock on the wall there means."""

from __future__ import annotations

from datetime import UTC, datetime, timezone
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global
from tzfpy import get_tz

from coordinator.places.rules import (
    AmbiguousTimeError,
    NonexistentTimeError,
    Point,
    TimeRangeError,
    UnknownZoneError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_YEAR, LAST_YEAR = 1970, 2199
DEGREES_PER_HOUR = 15

_NOT_FOR_PEOPLE = frozenset({"Factory", "localtime", "posixrules"})
REGIONS = {
    "Africa": "002",
    "America": "019",
    "Antarctica": "AQ",
    "Arctic": "150",
    "Asia": "142",
    "Atlantic": "150",
    "Australia": "009",
    "Europe": "150",
    "Indian": "002",
    "Pacific": "009",
}
"""First part of a zone's name to the CLDR code of the region under which people look for it."""
_ISLANDS = {
    "Atlantic/Bermuda": "019",
    "Atlantic/Cape_Verde": "002",
    "Atlantic/South_Georgia": "019",
    "Atlantic/St_Helena": "002",
    "Atlantic/Stanley": "019",
    "Indian/Chagos": "142",
    "Indian/Christmas": "009",
    "Indian/Cocos": "009",
    "Indian/Kerguelen": "AQ",
    "Indian/Maldives": "142",
}
"""Zones named after an ocean that are nearer to another region than the rest of it."""


def warm_up() -> None:
    """Load the map of zones now (34 MB, about 0.1 s), so that no visitor waits for it."""
    get_tz(0.0, 0.0)


def zone_at(point: Point) -> str:
    """Return the IANA zone at `point`; at sea the one that ships keep, like "Etc/GMT+2"."""
    name = get_tz(point.longitude, point.latitude)
    return name if is_zone(name) else _zone_at_sea(point)


def is_zone(name: str) -> bool:
    """Tell whether `name` is a zone of the IANA database, old names included."""
    return name in _known_zones()


def zones() -> list[str]:
    """Return the zones people live in, sorted: one a region of a state, by its present name."""
    return sorted(_countries_of_zones())


def zone_choices(locale: str, *, including: str = "") -> dict[str, list[tuple[str, str]]]:
    """Return {region: [(zone, "City, State")]} in the words of `locale`, as a grouped select takes it.

    Args:
        locale: language to name them in.
        including: a zone that must be among them, such as the one an event has already.
    """
    choices = dict(_zone_choices(locale))
    if including and is_zone(including) and including not in _countries_of_zones():
        choices = {"UTC" if including.startswith("Etc/") else including: [(including, including)], **choices}
    return choices


def resolve(local: datetime, zone: str, fold: int | None = None) -> datetime:
    """Return the moment (UTC) when clocks in `zone` show `local`.

    Args:
        local: naive wall time as somebody typed it.
        zone: IANA name.
        fold: 0 for the first and 1 for the second, where clocks show a time twice; None if nobody said.

    Raises:
        UnknownZoneError: there is no such zone.
        TimeRangeError: the year is not one that anybody plans for.
        NonexistentTimeError: the clocks skip that time.
        AmbiguousTimeError: the clocks show it twice and `fold` is None.
    """
    if not is_zone(zone):
        raise UnknownZoneError
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise TimeRangeError
    there = ZoneInfo(zone)
    first = local.replace(tzinfo=there, fold=0)
    second = local.replace(tzinfo=there, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    shown = first.astimezone(UTC).astimezone(there).replace(tzinfo=None, fold=0)
    if shown != local.replace(fold=0):
        before = second.astimezone(UTC).astimezone(there).replace(tzinfo=None, fold=0)
        raise NonexistentTimeError(before, shown)
    if fold is None:
        raise AmbiguousTimeError(_at_fixed_offset(first), _at_fixed_offset(second))
    return (second if fold else first).astimezone(UTC)


def _at_fixed_offset(moment: datetime) -> datetime:
    """Return the same moment without its zone's rules: Python calls ambiguous times unequal to everything."""
    offset = moment.utcoffset()
    return moment.replace(tzinfo=timezone(offset), fold=0) if offset is not None else moment


def _zone_at_sea(point: Point) -> str:
    hours = round(point.longitude / DEGREES_PER_HOUR)
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NOT_FOR_PEOPLE)


@cache
def _countries_of_zones() -> Mapping[str, str]:
    """Return each zone of tzdata's own table with the state that it is in."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {line[2]: line[0] for line in lines if is_zone(line[2])}


@cache
def _zone_choices(locale: str) -> Mapping[str, list[tuple[str, str]]]:
    known = Locale.parse(locale)
    territories = known.territories
    regions: dict[str, list[tuple[str, str]]] = {}
    for zone, country in _countries_of_zones().items():
        region = _ISLANDS.get(zone) or REGIONS[zone.partition("/")[0]]
        city = _city_of(zone, known)
        state = territories.get(country, country)
        label = city if city == state else f"{city}, {state}"
        regions.setdefault(str(territories[region]), []).append((zone, label))
    return {name: sorted(regions[name], key=lambda choice: choice[1].casefold()) for name in sorted(regions)}


def _city_of(zone: str, locale: Locale) -> str:
    """Return the zone's city in `locale`, as CLDR has it.

    CLDR keeps the first name of a zone (Europe/Kiev), and Babel's own function looks under
    the present one only.
    """
    for name in (zone, *_first_names().get(zone, ())):
        city = locale.time_zones.get(name, {}).get("city")
        if city:
            return str(city)
    return zone.rpartition("/")[2].replace("_", " ")


@cache
def _first_names() -> Mapping[str, list[str]]:
    names: dict[str, list[str]] = {}
    for old, new in get_global("zone_aliases").items():
        names.setdefault(new, []).append(old)
    return names
