"""The coordinators' list of all protests: what their map shows, for those who read it as text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request, url_for

from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import coordinated_campaign
from coordinator.events.cards import card_of
from coordinator.events.filtering import filters_from, parameters
from coordinator.events.forms.choices import access_choices
from coordinator.events.queries.reviewing import coordinated_countries, coordinated_page
from coordinator.events.rules import REACHABLE, EventStatus
from coordinator.kit.access import May, requires
from coordinator.kit.db import db
from coordinator.kit.i18n import country_name, current_language, date_text, language_name
from coordinator.kit.ids import read_public_id
from coordinator.kit.paging import ROWS_ON_A_PAGE
from coordinator.maps.queries import also
from coordinator.rsvps.queries import tallies_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.events.filtering import EventFilters
    from coordinator.events.models import Event

blueprint = Blueprint("everything", __name__, url_prefix="/<lang:lang>/coordinate")


@blueprint.get("/<slug>/events")
@requires(May.COORDINATE)
def events(slug: str) -> ResponseReturnValue:
    """List the protests that everybody sees and those that wait for review, under the filters of the map."""
    session, lang = db.session(), current_language()
    mine = coordinated_campaign(session, signed_in(), slug)
    filters, status = replace(filters_from(request.args), status=None), _status()
    after = read_public_id(request.args.get("after", "")) or ""
    statuses = frozenset({status}) if status else REACHABLE
    page = coordinated_page(
        session, mine, filters, after, statuses=statuses, size=ROWS_ON_A_PAGE, also=also(filters)
    )
    chosen: dict[str, Any] = parameters(filters) | ({"status": status.value} if status else {})
    countries = [(code, country_name(code, lang)) for code in coordinated_countries(session, mine)]
    return render_template(
        "dashboard/events.html",
        campaign=mine,
        title=mine.text_in(lang).title,
        rows=_rows(session, page.events, lang),
        chosen=chosen,
        countries=sorted(countries, key=lambda choice: choice[1].casefold()),
        access=access_choices(),
        **_named(filters, lang),
        first_url=url_for(".events", slug=slug, **chosen) if after else "",
        next_url=url_for(".events", slug=slug, after=page.next_after, **chosen) if page.next_after else "",
    )


def _status() -> EventStatus | None:
    wanted = request.args.get("status", "")
    return next((known for known in REACHABLE if known.value == wanted), None)


def _named(filters: EventFilters, lang: str) -> dict[str, list[tuple[str, str]]]:
    """Return the day and the language that were chosen on the map, in words; no others are offered."""
    days = [(filters.day.isoformat(), date_text(filters.day, lang))] if filters.day else []
    spoken = [(filters.language, language_name(filters.language, lang))] if filters.language else []
    return {"days": days, "spoken": spoken}


def _rows(session: Session, found: Sequence[Event], lang: str) -> list[dict[str, Any]]:
    """Return events in words."""
    tallies = tallies_of(session, [event.id for event in found])
    cards = [(event, card_of(event, locale=lang)) for event in found]
    return [
        {
            "public_id": event.public_id,
            "title": event.title,
            "status": event.status,
            "place": ", ".join(part for part in (card.city, card.country) if part) or event.address,
            "when": card.when_text,
            "people": tallies[event.id].confirmed + tallies[event.id].unconfirmed,
        }
        for event, card in cards
    ]
