"""How names of cities and states compare, and which one to show."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.core import get_global

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COUNTRY_CODE_LENGTH = 2

_PLAIN_LETTERS = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "þ": "th", "æ": "ae", "œ": "oe",
    "ə": "a", "ŋ": "n",
}  # fmt: skip
"""Letters that Unicode does not take apart, as people without that keyboard write them."""
_SILENT = frozenset("'’‘ʼʹʻ`´ـ")


class _Folding(dict[int, str]):
    """What each letter becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        """Keep letters, digits and vowel signs; drop accents; anything else divides words."""
        letter = chr(code)
        kind = unicodedata.category(letter)
        if letter in _SILENT or kind == "Mn":
            folded = ""
        elif kind[0] in "LN" or kind == "Mc":
            folded = _PLAIN_LETTERS.get(letter, letter)
        else:
            folded = " "
        self[code] = folded
        return folded


_FOLDING = _Folding()


def fold(name: str) -> str:
    """Return `name` without case, accents, hyphens and apostrophes: how two spellings are compared."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return " ".join(apart.translate(_FOLDING).split())


_ALIASES = MappingProxyType({
    "britain": "GB", "england": "GB", "great britain": "GB", "scotland": "GB", "uk": "GB", "wales": "GB",
    "англия": "GB", "шотландия": "GB", "czech republic": "CZ", "holland": "NL", "голландия": "NL",
    "turkey": "TR", "hong kong": "HK", "гонконг": "HK", "macedonia": "MK", "korea": "KR", "корея": "KR",
    "uae": "AE", "us": "US", "usa": "US", "united states of america": "US", "сша": "US", "оаэ": "AE",
    "америка": "US", "emirates": "AE", "эмираты": "AE", "киргизия": "KG", "молдавия": "MD",
    "белоруссия": "BY", "russian federation": "RU", "российская федерация": "RU", "рф": "RU", "фрг": "DE",
    "republic of ireland": "IE", "northern ireland": "GB", "ivory coast": "CI", "burma": "MM", "бирма": "MM",
    "vatican": "VA", "swaziland": "SZ", "east timor": "TL", "palestine": "PS", "палестина": "PS",
    "южная корея": "KR", "drc": "CD", "кнр": "CN",
})  # fmt: skip
"""What people write for a state beside its names in CLDR."""
_NO_STATES = frozenset({"EU", "EZ", "GI", "HK", "MO", "QO", "UN", "XA", "XB", "ZZ"})
"""What CLDR has among the states and is none, or is a city like any other."""
_SMALL_WORDS = frozenset({"and", "the", "и"})


def country_code(text: str, locale: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of the state that `text` names, in English, Russian or `locale`."""
    wanted = _plain(fold(text))
    languages = map(_country_codes, ("en", "ru", locale))
    return next((codes[wanted] for codes in languages if wanted in codes), None)


def state_called(text: str, locale: str) -> str | None:
    """Return the code of the state that `text` is the name of, and nothing but a name: "DE" is none.

    Short codes are left to cities, which have them as names ("LA"), and so are states that are one city.
    """
    folded = fold(text)
    code = country_code(text, locale)
    is_code = len(folded) == COUNTRY_CODE_LENGTH and folded not in _ALIASES
    return None if is_code or code in _NO_STATES else code


def country_label(code: str, locale: str) -> str:
    """Return the state's name in `locale`, or its code."""
    known = _locale(locale)
    return str(known.territories.get(code, code)) if known else code


@cache
def _country_codes(locale: str) -> Mapping[str, str]:
    codes = dict(_ALIASES)
    known = _locale(locale)
    for code, name in known.territories.items() if known else ():
        if len(code) == COUNTRY_CODE_LENGTH and code.isalpha():
            codes[fold(code)] = code
            for spelling in (name, name.partition("(")[0]):
                codes[_plain(fold(spelling))] = code
    return codes


