"""Geocoding over the network, through geopy: Nominatim, or another of its services by name."""

from __future__ import annotations

import inspect
import logging
import time
from datetime import timedelta
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request

from geopy.adapters import AdapterHTTPError, URLLibAdapter
from geopy.exc import (
    ConfigurationError,
    GeocoderNotFound,
    GeocoderRateLimited,
    GeocoderTimedOut,
    GeocoderUnavailable,
    GeopyError,
)
from geopy.geocoders import get_geocoder_for_service

from coordinator.places.rules import (
    Candidate,
    Point,
    PointError,
    Precision,
    ProviderAwayError,
    ProviderBusyError,
)
from coordinator.settings import SettingsError

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from coordinator.settings import Settings

TIMEOUT_SECONDS = 5.0  # for the whole answer; a person is waiting
LARGEST_ANSWER_BYTES = 512 * 1024  # eight candidates with their addresses are about 10 KB
MOST_CANDIDATES = 8
LONGEST_LABEL = 300
PAUSE_WHEN_BUSY = timedelta(minutes=1)  # where the provider does not say how long
LONGEST_PAUSE = timedelta(days=1)
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What geopy lets through when an answer is JSON, but not the JSON that its service documents."""

log = logging.getLogger(__name__)

_CITY_KEYS = ("city", "town", "village", "municipality", "hamlet", "county")
_BUILDING_CLASSES = frozenset({
    "amenity", "building", "club", "craft", "emergency", "healthcare", "historic", "man_made", "office",
    "shop", "tourism",
})  # fmt: skip
_PRECISION_OF_KIND = {
    "house": Precision.BUILDING,
    "house_number": Precision.BUILDING,
    "building": Precision.BUILDING,
    "station": Precision.BUILDING,
    "street": Precision.STREET,
    "road": Precision.STREET,
    "pedestrian": Precision.STREET,
    "square": Precision.STREET,
    "park": Precision.STREET,
    "country": Precision.COUNTRY,
    "continent": Precision.COUNTRY,
    "state": Precision.COUNTRY,
    "region": Precision.COUNTRY,
    "province": Precision.COUNTRY,
    "county": Precision.COUNTRY,
    "state_district": Precision.COUNTRY,
}


class SmallAnswerAdapter(URLLibAdapter):
    """geopy's own adapter, but the time is for the whole answer and the answer has a largest size."""

    def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> str:
        """Return the body. Raise what geopy's geocoders expect of an adapter."""
        give_up_at = time.monotonic() + timeout
        try:
            with self.urlopen(Request(url, headers=headers), timeout=timeout) as page:  # noqa: S310 http(s) by settings
                return _read(page, give_up_at).decode()
        except HTTPError as refused:
            with refused:
                known = {name.lower(): value for name, value in refused.headers.items()}
                raise AdapterHTTPError(
                    "refused", status_code=refused.code, headers=known, text=None
                ) from None
        except TimeoutError as late:
            raise GeocoderTimedOut("too late") from late
        except (OSError, HTTPException) as broken:
            raise GeocoderUnavailable("broken") from broken


class GeopyGeocoder:
    """Any geopy geocoder as one of ours. Sends the question and the language, nothing about who asks."""

    def __init__(self, name: str, client: Any) -> None:
        """Take geopy's geocoder and what to call it in the cache and the gate."""
        self.name = name
        self._client = client
        wanted = {"exactly_one": False, "limit": MOST_CANDIDATES, "addressdetails": True}
        self._takes = frozenset(inspect.signature(client.geocode).parameters)
        self._options = {key: value for key, value in wanted.items() if key in self._takes}

    def locate(self, question: str, *, locale: str) -> list[Candidate]:
        """Ask. An answer that makes no sense is no answer: it is never taken for "no such place".

        Raises:
            ProviderBusyError: it asks to be left alone for a while.
            ProviderAwayError: no answer, or none that can be read.
        """
        options = self._options | ({"language": locale} if "language" in self._takes else {})
        try:
            places = self._client.geocode(question, **options) or []
            return [_candidate(place, self.name) for place in places[:MOST_CANDIDATES]]
        except GeocoderRateLimited as busy:
            # "from None": what geopy raises may quote the question or the answer, and end in a log.
            raise ProviderBusyError(_pause(busy.retry_after)) from None
        except (GeopyError, PointError, *UNREADABLE) as away:
            log.warning("geocoder %s is away: %s", self.name, type(away).__name__)
            raise ProviderAwayError from None


