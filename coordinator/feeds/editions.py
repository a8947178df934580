"""The current edition of each campaign's feeds: what changed since the one before is written, and no more."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from flask_babel import force_locale, gettext as _
from sqlalchemy.orm import load_only

from coordinator.events.cards import feature_names
from coordinator.events.models import Event
from coordinator.events.queries.public import visible_events
from coordinator.events.rules import EventStatus
from coordinator.feeds import geojson, ics
from coordinator.feeds.books import Book, Text, in_batches
from coordinator.feeds.queries import changed_since, rows_by_id, tallies
from coordinator.kit.i18n import country_name
from coordinator.kit.kept import Kept
from coordinator.kit.markdown import plain
from coordinator.kit.memory import give_back
from coordinator.kit.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign

MINUTE = 60
ROWS_AT_ONCE = 500
BOOKS_KEPT = 12
_COUNT_BITS = 20  # a tally of more than a million people looks like another one, once in a million changes

_ICS_COLUMNS = (
    Event.public_id, Event.title, Event.status, Event.sequence, Event.created_at, Event.updated_at,
    Event.starts_local, Event.starts_fold, Event.ends_local, Event.ends_fold, Event.timezone,
    Event.is_time_known, Event.address, Event.city, Event.country, Event.latitude, Event.longitude,
    Event.precision, Event.accessibility_features,
)  # fmt: skip


class _Counted:
    """A book of GeoJSON, and the numbers of people that stand in it."""

    def __init__(self, book: Book, counts: NDArray[np.int64]) -> None:
        self.book = book
        self.counts = counts


_calendars: Kept[Book] = Kept(most=BOOKS_KEPT)
_maps: Kept[_Counted] = Kept(most=BOOKS_KEPT)
_bound: Kept[Packed] = Kept(most=BOOKS_KEPT)
"""Books as they go out."""


def calendar_edition(
    session: Session, campaign: Campaign, lang: str, url: Callable[[Any], str], *, now: datetime
) -> Packed:
    """Return the whole campaign as a calendar in the words of `lang`."""

    def texts(events: Iterable[Event]) -> Iterator[Text]:
        with force_locale(lang):
            for event in events:
                entry = entry_of(event, lang, url(event), is_long=False)
                yield Text(event.id, ics.entry_text(entry), ics.zone_years(event))

    def make(known: Book | None) -> Book:
        if known is None:
            book = Book.written(texts(_events(session, campaign)), b"", read_at=now)
            give_back()
            return book
        changed = changed_since(session, campaign, known.read_at)
        shown = [one for one, is_shown in changed if is_shown]
        gone = {one for one, is_shown in changed if not is_shown}
        new = in_batches(shown, lambda ids: texts(_events(session, campaign, ids)))
        return known.revised(new, gone, read_at=now)

    key, version = (campaign.id, lang), campaign.revision
    book = _calendars.renew(key, version, make)

    def bind() -> Packed:
        years: Any = book.marks()
        return Packed.of_gzip(*book.gzip(*ics.frame(campaign.text_in(lang).title, years)), ics.MIMETYPE)

    return _bound.get(("ics", *key), version, bind)


def geojson_edition(
    session: Session, campaign: Campaign, lang: str, url: Callable[[Any], str], *, now: datetime
) -> Packed:
    """Return the whole campaign as GeoJSON, its links in `lang`; who comes is a minute old at most."""

    def texts(rows: Iterable[Any]) -> Iterator[Text]:
        return (Text(row.id, geojson.feature(row, url(row))) for row in rows)

    def make(known: _Counted | None) -> _Counted:
        counts = _numbers(tallies(session, campaign))
        if known is None:
            rows = rows_by_id(session, campaign)
            book = Book.written(texts(rows), geojson.SEPARATOR, read_at=now)
            give_back()
            return _Counted(book, counts)
        changed = changed_since(session, campaign, known.book.read_at)
        recounted = np.setdiff1d(counts, known.counts) >> (2 * _COUNT_BITS)
        gone = {one for one, is_shown in changed if not is_shown}
        shown = {one for one, is_shown in changed if is_shown} | set(recounted.tolist())
        new = in_batches(shown - gone, lambda ids: texts(rows_by_id(session, campaign, ids)))
        return _Counted(known.book.revised(new, gone, read_at=now), counts)

    key, version = (campaign.id, lang), (campaign.revision, int(now.timestamp()) // MINUTE)
    edition = _maps.renew(key, version, make)

    def bind() -> Packed:
        return Packed.of_gzip(*edition.book.gzip(geojson.HEAD, geojson.FOOT), geojson.MIMETYPE)

    return _bound.get(("geojson", *key), version, bind)


def entry_of(event: Event, lang: str, url: str, *, is_long: bool) -> ics.Entry:
    """Return what an event's entry in a calendar says; with its whole description where that is wanted."""
    title, notes = event.title, []
    if event.status is EventStatus.CANCELLED:
        title = _("Cancelled: %(title)s", title=title)
    elif event.is_postponed:
        title = _("Postponed: %(title)s", title=title)
        notes.append(_("It does not take place at this time. A new time is not known yet."))
    if not event.is_time_known:
        notes.append(_("The time is not announced yet."))
    if event.precision is not None and not event.precision.is_good_enough_to_stand_at:
        notes.append(_("The exact place is not known yet; look at the page before you go."))
    if is_long and event.description:
        notes.append(plain(event.description))
    if features := feature_names(event.accessibility_features):
        notes.append(_("Accessibility: %(features)s", features="; ".join(features)))
    if is_long and event.accessibility:
        notes.append(event.accessibility)
    where = [event.address, event.city if event.city not in event.address else ""]
    where.append(country_name(event.country, lang) if event.country else "")
    return ics.Entry(
        event=event,
        summary=title,
        location=", ".join(part for part in where if part),
        description="\n\n".join(notes),
        url=url,
    )


def _events(session: Session, campaign: Campaign, ids: list[int] | None = None) -> Iterable[Event]:
    """Return visible events in the order of their ids, so many at a time that memory stays small."""
    query = visible_events(campaign.id).options(load_only(*_ICS_COLUMNS)).order_by(Event.id)
    if ids is not None:
        query = query.where(Event.id.in_(ids))
    return session.scalars(query, execution_options={"yield_per": ROWS_AT_ONCE})


def _numbers(rows: Iterable[tuple[int, int, int]]) -> NDArray[np.int64]:
    """Return one number for each event's id and counts together."""
    table = np.fromiter(chain.from_iterable(rows), dtype=np.int64).reshape(-1, 3)
    most = (1 << _COUNT_BITS) - 1
    return (table[:, 0] << 2 * _COUNT_BITS) | ((table[:, 1] & most) << _COUNT_BITS) | (table[:, 2] & most)