@cache
def _locale(name: str) -> Locale | None:
    try:
        return Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return None


def _plain(folded: str) -> str:
    """Return a folded name without the word between two lands, which CLDR writes "&", and without "the"."""
    return " ".join(word for word in folded.split() if word not in _SMALL_WORDS)


_RUSSIAN_LETTERS = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя -.’")
_NOT_RUSSIAN = re.compile(
    r"ъ(?![еёюя])|[жшц]ы[^ -]|[гкх]ы|ш[ыэ]|рыа|дэ|тэ|рэ|^ё|дь[иа]|уо|[сц]ьк| (?:ош|хот|шаары)$|ий?ск[аи]$"
)
"""Spellings of Bulgarian, Belarusian, Mongolian, Kyrgyz and other neighbours that share the letters."""
_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a,b,v,g,d,e,e,zh,z,i,i,k,l,m,n,o,p,r,s,t,u,f,h,ts,ch,sh,sh,,y,,e,yu,ya".split(","),  # noqa: SIM905 shorter
        strict=True,
    )
)
_RUSSIAN_NAMES = MappingProxyType(
    {
        ("NL", "The Hague"): "Гаага",
        ("NL", "Rotterdam"): "Роттердам",
        ("CH", "Geneva"): "Женева",
        ("CH", "Bern"): "Берн",
        ("CH", "Basel"): "Базель",
        ("DE", "Munich"): "Мюнхен",
        ("DE", "Hamburg"): "Гамбург",
        ("DE", "Frankfurt am Main"): "Франкфурт-на-Майне",
        ("DE", "Köln"): "Кёльн",
        ("DE", "Leipzig"): "Лейпциг",
        ("DE", "Stuttgart"): "Штутгарт",
        ("DE", "Bonn"): "Бонн",
        ("FR", "Marseille"): "Марсель",
        ("FR", "Lyon"): "Лион",
        ("FR", "Nice"): "Ницца",
        ("FR", "Strasbourg"): "Страсбург",
        ("IT", "Milan"): "Милан",
        ("IT", "Genoa"): "Генуя",
        ("IT", "Florence"): "Флоренция",
        ("IT", "Venice"): "Венеция",
        ("IT", "Turin"): "Турин",
        ("ES", "Barcelona"): "Барселона",
        ("ES", "Sevilla"): "Севилья",
        ("PL", "Kraków"): "Краков",
        ("PL", "Gdańsk"): "Гданьск",
        ("PL", "Poznań"): "Познань",
        ("PL", "Wrocław"): "Вроцлав",
        ("PL", "Łódź"): "Лодзь",
        ("AT", "Salzburg"): "Зальцбург",
        ("AT", "Graz"): "Грац",
        ("CZ", "Brno"): "Брно",
        ("CZ", "Karlovy Vary"): "Карловы Вары",
        ("BE", "Antwerpen"): "Антверпен",
        ("GB", "Edinburgh"): "Эдинбург",
        ("GB", "Manchester"): "Манчестер",
        ("GB", "Birmingham"): "Бирмингем",
        ("US", "Washington"): "Вашингтон",
        ("US", "Houston"): "Хьюстон",
        ("US", "San Francisco"): "Сан-Франциско",
        ("US", "Boston"): "Бостон",
        ("US", "Philadelphia"): "Филадельфия",
        ("US", "Seattle"): "Сиэтл",
        ("CA", "Ottawa"): "Оттава",
        ("CA", "Montréal"): "Монреаль",
        ("CN", "Beijing"): "Пекин",
        ("CN", "Guangzhou"): "Гуанчжоу",
        ("CN", "Shenyang"): "Шэньян",
        ("JP", "Osaka"): "Осака",
        ("JP", "Sapporo"): "Саппоро",
        ("KR", "Busan"): "Пусан",
        ("IN", "New Delhi"): "Нью-Дели",
        ("IN", "Delhi"): "Дели",
        ("IN", "Mumbai"): "Мумбаи",
        ("IN", "Chennai"): "Ченнаи",
        ("AU", "Canberra"): "Канберра",
        ("NZ", "Wellington"): "Веллингтон",
        ("BR", "Rio de Janeiro"): "Рио-де-Жанейро",
        ("BR", "Brasília"): "Бразилиа",
        ("MX", "Mexico City"): "Мехико",
        ("ZA", "Cape Town"): "Кейптаун",
        ("ZA", "Pretoria"): "Претория",
        ("MA", "Rabat"): "Рабат",
        ("TR", "Ankara"): "Анкара",
        ("TR", "Antalya"): "Анталья",
        ("IL", "Tel Aviv"): "Тель-Авив",
        ("IL", "Haifa"): "Хайфа",
        ("RU", "Saint Petersburg"): "Санкт-Петербург",
        ("UA", "Kyiv"): "Киев",
        ("UA", "Kharkiv"): "Харьков",
        ("UA", "Odesa"): "Одесса",
        ("UA", "Lviv"): "Львов",
        ("KZ", "Astana"): "Астана",
        ("VN", "Hanoi"): "Ханой",
        ("VN", "Ho Chi Minh City"): "Хошимин",
    }
)
"""Cities where the guess below errs or a mission stands: (country, GeoNames' name) to the Russian name."""