def provider_from(settings: Settings) -> GeopyGeocoder | None:
    """Return the geocoder that the settings name; None for "none".

    Raises:
        SettingsError: geopy has no such geocoder, or it lacks something such as a key.
    """
    name = settings.geocoder.strip().lower()
    if name in {"", "none"}:
        return None
    # geopy writes every question into its debug log: an address that somebody typed may be their home.
    logging.getLogger("geopy").setLevel(logging.WARNING)
    offered = {
        "user_agent": f"coordinator ({settings.site_url}; {settings.contact_email or 'no contact given'})",
        "timeout": TIMEOUT_SECONDS,
        "scheme": settings.geocoder_scheme,
        "domain": settings.geocoder_domain,
        "api_key": settings.geocoder_api_key,
        "adapter_factory": SmallAnswerAdapter,
    }
    try:
        kind = get_geocoder_for_service(name)
        takes = inspect.signature(kind).parameters
        client = kind(**{key: value for key, value in offered.items() if value and key in takes})
    except GeocoderNotFound as unknown:
        raise SettingsError("GEOCODER", "is none that geopy knows; `none` asks nobody") from unknown
    except (ConfigurationError, TypeError) as lacking:
        raise SettingsError("GEOCODER", f"{name} can't start: {lacking}") from lacking
    return GeopyGeocoder(name, client)


def _read(page: HTTPResponse, give_up_at: float) -> bytes:
    """Return the whole body, if it is small and comes in time; a slow drip is a timeout too."""
    body = b""
    while chunk := page.read1(64 * 1024):
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES:
            raise GeocoderUnavailable("too much")
        if time.monotonic() > give_up_at:
            raise GeocoderTimedOut("too late")
    return body


def _pause(seconds: int | None) -> timedelta:
    asked = timedelta(seconds=seconds) if seconds else PAUSE_WHEN_BUSY
    return min(max(asked, timedelta(seconds=1)), LONGEST_PAUSE)


def _candidate(place: Any, source: str) -> Candidate:
    """Read one of geopy's locations.

    geopy makes 0° N 0° E of missing coordinates, so Nominatim's are read from its own words.
    """
    raw = place.raw
    if "display_name" in raw or "lat" in raw:
        point = Point(float(raw["lat"]), float(raw["lon"]))
    else:
        point = Point(float(place.latitude), float(place.longitude))
    if not isinstance(place.address, str):
        raise TypeError("a place without a name")
    address = _address(raw)
    country = str(address.get("country_code") or address.get("countrycode") or "").upper()
    return Candidate(
        label=place.address[:LONGEST_LABEL],
        point=point,
        precision=precision_of(raw),
        country=country if len(country) == 2 and country.isascii() else "",  # noqa: PLR2004 alpha-2
        city=str(next((address[key] for key in _CITY_KEYS if address.get(key)), ""))[:LONGEST_LABEL],
        source=source,
    )


def precision_of(raw: dict[str, Any]) -> Precision:
    """Return how exactly a provider's answer says where the place is.

    Knows the words of Nominatim (class, type, addresstype), Photon and OpenCage. Anything
    unknown counts as a city: nobody is sent there before a human has put the pin.
    """
    address = _address(raw)
    feature = str(raw.get("class") or raw.get("category") or address.get("osm_key") or "")
    if address.get("house_number") or address.get("housenumber") or feature in _BUILDING_CLASSES:
        return Precision.BUILDING
    if feature == "highway":
        return Precision.STREET
    kinds = (raw.get("addresstype"), address.get("type"), address.get("_type"), raw.get("type"))
    return next((_PRECISION_OF_KIND[kind] for kind in kinds if kind in _PRECISION_OF_KIND), Precision.CITY)


def _address(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of the address, wherever this provider puts them."""
    for key in ("address", "properties", "components"):
        if isinstance(raw.get(key), dict):
            found: dict[str, Any] = raw[key]
            return found
    return {}
