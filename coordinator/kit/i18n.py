"""Languages: in the URL, in the page, in letters; and how times and numbers read in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_datetime, format_time
from flask import current_app, g, has_request_context, request
from flask_babel import Babel, get_locale, gettext as _
from werkzeug.routing import BaseConverter

if TYPE_CHECKING:
    from datetime import date, datetime

    from flask import Flask

LANGUAGES = ("en", "ru")
"""Every language whose catalogue is complete; the first is spoken when nothing else fits."""

WRITTEN_AS = {"en": "en_150"}
"""Whose habits dates and times follow: for English the international ones, day first and 24 hours."""

babel = Babel()


class LanguageConverter(BaseConverter):
    """`<lang:lang>` in a route: one of the languages we speak."""

    regex = "|".join(LANGUAGES)
    part_isolating = True


@dataclass(frozen=True, slots=True)
class Language:
    """A language as the switch shows it."""

    code: str
    native_name: str
    url: str


def preferred_language() -> str:
    """Return the language this visitor's browser asks for, among ours."""
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def page_language() -> str:
    """Return what this request is to be answered in: what its URL says, else what the browser asks."""
    if not has_request_context():
        return LANGUAGES[0]
    first = request.path.split("/", 2)[1]  # an address that leads nowhere has said its language, too
    lang: str = g.get("lang") or (first if first in LANGUAGES else preferred_language())
    return lang


def current_language() -> str:
    """Return the language being written now, inside a letter's `force_locale` too."""
    return str(get_locale() or LANGUAGES[0])


def native_name(code: str) -> str:
    """Return a language's name in itself: Deutsch, русский."""
    name = Locale.parse(code).get_display_name(code) or code
    return name[:1].upper() + name[1:]


def direction(code: str) -> str:
    """Return "rtl" or "ltr" for `<html dir>`."""
    return Locale.parse(code).text_direction


def language_links() -> list[Language]:
    """Return this page in every language: its own address, with another first part."""
    parts = request.full_path.rstrip("?").split("/", 2)
    is_prefixed = len(parts) > 1 and parts[1] in LANGUAGES
    rest = parts[2] if is_prefixed and len(parts) > 2 else ""  # noqa: PLR2004 /<lang>/<rest>
    return [Language(code, native_name(code), f"/{code}/{rest}") for code in LANGUAGES]


def habits(locale: str) -> str:
    """Return the locale by whose habits dates and times are written in `locale`."""
    return WRITTEN_AS.get(locale, locale)


def zone_text(instant: datetime, zone: str, locale: str) -> str:
    """Return the zone by the city it is named after, with its offset at that moment: "Berlin (UTC+02:00)".

    Names of zones ("Central European Summer Time") are not used: CLDR, as Babel ships it, lacks them for half
    of the world, and calls the time in Delhi a summer time in Russian.
    """
    offset = instant.astimezone(ZoneInfo(zone)).strftime("%z")
    utc = f"UTC{offset[:3]}:{offset[3:5]}"
    region, _, city = zone.rpartition("/")
    if region in {"", "Etc"}:
        return utc
    return f"{_city_of_zone(zone, locale) or city.replace('_', ' ')} ({utc})"


@lru_cache(maxsize=2048)
def _city_of_zone(zone: str, locale: str) -> str | None:
    """Return the city in CLDR's words, which may still stand under the zone's former name (Asia/Calcutta)."""
    known = Locale.parse(locale).time_zones
    former = (old for old, new in get_global("zone_aliases").items() if new == zone)
    return next((known[name]["city"] for name in (zone, *former) if "city" in known.get(name, {})), None)


def time_text(instant: datetime, zone: str, locale: str) -> str:
    """Return the time on the clock in `zone`, as `locale` writes it."""
    return format_time(instant.astimezone(ZoneInfo(zone)), "short", locale=habits(locale))


def date_text(day: date, locale: str) -> str:
    """Return a day with its weekday, as `locale` writes it."""
    return format_date(day, "full", locale=habits(locale))


def moment_text(instant: datetime, zone: str, locale: str) -> str:
    """Return day and time in `zone`, as `locale` writes them; say the zone beside it."""
    return format_datetime(instant.astimezone(ZoneInfo(zone)), "EEEE, d MMMM yyyy, HH:mm", locale=locale)


def span_text(starts_at: datetime, ends_at: datetime | None, zone: str, locale: str) -> str:
    """Return from when to when in `zone`; the end has its day beside it only where that is another one."""
    start = moment_text(starts_at, zone, locale)
    if ends_at is None:
        return start
    there = ZoneInfo(zone)
    is_same_day = ends_at.astimezone(there).date() == starts_at.astimezone(there).date()
    end = time_text(ends_at, zone, locale) if is_same_day else moment_text(ends_at, zone, locale)
    return str(_("%(start)s – %(end)s", start=start, end=end))


def days_until(instant: datetime, zone: str, now: datetime) -> int:
    """Return how many midnights in `zone` lie between now and `instant`: 0 is today, 1 is tomorrow."""
    clock = ZoneInfo(zone)
    return (instant.astimezone(clock).date() - now.astimezone(clock).date()).days


def country_name(code: str, locale: str) -> str:
    """Return a state's name in `locale`, from CLDR; the code itself where it has none."""
    return str(Locale.parse(locale).territories.get(code.upper(), code))


def language_name(code: str, locale: str) -> str:
    """Return a language's name in `locale`, from CLDR."""
    return str(Locale.parse(locale).languages.get(code, code))


def set_up_languages(app: Flask) -> None:
    """Teach the app its languages."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(app.config["ROOT"] / "translations"))
    app.url_map.converters["lang"] = LanguageConverter
    babel.init_app(app, locale_selector=page_language)

    @app.url_value_preprocessor
    def take_language(_: str | None, values: dict[str, str] | None) -> None:
        if values and "lang" in values:
            g.lang = values.pop("lang")

    @app.url_defaults
    def give_language(endpoint: str, values: dict[str, str]) -> None:
        if "lang" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values["lang"] = current_language()
