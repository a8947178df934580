"""Events and missions as GeoJSON (RFC 7946). Longitude comes first here, and only here."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from coordinator.events.counting import told
from coordinator.events.rules import CountShown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from coordinator.missions.models import Mission

MIMETYPE = "application/geo+json"
HEAD, SEPARATOR, FOOT = b'{"type":"FeatureCollection","features":[', b",", b"]}"
DECIMALS = 6  # of a degree: a tenth of a metre, which is finer than anybody's pin

zone_of = lru_cache(maxsize=600)(ZoneInfo)
"""There are about 600 zones; the standard library keeps eight, and reads the others again and again."""


def events_geojson(rows: Iterable[Any], *, event_url: Callable[[Any], str], is_exact: bool = False) -> bytes:
    """Return a FeatureCollection of events, the cancelled ones with their status.

    `counts` says how to read the numbers: "exact"; "rounded": at least so many; "hidden": null. With
    `is_exact`, for coordinators, all are exact.

    Where no place is known `geometry` is null, as RFC 7946 (3.2) wants it, so that the map and
    the list count the same. Where only the day is announced `is_time_known` is false, and the
    time in `starts_at` says nothing.
    """
    written = (feature(row, event_url(row), is_exact=is_exact) for row in rows)
    return b"".join([HEAD, SEPARATOR.join(written), FOOT])


def feature(row: Any, url: str, *, is_exact: bool = False) -> bytes:
    """Return one event as a Feature."""
    return _json(_event(row, url, CountShown.EXACT if is_exact else row.count_shown))


def missions_geojson(
    missions: Iterable[tuple[Mission, int]], *, lang: str, register_url: Callable[[str], str]
) -> bytes:
    """Return a FeatureCollection of missions, each with its number of events and where to register one."""
    written = (
        _json(_mission(mission, events, lang, register_url(mission.code))) for mission, events in missions
    )
    return b"".join([HEAD, SEPARATOR.join(written), FOOT])


def _event(row: Any, url: str, shown: CountShown) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": row.public_id,
        "geometry": _point(row.latitude, row.longitude),
        "properties": {
            "id": row.public_id,
            "title": row.title,
            "url": url,
            "starts_at": row.starts_at.astimezone(zone_of(row.timezone)).isoformat(),
            "timezone": row.timezone,
            "is_time_known": row.is_time_known,
            "status": row.status,
            "mission": row.mission,
            "city": row.city,
            "country": row.country,
            "languages": row.languages.split(),
            "accessibility": row.accessibility_features.split(),
            "precision": row.precision,
            "counts": shown.value,
            "count_confirmed": told(row.confirmed, shown),
            "count_unconfirmed": told(row.unconfirmed, shown),
        },
    }


def _mission(mission: Mission, events: int, lang: str, register_url: str) -> dict[str, Any]:
    name = mission.name_in(lang)
    return {
        "type": "Feature",
        "id": mission.code,
        "geometry": _point(mission.latitude, mission.longitude),
        "properties": {
            "id": mission.code,
            "name": name.name,
            "kind": mission.kind,
            "city": name.city,
            "country": mission.receiving_state,
            "precision": mission.precision,
            "events": events,
            "register_url": register_url,
        },
    }


def _point(latitude: float | None, longitude: float | None) -> dict[str, Any] | None:
    if latitude is None or longitude is None:
        return None
    return {"type": "Point", "coordinates": [round(longitude, DECIMALS), round(latitude, DECIMALS)]}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
