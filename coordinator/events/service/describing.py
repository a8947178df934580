"""What an event says, and whether it can be so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coordinator.events.queries.details import details_of
from coordinator.events.rules import (
    FIELDS,
    EventDetails,
    PastError,
    check_day,
    check_times,
    has_new_time,
    over_at,
    with_kept,
)
from coordinator.places.timezones import resolve

if TYPE_CHECKING:
    from datetime import datetime

    from coordinator.campaigns.models import Campaign
    from coordinator.events.models import Event


def check_possible(
    campaign: Campaign, details: EventDetails, *, now: datetime, event: Event | None = None
) -> None:
    """Look that an event can be at that time at all, before anything is written.

    Raises:
        DayError, TimesError, TooLongError, PastError: it can't.
    """
    check_campaign_day(campaign, details, event)
    starts_at, ends_at = instants(details)
    check_times(starts_at, ends_at)
    if event is not None and event.is_postponed and not has_new_time(details_of(event), details):
        return  # its time does not hold any more, so it does not matter that it has passed
    if over_at(starts_at, ends_at, is_time_known=details.is_time_known) <= now:
        raise PastError


def offered_details(event: Event) -> EventDetails:
    """Return the event as its organiser wants it: with the change that waits, if one does."""
    return with_kept(details_of(event), event.proposed)


def public_facts(event: Event) -> dict[str, Any]:
    """Return time and place as everybody may read them, for news that says what it was before."""
    return {
        "title": event.title,
        "starts_at": event.starts_at.isoformat(),
        "ends_at": event.ends_at.isoformat() if event.ends_at else None,
        "timezone": event.timezone,
        "is_time_known": event.is_time_known,
        "address": event.address,
        "city": event.city,
        "country": event.country,
        "mission": event.mission.code if event.mission else None,
    }


def instants(details: EventDetails) -> tuple[datetime, datetime | None]:
    """Return the moments of start and end that follow from the wall times and the zone.

    Raises:
        NonexistentTimeError: the clocks skip one of them.
    """
    starts_at = resolve(details.starts_local, details.timezone, details.starts_fold)
    if details.ends_local is None:
        return starts_at, None
    return starts_at, resolve(details.ends_local, details.timezone, details.ends_fold)


def describe(event: Event, campaign: Campaign, details: EventDetails) -> None:
    """Write into the event what was said, and the moments that follow from it.

    Raises:
        DayError, TimesError, TooLongError: it can't be at that time.
    """
    check_campaign_day(campaign, details, event)
    starts_at, ends_at = instants(details)
    check_times(starts_at, ends_at)
    for name in FIELDS:
        setattr(event, name, getattr(details, name))
    event.starts_at, event.ends_at = starts_at, ends_at


def check_campaign_day(campaign: Campaign, details: EventDetails, event: Event | None = None) -> None:
    """Look that the campaign is on that day, or that `event` was postponed and makes up for it soon after.

    Raises:
        DayError: it is not.
    """
    check_day(
        details.starts_local.date(),
        first=campaign.starts_on,
        last=campaign.ends_on,
        may_be_later=event is not None and event.postponed_at is not None,
    )


def refuse_past(event: Event, now: datetime) -> None:
    """Let nothing more be done to an event that is over. One that is postponed is not over.

    Raises:
        PastError: it is.
    """
    if event.is_over(now):
        raise PastError
