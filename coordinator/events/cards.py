"""How events read: when, where, a card in a list, what changed. Shared by every page that shows events."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from flask import url_for
from flask_babel import gettext as _, ngettext

from coordinator.events.accessibility import features_from
from coordinator.events.counting import counts_text
from coordinator.events.forms.choices import COUNT_SHOWN_WORDS, FEATURE_WORDS, HELP_WORDS
from coordinator.events.helping import roles_from
from coordinator.events.rules import (
    EventDetails,
    EventStatus,
    NoteKind,
    Outcome,
    changed_fields,
    with_kept,
)
from coordinator.events.service.describing import instants
from coordinator.kit.i18n import (
    country_name,
    current_language,
    date_text,
    language_name,
    moment_text,
    span_text,
    zone_text,
)
from coordinator.places.rules import Precision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from coordinator.campaigns.models import Campaign
    from coordinator.events.counting import Tally
    from coordinator.events.earlier import Earlier
    from coordinator.events.models import Event, ReviewNote
    from coordinator.missions.models import Mission

KILOMETRE_DIGITS_BELOW = 10.0  # km: nearer than this, a decimal says something


def when_of(event: Event | EventDetails | Earlier, locale: str) -> SimpleNamespace:
    """Return what the component `when` shows: day and time on the clocks there, and which these are."""
    starts_at, ends_at = _instants(event)
    zone = event.timezone
    starts = starts_at.astimezone(ZoneInfo(zone))
    if not event.is_time_known:
        text = date_text(starts.date(), locale)
        return SimpleNamespace(iso=starts.date().isoformat(), text=text, zone_text="", is_time_known=False)
    return SimpleNamespace(
        iso=starts.isoformat(timespec="minutes"),
        text=span_text(starts_at, ends_at, zone, locale),
        zone_text=zone_text(starts_at, zone, locale),
        is_time_known=True,
    )


def where_of(event: Event, locale: str) -> SimpleNamespace:
    """Return what the component `where` shows: mission, address, and how exactly the point is known."""
    name = event.mission.name_in(locale).name if event.mission else ""
    return SimpleNamespace(
        name=name or ("" if event.address else city_of(event, locale)),
        address=event.address,
        precision_text=precision_text(event.precision),
    )


def city_of(event: Event, locale: str) -> str:
    """Return the city as `locale` calls it, where the directory of missions knows that."""
    return event.mission.city_in(locale, event.city) if event.mission else event.city


def precision_text(precision: Precision | None) -> str:
    """Return what to warn of; empty when people can be sent to the point."""
    if precision is None:
        return str(_("Nobody knows the exact place yet."))
    if not precision.is_good_enough_to_stand_at:
        return str(_("Only the city is known so far. The exact place will be announced."))
    return ""


def card_of(
    event: Event, *, locale: str, tally: Tally | None = None, distance_km: float | None = None
) -> SimpleNamespace:
    """Return what the component `event_card` shows."""
    when = when_of(event, locale)
    place = event.mission.name_in(locale).name if event.mission else event.address
    if event.mission is None and not (event.precision and event.precision.is_good_enough_to_stand_at):
        place = precision_text(event.precision)
    return SimpleNamespace(
        public_id=event.public_id,
        title=event.title,
        url=url_for("site.event", public_id=event.public_id),
        when_text=when.text,
        zone_text=when.zone_text if when.is_time_known else _("The time will be announced."),
        place=place,
        city=city_of(event, locale),
        country=country_name(event.country, locale) if event.country else "",
        distance_text=distance_text(distance_km),
        status=str(event.status),
        status_text=_status_text(event),
        access_text=" · ".join(feature_names(event.accessibility_features)),
        counts_text="" if event.is_postponed else counts_text(tally, event.count_shown),
        is_cancelled=event.status is EventStatus.CANCELLED,
        is_postponed=event.is_postponed,
        is_demonstration=event.campaign.is_demonstration,
    )


def _status_text(event: Event) -> str:
    """Return what a card has to say besides when and where; empty for what is as it was announced."""
    if event.status is EventStatus.PUBLISHED:
        return str(_("New time or place")) if event.moved_at else ""
    words: dict[EventStatus, str] = {
        EventStatus.SUBMITTED: _("Waiting for review"),
        EventStatus.POSTPONED: _("Postponed"),
        EventStatus.CANCELLED: _("Cancelled"),
    }
    return str(words.get(event.status, ""))


def distance_text(distance_km: float | None) -> str:
    """Return a distance in kilometres; empty for none."""
    if distance_km is None:
        return ""
    digits = 1 if distance_km < KILOMETRE_DIGITS_BELOW else 0
    number = format_decimal(round(distance_km, digits), locale=current_language())
    return str(_("%(number)s km", number=number))


def campaign_days(campaign: Campaign, locale: str) -> str:
    """Return when a campaign is, in words; empty where every event has its own day."""
    if campaign.starts_on is None:
        return ""
    first = date_text(campaign.starts_on, locale)
    if campaign.ends_on is None or campaign.ends_on == campaign.starts_on:
        return first
    return str(_("%(first)s to %(last)s", first=first, last=date_text(campaign.ends_on, locale)))


def outcome_text(outcome: Outcome) -> str:
    """Return what became of a change, for the organiser."""
    words: dict[Outcome, str] = {
        Outcome.SAVED: _("Saved."),
        Outcome.APPLIED: _("Saved and published. Those who come are told when time or place changed."),
        Outcome.PROPOSED: _(
            "Sent. The published version stays until a coordinator has looked at the change."
        ),
        Outcome.NOTHING: _("Nothing is different from what is published."),
    }
    return words[outcome]


def place_warning(details: EventDetails) -> str:
    """Return what an organiser should know about a point that nobody can be sent to."""
    if details.is_location_due:
        return str(
            _(
                "The map service did not answer, so the exact place is still unknown. Your text is saved. "
                "We try again, and write to you if it can't be found. You can also put the pin yourself: "
                "open “Edit”."
            )
        )
    return str(_("Only the city is known. Open “Edit” and put the pin where people should stand."))


def facts_of(details: EventDetails, mission: Mission | None, locale: str) -> list[tuple[str, str]]:
    """Return everything that an event says as pairs of term and value, empty values too."""
    return [(label, value) for _sources, label, value in _fields(details, mission, locale)]


def differences(
    before: EventDetails,
    proposed: Mapping[str, Any],
    missions: tuple[Mission | None, Mission | None],
    locale: str,
) -> list[dict[str, str]]:
    """Return what a proposed change does, a row for each line that reads differently.

    `missions` are the one before and the one after.
    """
    after = with_kept(before, proposed)
    names = set(changed_fields(before, after))
    rows = []
    pairs = zip(_fields(before, missions[0], locale), _fields(after, missions[1], locale), strict=True)
    for (sources, label, old), (_same, _label, new) in pairs:
        if old != new and names & sources:
            rows.append({"label": label, "before": old or "–", "after": new or "–"})
    return rows


def conversation(
    notes: Sequence[ReviewNote], texts: Mapping[int, str], organiser_id: int, locale: str
) -> list[SimpleNamespace]:
    """Return the steps between coordinators and organiser as the component `log` shows them.

    `texts` are the opened words of the notes, by their ids.
    """
    steps = {
        NoteKind.SUBMITTED: _("sent it for review"),
        NoteKind.ASKED: _("asked"),
        NoteKind.PUBLISHED: _("published it"),
        NoteKind.REJECTED: _("sent it back"),
        NoteKind.CHANGE_PROPOSED: _("proposed a change"),
        NoteKind.CHANGE_ACCEPTED: _("accepted the change"),
        NoteKind.CHANGE_REFUSED: _("refused the change"),
        NoteKind.POSTPONED: _("postponed it"),
        NoteKind.RESUMED: _("said that it takes place after all"),
        NoteKind.CANCELLED: _("cancelled it"),
        NoteKind.WITHDRAWN: _("took it back"),
    }
    log = []
    for note in notes:
        who = _("Organiser") if note.author_id == organiser_id else _("Coordinators")
        log.append(
            SimpleNamespace(
                iso=note.at.isoformat(timespec="minutes"),
                when_text=moment_text(note.at, "UTC", locale) + " UTC",
                by=_("%(who)s %(did)s", who=who, did=steps[note.kind]),
                text=texts.get(note.id, ""),
            )
        )
    return log


def waiting_text(since: datetime, now: datetime) -> str:
    """Return how long something has waited, in whole hours or days."""
    hours = max(0, int((now - since).total_seconds() // 3600))
    if hours < 1:
        return str(_("less than an hour"))
    if hours < 48:  # noqa: PLR2004 after two days, days say more
        return str(ngettext("%(num)d hour", "%(num)d hours", hours))
    return str(ngettext("%(num)d day", "%(num)d days", hours // 24))


def _instants(event: Event | EventDetails | Earlier) -> tuple[datetime, datetime | None]:
    if isinstance(event, EventDetails):
        return instants(event)
    return event.starts_at, event.ends_at


def _fields(
    details: EventDetails, mission: Mission | None, locale: str
) -> list[tuple[frozenset[str], str, str]]:
    """Return (names of fields, label, value in words) in the order in which people read an event."""
    when = when_of(details, locale)
    clock = (
        f"{when.text} {when.zone_text}" if when.is_time_known else _("%(day)s, time unknown", day=when.text)
    )
    point = details.point
    pin = f"{point.latitude:.5f}, {point.longitude:.5f}" if point else ""
    city = ", ".join(part for part in (details.city, _state(details.country, locale)) if part)
    languages = ", ".join(language_name(code, locale) for code in details.languages.split())
    times = frozenset({"starts_local", "starts_fold", "ends_local", "ends_fold", "timezone", "is_time_known"})
    return [
        (frozenset({"title"}), _("Title"), details.title),
        (times, _("When"), clock),
        (
            frozenset({"mission_id"}),
            _("Embassy or consulate"),
            mission.name_in(locale).name if mission else "",
        ),
        (frozenset({"address"}), _("Address"), details.address),
        (frozenset({"city", "country"}), _("City"), city),
        (frozenset({"latitude", "longitude"}), _("Point"), pin),
        (frozenset({"precision"}), _("How exact"), _precision_name(details.precision)),
        (frozenset({"description"}), _("What will happen"), details.description),
        (frozenset({"languages"}), _("Languages spoken there"), languages),
        (frozenset({"how_to_get_there"}), _("How to get there"), details.how_to_get_there),
        (
            frozenset({"accessibility_features"}),
            _("Accessibility"),
            "; ".join(feature_names(details.accessibility_features)),
        ),
        (frozenset({"accessibility"}), _("More about accessibility"), details.accessibility),
        (frozenset({"capacity"}), _("How many people fit?"), str(details.capacity or "")),
        (frozenset({"help_wanted"}), _("Help wanted"), roles_text(details.help_wanted)),
        (frozenset({"count_shown"}), _("How many come"), str(COUNT_SHOWN_WORDS[details.count_shown])),
        (frozenset({"public_contact"}), _("Public contact"), details.public_contact),
    ]


def roles_text(kept: Sequence[Mapping[str, Any]]) -> str:
    """Return all the help that is asked for as one text."""
    lines = []
    for role in roles_from(kept):
        line = f"{role_name(role.code, role.words)}: {role.wanted}"
        lines.append(f"{line} ({role.note})" if role.note else line)
    return "; ".join(lines)


def feature_names(codes: str) -> list[str]:
    """Return what the features are called that an event keeps as `codes`."""
    return [str(FEATURE_WORDS[feature]) for feature in features_from(codes)]


def role_name(code: str, words: str = "") -> str:
    """Return what a role is called: in the reader's language where the house knows it, else in `words`."""
    return str(HELP_WORDS[code]) if code in HELP_WORDS else words


def role_names(roles: Iterable[str]) -> list[str]:
    """Return what roles are called that are kept as codes or as words."""
    return [role_name(role, role) for role in roles]


def _state(code: str, locale: str) -> str:
    return country_name(code, locale) if code else ""


def _precision_name(precision: Precision | None) -> str:
    if precision is None:
        return str(_("not found yet"))
    words: dict[Precision, str] = {
        Precision.EXACT: _("a person put the pin there"),
        Precision.BUILDING: _("the building"),
        Precision.STREET: _("the street"),
        Precision.CITY: _("only the city"),
        Precision.COUNTRY: _("only the country"),
    }
    return words[precision]
