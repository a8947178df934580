"""The list of a campaign's protests: by country as the reader calls it, by city, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _

from coordinator.events.cards import card_of
from coordinator.events.filtering import PLACES_LEFT
from coordinator.events.forms.choices import access_choices
from coordinator.events.models import Event
from coordinator.events.queries.public import list_page, visible_events
from coordinator.events.rules import EventStatus
from coordinator.kit.i18n import country_name, date_text, language_name
from coordinator.kit.ids import read_public_id
from coordinator.maps.queries import also, matching
from coordinator.rsvps.queries import tallies_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.events.filtering import EventFilters
    from coordinator.maps.atlas import Facets

CARDS_ON_A_PAGE = 48


@dataclass(frozen=True, slots=True)
class Group:
    """The protests in one country."""

    country: str
    name: str
    cards: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list."""

    groups: Sequence[Group]
    next_after: str
    """Public id with which the next page is asked for; empty on the last."""


def choices_of(facets: Facets, locale: str) -> dict[str, list[tuple[str, str]]]:
    """Return what each filter offers, in the reader's words: pairs of value and text."""
    countries = ((code, country_name(code, locale)) for code in facets.countries)
    languages = ((code, language_name(code, locale)) for code in facets.languages)
    return {
        "country": sorted(countries, key=lambda choice: choice[1].casefold()),
        "date": [(day.isoformat(), date_text(day, locale)) for day in facets.days],
        "language": sorted(languages, key=lambda choice: choice[1].casefold()),
        "status": [
            (EventStatus.PUBLISHED.value, _("Taking place")),
            (EventStatus.POSTPONED.value, _("Postponed")),
            (EventStatus.CANCELLED.value, _("Cancelled")),
        ],
        "places": [(PLACES_LEFT, _("With places left"))],
        "access": access_choices(),
    }


def place_in_list(session: Session, campaign: Campaign, text: str) -> str:
    """Return the public id that `text` is, when it is that of an event in the list; else nothing."""
    public_id = read_public_id(text)
    return public_id if public_id and _country_of(session, campaign, public_id) is not None else ""


def listing_of(
    session: Session, campaign: Campaign, filters: EventFilters, after: str, *, locale: str
) -> Listing:
    """Return the page of the list that begins behind the event `after`."""
    countries = _countries(session, campaign, filters, locale)
    start = _country_of(session, campaign, after)
    if start in countries:
        countries = countries[countries.index(start) :]
    else:
        after = ""
    events: list[Event] = []
    next_after = ""
    for country in countries:
        if len(events) == CARDS_ON_A_PAGE:
            next_after = events[-1].public_id
            break
        wanted = replace(filters, country=country)
        room = CARDS_ON_A_PAGE - len(events)
        page = list_page(session, campaign, wanted, after, size=room, also=also(wanted))
        events.extend(page.events)
        after = ""
        if page.next_after:
            next_after = page.next_after
            break
    return Listing(_groups(session, events, locale), next_after)


def _countries(session: Session, campaign: Campaign, filters: EventFilters, locale: str) -> list[str]:
    """Return the countries with something that was asked for, as the reader's language sorts them."""
    query = matching(campaign, filters).with_only_columns(Event.country).distinct()
    return sorted(session.scalars(query), key=lambda code: country_name(code, locale).casefold())


def _country_of(session: Session, campaign: Campaign, after: str) -> str | None:
    if not after:
        return None
    query = visible_events(campaign.id).where(Event.public_id == after)
    return session.scalar(query.with_only_columns(Event.country))


def _groups(session: Session, events: Sequence[Event], locale: str) -> list[Group]:
    tallies = tallies_of(session, [event.id for event in events])
    groups: dict[str, list[Any]] = {}
    for event in events:
        card = card_of(event, locale=locale, tally=tallies[event.id])
        if card.city:
            card.country = ""  # it stands above the group
        groups.setdefault(event.country, []).append(card)
    return [Group(code, country_name(code, locale), cards) for code, cards in groups.items()]