def russian_name(name: str, country: str, spellings: Iterable[str]) -> str:
    """Return what the city is called in Russian; empty when no spelling looks Russian.

    Taken in turn: our own list, the cities that CLDR knows by their time zone, then a guess
    among GeoNames' Cyrillic spellings, which do not say their language.
    """
    known = _RUSSIAN_NAMES.get((country, name)) or _cldr_cities().get((country, fold(name)))
    if known:
        return known
    likely = [s for s in spellings if _looks_russian(s)]
    if len(likely) < 2:  # noqa: PLR2004 nothing to choose
        return likely[0] if likely else ""
    latin = fold(name)
    return max(likely, key=lambda spelling: (_likeness(spelling, latin), spelling))


def _looks_russian(spelling: str) -> bool:
    lower = spelling.lower()
    return (
        spelling[:1].isupper()
        and not spelling.isupper()
        and _RUSSIAN_LETTERS.issuperset(lower)
        and not _NOT_RUSSIAN.search(lower)
    )


def _likeness(spelling: str, latin: str) -> float:
    """Return how well a Cyrillic spelling follows the Latin one, with a little more for Russian habits.

    Tried on the 334 cities whose Russian name is known: right for more than two in three.
    """
    lower = spelling.lower()
    letters = "".join(_LATIN.get(letter, " ") for letter in lower)
    likeness = SequenceMatcher(None, letters, latin, autojunk=False).ratio()
    for habit, weight in _HABITS:
        likeness += weight * len(habit.findall(lower))
    if "h" in latin:
        likeness += 0.15 * lower.count("г")
    return likeness


_HABITS = (
    (re.compile(r"ль|нь$|я$|юкс|(?<=[а-я])-(?=[а-я])"), 0.12),
    (re.compile(r"лл|сс|рр|тт|[аои]й"), 0.04),
    (re.compile(r"[бвгдзклмнпрстфхц]э|ры|ьо|[ийуэь]$|ё"), -0.1),
)


@cache
def _cldr_cities() -> Mapping[tuple[str, str], str]:
    """Return Russian names of the cities that zones are named after, by (country, folded English name)."""
    territories = get_global("zone_territories")
    renamed = get_global("zone_aliases")
    zones = Locale.parse("ru").time_zones
    names: dict[tuple[str, str], str] = {}
    for zone, about in zones.items():
        country = territories.get(zone) or territories.get(renamed.get(zone, ""), "")
        if "city" in about:
            names[country, fold(zone.rpartition("/")[2])] = str(about["city"])
    return names
