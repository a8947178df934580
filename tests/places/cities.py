"""A very small world, described as GeoNames describes the large one."""

from __future__ import annotations

from coordinator.places.gazetteer.building import Record, Source


def city(
    geonameid: int,
    name: str,
    country: str,
    population: int,
    *,
    point: tuple[float, float] = (0.0, 0.0),
    timezone: str = "UTC",
    region: str = "",
    spellings: list[str] | None = None,
) -> Record:
    return {
        "geonameid": geonameid,
        "name": name,
        "latitude": point[0],
        "longitude": point[1],
        "countrycode": country,
        "population": population,
        "timezone": timezone,
        "admin1code": region,
        "alternatenames": spellings or [],
    }


SOURCE = Source(
    "a small world",
    [
        city(
            1,
            "Berlin",
            "DE",
            3_426_354,
            point=(52.52, 13.41),
            timezone="Europe/Berlin",
            spellings=["Берлин", "Берлін"],
        ),
        city(2, "Berlin", "US", 9_367, point=(44.47, -71.18), timezone="America/New_York", region="NH"),
        city(3, "Paris", "FR", 2_138_551, point=(48.85, 2.35), timezone="Europe/Paris", spellings=["Париж"]),
        city(4, "Paris", "US", 24_782, point=(33.66, -95.55), timezone="America/Chicago", region="TX"),
        city(5, "Parish", "FR", 900, point=(48.0, 2.0), timezone="Europe/Paris"),
        city(
            6,
            "The Hague",
            "NL",
            474_292,
            point=(52.08, 4.3),
            timezone="Europe/Amsterdam",
            spellings=["Den Haag", "Гаага", "Хага"],
        ),
        city(
            7,
            "Munich",
            "DE",
            1_260_391,
            point=(48.14, 11.58),
            timezone="Europe/Berlin",
            spellings=["München", "Мюнхен"],
        ),
        city(
            8,
            "Kyiv",
            "UA",
            2_952_301,
            point=(50.45, 30.52),
            timezone="Europe/Kyiv",
            spellings=["Київ", "Киев"],
        ),
        city(9, "Tokyo", "JP", 9_733_276, point=(35.69, 139.69), timezone="Asia/Tokyo", spellings=["東京"]),
        city(
            10, "Cairo", "EG", 9_606_916, point=(30.06, 31.25), timezone="Africa/Cairo", spellings=["القاهرة"]
        ),
        city(
            11,
            "Saint Petersburg",
            "RU",
            5_351_935,
            point=(59.94, 30.31),
            timezone="Europe/Moscow",
            spellings=["Санкт-Петербург"],
        ),
        city(12, "Łódź", "PL", 768_755, point=(51.77, 19.46), timezone="Europe/Warsaw"),
        city(13, "Tsu", "JP", 273_738, point=(34.73, 136.51), timezone="Asia/Tokyo", spellings=["津"]),
        city(14, "Linden", "DE", 12_579, point=(50.53, 8.65), timezone="Europe/Berlin"),
        city(
            15, "Portland", "US", 652_503, point=(45.52, -122.68), timezone="America/Los_Angeles", region="OR"
        ),
        city(16, "Portland", "US", 68_408, point=(43.66, -70.26), timezone="America/New_York", region="ME"),
    ],
    {"NH": "New Hampshire", "TX": "Texas", "OR": "Oregon", "ME": "Maine"},
)
